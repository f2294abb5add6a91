"""Productions that read a single future under a guard: right, inverted, on another future, or too weak."""

from __future__ import annotations

from .draws import Gen, Lines, Rule, Scope, has_name, has_task, indent, receiver, recent
from .reading import read_of


def tested(gen: Gen, scope: Scope) -> Lines:
    """if with a test of the task's state; right, inverted or on another task."""
    task = receiver(gen, scope)
    other = receiver(gen, scope)
    test = gen.weighted(
        (
            (6, f"{task}.done()"),
            (3, f"not {task}.done()"),
            (2, f"{other}.done()"),
            (2, f"{task}.done() and {other}.done()"),
            (2, f"{task}.done() or {other}.done()"),
            (2, f"{task}.done() and {gen.flag()}"),
            (1, f"{task}.done() or {gen.flag()}"),
            (1, f"not ({task}.done() and {other}.done())"),
            (1, f"not ({task}.done() or {other}.done())"),
            (1, f"{task}.cancelled()"),
            (1, f"not {task}.cancelled()"),
            (1, f"{task}.done() and not {task}.cancelled()"),
            (0.5, f"{task}.done() is True"),
            (0.5, f"{task}.done() == False"),
            (0.5, f"bool({task}.done())"),
        )
    )
    lines = [f"if {test}:", *indent(read_of(gen, task))]
    if gen.chance(0.3):
        lines += [f"elif {gen.pick([gen.flag(), f'{other}.done()'])}:", *indent(read_of(gen, gen.pick([task, other])))]
    if gen.chance(0.35):
        lines += ["else:", *indent(read_of(gen, gen.pick([task, other])))]
    return lines


def leave(gen: Gen, scope: Scope) -> Lines:
    """`if not t.done(): return` and the read behind it."""
    task = receiver(gen, scope)
    test = gen.weighted(
        [
            (6, f"not {task}.done()"),
            (1, f"{task}.done()"),
            (1, f"not {task}.done() or {gen.flag()}"),
            (1, f"not {task}.done() and {gen.flag()}"),
        ]
    )
    ways = ["return", 'raise ValueError("early")'] + (["break", "continue"] if scope.loop else [])
    if not scope.sync:
        ways += [f"await {task}", f"await asyncio.wait([{task}])", f"await asyncio.wait([{task}], timeout=0.01)"]
    return [f"if {test}:", f"    {gen.pick(ways)}", *read_of(gen, task)]


def asserted(gen: Gen, scope: Scope) -> Lines:
    """`assert t.done()`"""
    task, other = receiver(gen, scope), receiver(gen, scope)
    test = gen.weighted(
        [
            (4, f"{task}.done()"),
            (1, f"{task}.done() or {other}.done()"),
            (1, f"{task}.done() and {other}.done()"),
            (1, f"not {task}.done()"),
        ]
    )
    return [f"assert {test}", *read_of(gen, task)]


def conditional(gen: Gen, scope: Scope) -> Lines:
    """A conditional expression or a boolean operator around the read."""
    task, other = receiver(gen, scope), receiver(gen, scope)
    forms = (
        (4, f"print({task}.result() if {task}.done() else None)"),
        (1, f"print({task}.result() if {other}.done() else None)"),
        (2, f"print(None if {task}.done() else {task}.result())"),
        (2, f"print(None if not {task}.done() else {task}.result())"),
        (3, f"print({task}.done() and {task}.result())"),
        (2, f"print(not {task}.done() or {task}.result())"),
        (1, f"print({task}.done() or {task}.result())"),
        (1, f"print({gen.flag()} and {task}.result())"),
    )
    return [gen.weighted(forms)]


def stored(gen: Gen, scope: Scope) -> Lines:
    """A guard kept in a variable; the test comes at once or later."""
    task, name = recent(gen, scope), gen.fresh("ok")
    test = gen.weighted([(5, f"{task}.done()"), (1, f"not {task}.done()"), (1, f"{task}.done() and {gen.flag()}")])
    lines = [f"{name} = {test}"]
    if not scope.sync and gen.chance(0.3):
        lines += gen.take("wait", scope.child())
    negated = gen.chance(0.2)
    lines += [f"if {'not ' if negated else ''}{name}:", *indent(read_of(gen, task))]
    return lines


def matched(gen: Gen, scope: Scope) -> Lines:
    """`match t.done():`"""
    task = receiver(gen, scope)
    lines = [f"match {task}.done():", "    case True:", *indent(indent(read_of(gen, task)))]
    if gen.chance(0.5):
        lines += ["    case _:", *indent(indent(read_of(gen, task) if gen.chance(0.4) else ["pass"]))]
    return lines


def on_purpose(gen: Gen, scope: Scope) -> Lines:
    """Reads that expect InvalidStateError, and what is known afterwards."""
    task = receiver(gen, scope)
    if gen.chance(0.3):
        return ["with contextlib.suppress(asyncio.InvalidStateError):", f"    print({task}.result())"]
    lines = ["try:", f"    print({task}.result())", "except asyncio.InvalidStateError:"]
    after = gen.weighted(
        [(3, "pass"), (1, "return"), (1, f"print({task}.result())")] + ([] if scope.sync else [(1.0, f"await {task}")])
    )
    lines += [f"    {after}"]
    lines += ["else:", f"    print({task}.exception())"] if gen.chance(0.2) else []
    return lines + ([f"print({task}.result())"] if gen.chance(0.3) else [])


def swallowed(gen: Gen, scope: Scope) -> Lines:
    """A read under a handler that does not know what it catches."""
    task = receiver(gen, scope)
    clause = gen.pick(
        ["except Exception:", "except ValueError:", "except:", "except (ValueError, asyncio.CancelledError):"]
    )
    lines = ["try:", *indent(read_of(gen, task)), clause, '    print("failed")']
    return lines + (["finally:", *indent(read_of(gen, receiver(gen, scope)))] if gen.chance(0.15) else [])


def by_cancel(gen: Gen, scope: Scope) -> Lines:
    """The answer of cancel(), or a read right after it."""
    task = recent(gen, scope)
    started = [] if scope.sync else [f'await asyncio.sleep(delay("{gen.fresh("pause")}"))']
    if gen.chance(0.4):
        return [*started, f"{task}.cancel()", *read_of(gen, task)]
    return [
        *started,
        f"if not {task}.cancel():",
        *indent(read_of(gen, task)),
        *(["else:", *indent(read_of(gen, task))] if gen.chance(0.4) else []),
    ]


GUARDED = (
    Rule(10, "done()", tested, has_task),
    Rule(5, "leave", leave, has_task),
    Rule(2, "assert", asserted, has_task),
    Rule(4, "operators", conditional, has_task),
    Rule(2, "stored-guard", stored, has_name),
    Rule(1, "match-done", matched, has_task),
    Rule(3, "on-purpose", on_purpose, has_task),
    Rule(3, "swallowed", swallowed, has_task),
    Rule(1.5, "cancel", by_cancel, has_name),
)
