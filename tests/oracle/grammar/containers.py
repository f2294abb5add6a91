"""Productions that read the members of containers, and what `asyncio.wait` returned.

`SETS` and `MEMBERS` are forms: text with names to be put in, where `READ x` stands for some read of `x`.
"""

from __future__ import annotations

from .draws import Gen, Lines, Scope, indent
from .reading import read_of


def over_bag(gen: Gen, scope: Scope) -> Lines:
    """A loop over a container with a read of each member, guarded or not."""
    name, container = gen.fresh("each"), gen.pick(list(scope.bags))
    head, name = gen.weighted(
        (
            (6, (f"for {name} in {container}:", name)),
            (1, (f"for n, {name} in enumerate({container}):", name)),
            (1, (f"for n, {name} in zip(range(9), {container}):", name)),
            (1, (f"for {name} in list({container}):", name)),
            (1, (f"for {name} in [x for x in {container} if x.done()]:", name)),
            (0.5, (f"for {name} in filter(lambda x: x.done(), {container}):", name)),
            (0.5, (f"for {name} in reversed(list({container})):", name)),
        )
    )
    inner = scope.child(loop=True)
    inner.add(name)
    if gen.chance(0.35):
        return [head, *indent(read_of(gen, name))]
    if gen.chance(0.4):
        return [
            head,
            f"    if not {name}.done():",
            f"        {gen.pick(['continue', 'break', 'return'])}",
            *indent(read_of(gen, name)),
        ]
    return [head, *indent(gen.take("read-one", inner))]


def over_dict(gen: Gen, scope: Scope) -> Lines:
    """A loop over the items or keys of a dict."""
    name, mapping = gen.fresh("each"), gen.pick(scope.dicts)
    if gen.chance(0.6):
        return [
            f"for key, {name} in {mapping}.items():",
            *indent([f"if {name}.done():", *indent(read_of(gen, name))] if gen.chance(0.4) else read_of(gen, name)),
        ]
    return [f"for key in {mapping}:", *indent(read_of(gen, f"{mapping}[key]"))]


def over_tuples(gen: Gen, scope: Scope) -> Lines:
    """A list of pairs (number, task), waited for in one loop and read in another."""
    name, pairs = gen.fresh("each"), gen.fresh("pairs")
    made = ", ".join(f"({n}, asyncio.create_task(work({gen.number()})))" for n in range(gen.pick([1, 2])))
    waits = ["await {t}", "await asyncio.wait([{t}])", "await asyncio.wait([{t}], timeout=0.02)", "pass"]
    wait = "pass" if scope.sync else gen.pick(waits).format(t=name)
    head = f"for n, {name} in {pairs}:"
    return [f"{pairs} = [{made}]", head, f"    {wait}", head, *indent(read_of(gen, name))]


def in_comprehension(gen: Gen, scope: Scope) -> Lines:
    """A comprehension or generator over a container, with or without a filter."""
    container = gen.pick(list(scope.bags))
    forms = (
        (4, f"print([x.result() for x in {container}])"),
        (4, f"print([x.result() for x in {container} if x.done()])"),
        (1, f"print([x.result() for x in {container} if not x.done()])"),
        (1, f"print([x.result() for x in {container} if x.done() and not x.cancelled()])"),
        (1, f"print([x.result() if x.done() else None for x in {container}])"),
        (1, f"print(list(map(lambda x: x.result(), {container})))"),
        (1, f"print(sum(x.result() for x in {container}))"),
        (1, f"print({{n: x.result() for n, x in enumerate({container})}})"),
    )
    return [gen.weighted(forms)]


def all_any(gen: Gen, scope: Scope) -> Lines:
    """all(), any() and next() over done()."""
    container = gen.pick(list(scope.bags))
    member = (*scope.bags[container], "")[0]
    reads = [f"print([x.result() for x in {container}])"] + ([f"print({member}.result())"] if member else [])
    kind = gen.weighted([(4, "all"), (2, "any"), (2, "next"), (1, "left"), (1, "assert")])
    if kind == "next":
        name = gen.fresh("first")
        lines = [f"{name} = next((x for x in {container} if x.done()), None)"]
        return [*lines, f"if {name} is not None:", f"    print({name}.result())"]
    if kind == "left":
        name = gen.fresh("left")
        lines = [f"{name} = [x for x in {container} if not x.done()]"]
        return [*lines, f"if not {name}:", f"    {gen.pick(reads)}"]
    if kind == "assert":
        return [f"assert all(x.done() for x in {container})", gen.pick(reads)]
    return [f"if {kind}(x.done() for x in {container}):", f"    {gen.pick(reads)}"]


EVERY = "print([x.result() for x in {bag}])"
SETS: tuple[tuple[float, str], ...] = (
    (2, "for {each} in {done}:\n    READ {each}"),
    (1, "print(sorted(str(x.exception()) for x in {done}))"),
    (0.7, "for {each} in {pending}:\n    READ {each}"),
    (0.7, "for {each} in {pending}:\n    {each}.cancel()\n    READ {each}"),
    (1, "if not {pending}:\n    " + EVERY),
    (0.7, "if {pending}:\n    return\n" + EVERY),
    (0.7, "assert not {pending}\n" + EVERY),
    (0.7, "if {done}:\n    " + EVERY),
    (0.7, "if len({done}) == len({bag}):\n    " + EVERY),
    (1, "if {done}:\n    print({done}.pop().result())"),
    (0.7, "if {done}:\n    print(next(iter({done})).result())"),
    (0.7, "if {pending}:\n    await asyncio.wait({pending})\n" + EVERY),
    (0.5, "if {pending}:\n    print({pending}.pop().result())"),
    (1, "for {each} in {bag}:\n    if {each} in {done}:\n        READ {each}"),
    (0.7, "for {each} in {bag}:\n    if {each} not in {pending}:\n        READ {each}"),
)
MEMBERS: tuple[tuple[float, str], ...] = (
    (2, "if {one} in {done}:\n    READ {one}"),
    (1, "if {one} not in {pending}:\n    READ {one}"),
    (1, "if {one} in {pending}:\n    READ {one}"),
    (1, "if {one} not in {done}:\n    return\nREAD {one}"),
    (1, "assert {one} in {done}\nREAD {one}"),
    (1.5, "if {two} in {done}:\n    READ {one}"),
    (1.5, "if {two} in {done}:\n    READ {two}\nelse:\n    READ {one}"),
    (1, "if {two} in {pending}:\n    READ {one}"),
    (1, "if {two}.done():\n    return\nREAD {one}"),
    (1, "if {one} in {pending}:\n    await {one}\nREAD {one}"),
)


def pair_sets(gen: Gen, scope: Scope) -> Lines:
    """What follows `done, pending = await asyncio.wait(...)`."""
    pair = scope.pairs[-1] if gen.chance(0.8) else gen.pick(scope.pairs)
    forms = SETS + (MEMBERS if pair.members else ())
    form = gen.weighted([each for each in forms if "await" not in each[1] or not scope.sync])
    one = gen.pick(pair.members) if pair.members else ""
    two = next((each for each in pair.members if each != one), one)
    each = gen.fresh("each") if "{each}" in form else ""
    return expanded(gen, form.format(done=pair.done, pending=pair.pending, bag=pair.bag, one=one, two=two, each=each))


def expanded(gen: Gen, form: str) -> Lines:
    """The lines of a form, with a read of some kind for each `READ expression`."""
    lines: Lines = []
    for line in form.split("\n"):
        margin, marker, expression = line.partition("READ ")
        lines += [margin + each for each in read_of(gen, expression)] if marker else [line]
    return lines
