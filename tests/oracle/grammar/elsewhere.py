"""Productions whose read stands in another function: callbacks, closures, nested coroutines, helpers, methods."""

from __future__ import annotations

from .draws import Gen, Lines, Scope, indent, recent
from .reading import read_of


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
