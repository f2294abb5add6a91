"""Productions that read: plainly, under a guard of some form, over containers, over the sets of a wait, in callbacks.

A read always stands alone on its line. Guards come right, inverted, on another task, or too weak, so that about as
many reads are safe as are not.
"""

from __future__ import annotations

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
    receiver,
    recent,
    roomy,
)

PRINTED = (
    (6, "print({r}.result())"),
    (2, "{v} = {r}.result()"),
    (1, 'print(f"{{{r}.result()}}")'),
    (1, "print({r}.exception())"),
    (1, "{r}.exception()"),
    (0.5, "print({r}.exception() is None)"),
    (0.5, "return {r}.result()"),
)


def read_of(gen: Gen, expression: str) -> Lines:
    """A statement that reads `expression`."""
    form = gen.weighted(PRINTED)
    value = gen.fresh("v") if "{v}" in form else ""
    quoted = expression.replace('"', "'") if form.startswith('print(f"') else expression
    lines = [form.format(r=quoted, v=value)]
    return [*lines, f"print({value})"] if value else lines


def plain(gen: Gen, scope: Scope) -> Lines:
    """The read alone."""
    return read_of(gen, receiver(gen, scope))


def twice(gen: Gen, scope: Scope) -> Lines:
    """Two reads in a row, of one task or of two."""
    first = receiver(gen, scope)
    second = first if gen.chance(0.4) else receiver(gen, scope)
    return [f"print({first}.result())", f"print({second}.result())"]


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


def callback(gen: Gen, scope: Scope) -> Lines:
    """A done callback that reads its parameter, the same task by its name, or another one."""
    task = recent(gen, scope)
    what = gen.weighted([(3, "future"), (1, task), (1, recent(gen, scope))])
    if gen.chance(0.5):
        return [f"{task}.add_done_callback(lambda future: print({what}.exception()))"]
    name = gen.fresh("seen")
    guard = ["if future.cancelled():", "    return"] if gen.chance(0.5) else []
    return [
        f"def {name}(future):",
        *indent([*guard, f"print({what}.exception())"]),
        f"{task}.add_done_callback({name})",
    ]


def closure(gen: Gen, scope: Scope) -> Lines:
    """A nested function that reads a name of this one, called at once or after a wait."""
    name, task = gen.fresh("show"), recent(gen, scope)
    body = read_of(gen, task) if gen.chance(0.7) else [f"if {task}.done():", *indent(read_of(gen, task))]
    waits = [] if scope.sync or gen.chance(0.4) else gen.take("wait", scope.child())
    return [f"def {name}():", *indent(body), *waits, f"{name}()"]


def inner_coroutine(gen: Gen, scope: Scope) -> Lines:
    """A nested coroutine that waits and reads, awaited at once."""
    name = gen.fresh("inner")
    inner = scope.child(loop=False, inner=True)
    body = [*(gen.take("wait", inner) if gen.chance(0.6) else []), *gen.take("read-one", inner)]
    return [f"async def {name}():", *indent(body), f"await {name}()"]


def shown(gen: Gen, scope: Scope) -> Lines:
    """A helper of the file does the reading, with or without a guard or a wait of its own."""
    names = ["_show", "_show_if_done"] + ([] if scope.sync else ["await _await_and_show"])
    return [f"{gen.pick(names)}({recent(gen, scope)})"]


def method(gen: Gen, scope: Scope) -> Lines:
    """An object starts its task in one method and reads it in another."""
    name = gen.fresh("worker")
    wait = gen.pick(["", "", f"await {name}._wait()", f'await asyncio.sleep(delay("{gen.fresh("pause")}"))'])
    return [
        f"{name} = _Worker()",
        f"{name}._start({gen.number()})",
        *([wait] if wait else []),
        f"{name}.{gen.pick(['_read', '_peek'])}()",
    ]


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
