"""Productions that make futures, give them names and put them into containers."""

from __future__ import annotations

from .draws import (
    Gen,
    Lines,
    Rule,
    Scope,
    has_bag,
    has_name,
    has_task,
    has_two,
    indent,
    rebinds,
    receiver,
    recent,
    waits,
)

CREATE = (
    (8, "asyncio.create_task({job})"),
    (2, "asyncio.ensure_future({job})"),
    (1, "asyncio.get_running_loop().create_task({job})"),
    (1, "asyncio.Task({job})"),
)


def created(gen: Gen, job: str = "") -> str:
    """An expression that makes a task which needs some time."""
    return gen.weighted(CREATE).format(job=job or f"work({gen.number()})")


def target(gen: Gen, scope: Scope) -> str:
    """A new name, or one that had another future so far."""
    names = [name for name in scope.tasks if "." not in name]
    return gen.pick(names) if rebinds(scope) and gen.chance(0.15) else gen.fresh("t")


def one(gen: Gen, scope: Scope) -> Lines:
    """`t = asyncio.create_task(work(1))`"""
    name = target(gen, scope)
    line = f"{name} = {created(gen)}"
    scope.add(name)
    return [line]


def two(gen: Gen, scope: Scope) -> Lines:
    """`t, u = create, create`"""
    first, second = gen.fresh("t"), gen.fresh("t")
    scope.add(first, second)
    return [f"{first}, {second} = {created(gen)}, {created(gen)}"]


def dependent(gen: Gen, scope: Scope) -> Lines:
    """A task that waits for another one first."""
    other, name = recent(gen, scope), gen.fresh("t")
    scope.add(name)
    return [f"{name} = {created(gen, f'_after({other}, {gen.number()})')}"]


def helper(gen: Gen, scope: Scope) -> Lines:
    """A function of the file makes the task; the async ones may wait for it, too."""
    name = gen.fresh("t")
    forms = ["_spawn({})"] if scope.sync else ["_spawn({})", "await _spawned({})", "await _finished({})"]
    scope.add(name)
    return [f"{name} = {gen.pick(forms).format(gen.number())}"]


def maybe(gen: Gen, scope: Scope) -> Lines:
    """One of two futures, by a drawn condition."""
    name, other = gen.fresh("t"), recent(gen, scope)
    scope.add(name)
    return [f"{name} = {created(gen)} if {gen.flag()} else {other}"]


def alias(gen: Gen, scope: Scope) -> Lines:
    """A second name."""
    name, old = gen.fresh("t"), receiver(gen, scope)
    scope.add(name)
    return [f"{name} = {old}"]


def swap(gen: Gen, scope: Scope) -> Lines:
    """Two names change places."""
    names = [name for name in scope.tasks if "." not in name]
    first, second = gen.some(names, 2, 2) if len(names) > 1 else (names[0], names[0])
    return [f"{first}, {second} = {second}, {first}"]


def optional(gen: Gen, scope: Scope) -> Lines:
    """None, or a task; then a test for None around a read."""
    name = gen.fresh("t")
    inner = scope.child()
    inner.add(name)
    lines = [f"{name} = None", f"if {gen.flag()}:", f"    {name} = {created(gen)}"]
    if waits(scope):
        lines += [f"    await {name}"] if gen.chance(0.4) else []
        lines += gen.take("wait", scope.child()) if gen.chance(0.3) else []
    return [*lines, f"if {name} is not None:", f"    print({name}.result())"]


def plain_future(gen: Gen, scope: Scope) -> Lines:
    """A bare future; a timer sets it, or this code does so first."""
    name = gen.fresh("f")
    scope.add(name)
    scope.futures.append(name)
    lines = [f"{name} = asyncio.get_running_loop().create_future()"]
    if gen.chance(0.75):
        return [*lines, f'asyncio.get_running_loop().call_later(delay("{name}"), _settle, {name})']
    return [*lines, f"{name}.{gen.pick([f'set_result({gen.number()})', 'cancel()'])}"]


def settle(gen: Gen, scope: Scope) -> Lines:
    """Set or cancel a bare future here and now."""
    name = gen.pick(scope.futures)
    ends = (
        f"{name}.set_result({gen.number()})",
        f"{name}.set_exception(ValueError({gen.number()}))",
        f"{name}.cancel()",
    )
    line = gen.weighted([(4, ends[0]), (2, ends[1]), (1, ends[2])])
    guard = gen.weighted([(3, f"if not {name}.done():"), (1, f"if not {name}.done() and {gen.flag()}:")])
    return [guard, f"    {line}"]


def group_object(gen: Gen, scope: Scope) -> Lines:
    """The future of a gather or a shield, not awaited."""
    name, members = gen.fresh("g"), gen.some(scope.tasks, 1, 2)
    form = gen.pick(["asyncio.gather({})", "asyncio.gather({}, return_exceptions=True)", "asyncio.shield({})"])
    members = members[:1] if "shield" in form else members
    scope.add(name)
    return [f"{name} = {form.format(', '.join(members))}"]


def box(gen: Gen, scope: Scope) -> Lines:
    """A task kept in an attribute of an object."""
    name = gen.fresh("box")
    scope.add(f"{name}.task")
    return [f"{name} = _Box()", f"{name}.task = {created(gen)}"]


def display(gen: Gen, scope: Scope) -> Lines:
    """A list, tuple or set written out; members are names or made on the spot."""
    members = gen.some(scope.tasks, 0, 2) + [created(gen) for _ in range(gen.random.randint(1, 2))]
    gen.random.shuffle(members)
    name = gen.fresh("ts")
    form = gen.weighted([(5, "[{}]"), (2, "({},)"), (1, "{{{}}}")])
    ordered = not form.startswith("{")
    scope.bags[name] = (f"{name}[0]", f"{name}[{len(members) - 1}]", f"{name}[-1]") if ordered else ()
    if form.startswith("["):
        scope.lists.append(name)
    return [f"{name} = {form.format(', '.join(members))}"]


def comprehension(gen: Gen, scope: Scope) -> Lines:
    """`[create(work(i)) for i in range(3)]`"""
    name, count = gen.fresh("ts"), gen.pick([2, 3])
    first = gen.numbers(count)
    scope.bags[name] = (f"{name}[0]", f"{name}[1]", f"{name}[-1]")
    scope.lists.append(name)
    return [f"{name} = [{created(gen, 'work(n)')} for n in range({first}, {first + count})]"]


def appended(gen: Gen, scope: Scope) -> Lines:
    """A list filled in a loop."""
    name, count = gen.fresh("ts"), gen.pick([2, 3])
    first = gen.numbers(count)
    lines = [f"{name} = []", f"for n in range({first}, {first + count}):"]
    if gen.chance(0.3):
        lines += indent([f"task = {created(gen, 'work(n)')}", f"{name}.append(task)"])
    else:
        lines += indent([f"{name}.append({created(gen, 'work(n)')})"])
    scope.bags[name] = (f"{name}[0]", f"{name}[-1]")
    scope.lists.append(name)
    return lines


def later(gen: Gen, scope: Scope) -> Lines:
    """One more member for a list that there is already."""
    name = gen.pick(scope.lists)
    member = recent(gen, scope) if scope.tasks and gen.chance(0.3) else created(gen)
    form = gen.weighted([(4, "{}.append({})"), (1, "{}.extend([{}])"), (1, "{} += [{}]"), (1, "{}.insert(0, {})")])
    return [form.format(name, member)]


def mapping(gen: Gen, scope: Scope) -> Lines:
    """A dict of tasks: written out, or by a comprehension."""
    name = gen.fresh("d")
    if gen.chance(0.5):
        members = [recent(gen, scope) if scope.tasks and gen.chance(0.4) else created(gen) for _ in range(2)]
        lines = [f'{name} = {{"a": {members[0]}, "b": {members[1]}}}']
        scope.bags[f"{name}.values()"] = (f'{name}["a"]', f'{name}["b"]')
    else:
        first = gen.numbers(2)
        lines = [f"{name} = {{n: {created(gen, 'work(n)')} for n in range({first}, {first + 2})}}"]
        scope.bags[f"{name}.values()"] = (f"{name}[{first}]", f"{name}[{first + 1}]")
    scope.dicts.append(name)
    return lines


def slices(gen: Gen, scope: Scope) -> Lines:
    """Part of a list under a name of its own, or a list taken apart."""
    whole = gen.pick(scope.lists)
    if gen.chance(0.5):
        name = gen.fresh("t")
        scope.add(name)
        return [f"{name}, *_ = {whole}"]
    name = gen.fresh("ts")
    cut = gen.pick(["[:1]", "[1:]", "[::-1]", "[:]"])
    scope.bags[name] = (f"{name}[0]",) if cut != "[1:]" else ()
    scope.lists.append(name)
    return [f"{name} = {whole}{cut}"]


MAKE = (
    Rule(10, "task", one),
    Rule(3, "tuple", two),
    Rule(1, "dependent", dependent, has_name),
    Rule(2, "helper", helper),
    Rule(1, "conditional", maybe, has_name),
    Rule(2, "alias", alias, has_task),
    Rule(0.5, "swap", swap, lambda scope: rebinds(scope) and has_two(scope)),
    Rule(1, "none", optional),
    Rule(2, "future", plain_future),
    Rule(3, "future", settle, lambda scope: bool(scope.futures)),
    Rule(1, "group-object", group_object, has_two),
    Rule(1.5, "attribute", box),
    Rule(3, "display", display),
    Rule(2, "comprehension", comprehension),
    Rule(2, "append", appended),
    Rule(1.5, "append", later, lambda scope: bool(scope.lists)),
    Rule(2, "dict", mapping),
    Rule(1, "slice", slices, lambda scope: has_bag(scope) and bool(scope.lists)),
)
