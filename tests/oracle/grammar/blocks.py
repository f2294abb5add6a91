"""Productions with blocks: branches, loops, try, match; and the tables of all statements."""

from __future__ import annotations

from .awaits import caught
from .containers import all_any, in_comprehension, over_bag, over_dict, over_tuples, pair_sets
from .draws import (
    Gen,
    Lines,
    Rule,
    Scope,
    has_bag,
    has_name,
    has_pair,
    has_task,
    has_two,
    indent,
    rebinds,
    roomy,
    waits,
)
from .elsewhere import callback, closure, inner_coroutine, method, shown
from .guards import GUARDED
from .making import MAKE
from .more import MORE_MAKE, MORE_READ, MORE_WAIT
from .reading import plain, twice
from .waiting import WAIT


def condition(gen: Gen, scope: Scope) -> str:
    """A drawn condition: fresh, or one that has been kept in a variable, or a combination."""
    if scope.flags and gen.chance(0.6):
        return gen.pick(["{}", "{}", "not {}"]).format(gen.pick(scope.flags))
    return gen.weighted(
        [
            (6, gen.flag()),
            (1, f"not {gen.flag()}"),
            (1, f"{gen.flag()} and {gen.flag()}"),
            (1, f"{gen.flag()} or {gen.flag()}"),
        ]
    )


def kept(gen: Gen, scope: Scope) -> Lines:
    """`c = flag("c")`"""
    name = gen.fresh("c")
    scope.flags.append(name)
    return [f"{name} = {gen.flag()}"]


def branch(gen: Gen, scope: Scope) -> Lines:
    """if / elif / else."""
    lines = [f"if {condition(gen, scope)}:", *gen.nested(scope)]
    lines += [f"elif {condition(gen, scope)}:", *gen.nested(scope)] if gen.chance(0.25) else []
    lines += ["else:", *gen.nested(scope)] if gen.chance(0.4) else []
    return lines


def same_test(gen: Gen, scope: Scope) -> Lines:
    """A condition decides about the wait, and the same condition about the read."""
    name = gen.fresh("c")
    scope.flags.append(name)
    first, second = gen.weighted([(6, ("", "")), (2, ("not ", "")), (2, ("", "not ")), (1, ("not ", "not "))])
    between = gen.take("statement", scope.child()) if gen.chance(0.3) and roomy(scope) else []
    waited = gen.take("wait", scope.child())
    read = gen.take("read", scope.child())
    return [
        f"{name} = {gen.flag()}",
        f"if {first}{name}:",
        *indent(waited),
        *between,
        f"if {second}{name}:",
        *indent(read),
    ]


def counted(gen: Gen, scope: Scope) -> Lines:
    """A for loop of a known or a drawn number of rounds, with break, continue and else."""
    rounds = gen.weighted([(2, "2"), (3, f'count("{gen.fresh("rounds")}")')])
    lines = [f"for _ in range({rounds}):", *indent(_body(gen, scope))]
    return lines + (["else:", *gen.nested(scope)] if gen.chance(0.2) else [])


def looped(gen: Gen, scope: Scope) -> Lines:
    """A while loop on a drawn condition, or an endless one with a drawn break."""
    if gen.chance(0.5):
        lines = [f"while {gen.flag()}:", *indent(_body(gen, scope))]
        return lines + (["else:", *gen.nested(scope)] if gen.chance(0.2) else [])
    return ["while True:", *indent(_body(gen, scope)), f"    if {gen.flag()}:", "        break"]


def streamed(gen: Gen, scope: Scope) -> Lines:
    """async for over a generator that takes its time."""
    lines = [f'async for _ in ticks("{gen.fresh("ticks")}"):', *indent(_body(gen, scope))]
    return lines + (["else:", *gen.nested(scope)] if gen.chance(0.2) else [])


def _body(gen: Gen, scope: Scope) -> Lines:
    inner = scope.child(loop=True)
    lines = gen.block(inner, 1, 2)
    if gen.chance(0.35):
        lines += [f"if {condition(gen, inner)}:", f"    {gen.pick(['break', 'continue'])}"]
        lines += gen.block(inner, 1, 1) if gen.chance(0.5) else []
    return lines


def guarded(gen: Gen, scope: Scope) -> Lines:
    """try around a block of any statements."""
    lines = ["try:", *gen.nested(scope, 3)]
    if gen.chance(0.8):
        lines += [caught(gen), *(gen.nested(scope) if gen.chance(0.5) else ["    pass"])]
        lines += ["else:", *gen.nested(scope)] if gen.chance(0.2) else []
    if not any(line.startswith("except") for line in lines) or gen.chance(0.25):
        lines += ["finally:", *gen.nested(scope, 1)]
    return lines


def switch(gen: Gen, scope: Scope) -> Lines:
    """match on a drawn number."""
    lines = [f'match count("{gen.fresh("case")}"):', "    case 0:", *indent(gen.nested(scope))]
    lines += ["    case 1 | 5:", *indent(gen.nested(scope))] if gen.chance(0.5) else []
    return lines + (["    case _:", *indent(gen.nested(scope))] if gen.chance(0.5) else [])


def nested_wait(gen: Gen, scope: Scope) -> Lines:
    """A nested coroutine that waits for a task of this function, awaited here."""
    name = gen.fresh("inner")
    return [f"async def {name}():", *indent(gen.take("wait", scope.child(loop=False, inner=True))), f"await {name}()"]


def replaced(gen: Gen, scope: Scope) -> Lines:
    """A nested coroutine that gives a name of this function another task, and waits or not."""
    name = gen.fresh("inner")
    task = gen.pick([each for each in scope.tasks if "." not in each])
    waits = gen.pick([[], [f"await {task}"], [f"await asyncio.wait([{task}], timeout=0.02)"]])
    body = [f"nonlocal {task}", f"{task} = asyncio.create_task(work({gen.number()}))", *waits]
    scope.focus = [task]
    return [f"async def {name}():", *indent(body), f"await {name}()"]


def makes(gen: Gen, scope: Scope) -> Lines:
    """One more future."""
    return gen.take("make", scope)


def awaits(gen: Gen, scope: Scope) -> Lines:
    """One more wait, often with a read behind it."""
    return [*gen.take("wait", scope), *(gen.take("read", scope) if gen.chance(0.5) else [])]


def reads(gen: Gen, scope: Scope) -> Lines:
    """One more read; mostly after some wait."""
    first = [] if scope.sync or scope.focus or gen.chance(0.2) else gen.take("wait", scope)
    return [*first, *gen.take("read", scope)]


def _open(scope: Scope) -> bool:
    return roomy(scope) and waits(scope)


READ_ONE = (Rule(20, "read", plain, has_task), Rule(3, "read", twice, has_two), *GUARDED)
READ = (
    *READ_ONE,
    Rule(7, "over-bag", over_bag, has_bag),
    Rule(2, "over-dict", over_dict, lambda scope: bool(scope.dicts)),
    Rule(1, "tuples", over_tuples),
    Rule(5, "in-comprehension", in_comprehension, has_bag),
    Rule(3, "all-any", all_any, has_bag),
    Rule(4, "wait-sets", pair_sets, has_pair),
    Rule(1.5, "callback", callback, has_name),
    Rule(2, "closure", closure, has_name),
    Rule(1, "inner-coroutine", inner_coroutine, lambda scope: has_name(scope) and roomy(scope) and not scope.sync),
    Rule(2, "helper", shown, has_name),
    Rule(0.7, "method", method, lambda scope: not scope.sync),
)
READ_PAIR = (Rule(1, "wait-sets", pair_sets),)
STATEMENT = (
    Rule(5, "make", makes),
    Rule(11, "wait", awaits, waits),
    Rule(8, "read", reads, has_task),
    Rule(0.7, "kept-condition", kept),
    Rule(4, "branch", branch, _open),
    Rule(2, "same-test", same_test, _open),
    Rule(2, "for", counted, _open),
    Rule(2, "while", looped, _open),
    Rule(0.7, "async-for", streamed, _open),
    Rule(3, "try-block", guarded, _open),
    Rule(1, "match", switch, _open),
    Rule(0.7, "inner-coroutine", nested_wait, _open),
    Rule(0.4, "nonlocal", replaced, lambda scope: rebinds(scope) and _open(scope)),
)
RULES = {
    "statement": STATEMENT,
    "make": MAKE + MORE_MAKE,
    "wait": WAIT + MORE_WAIT,
    "read": READ + MORE_READ,
    "read-one": READ_ONE,
    "read-pair": READ_PAIR,
}
