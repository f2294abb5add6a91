"""Productions that wait: enough, not enough, or for something else; with and without a handler around it.

Nothing here is safe by the stock loop's order on purpose: whoever wakes a waiter sleeps for a drawn time afterwards,
and a task has always had time to start before it is cancelled.
"""

from __future__ import annotations

import sys

from .awaits import about, awaited, bag, caught
from .draws import SHORT, Gen, Lines, Pair, Rule, Scope, has_bag, has_name, has_task, indent, receiver, recent, roomy


def simple(gen: Gen, scope: Scope) -> Lines:
    """An await as a statement."""
    return [gen.weighted([(6, "{}"), (1, "_ = {}")]).format(awaited(gen, scope))]


def attempt(gen: Gen, scope: Scope) -> Lines:
    """One or two awaits in a try; a read or more in the handler, in else, in finally."""
    inner = scope.child()
    body = [awaited(gen, scope)]
    if gen.chance(0.3):
        body += gen.take("statement", inner) if roomy(scope) else [awaited(gen, scope)]
    lines = ["try:", *indent(body)]
    handlers = 0 if gen.chance(0.12) else 2 if gen.chance(0.15) else 1
    for clause in _clauses(gen, handlers):
        quiet = gen.weighted([(6, "pass"), (1, "return"), (1, "raise")])
        lines += [clause, *(gen.nested(scope) if roomy(scope) and gen.chance(0.4) else [f"    {quiet}"])]
    if handlers and gen.chance(0.2):
        lines += ["else:", *gen.nested(scope)]
    if not handlers or gen.chance(0.15):
        lines += ["finally:", *indent(gen.take("read", scope.child()))]
    return lines


def _clauses(gen: Gen, count: int) -> Lines:
    kinds: list[str] = []
    for _ in range(count):
        clause = caught(gen)
        if clause not in kinds:
            kinds.append(clause)
    return sorted(kinds, key=lambda clause: clause == "except:")


def suppressed(gen: Gen, scope: Scope) -> Lines:
    """`with contextlib.suppress(...): await ...`"""
    kind = gen.pick(["ValueError", "asyncio.TimeoutError", "asyncio.CancelledError", "Exception"])
    return [f"with contextlib.suppress({kind}):", *indent([awaited(gen, scope)])]


def done_pending(gen: Gen, scope: Scope) -> Lines:
    """`done, pending = await asyncio.wait(...)`, followed by something that looks at the two sets."""
    container = bag(gen, scope)
    limits = [(2, ""), (3, ", timeout={x}"), (3, ", return_when=asyncio.FIRST_COMPLETED")]
    limits += [(1, ", return_when=asyncio.FIRST_EXCEPTION"), (1, ", timeout={x}, return_when=asyncio.FIRST_COMPLETED")]
    limit = gen.weighted(limits)
    names = [name for name in scope.tasks if name in container.strip("[](){}").replace(",", " ").split()]
    inside = tuple(names) or scope.bags.get(container, ())
    pair = Pair(
        gen.fresh("done"),
        gen.fresh("pending"),
        inside,
        container,
        limit.endswith("FIRST_COMPLETED") and "{x}" not in limit,
    )
    scope.pairs.append(pair)
    scope.focus = list(inside)
    line = f"{pair.done}, {pair.pending} = await asyncio.wait({container}{limit.format(x=gen.pick(SHORT))})"
    return [line, *(gen.take("read-pair", scope) if gen.chance(0.8) else [])]


def bounded(gen: Gen, scope: Scope) -> Lines:
    """`async with asyncio.timeout(x):` around a block."""
    block = [awaited(gen, scope)] + (gen.block(scope.child(), 1, 1) if gen.chance(0.3) and roomy(scope) else [])
    lines = [f"async with asyncio.timeout({gen.pick(SHORT)}):", *indent(block)]
    if gen.chance(0.2):
        return lines
    handler = gen.nested(scope) if roomy(scope) and gen.chance(0.4) else ["    pass"]
    return [
        "try:",
        *indent(lines),
        gen.pick(["except TimeoutError:", "except asyncio.TimeoutError:", "except Exception:"]),
        *handler,
    ]


def task_group(gen: Gen, scope: Scope) -> Lines:
    """A TaskGroup with a block inside, and a read behind it."""
    group, names = gen.fresh("tg"), [gen.fresh("t") for _ in range(gen.pick([1, 2]))]
    inner = scope.child()
    inner.add(*names)
    body = [f"{name} = {group}.create_task(work({gen.number()}))" for name in names]
    body += gen.block(inner, 1, 1) if gen.chance(0.4) and roomy(scope) else []
    lines = [f"async with asyncio.TaskGroup() as {group}:", *indent(body)]
    if gen.chance(0.5):
        kind = gen.pick(["except* ValueError:", "except Exception:", "except BaseException:"])
        lines = ["try:", *indent(lines), kind, "    pass"]
    scope.add(*names)
    scope.focus = names
    return lines


def completions(gen: Gen, scope: Scope) -> Lines:
    """`for c in asyncio.as_completed(...)`, exhausted or left early."""
    name, container = gen.fresh("c"), bag(gen, scope)
    scope.focus = about(scope, container)
    limit = f", timeout={gen.pick(SHORT)}" if gen.chance(0.2) else ""
    body = [f"await {name}"]
    if gen.chance(0.4):
        body = ["try:", f"    await {name}", caught(gen), "    pass"]
    if gen.chance(0.25):
        body += (
            [f"if {gen.flag()}:", f"    {gen.pick(['break', 'break', 'return', 'continue'])}"]
            if gen.chance(0.6)
            else ["break"]
        )
    lines = [f"for {name} in asyncio.as_completed({container}{limit}):", *indent(body)]
    if gen.chance(0.15):
        lines += ["else:", *indent(gen.take("read", scope.child()))]
    return lines


def async_completions(gen: Gen, scope: Scope) -> Lines:
    """`async for t in asyncio.as_completed(...)`: yields the very futures (Python 3.13)."""
    name, container = gen.fresh("c"), bag(gen, scope)
    scope.focus = about(scope, container)
    limit = f", timeout={gen.pick(SHORT)}" if gen.chance(0.2) else ""
    inner = scope.child(loop=True)
    inner.add(name)
    lines = [f"async for {name} in asyncio.as_completed({container}{limit}):", *indent(gen.take("read", inner))]
    lines += ["    break"] if gen.chance(0.2) else []
    return lines


def one_by_one(gen: Gen, scope: Scope) -> Lines:
    """`for t in ts: await t`"""
    name, container = gen.fresh("each"), bag(gen, scope)
    scope.focus = about(scope, container)
    body = [f"await {name}"] if gen.chance(0.6) else ["try:", f"    await {name}", caught(gen), "    pass"]
    return [f"for {name} in {container}:", *indent(body)]


def poll(gen: Gen, scope: Scope) -> Lines:
    """Look again and again until done, or until patience ends."""
    task = receiver(gen, scope)
    scope.focus = [task]
    if gen.chance(0.4):
        more = f" and {gen.flag()}" if gen.chance(0.25) else ""
        return [f"while not {task}.done(){more}:", "    await asyncio.sleep(0.01)"]
    count = gen.fresh("n")
    if gen.chance(0.5):
        test = f"while not {task}.done() and {count} < 3:"
        return [f"{count} = 0", test, f"    {count} += 1", "    await asyncio.sleep(0.01)"]
    return ["for _ in range(3):", f"    if {task}.done():", "        break", "    await asyncio.sleep(0.01)"]


def rounds(gen: Gen, scope: Scope) -> Lines:
    """`while pending: done, pending = await asyncio.wait(pending, ...)`"""
    container = bag(gen, scope)
    scope.focus = about(scope, container)
    done, pending = gen.fresh("done"), gen.fresh("pending")
    limit = gen.pick([", return_when=asyncio.FIRST_COMPLETED", f", timeout={gen.pick(SHORT)}"])
    inner = scope.child(loop=True)
    inner.pairs = [Pair(done, pending, (), container, "FIRST" in limit)]
    body = [f"{done}, {pending} = await asyncio.wait({pending}{limit})"]
    body += gen.take("read-pair", inner) if gen.chance(0.6) else []
    body += [f"if {gen.flag()}:", "    break"] if gen.chance(0.25) else []
    return [f"{pending} = set({container})", f"while {pending}:", *indent(body)]


def no_time(gen: Gen, scope: Scope) -> Lines:
    """`wait_for` with a limit of zero, of a task that has had time to start."""
    task = receiver(gen, scope)
    scope.focus = [task]
    body = [f"await asyncio.wait_for({task}, 0)"]
    lines = body if gen.chance(0.2) else ["try:", *indent(body), caught(gen), "    pass"]
    return [f'await asyncio.sleep(delay("{gen.fresh("pause")}"))', *lines]


def cancelled(gen: Gen, scope: Scope) -> Lines:
    """Cancel a task that has had time to start, then wait for it or not."""
    task = recent(gen, scope)
    scope.focus = [task]
    lines = [f'await asyncio.sleep(delay("{gen.fresh("pause")}"))', f"{task}.cancel()"]
    ends: tuple[tuple[float, Lines], ...] = (
        (3, []),
        (2, ["try:", f"    await {task}", "except asyncio.CancelledError:", "    pass"]),
        (2, ["with contextlib.suppress(asyncio.CancelledError):", f"    await {task}"]),
        (2, [f"await asyncio.gather({task}, return_exceptions=True)"]),
        (2, [f'await asyncio.sleep(delay("{gen.fresh("pause")}"))']),
    )
    return lines + gen.weighted(ends)


def cancelled_elsewhere(gen: Gen, scope: Scope) -> Lines:
    """A timer cancels a task."""
    task = recent(gen, scope)
    return [f'asyncio.get_running_loop().call_later(delay("{gen.fresh("pause")}"), {task}.cancel)']


def available(name: str) -> bool:
    """Whether this interpreter's asyncio has `name`."""
    import asyncio

    return hasattr(asyncio, name)


WAIT = tuple(
    rule
    for rule in (
        Rule(12, "await", simple),
        Rule(10, "try", attempt),
        Rule(3, "suppress", suppressed),
        Rule(8, "wait-sets", done_pending),
        Rule(3, "timeout", bounded),
        Rule(3, "taskgroup", task_group),
        Rule(3, "as-completed", completions),
        Rule(1, "async-as-completed", async_completions),
        Rule(3, "one-by-one", one_by_one, has_bag),
        Rule(2, "poll", poll),
        Rule(2, "rounds", rounds),
        Rule(1, "zero-timeout", no_time, has_task),
        Rule(2, "cancel", cancelled, has_name),
        Rule(0.7, "cancel-elsewhere", cancelled_elsewhere, has_name),
    )
    if {
        "timeout": available("timeout"),
        "taskgroup": available("TaskGroup"),
        "async-as-completed": sys.version_info >= (3, 13),
    }.get(rule.group, True)
)
