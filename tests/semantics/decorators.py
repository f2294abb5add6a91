"""Claims about decorators that keep the function: called twice, the decorated function still makes two futures."""

from __future__ import annotations

import abc
import functools
import types
import typing
import unittest
from collections.abc import Callable
from typing import Any

Decorated = Callable[[Callable[[], Any]], Callable[[], Any]]

KEEPING: dict[str, Decorated] = {
    "builtins.staticmethod": lambda make: type("Owner", (), {"make": staticmethod(make)}).make,  # type: ignore[attr-defined]
    "builtins.classmethod": lambda make: type("Owner", (), {"make": classmethod(lambda _: make())}).make,  # type: ignore[attr-defined]
    "abc.abstractmethod": abc.abstractmethod,
    "typing.final": typing.final,
    "typing.no_type_check": typing.no_type_check,
    "typing.cast": lambda make: typing.cast("Any", make),
    "functools.wraps": functools.wraps(print),
    "unittest.skipIf": unittest.skipIf(False, ""),
    "unittest.skipUnless": unittest.skipUnless(True, ""),
}

NEWER: dict[str, tuple[Decorated, tuple[int, int]]] = {
    "typing.override": (lambda make: vars(typing)["override"](make), (3, 12)),  # noqa: PLW0108 - not there in 3.10
    "typing.dataclass_transform": (lambda make: vars(typing)["dataclass_transform"]()(make), (3, 11)),  # noqa: PLW0108
}

# The second call gives what the first one gave.
CACHING: dict[str, Decorated] = {"functools.cache": functools.cache, "functools.lru_cache": functools.lru_cache}

# They replace the function or hand a class back; what they do with a function's future is not in question.
REPLACING: dict[str, Decorated] = {
    "typing.overload": typing.overload,
    "unittest.skip": unittest.skip("not run"),
    "types.coroutine": lambda make: types.coroutine(make) or make,
}
