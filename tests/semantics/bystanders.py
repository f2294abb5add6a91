"""Claims about functions that do nothing to a future: called with one, they leave it pending, unwatched and unkept."""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import copy
import dataclasses
import functools
import inspect
import io
import json
import logging
import math
import os
import random
import statistics
import threading
import time
import typing
import uuid
import warnings
from collections.abc import Callable
from typing import Any

Call = Callable[[Any], object]
QUIET = logging.getLogger("tooearly.tests.quiet")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
NUMBER = 3


def loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def fresh_loop(make: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Make a loop of another kind and close it."""
    made = make()
    assert not made.is_running()
    assert not made.is_closed()
    made.close()
    assert made.is_closed()


def shut(pool: concurrent.futures.Executor) -> None:
    pool.shutdown()


def logged(method: str, *before: object) -> Call:
    """Call a function of the logging module by way of a logger of our own; a handler may keep what it gets."""
    assert callable(getattr(logging, method))
    return lambda future: getattr(QUIET, method)(*before, repr(future))


def quietly(future: object) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.warn(repr(future), stacklevel=1)


BUILTINS: dict[str, Call] = {
    "builtins.print": lambda f: print(f, file=io.StringIO()),
    "builtins.str": str,
    "builtins.repr": repr,
    "builtins.id": id,
    "builtins.hash": hash,
    "builtins.type": type,
    "builtins.callable": callable,
    "builtins.abs": lambda f: abs(-NUMBER),
    "builtins.hasattr": lambda f: hasattr(f, "done"),
    "builtins.sum": lambda f: sum([NUMBER, NUMBER]),
    "math.fsum": lambda f: math.fsum([NUMBER, NUMBER]),
    "math.prod": lambda f: math.prod([NUMBER, NUMBER]),
    "statistics.mean": lambda f: statistics.mean([NUMBER, NUMBER]),
    "statistics.fmean": lambda f: statistics.fmean([NUMBER, NUMBER]),
    "statistics.median": lambda f: statistics.median([NUMBER, NUMBER]),
    "functools.reduce": lambda f: functools.reduce(lambda a, b: b, [f, f]) is f,
    "str.join": lambda f: ", ".join(map(repr, [f])),
    "builtins.format": format,
    "builtins.vars": lambda f: vars(type(f)),
    "builtins.issubclass": lambda f: issubclass(type(f), asyncio.Future),
    "builtins.round": lambda f: round(0.5),
    "builtins.object": lambda f: object(),
    "builtins.Exception": Exception,
    "builtins.BaseException": BaseException,
    "builtins.bytes": lambda f: bytes(NUMBER),
    "builtins.bytearray": lambda f: bytearray(NUMBER),
    "builtins.int": lambda f: int("3"),
    "builtins.float": lambda f: float("3"),
    "builtins.divmod": lambda f: divmod(7, NUMBER),
    "builtins.pow": lambda f: pow(2, NUMBER),
    "builtins.ord": lambda f: ord("x"),
    "builtins.chr": lambda f: chr(120),
    "builtins.open": lambda f: open(os.devnull).close(),  # noqa: PTH123
}

MODULES: dict[str, Call] = {
    "json.loads": lambda f: json.loads("1"),
    "json.dumps": lambda f: json.dumps([1]),
    "random.randint": lambda f: random.randint(1, NUMBER),
    "random.randrange": lambda f: random.randrange(NUMBER),
    "random.random": lambda f: random.random(),
    "random.gauss": lambda f: random.gauss(0, 1),
    "random.seed": lambda f: random.seed(1),
    "random.shuffle": lambda f: random.shuffle([1, 2]),
    "random.Random": lambda f: random.Random(1),
    "random.SystemRandom": lambda f: random.SystemRandom(),
    "Random.random": lambda f: random.Random(1).random(),
    "Random.uniform": lambda f: random.Random(1).uniform(0, 1),
    "Random.randint": lambda f: random.Random(1).randint(0, 1),
    "Random.randrange": lambda f: random.Random(1).randrange(3),
    "Random.gauss": lambda f: random.Random(1).gauss(0, 1),
    "Random.seed": lambda f: random.Random(1).seed(2),
    "Random.shuffle": lambda f: random.Random(1).shuffle([1, 2]),
    "Random.choices": lambda f: random.Random(1).choices("ab", k=2),
    "Random.sample": lambda f: random.Random(1).sample("ab", 1),
    "Random.expovariate": lambda f: random.Random(1).expovariate(2),
    "Random.betavariate": lambda f: random.Random(1).betavariate(1, 1),
    "Random.normalvariate": lambda f: random.Random(1).normalvariate(0, 1),
    "Random.triangular": lambda f: random.Random(1).triangular(0, 1),
    "Random.getrandbits": lambda f: random.Random(1).getrandbits(4),
    "random.uniform": lambda f: random.uniform(0, 1),
    "time.time": lambda f: time.time(),
    "time.sleep": lambda f: time.sleep(0),
    "time.monotonic": lambda f: time.monotonic(),
    "time.perf_counter": lambda f: time.perf_counter(),
    "os.getenv": lambda f: os.getenv("HOME"),
    "os.environ.get": lambda f: os.environ.get("HOME", f),
    "os.getpid": lambda f: os.getpid(),
    "os.urandom": lambda f: os.urandom(1),
    "logging.getLogger": lambda f: logging.getLogger("tooearly.tests.quiet"),
    **{f"logging.{name}": logged(name) for name in ("info", "debug", "warning", "error", "exception", "critical")},
    "logging.log": logged("log", logging.INFO),
    "warnings.warn": quietly,
    "threading.Event": lambda f: threading.Event(),
    "threading.Lock": lambda f: threading.Lock(),
    "inspect.iscoroutine": inspect.iscoroutine,
    "inspect.isawaitable": inspect.isawaitable,
    "inspect.iscoroutinefunction": inspect.iscoroutinefunction,
    "dataclasses.field": lambda f: dataclasses.field(default=None),
    "typing.TypeVar": lambda f: typing.TypeVar("T"),
    "typing.NewType": lambda f: typing.NewType("N", int),
    "collections.Counter": lambda f: collections.Counter([f]),
    "uuid.uuid4": lambda f: uuid.uuid4(),
    "copy.deepcopy": lambda f: copy.deepcopy([NUMBER]),
}


ASYNCIO: dict[str, Call] = {
    "asyncio.get_event_loop": lambda f: asyncio.get_event_loop() is loop(),
    "asyncio.events.get_event_loop": lambda f: asyncio.events.get_event_loop() is loop(),
    "asyncio.get_running_loop": lambda f: asyncio.get_running_loop(),
    "asyncio.new_event_loop": lambda f: fresh_loop(asyncio.new_event_loop),
    "asyncio.SelectorEventLoop": lambda f: fresh_loop(asyncio.SelectorEventLoop),
    "asyncio.set_event_loop": lambda f: asyncio.set_event_loop(loop()),
    "asyncio.Event": lambda f: asyncio.Event(),
    "asyncio.Lock": lambda f: asyncio.Lock(),
    "asyncio.Semaphore": lambda f: asyncio.Semaphore(NUMBER),
    "asyncio.BoundedSemaphore": lambda f: asyncio.BoundedSemaphore(NUMBER),
    "asyncio.Condition": lambda f: asyncio.Condition(),
    "asyncio.Queue": lambda f: asyncio.Queue(NUMBER),
    "asyncio.PriorityQueue": lambda f: asyncio.PriorityQueue(),
    "asyncio.LifoQueue": lambda f: asyncio.LifoQueue(),
    "asyncio.iscoroutine": asyncio.iscoroutine,
    "Task.get_loop": lambda f: f.get_loop() is loop(),
    "Task.get_name": lambda f: f.get_name(),
    "Task.set_name": lambda f: f.set_name("renamed"),
    "Task.get_coro": lambda f: f.get_coro(),
    "Task.get_stack": lambda f: f.get_stack(),
    "Task.print_stack": lambda f: f.print_stack(file=io.StringIO()),
    "Task.remove_done_callback": lambda f: f.remove_done_callback(print),
    "Loop.is_running": lambda f: loop().is_running(),
    "Loop.is_closed": lambda f: loop().is_closed(),
    "Loop.time": lambda f: loop().time(),
    "Loop.close": lambda f: fresh_loop(asyncio.new_event_loop),
    "Loop.set_debug": lambda f: loop().set_debug(loop().get_debug()),
    "Loop.get_debug": lambda f: loop().get_debug(),
    "Loop.set_exception_handler": lambda f: loop().set_exception_handler(lambda loop, context: None),
    "Loop.call_exception_handler": lambda f: loop().call_exception_handler({"message": "nothing"}),
    "Loop.default_exception_handler": lambda f: silent_default_handler(),
    "Loop.get_task_factory": lambda f: loop().get_task_factory(),
}


def silent_default_handler() -> None:
    logger = logging.getLogger("asyncio")
    logger.disabled = True
    try:
        loop().default_exception_handler({"message": "nothing"})
    finally:
        logger.disabled = False


THREADS: dict[str, Call] = {
    "concurrent.futures.Executor": lambda f: concurrent.futures.Executor(),
    "concurrent.futures.ThreadPoolExecutor": lambda f: shut(concurrent.futures.ThreadPoolExecutor(1)),
    "concurrent.futures.thread.ThreadPoolExecutor": lambda f: shut(concurrent.futures.thread.ThreadPoolExecutor(1)),
    "concurrent.futures.ProcessPoolExecutor": lambda f: shut(concurrent.futures.ProcessPoolExecutor(1)),
    "concurrent.futures.process.ProcessPoolExecutor": lambda f: shut(concurrent.futures.process.ProcessPoolExecutor(1)),
    "Concurrent.running": lambda f: concurrent.futures.Future[int]().running(),
    "Concurrent.set_running_or_notify_cancel": lambda f: concurrent.futures.Future[
        int
    ]().set_running_or_notify_cancel(),
}

# name -> call and the first version that has it
NEWER: dict[str, tuple[Call, tuple[int, int]]] = {
    "asyncio.Barrier": (lambda f: asyncio.Barrier(2), (3, 11)),
    "Task.cancelling": (lambda f: f.cancelling(), (3, 11)),
    "Task.uncancel": (lambda f: f.uncancel(), (3, 11)),
    "Task.get_context": (lambda f: f.get_context(), (3, 12)),
}

TABLE: dict[str, Call] = {**BUILTINS, **MODULES, **ASYNCIO, **THREADS}
