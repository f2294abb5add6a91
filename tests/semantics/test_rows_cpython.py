"""Every row of `api.toml` against the running CPython, and every fact that the rows rest on.

The facts are `claims` (small programs), the rows without one are looked up in tables: what containers give back, what
leaves a future alone, what decorators keep. A row that nothing here names fails `test_every_row_is_named`.
"""

from __future__ import annotations

import asyncio
import atexit
import builtins
import contextlib
import dataclasses
import functools
import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.semantics import bystanders, containers, decorators, futures, preparing, waiting
from tests.semantics.claims import Claim, claims_of, forever, quick, reads_early, started
from tooearly.semantics.rows import builtin_rows

CLAIMS = claims_of(waiting) + claims_of(futures) + claims_of(preparing)
HERE = "{}.{}".format(*sys.version_info)

# Rows of other packages: what can be asked of them when they are installed.
PACKAGES = {
    "async_timeout.timeout": "async_timeout",
    "async_timeout.timeout_at": "async_timeout",
    "uvloop.new_event_loop": "uvloop",
    "typing_extensions.override": "typing_extensions",
    "pytest_asyncio.fixture": "pytest_asyncio",
    "homeassistant.core.callback": "homeassistant.core",
    "tornado.gen.coroutine": "tornado.gen",
    "tornado.gen.convert_yielded": "tornado.gen",
    "tornado.ioloop.IOLoop.current": "tornado.ioloop",
    "tornado.ioloop.IOLoop.instance": "tornado.ioloop",
    "tornado.ioloop.IOLoop.add_future": "tornado.ioloop",
    "tornado.concurrent.Future": "tornado.concurrent",
    "tornado.gen.Future": "tornado.gen",
}
# Methods of classes of other packages, which need a whole installation to be made.
OWNERS = {
    "Hass": ("homeassistant.core", "HomeAssistant"),
    "ConfigEntry": ("homeassistant.config_entries", "ConfigEntry"),
    "TelegramApplication": ("telegram.ext", "Application"),
}
METHODS = {name for name in builtin_rows() if name.partition(".")[0] in OWNERS}
# Names that old, future or foreign interpreters have.
ELSEWHERE = {
    "asyncio.coroutine": "gone since 3.11",
    "asyncio.ProactorEventLoop": "on Windows",
    "asyncio.DefaultEventLoopPolicy.new_event_loop": "going",
    "asyncio.set_event_loop_policy": "going",
    "asyncio.iscoroutinefunction": "going",
    "concurrent.futures.InterpreterPoolExecutor": "new in 3.14",
}
# Names that the analysis gives to things that have none.
INVENTED = {
    "typing.cast.value",
    "functools.update_wrapper.decorator",
    "tooearly.identity",
    "tooearly.nothing",
    "tooearly.cached",
}
NEVER = {
    "builtins.exit": "exit()",
    "builtins.quit": "quit()",
    "sys.exit": "sys.exit()",
    "os._exit": "os._exit(0)",
    "os.abort": "os.abort()",
    "pytest.exit": "pytest.exit('over')",
    "pytest.fail": "pytest.fail('over')",
    "pytest.skip": "pytest.skip('over')",
    "pytest.xfail": "pytest.xfail('over')",
    "TestCase.fail": "unittest.TestCase().fail('over')",
    "TestCase.skipTest": "unittest.TestCase().skipTest('over')",
}
TESTED_HERE = {
    "Event.clear",
    "Event.wait",
    "Unknown.clear",  # of what nobody declares: as of an event
    "Unknown.is_set",
    "Unknown.wait",
    "builtins.anext",
    "Coroutine.asend",
    "Iterator.asend",
    "contextlib.aclosing",
    "contextlib.asynccontextmanager",
    "pytest.raises",
    "pytest.fixture",
    "pytest.mark.asyncio",
    "pytest.mark.anyio",
    "pytest.mark.parametrize",
    "pytest.mark.skipif",
    "pytest.mark.timeout",
    "dataclasses.dataclass",
    "functools.total_ordering",
    "str.format",
    "atexit.register",
}


def named() -> set[str]:
    """Every row that a test in this folder names."""
    tables: tuple[Any, ...] = (
        containers.TABLE, bystanders.TABLE, bystanders.NEWER, PACKAGES, METHODS, ELSEWHERE, INVENTED, TESTED_HERE,
        decorators.KEEPING, decorators.NEWER, decorators.REPLACING, NEVER,
    )  # fmt: skip
    return {row for claim in CLAIMS for row in claim.rows}.union(*tables)


def test_every_row_is_named() -> None:
    assert set(builtin_rows()) - named() == set(), "rows that no test names"
    assert named() - set(builtin_rows()) == set(), "tests of rows that are gone"


def test_every_fact_is_a_claim() -> None:
    claimed = {row for claim in CLAIMS for row in claim.rows}
    facts = {row.name for row in builtin_rows().values() if row.fact}
    assert facts - claimed - set(PACKAGES) == set(), "facts in words that no program checks"


def need(since: tuple[int, int], what: str) -> None:
    if sys.version_info < since:
        pytest.skip(f"{what} is new in Python {since[0]}.{since[1]}; this is {HERE}")


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_claim(claim: Claim) -> None:
    if not claim.since <= sys.version_info[:2] <= claim.until:
        pytest.skip(f"{claim.why}; this is {HERE}")
    claim.check()


@pytest.mark.parametrize("row", containers.TABLE)
def test_container(row: str) -> None:
    async def program() -> None:
        made = [asyncio.get_running_loop().create_future() for _ in range(3)]
        assert containers.TABLE[row](*made)
        assert all(map(reads_early, made))

    asyncio.run(program())


@pytest.mark.parametrize("row", [*bystanders.TABLE, *bystanders.NEWER])
def test_bystander(row: str) -> None:
    if row in bystanders.NEWER:
        call, since = bystanders.NEWER[row]
        need(since, row)
    else:
        call = bystanders.TABLE[row]

    async def program() -> None:
        (task,) = await started(forever())
        before = sys.getrefcount(task)
        call(task)
        assert reads_early(task)
        assert not task._callbacks
        assert sys.getrefcount(task) == before, "the future is kept"
        task.cancel()

    asyncio.run(program())


def twice(decorate: decorators.Decorated) -> tuple[object, object]:
    make = decorate(lambda: asyncio.get_running_loop().create_future())

    async def program() -> tuple[object, object]:
        return make(), make()

    return asyncio.run(program())


@pytest.mark.parametrize("row", [*decorators.KEEPING, *decorators.NEWER])
def test_decorator_keeps_the_function(row: str) -> None:
    if row in decorators.NEWER:
        decorate, since = decorators.NEWER[row]
        need(since, row)
    else:
        decorate = decorators.KEEPING[row]
    first, second = twice(decorate)
    assert asyncio.isfuture(first)
    assert first is not second


@pytest.mark.parametrize("row", decorators.CACHING)
def test_decorator_caches(row: str) -> None:
    first, second = twice(decorators.CACHING[row])
    assert first is second


@pytest.mark.parametrize("row", decorators.REPLACING)
def test_decorator_gives_something_to_call(row: str) -> None:
    assert callable(decorators.REPLACING[row](lambda: None))


@pytest.mark.parametrize("row", sorted(PACKAGES))
def test_row_of_a_package(row: str) -> None:
    module = pytest.importorskip(PACKAGES[row])
    thing: object = module
    for part in row.removeprefix(PACKAGES[row]).strip(".").split("."):
        thing = getattr(thing, part)
    assert callable(thing)


@pytest.mark.parametrize("row", sorted(METHODS))
def test_row_of_a_class_of_a_package(row: str) -> None:
    owner, method = row.split(".")
    package, name = OWNERS[owner]
    assert callable(getattr(getattr(pytest.importorskip(package), name), method))


@pytest.mark.parametrize(("row", "name"), [(row.name, name) for row in builtin_rows().values() for name in row.asks])
def test_function_asks_its_argument(row: str, name: str) -> None:
    asked: list[str] = []

    def answer(self: object, *_: object) -> Any:
        asked.append(name)
        return {"__int__": 1, "__index__": 1, "__float__": 1.0, "__bytes__": b""}.get(name, "")

    def format_one(value: object) -> str:
        return "{}".format(value)  # noqa: UP032

    function = format_one if row == "str.format" else getattr(builtins, row.removeprefix("builtins."))
    function(type("Asked", (), {name: answer})())
    assert asked == [name]


@pytest.mark.parametrize("row", sorted(NEVER))
def test_call_never_comes_back(row: str) -> None:
    """Run in a process of its own: what follows the call is never printed."""
    program = f"import os, sys, unittest, pytest\nprint('before', flush=True)\n{NEVER[row]}\nprint('after', flush=True)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert ran.stdout.split() == ["before"]


@pytest.mark.parametrize("row", sorted(ELSEWHERE))
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_row_of_another_interpreter(row: str) -> None:
    path, _, name = row.removesuffix(".new_event_loop").rpartition(".")
    if not hasattr(importlib.import_module(path), name):
        pytest.skip(f"not in {HERE} on {sys.platform}: {ELSEWHERE[row]}")
    assert callable(getattr(importlib.import_module(path), name))


@pytest.mark.parametrize("row", sorted(INVENTED))
def test_invented_name_is_no_api(row: str) -> None:
    path, _, name = row.rpartition(".")
    with contextlib.suppress(ImportError):
        assert not hasattr(importlib.import_module(path), name)


# ---------------------------------------------------------------- rows that need a program of their own
def test_anext_awaits_the_next_value() -> None:
    async def values() -> Any:
        yield asyncio.get_running_loop().create_future()

    async def program() -> None:
        generator = values()
        assert reads_early(await builtins.anext(generator))
        assert await builtins.anext(generator, None) is None
        with pytest.raises(StopAsyncIteration):
            await builtins.anext(generator)

    asyncio.run(program())


def test_asend_gives_what_is_sent_to_the_yield() -> None:
    async def echo() -> Any:
        told = None
        while True:
            told = yield told

    async def program() -> None:
        future = asyncio.get_running_loop().create_future()
        generator = echo()
        with pytest.raises(TypeError):
            await echo().asend(future)
        assert await generator.asend(None) is None
        assert reads_early(await generator.asend(future))

    asyncio.run(program())


def test_asynchronous_managers_give_their_value() -> None:
    @contextlib.asynccontextmanager
    async def managed(task: asyncio.Future[Any]) -> Any:
        try:
            yield task
        finally:
            await task

    async def values() -> Any:
        yield 1

    async def program() -> None:
        task = asyncio.create_task(quick())
        async with managed(task) as same:
            assert same is task
            assert reads_early(task)
        assert task.done()
        generator = values()
        async with contextlib.aclosing(generator) as same:
            assert same is generator

    asyncio.run(program())


def test_an_event_waits_for_its_set_and_for_no_task() -> None:
    async def program() -> None:
        (task,) = await started(forever())
        event = asyncio.Event()
        asyncio.get_running_loop().call_soon(event.set)
        assert not event.is_set()
        assert await event.wait()
        event.clear()
        assert not event.is_set()
        assert reads_early(task)
        task.cancel()

    asyncio.run(program())


def test_raises_catches_the_early_read() -> None:
    async def program() -> None:
        future = asyncio.get_running_loop().create_future()
        with pytest.raises(asyncio.InvalidStateError):
            future.result()
        assert not future.done()

    asyncio.run(program())


@pytest.mark.parametrize("mark", ["asyncio", "anyio", "timeout", "skipif", "parametrize"])
def test_marks_keep_the_function(mark: str) -> None:
    def function() -> None:
        pass

    plugins = {"asyncio": "pytest_asyncio", "anyio": "anyio", "timeout": "pytest_timeout"}
    if mark in plugins:
        pytest.importorskip(plugins[mark])
    arguments: dict[str, tuple[Any, ...]] = {"timeout": (1,), "skipif": (False,), "parametrize": ("x", [1])}
    made = getattr(pytest.mark, mark)
    decorate: Callable[..., Any] = made(*arguments[mark]) if mark in arguments else made
    assert decorate(function) is function


def test_fixture_and_registration_keep_the_function() -> None:
    def function() -> None:
        pass

    assert callable(pytest.fixture(function))
    assert atexit.register(function) is function
    atexit.unregister(function)


def test_class_decorators_give_the_class_back() -> None:
    class Ordered:
        def __lt__(self, other: object) -> bool:
            return False

    assert functools.total_ordering(Ordered) is Ordered
    assert dataclasses.dataclass(Ordered) is Ordered
