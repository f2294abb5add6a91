"""Productions written as forms: containers of other kinds, waits in other shapes, reads in rarer syntax.

A form is text with names to be put in. `{new}` makes a future, `{bag}` is a container in scope, `{one}` and `{two}` are
expressions for futures, `{a}` and `{b}` names that the program does not have yet; `READ x` stands for some read of `x`.
"""

from __future__ import annotations

import sys

from .containers import expanded
from .draws import Gen, Lines, Rule, Scope, has_bag, has_task, receiver
from .making import created

GROUP = """\
try:
    async with asyncio.TaskGroup() as {a}:
        {b} = {a}.create_task(work({number}))
except* ValueError:
    print({b}.result())"""  # no READ: it may be left by `return`, which CPython refuses here
MATCH = """\
match {one}.done(), {two}.done():
    case True, _:
        READ {one}
    case _, True:
        READ {two}"""
LAST_DEED = """\
{a} = asyncio.Event()
async def {b}():
    try:
        return await {one}
    finally:
        {a}.set()
{c} = asyncio.create_task({b}())
await {a}.wait()
READ {c}"""
# What is made: the names of single futures, and of containers with expressions for their members.
MADE: tuple[tuple[str, tuple[str, ...], dict[str, tuple[str, ...]]], ...] = (
    ("{a} = collections.deque([{new}, {new}])", (), {"{a}": ("{a}[0]", "{a}[-1]")}),
    ('{a} = {{"x": [{new}, {new}], "y": [{new}]}}', (), {'{a}["x"]': ('{a}["x"][0]',), '{a}["y"]': ('{a}["y"][0]',)}),
    ("{a} = set()\n{a}.add({new})\n{a}.update([{new}])", (), {"{a}": ()}),
    ('{a} = dict(zip("xy", [{new}, {new}]))', (), {"{a}.values()": ('{a}["x"]', '{a}["y"]')}),
    ("{a}, *{b}, {c} = [{new}, {new}, {new}]", ("{a}", "{c}"), {"{b}": ("{b}[0]",)}),
    ("{a} = {b} = {new}", ("{a}", "{b}"), {}),
    ("print(({a} := {new}) is None)", ("{a}",), {}),
    ("{b} = [{new}, {new}]\n{a} = {b}.pop()", ("{a}",), {"{b}": ("{b}[0]",)}),
    ("{b} = [{new}, {new}]\n{a} = {b}.pop(0)", ("{a}",), {"{b}": ("{b}[0]",)}),
    ("{a} = [{new}, {new}]\n{a}.remove({a}[0])", (), {"{a}": ("{a}[0]",)}),
    ("{a} = {new}\n{b} = [{a}, {new}]\n{b}[0] = {new}", ("{a}",), {"{b}": ("{b}[0]", "{b}[1]")}),
    ("{a} = []\n{a}.extend(asyncio.create_task(work(n)) for n in ({number}, 99))", (), {"{a}": ("{a}[0]", "{a}[1]")}),
    ("{a} = [{new}, *[{new}]]", (), {"{a}": ("{a}[0]", "{a}[1]")}),
    ("{b} = lambda n: asyncio.create_task(work(n))\n{a} = {b}({number})", ("{a}",), {}),
)
WAITED: tuple[tuple[float, str], ...] = (
    (2, "while not all(x.done() for x in {bag}):\n    await asyncio.sleep(0.01)"),
    (1, "while any(not x.done() for x in {bag}):\n    await asyncio.sleep(0.01)"),
    (1, "while [x for x in {bag} if not x.done()]:\n    await asyncio.sleep(0.01)"),
    (1.5, "{a} = [await x for x in {bag}]"),
    (1, "await asyncio.gather(*map(_finish, {bag}))"),
    (1, "await asyncio.gather(*[_linger(x) for x in {bag}])"),
    (1, "for {a} in {bag}:\n    try:\n        await {a}\n    except ValueError:\n        break"),
    (1, "for {a} in {bag}:\n    try:\n        await {a}\n    except ValueError:\n        continue\n    break"),
    (1, "for {a} in {bag}:\n    if not {a}.done():\n        await asyncio.wait([{a}])"),
)
WAITED_ONE: tuple[tuple[float, str], ...] = (
    (1, "{a} = asyncio.Event()\n{one}.add_done_callback(lambda _: {a}.set())\nawait {a}.wait()"),
    (1, "{a} = asyncio.Queue()\n{one}.add_done_callback({a}.put_nowait)\n{b} = await {a}.get()\nREAD {b}"),
    (0.5, LAST_DEED),
    (1, "{a} = asyncio.create_task(_finish({one}))\nawait asyncio.wait([{a}])"),
    (1, "with contextlib.suppress(ValueError, asyncio.TimeoutError):\n    await asyncio.wait_for({one}, 0.02)"),
    (1, 'print([x async for x in ticks("{b}")])\nawait {one}'),
    (1, "try:\n    await {one}\nexcept ValueError as error:\n    print(error)\n    READ {two}"),
    (1, "print(await {one} if not {one}.done() else None)"),
)
WAITED_311: tuple[tuple[float, str], ...] = (
    (1, "async with asyncio.TaskGroup() as {a}:\n    {a}.create_task(_finish({one}))"),
    (
        1,
        GROUP,
    ),
)
READS: tuple[tuple[float, str], ...] = (
    (1, "print([x.result() for xs in [{bag}] for x in xs])"),
    (1, "print({{x: x.result() for x in {bag} if x.done()}})"),
    (1, "print(sorted({bag}, key=lambda x: x.done())[-1].result())"),
    (1, "{a} = [x for x in {bag} if not x.done()]\nif {a}:\n    return\nprint([x.result() for x in {bag}])"),
    (1, "{a} = [x for x in {bag} if x.done()]\nfor {b} in {a}:\n    READ {b}"),
    (1, "if sum(x.done() for x in {bag}) == len({bag}):\n    print([x.result() for x in {bag}])"),
    (1, "if len([x for x in {bag} if x.done()]) == len({bag}):\n    print([x.result() for x in {bag}])"),
    (1, "for {a} in {bag}:\n    try:\n        READ {a}\n    except asyncio.InvalidStateError:\n        continue"),
    (1, "for {a} in {bag}:\n    if {a}.done():\n        break\nelse:\n    return\nREAD {a}"),
    (1, "await asyncio.wait([next(iter({bag}))])\nREAD next(iter({bag}))"),
)
READS_ONE: tuple[tuple[float, str], ...] = (
    (1, "if {a} := {one}.done():\n    READ {one}"),
    (1, "print({one}.result() if ({a} := {one}.done()) else None)"),
    (1, "if not ({one}.done() and {two}.done()):\n    return\nREAD {one}\nREAD {two}"),
    (1, "if {one}.done() == {two}.done() == True:\n    READ {one}"),
    (1, "def {a}(task={one}):\n    print(task.result())\n{a}()"),
    (1, "class {a}:\n    value = {one}.result()"),
    (1, "while {one}.done():\n    READ {one}\n    break"),
    (1, "{a} = {one}\nif {a}.done():\n    READ {one}"),
    (1, "{a} = {{True: {one}}}.get({one}.done())\nif {a} is not None:\n    READ {a}"),
    (1, "for {a} in ({one}, {two}):\n    if not {a}.done():\n        continue\n    READ {a}"),
    (0.3, "print(asyncio.current_task().exception())"),
    (
        1,
        MATCH,
    ),
)


def _names(gen: Gen, scope: Scope, form: str) -> dict[str, str]:
    names = {each: gen.fresh(stem) for each, stem in (("a", "x"), ("b", "y"), ("c", "z")) if f"{{{each}}}" in form}
    if "{bag}" in form:
        names["bag"] = gen.pick(list(scope.bags))
        scope.focus = list(scope.bags[names["bag"]])
    if "{one}" in form:
        names["one"], names["two"] = receiver(gen, scope), receiver(gen, scope)
        scope.focus = [names["one"]]
    return names


def made(gen: Gen, scope: Scope) -> Lines:
    """Futures in other containers, or under other names."""
    form, singles, bags = gen.pick(MADE)
    names = _names(gen, scope, form)
    while "{new}" in form:
        form = form.replace("{new}", created(gen).replace("{", "{{").replace("}", "}}"), 1)
    lines = form.format(**names, number=gen.number()).split("\n")
    scope.add(*(name.format(**names) for name in singles))
    for bag, members in bags.items():
        scope.bags[bag.format(**names)] = tuple(member.format(**names) for member in members)
    return lines


def _written(gen: Gen, scope: Scope, forms: tuple[tuple[float, str], ...]) -> Lines:
    form = gen.weighted(forms)
    return expanded(gen, form.format(**_names(gen, scope, form), number=gen.number()))


def waited(gen: Gen, scope: Scope) -> Lines:
    """Waits for all of a container, or for some."""
    return _written(gen, scope, WAITED)


def waited_one(gen: Gen, scope: Scope) -> Lines:
    """Waits for one future in other ways."""
    return _written(gen, scope, WAITED_ONE + (WAITED_311 if sys.version_info >= (3, 11) else ()))


def read(gen: Gen, scope: Scope) -> Lines:
    """Reads of members."""
    return _written(gen, scope, READS)


def read_one(gen: Gen, scope: Scope) -> Lines:
    """Reads of single futures."""
    return _written(gen, scope, READS_ONE)


MORE_MAKE = (Rule(3, "more-make", made, lambda scope: not scope.inner),)
MORE_WAIT = (Rule(4, "more-wait", waited, has_bag), Rule(3, "more-wait", waited_one, has_task))
MORE_READ = (
    Rule(4, "more-read", read, has_bag),
    Rule(5, "more-read", read_one, has_task),
)
