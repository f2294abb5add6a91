"""What tasks tell by variables: the flags, counters and lists that they change while this code is suspended.

`while not state["ready"]: await sleep(0)` comes to its end because a task sets it, and `if results:` is true because
one has added to the list. After a suspension what the text of a running task stores into is not known any more: a
container without futures, an attribute with a plain value. Only what this code asks for somewhere counts.

A task whose last deed it is tells by it that it has ended, and any of them may have waited for others before. Where a
condition asks (`heard`), there is a world in which that has happened, and nothing is claimed in it: of those others,
and of such a task itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tooearly.flow.changes import CHANGING, FUNCTIONS, LESSENING, TAKING, Change, changes_of
from tooearly.flow.joining import opened
from tooearly.flow.machine import Act, Machine, Outcome, up
from tooearly.flow.mention import names_in, nodes_in
from tooearly.flow.objects import PENDING, UNSEEN, Cont, Fut, Inst
from tooearly.flow.relevance import closed_over, makes_any, target_function, whole_body
from tooearly.flow.state import World
from tooearly.flow.values import (
    NONE,
    Api,
    Bound,
    Const,
    Coro,
    Frame,
    Func,
    Oid,
    Partial,
    Ref,
    Unknown,
    Value,
    is_module,
)
from tooearly.flow.variables import mentioned
from tooearly.flow.walking import refs
from tooearly.semantics.names import Function, all_args, walk
from tooearly.semantics.rows import builtin_rows

TESTS = (ast.If, ast.While, ast.IfExp, ast.Assert)


def tell(m: Machine, act: Act, w: World) -> None:
    """Other code runs now: what running tasks change, and this code asks for, is not known any more.

    What a task stores that makes futures itself may be futures; those are followed elsewhere. Containers are open
    whether they are asked for or not: who takes an element of one that seems to be empty raises.
    """
    asked = _asked(act) if m.telling else frozenset[str]()
    for body in [body for body, _ in _running(w)] if m.telling else ():
        maker = target_function(body)
        if maker is None or makes_any(m, names_in(maker.function)):
            continue
        for change, place in _told(w, body):
            if asked.isdisjoint(_called(w, change, place)):
                _filled_in(w, change, place)
            elif not change.last:
                _open(w, change, place)
    for deferred in w.deferred if m.telling else ():
        if deferred.kind in ("callback", "called"):
            for change, place in _told(w, Coro(deferred.function, (), (), None)):  # type: ignore[arg-type]
                _filled_in(w, change, place)


def _filled_in(w: World, change: Change, place: Value | tuple[Frame, str]) -> None:
    """A container may have got more by now, and an attribute that is None may hold something."""
    held = w.heap.get(place.oid) if isinstance(place, Ref) else None
    value = held.get(change.attr) if isinstance(held, Inst) and change.attr else place
    if isinstance(value, Ref):
        if not change.lessens:
            _open_container(w, value.oid)
    elif change.attr and value == NONE:
        _open(w, change, place)


def changed_later(w: World, function: Value, args: tuple[Value, ...]) -> None:
    """Some time later the loop calls this: what it adds to may have more from now on."""
    for change, place in _told(w, Coro(function, args, (), None)):  # type: ignore[arg-type]
        _filled_in(w, change, place)


def heard(act: Act, w: World, test: ast.AST, *, decided: bool) -> World | None:
    """A condition has been asked: what is known of the tasks, and callbacks, that change what it looks at.

    They may have waited for others before, or ended. Where the condition is `decided` by what it looked at before the
    change, that is another world, in which it may be either.
    """
    names = _names(act.function, test)
    after: World | None = None
    for body, futures in list(_running(w)) if names else ():
        news = [
            (c, place)
            for c, place in _told(w, body)
            if not _tells_by_itself(act, w, test, c, place)
            and not names.isdisjoint(_called(w, c, place))
            and not _of_another(act, w, test, c, place)
        ]
        begun = any(isinstance(f := w.heap.get(oid), Fut) and f.mask != PENDING for oid in futures)
        target = target_function(body)
        own = target is not None and act.count(target.function) > 0  # this code itself, or one of its kind
        if not news or (decided and (own or not begun)):
            continue
        after = (after or w.copy()) if decided else w
        if any(change.late for change, _ in news):
            waited_for = w.reachable([body], closed_over(w)) - set(futures)
            after.escape(other for other in waited_for if isinstance(w.heap[other], Fut))
        for oid in futures if any(change.last for change, _ in news) else ():
            fut = after.heap.get(oid)
            if isinstance(fut, Fut) and fut.mask & PENDING:
                after.heap[oid] = replace(fut, mask=UNSEEN)
        for change, place in news if decided else ():
            _open(after, change, place)
    return after if decided else None


def found(m: Machine, act: Act, outcomes: Iterable[Outcome], node: ast.AST) -> Iterator[Outcome]:
    """An element that a task may have added is there: that says as much as a condition that finds it there."""
    for outcome in outcomes:
        if m.telling and outcome.exc is None and isinstance(outcome.value, Unknown):
            heard(act, outcome.world, node, decided=False)
        yield outcome


def takes(node: ast.AST) -> bool:
    """Whether a call takes an element of a container, and raises where there is none."""
    match node:
        case ast.Call(func=ast.Attribute(attr=attr), args=[] | [_]):
            return attr in builtin_rows().named(TAKING)
    return False


def _tells_by_itself(act: Act, w: World, test: ast.AST, change: Change, place: Value | tuple[Frame, str]) -> bool:
    """Whether the variable holds an object, or the attribute a future or an instance, that is followed itself."""
    if isinstance(place, tuple):
        return isinstance(w.env.get(place), Ref)
    owners = [place] if isinstance(place, Ref) else _owners(act, w, test, change.attr)
    held = [w.heap.get(owner.oid) if isinstance(owner, Ref) else None for owner in owners]
    values = [obj.get(change.attr) if isinstance(obj, Inst) else None for obj in held]
    return bool(change.attr and values) and all(
        isinstance(value, Ref) and isinstance(w.heap.get(value.oid), Fut | Inst) for value in values
    )


def _of_another(act: Act, w: World, test: ast.AST, change: Change, place: Value | tuple[Frame, str]) -> bool:
    """Whether a condition looks at that attribute of other objects only."""
    held = _owners(act, w, test, change.attr)
    single = isinstance(place, Ref) and (obj := w.heap.get(place.oid)) is not None and not obj.many
    return single and bool(held) and all(isinstance(v, Ref) and v != place for v in held)


def _owners(act: Act, w: World, test: ast.AST, attr: str) -> list[Value | None]:
    """The objects of which a condition looks at an attribute; None for each that is no variable's."""
    owners = [n.value for n in walk(test) if isinstance(n, ast.Attribute) and n.attr == attr]
    return [w.env.get((act.frame, owner.id)) if isinstance(owner, ast.Name) else None for owner in owners]


def overlooked(act: Act, w: World, call: Coro) -> bool:
    """Whether a call changes a flag, counter or list that the code around it asks for, and so has to be followed.

    If it does not, what it changes is forgotten: other code may ask for that later.
    """
    asked, changes = _asked(act), list(_told(w, call))
    if any(not asked.isdisjoint(_called(w, change, place)) for change, place in changes):
        return True
    for change, place in changes:
        _open(w, change, place)
    return False


def tells(function: Value) -> bool:
    """Whether a coroutine, or a callback, changes something that others see."""
    match function:
        case Bound(Api(name)):
            return bool(_changing(name))
    target = target_function(function)
    return target is not None and bool(changes_of(target.function))


def _changing(api: str) -> str:
    """The name of a method that changes a container; nothing for other APIs."""
    method = api.rpartition(".")[2]
    return method if method in builtin_rows().named(CHANGING) else ""


def _asked(act: Act) -> frozenset[str]:
    """The names, and attributes with their dot, in the conditions of the functions that are suspended here."""
    here: Act | None = act
    names: frozenset[str] = frozenset()
    while here is not None:
        names |= _tested(here.function)
        here = here.caller
    return names


def _tested(function: Function) -> frozenset[str]:
    found: frozenset[str] | None = function.cache.get("tested")
    if found is None:
        nodes = nodes_in(function)
        tests = [node.test for node in nodes if isinstance(node, TESTS)]
        tests += [node.body for node in nodes if isinstance(node, ast.Lambda)]  # a predicate
        found = function.cache["tested"] = frozenset(name for test in tests for name in _mentioned(test))
    return found


def _names(function: Function, test: ast.AST) -> frozenset[str]:
    known: dict[ast.AST, frozenset[str]] = function.cache.setdefault("tests", {})
    if test not in known:
        known[test] = frozenset(_mentioned(test))
    return known[test]


def _mentioned(test: ast.AST) -> Iterator[str]:
    for node in walk(test):
        match node:
            case ast.Name(id=name):
                yield name
            case ast.Attribute(attr=attr):
                yield f".{attr}"


# What a task changes
def _running(w: World) -> Iterator[tuple[Coro, list[Oid]]]:
    """What runs while this code is suspended, each with the futures that have ended when it has: tasks, callbacks."""
    for oid, fut in w.heap.items():
        if isinstance(fut, Fut) and fut.kind == "task" and fut.body is not None and fut.mask & PENDING:
            yield whole_body(w, fut.body), [oid]
    for deferred in w.deferred:
        if deferred.kind in ("callback", "called"):
            futures = [oid for value in deferred.args for oid in refs(value)]
            yield Coro(deferred.function, (), (), None), futures  # type: ignore[arg-type]


def _told(w: World, body: Coro) -> Iterator[tuple[Change, Value | tuple[Frame, str]]]:
    """The changes of a running function, each with what it changes: an object, or a variable that it rebinds."""
    match body.function:
        case Bound(Api(name), receiver) if method := _changing(name):
            lessens = method in builtin_rows().named(LESSENING)
            yield Change("", "", late=False, last=True, lessens=lessens), receiver
    target = target_function(body)
    changes = changes_of(target.function) if target is not None else ()
    if target is None or not changes:
        return
    given = given_to(target, body)
    rebound = target.function.nonlocal_names | target.function.global_names
    for change in changes:
        if change.name in given:
            yield change, given[change.name]
        elif (owner := owner_of(w, target, change.name)) is not None:
            yield change, (owner, change.name) if change.name in rebound else w.env[owner, change.name]


def given_to(target: Func, body: Coro) -> dict[str, Value]:
    """What the parameters of a coroutine's function are bound to, as far as it is given by position or name."""
    node, function, args = target.function.node, body.function, body.args
    while not isinstance(function, Func):
        match function:
            case Bound(inner, receiver):
                function, args = inner, (receiver, *args)
            case Partial(inner, before, _):
                function, args = inner, (*before, *args)
            case _:
                return {}
    names = [arg.arg for arg in all_args(node.args)] if isinstance(node, FUNCTIONS) else []
    return {**dict(zip(names, args, strict=False)), **dict(body.kwargs)}


def owner_of(w: World, target: Func, name: str) -> Frame | None:
    """The frame around a function in which a name is bound."""
    frame: Frame | None = target.frame
    while frame is not None and (frame, name) not in w.env:
        frame = None if is_module(frame) else up(w, frame, 1)
    return frame


# What that means here
def _called(w: World, change: Change, place: Value | tuple[Frame, str]) -> set[str]:
    """By which names a condition may look at it."""
    if change.attr:
        return {f".{change.attr}"}
    if isinstance(place, tuple):
        return {place[1]}
    names = {name for (_, name), value in w.env.items() if value == place and isinstance(name, str)}
    holders = [obj for obj in w.heap.values() if isinstance(obj, Inst)]
    return names | {f".{name}" for obj in holders for name, value in obj.attrs if value == place}


def _open(w: World, change: Change, place: Value | tuple[Frame, str]) -> None:
    """It is not known any more, and conditions that mention it are open again."""
    called = _called(w, change, place)
    for fact in [f for f in w.facts if isinstance(f[1], str) and not called.isdisjoint(mentioned(f[1]))]:
        del w.facts[fact]
    held = w.heap.get(place.oid) if isinstance(place, Ref) else None
    value = held.get(change.attr) if isinstance(held, Inst) and change.attr else place
    if isinstance(place, tuple):
        if isinstance(w.env[place], Const):
            w.env[place] = Unknown(("told", place))
    elif isinstance(value, Ref):
        _open_container(w, value.oid)
    elif isinstance(place, Ref) and isinstance(held, Inst):
        of_class = value is None and change.attr in held.cls.attrs
        if of_class or isinstance(value, Const):
            w.heap[place.oid] = held.having(change.attr, Unknown(("told", place.oid, change.attr)))


def _open_container(w: World, oid: Oid) -> None:
    """One that holds futures keeps them: whoever fills it with more is followed elsewhere."""
    obj = w.heap.get(oid)
    if isinstance(obj, Cont) and obj.kind in ("list", "dict", "set") and not obj.many:
        inner = {w.heap.get(held) for value in (*obj.items, *obj.keys) for held in refs(value)}
        if not any(isinstance(one, Fut | Cont | Inst) for one in inner):
            w.heap[oid] = opened(obj)
