"""Coroutines in a container that nobody has started yet.

A coroutine is a value, not an object: those of a list that a loop has made are one value, however many they are. One
that holds a group stands for as many as the group has members, each with one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tooearly.flow.containers import is_group
from tooearly.flow.state import World
from tooearly.flow.values import Coro, KeyOf, Ref, Site, Value
from tooearly.flow.walking import refs


def groups_held(w: World, items: Iterable[Value]) -> list[Ref]:
    """The groups of which coroutines among these hold one member each."""
    given = [_object(arg) for item in items if isinstance(item, Coro) for arg in item.args]
    return list(dict.fromkeys(arg for arg in given if isinstance(arg, Ref) and is_group(w, arg)))


def one_of(w: World, coro: Coro, site: Site, frame: Any) -> Coro:
    """One of these coroutines: it holds a member of each group."""
    taken: dict[Value, Ref] = {group: w.element(group, site, frame) for group in groups_held(w, [coro])}
    args: list[Value] = []
    for arg in coro.args:
        member = taken.get(_object(arg))
        args.append(arg if member is None else KeyOf(member) if isinstance(arg, KeyOf) else member)
    return replace(coro, args=tuple(args)) if taken else coro


def is_one(item: Value, w: World) -> bool:
    """Whether this is a single coroutine: it holds an object of its own."""
    return isinstance(item, Coro) and any(True for _ in refs(item)) and not groups_held(w, [item])


def _object(arg: Value) -> Value:
    return arg.value if isinstance(arg, KeyOf) else arg
