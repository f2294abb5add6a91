"""What is kept beside a future in a container of its own: `flags = [task.done() for task in tasks]`.

Which of the answers belongs to which task is known only by their order, and a list of any number of tasks has none. So
such an element is a pair of what was stored and the object that it was found for (`Beside`). The program sees the first
half only. The second tells, when the two containers are walked in step or asked by one key, which element is meant.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

from tooearly.flow.containers import in_any_order, is_group
from tooearly.flow.objects import Cont, Fut, Inst
from tooearly.flow.state import World
from tooearly.flow.values import Beside, Const, KeyOf, Ref, Site, Unknown, Value, unique
from tooearly.flow.walking import refs


def paired(w: World, value: Value, found_for: Iterable[Value], *, chosen: bool) -> Value:
    """What a container gets for `value`, which was found for one of these; a value that may be anything only if it
    was chosen by a condition (`task.result() if task.done() else None`)."""
    if not isinstance(value, Const) and not (chosen and isinstance(value, Unknown)):
        return value
    about = _followed(w, found_for)
    return value if about is None else Beside(value, about)


def _followed(w: World, values: Iterable[Value]) -> Ref | None:
    """The future among these values or in them, or else the first object that is followed."""
    found = [about(value) for value in values]
    tuples = [cont for value in found if (cont := w.cont(value)) is not None and cont.kind == "tuple"]
    near = [*found, *(Ref(oid) for cont in tuples for item in cont.items for oid in refs(item))]
    for wanted in (Fut, Inst):
        for value in near:
            if isinstance(value, Ref) and isinstance(w.heap.get(value.oid), wanted):
                return value
    return None


def about(value: Value) -> Value:
    """The object for which an element was found, or by which a key is known; or else the value itself."""
    match value:
        case Beside(about=held) | KeyOf(value=held):
            return held
    return value


def seen(value: Value) -> Value:
    """What the program sees of an element."""
    return value.value if type(value) is Beside else value


def all_seen(values: Sequence[Value]) -> tuple[Value, ...]:
    """The elements of a container as the program sees them."""
    return tuple(map(seen, values))


def stored_for(cont: Cont, key: Value) -> list[Value]:
    """The elements of a container that were found for the object by which a key is known, as the program sees them."""
    held = about(key)
    return [item.value for item in cont.items if isinstance(item, Beside) and item.about == held]


def mixed_up(cont: Cont) -> Cont:
    """A list in an order that is not known: its answers stand beside nothing any more."""
    return in_any_order(replace(cont, items=all_seen(cont.items)))


def out_of_step(w: World, mixed: Ref, futures: Sequence[Value]) -> None:
    """A list of these has lost its order: answers in other lists are not beside them any more, unless they may have
    been found for one in the old order."""
    lists = [(o, c) for o, c in w.heap.items() if isinstance(c, Cont) and c.kind == "list" and o != mixed.oid]
    if any(isinstance(item, Ref) and item in cont.items for _, cont in lists for item in futures):
        return
    for oid, cont in lists:
        if any(isinstance(item, Beside) and item.about in futures for item in cont.items):
            w.heap[oid] = replace(cont, items=unique(all_seen(cont.items)))


def answers(items: Sequence[Value]) -> bool:
    """Whether elements of a container are constants that were found for something."""
    return any(isinstance(item, Beside) for item in items) and all(isinstance(seen(item), Const) for item in items)


def holding(w: World, items: Sequence[Value], wanted: Container[Value]) -> Iterator[tuple[bool, World]]:
    """Whether one of these elements, constants all, is a wanted one: (True, world), or (False, world without such)."""
    held = [about(item) if isinstance(item, Beside) else item for item in items if seen(item) in wanted]
    if held:
        yield True, w.copy()
    if all(is_group(w, value) for value in held):
        for group in held:
            w.forget_members(group.oid)  # type: ignore[union-attr]
        yield False, w


def member(w: World, item: Value, site: Site, frame: object) -> Value:
    """The element for one member of the group that `item` stands for."""
    if isinstance(item, Beside) and is_group(w, item.about):
        return Beside(item.value, w.element(item.about, site, frame))  # type: ignore[arg-type]
    return item


def in_step(w: World, rows: Iterable[tuple[Value, ...]]) -> Iterator[tuple[Value, ...]]:
    """Those rows of several lists in which what was found for an object stands beside it, as the program sees them."""
    rows = list(rows)
    there = {value for row in rows for value in _objects(w, row)}
    for row in rows:
        wanted = {value.about for value in row if isinstance(value, Beside)}
        if wanted & there <= _objects(w, row) and len(wanted) < 2:
            yield all_seen(row)


def _objects(w: World, row: tuple[Value, ...]) -> set[Value]:
    """The objects in a row, and in the tuples in it."""
    tuples = [cont for value in row if (cont := w.cont(value)) is not None and cont.kind == "tuple"]
    return {part for parts in (row, *(cont.items for cont in tuples)) for part in parts if isinstance(part, Ref)}
