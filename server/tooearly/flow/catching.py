"""Exceptions: what a `raise` raises, and which handler takes it.

An exception is known by its class, or is "any ordinary exception" (what unknown code may raise). A handler takes it
certainly, perhaps, or not; "perhaps" splits the world. A read's own InvalidStateError is followed to the handler that
takes it: one that names InvalidStateError expects it, and the read is not reported.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import replace

from tooearly.flow.classes import bases, class_in, class_named
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import CANCELLED, Inst
from tooearly.flow.state import World
from tooearly.flow.values import PLAIN, Api, Choice, Exc, Klass, Ref, Unknown, Value
from tooearly.semantics.names import Class

INVALID = "asyncio.InvalidStateError"
ALIASES = {
    "asyncio.TimeoutError": "builtins.TimeoutError",
    "concurrent.futures.CancelledError": CANCELLED,
    "concurrent.futures.TimeoutError": "builtins.TimeoutError",
    "socket.timeout": "builtins.TimeoutError",
    "builtins.IOError": "builtins.OSError",
    "builtins.EnvironmentError": "builtins.OSError",
}
# Base classes of those that are no builtins.
PARENTS = {
    INVALID: "builtins.Exception",
    CANCELLED: "builtins.BaseException",
    "concurrent.futures.InvalidStateError": "builtins.Exception",
}
YES, MAYBE, NO = 2, 1, 0


def raised_value(m: Machine, value: Value | None) -> Exc:
    """The exception that raising a value raises."""
    match value:
        case Exc():
            return value
        case Api(name):
            return Exc(ALIASES.get(name, name))
        case Klass(cls):
            return Exc(f"{cls.module}:{cls.qualname}")
        case Unknown(type=kind) if kind.startswith("exc:"):
            return Exc(kind[4:], group=kind.endswith("ExceptionGroup"))
    return Exc("")


def exception_of(w: World, value: Value) -> Exc:
    """Like raised_value, for instances too."""
    obj = w.heap.get(value.oid) if isinstance(value, Ref) else None
    return Exc(f"{obj.cls.module}:{obj.cls.qualname}") if isinstance(obj, Inst) else Exc("")


def ancestors(m: Machine, name: str) -> list[str] | None:
    """The class and its bases by dotted name; None when they are not known."""
    name = ALIASES.get(name, name)
    if name in PARENTS:
        return [name, *(ancestors(m, PARENTS[name]) or [])]
    if name.startswith("builtins."):
        cls = getattr(builtins, name[9:], None)
        if isinstance(cls, type) and issubclass(cls, BaseException):
            return [f"builtins.{c.__name__}" for c in cls.__mro__[:-1]]
        return None
    if ":" in name:
        return _workspace_ancestors(m, name)
    return None


def _workspace_ancestors(m: Machine, name: str) -> list[str] | None:
    module_name, _, qualname = name.partition(":")
    module = m.module(module_name)
    found = class_named(m, module, None, ast.Name(qualname)) if module else ""
    if module is not None and "." in qualname:
        found = class_in(module, qualname) or ""
    if not isinstance(found, Class):
        return [name, "builtins.Exception", "builtins.BaseException"]
    out: list[str] = []
    for base in bases(m, found):
        if isinstance(base, str):
            more = ancestors(m, base)
            if more is None:
                return None
            out += more
        else:
            out.append(f"{base.module}:{base.qualname}")
    return out


def takes(m: Machine, exc: Exc, handler: str) -> int:
    """Whether `except handler` takes the exception: YES, MAYBE or NO."""
    handler = ALIASES.get(handler, handler)
    if handler in ("builtins.BaseException", "builtins.BaseExceptionGroup") and not exc.group:
        return YES if handler == "builtins.BaseException" else NO
    if exc.group:
        groups = {
            "builtins.BaseException",
            "builtins.Exception",
            "builtins.ExceptionGroup",
            "builtins.BaseExceptionGroup",
        }
        return YES if handler in groups else NO
    if exc.cls in ("", PLAIN):
        if handler == "builtins.Exception":
            return YES
        waiting = exc.cls == PLAIN and handler == "builtins.TimeoutError"
        passed = bool(exc.but) and not exc.but.isdisjoint(ancestors(m, handler) or (handler,))
        return NO if handler == CANCELLED or waiting or passed else MAYBE
    line = ancestors(m, exc.cls)
    if line is not None and handler in line:
        return YES
    if line is None:
        return MAYBE
    if exc.cls == "builtins.LookupError" and exc.cls in (ancestors(m, handler) or ()):
        return MAYBE
    return MAYBE if ancestors(m, handler) is None and _may_be_another_name(handler, line) else NO


def _may_be_another_name(handler: str, line: list[str]) -> bool:
    """Whether a class of a library that is not seen may be one of these by another name: `lib.TimeoutError`.

    It can be no base class of theirs: they were there before.
    """
    last = handler.rpartition(".")[2]
    return last in {"?", "error", "Cancelled", *(name.rpartition(".")[2] for name in line)}


def handler_names(w: World, value: Value | None) -> list[str]:
    """The classes that a handler names; "builtins.BaseException" for a bare one, "?" for what is not known."""
    match value:
        case None:
            return ["builtins.BaseException"]
        case Api(name):
            return [ALIASES.get(name, name)]
        case Klass(cls):
            return [f"{cls.module}:{cls.qualname}"]
        case Ref() if (cont := w.cont(value)) is not None:
            return [name for item in cont.items for name in handler_names(w, item)]
        case Choice(options):
            return [name for option in options for name in handler_names(w, option)]
    return ["?"]


def judged(m: Machine, exc: Exc, names: list[str]) -> int:
    """Whether one of several handlers' names takes the exception."""
    return max((takes(m, exc, name) for name in names), default=NO)


def passing(exc: Exc, names: list[str]) -> Exc:
    """The exception behind handlers that have not taken it: it is none that they would have taken."""
    if exc.cls not in ("", PLAIN) or exc.group or "?" in names:
        return exc
    return replace(exc, but=exc.but.union(ALIASES.get(name, name) for name in names))


def note_taken(m: Machine, exc: Exc, names: list[str]) -> None:
    """Remember whether a read's InvalidStateError was expected where it was taken."""
    if exc.site is not None:
        if INVALID in names and not exc.group:
            m.handled(exc)
        else:
            m.unhandled(exc)


def matches_handler(m: Machine, act: Act, w: World, types: Value | None, star: bool) -> Iterator[tuple[str, Outcome]]:
    """The ways out of an `except` clause's test."""
    flying = w.env.get((act.frame, "$exc"))
    exc = flying if isinstance(flying, Exc) else Exc("")
    names = handler_names(w, types)
    if exc.cls == PLAIN and not act.function.is_async:
        exc = Exc("")
    answer = judged(m, exc, names)
    if star and exc.group:
        answer = MAYBE  # a part of the group
    if answer != NO:
        taken = w.copy()
        note_taken(m, exc, names)
        note_handler(taken, exc, act)
        yield "match", Outcome(taken)
    if answer != YES:
        if answer == MAYBE and (behind := passing(exc, names)) != exc:
            w.env[act.frame, "$exc"] = behind
        yield "next", Outcome(w)


def note_handler(w: World, exc: Exc, act: Act) -> None:
    """Futures whose wait failed a moment ago learn which handler went on."""
    from tooearly.flow.objects import Fut

    site = act.site(act.block.term.node) if act.block and act.block.term else None
    for oid, obj in list(w.heap.items()):
        if (
            isinstance(obj, Fut)
            and obj.mask & 1
            and obj.note is not None
            and obj.note.handler is None
            and obj.note.why in RAISING
        ):
            w.heap[oid] = replace(obj, note=replace(obj.note, handler=site))


RAISING = ("gather-failed", "shield-timeout", "wait-failed", "timeout-block")
