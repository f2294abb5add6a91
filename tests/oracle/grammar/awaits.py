"""Single await expressions, what they wait for, and the handlers that may stand around them."""

from __future__ import annotations

import re
from collections.abc import Callable

from .draws import SHORT, Gen, Scope, receiver, recent

AWAITS = (
    (8, "await {t}"),
    (4, "await asyncio.gather({many})"),
    (3, "await asyncio.gather({many}, return_exceptions=True)"),
    (4, "await asyncio.wait({bag})"),
    (3, "await asyncio.wait({bag}, timeout={x})"),
    (2, "await asyncio.wait({bag}, return_when=asyncio.FIRST_COMPLETED)"),
    (1, "await asyncio.wait({bag}, return_when=asyncio.FIRST_EXCEPTION)"),
    (1, "await asyncio.wait({bag}, timeout={x}, return_when=asyncio.ALL_COMPLETED)"),
    (1, "await asyncio.wait({bag}, timeout=None)"),
    (3, "await asyncio.wait_for({t}, {x})"),
    (1, "await asyncio.wait_for({t}, timeout={x})"),
    (2, "await asyncio.wait_for(asyncio.shield({t}), {x})"),
    (1, "await asyncio.wait_for(asyncio.gather({many}), {x})"),
    (2, "await asyncio.shield({t})"),
    (3, "await asyncio.sleep({pause})"),
    (0.5, "await asyncio.sleep(0)"),
    (1.5, "await _finish({t})"),
    (1.5, "await _linger({t})"),
    (1, "await _finish_all([{list}])"),
    (0.7, "await asyncio.gather(_finish({t}), {many})"),
    (0.7, "await asyncio.wait_for(asyncio.wait({bag}), {x})"),
    (0.5, "await asyncio.wait_for(_finish({t}), {x})"),
    (0.5, "await asyncio.gather(asyncio.gather({many}), {t})"),
    (0.5, "await asyncio.gather(asyncio.shield({t}), return_exceptions=True)"),
    (0.7, "await ({t} if {flag} else {u})"),
)
CAUGHT = (
    (4, "ValueError"),
    (3, "asyncio.TimeoutError"),
    (2, "asyncio.CancelledError"),
    (3, "Exception"),
    (2, "(ValueError, asyncio.TimeoutError)"),
    (1, "BaseException"),
    (1, ""),
)


def caught(gen: Gen) -> str:
    """An `except` clause."""
    kind = gen.weighted(CAUGHT)
    return f"except {kind}:" if kind else "except:"


def single(gen: Gen, scope: Scope) -> str:
    """An expression for one future."""
    return receiver(gen, scope)


def members(gen: Gen, scope: Scope) -> list[str]:
    """Expressions for one to three futures."""
    return gen.some(scope.tasks, 1, 3) if scope.tasks else [single(gen, scope)]


def bag(gen: Gen, scope: Scope) -> str:
    """A container expression."""
    if scope.bags and (not scope.tasks or gen.chance(0.5)):
        return gen.pick(list(scope.bags))
    form = gen.weighted([(4, "[{}]"), (1, "{{{}}}"), (1, "({},)")])
    return form.format(", ".join(members(gen, scope)))


def many(gen: Gen, scope: Scope) -> str:
    """Arguments for gather."""
    if scope.bags and (not scope.tasks or gen.chance(0.5)):
        more = f", {recent(gen, scope)}" if scope.tasks and gen.chance(0.2) else ""
        return "*" + gen.pick(list(scope.bags)) + more
    return ", ".join(members(gen, scope))


PARTS: dict[str, Callable[[Gen, Scope], str]] = {
    "t": single,
    "u": single,
    "flag": lambda gen, _: gen.flag(),
    "many": many,
    "bag": bag,
    "list": lambda gen, scope: ", ".join(members(gen, scope)),
    "pause": lambda gen, _: f'delay("{gen.fresh("pause")}")',
}


def awaited(gen: Gen, scope: Scope) -> str:
    """One await expression."""
    form = gen.weighted(AWAITS)
    parts = {"x": gen.pick(SHORT)}
    for part, write in PARTS.items():
        if f"{{{part}}}" in form:
            parts[part] = write(gen, scope)
    scope.focus = about(scope, " ".join(parts.values())) or scope.focus
    return form.format(**parts)


def about(scope: Scope, text: str) -> list[str]:
    """The futures in scope that `text`, the object of a wait, names."""
    names = set(re.findall(r"[\w.]+(?:\[[^]]*\])?", text))
    tasks = [name for name in scope.tasks if name in names]
    return tasks + [member for bag, found in scope.bags.items() for member in found if bag in text or member in names]
