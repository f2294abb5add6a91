"""Code that runs while this code is suspended, and the few of it that a world remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tooearly.flow.values import Oid, Value
from tooearly.flow.walking import renamed

if TYPE_CHECKING:
    from tooearly.flow.state import World

MOST_WAITING = 12  # callbacks, scheduled calls and queued values that a world remembers


@dataclass(frozen=True, slots=True)
class Deferred:
    """Code that runs while this code is suspended: a task's body, a callback with its future, a scheduled call."""

    kind: str
    function: Value
    args: tuple[Value, ...] = ()

    def values(self) -> tuple[Value, ...]:
        """What it holds on to."""
        return (self.function, *self.args)

    def renamed(self, to: Callable[[Oid], Oid]) -> Deferred:
        """The same with other object names."""
        return Deferred(self.kind, renamed(self.function, to), tuple(renamed(a, to) for a in self.args))


def defer(w: World, deferred: Deferred) -> None:
    """Remember code that will run; no more than a world can hold."""
    if deferred not in w.deferred and len(w.deferred) < MOST_WAITING:
        w.deferred = (*w.deferred, deferred)


def begin_later(w: World, deferred: Deferred) -> None:
    """Remember a task that begins at the next suspension; of two alike, that each may run beside the other."""
    if w.deferred.count(deferred) < 2:
        w.deferred = (*w.deferred, deferred)
