"""Printers of the inside: graphs, states, rows, and the witness of a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields

from tooearly.flow import cfg
from tooearly.flow.analyse import activation, interpreted
from tooearly.flow.machine import Machine
from tooearly.flow.objects import DONE, PENDING, UNSEEN, Note
from tooearly.flow.roots import roots
from tooearly.flow.state import World
from tooearly.flow.values import Site
from tooearly.model import Finding, State
from tooearly.semantics.names import Function, Module
from tooearly.semantics.rows import Rows
from tooearly.source.tree import Tree

WORDS = {
    "fresh": "made here",
    "clock": "time has passed",
    "begun": "nothing waited for it",
    "other": "something else was waited for",
    "timeout": "the timeout may strike",
    "first-completed": "another may be first",
    "first-exception": "another may fail first",
    "pending-set": "in the pending set",
    "gather-failed": "gather stopped early",
    "wait-failed": "the wait was cancelled",
    "shield-timeout": "shielded",
    "timeout-block": "the timeout may strike",
    "cancelled": "asked to stop",
    "guard-false": "done() is false",
    "unset": "nobody has set it",
    "as-completed": "`as_completed` may end before it is done",
    "inside-group": "the group waits at its end",
}


def graph(module: Module, name: str, *, dot: bool = False) -> str:
    """The graph of a function. LookupError when the module has none of that name."""
    function = next((f for f in module.functions if f.qualname == name), None)
    if function is None and name == "<module>":
        function = module.body
    if function is None:
        near = ", ".join(f.qualname for f in module.functions[:8])
        raise LookupError(f"there is no function {name!r}; there are {near or 'none'}")
    machine = Machine(module, Rows({}), None)
    act = activation(machine, module, function, World())
    return _dot(act.graph, name) if dot else "\n".join(_blocks(act.graph))


def _blocks(found: cfg.Graph) -> Iterator[str]:
    for block in found.blocks:
        yield f"block {block.id}{'  (loop)' if block.loop_head else ''}"
        for step in [*block.steps, *([block.term] if block.term else [])]:
            yield f"    {_line(step):>4}  {_step(step)}"
        ways = ", ".join(f"{label} -> {_target(target)}" for label, target in found.successors(block))
        yield f"          {ways}"


def _line(step: cfg.Step) -> str:
    return str(getattr(step.node, "lineno", ""))


def _step(step: cfg.Step) -> str:
    parts = []
    for item in fields(step):
        value = getattr(step, item.name)
        if item.name == "node" or value is None or value == ():
            continue
        if item.name == "pattern":
            value = type(value).__name__
        parts.append(f"{item.name}={value!r}")
    return f"{type(step).__name__}({', '.join(parts)})"


def _target(target: int) -> str:
    return {cfg.RETURN: "return", cfg.RAISE: "raise"}.get(target, str(target))


def _dot(found: cfg.Graph, name: str) -> str:
    out = [f'digraph "{name}" {{', '  node [shape=box, fontname="monospace"]']
    for block in found.blocks:
        steps = "\\l".join(
            f"{_line(s)} {_step(s)}".replace('"', "'") for s in [*block.steps, *([block.term] if block.term else [])]
        )
        out.append(f'  {block.id} [label="{block.id}:\\l{steps}\\l"]')
        out += [f'  {block.id} -> "{_target(target)}" [label="{label}"]' for label, target in found.successors(block)]
    return "\n".join([*out, "}"])


# States
def states(module: Module, rows_: Rows, load: Callable[[str], Module | None] | None, *, eager: bool) -> Iterator[State]:
    """The state of each named future after each line that changes it, over all functions that are interpreted."""
    seen: dict[tuple[Site, str], tuple[int, Note | None]] = {}
    for root in roots(module).all():
        for machine, gone in interpreted(module, root, rows_, load, eager=eager, record_states=True):
            for key, (mask, note) in machine.states.items() if gone is None else ():
                old = seen.get(key)
                seen[key] = (mask | old[0], note or old[1]) if old else (mask, note)
    places = {place.unit.syntax: place for place in module.tree.places()}
    last: dict[tuple[object, str], int] = {}
    for (site, name), (mask, note) in sorted(seen.items(), key=lambda pair: (pair[0][0].line, pair[0][0].column)):
        if site.unit not in places:
            continue
        changed = last.get((site.unit, name)) != mask
        last[site.unit, name] = mask
        if changed or name in places[site.unit].unit.text.splitlines()[site.line - 1]:
            span = places[site.unit].span(site.node)
            yield State(span, name, word(mask), reason(mask, note))  # type: ignore[arg-type]


def word(mask: int) -> str:
    """pending, maybe, done or unknown."""
    if not mask & PENDING:
        return "done" if mask == DONE else "unknown"
    return "pending" if mask == PENDING else "maybe"


def reason(mask: int, note: Note | None) -> str:
    """A few words on why."""
    if mask == DONE:
        return "waited for"
    if mask == UNSEEN:
        return "not visible here"
    return WORDS.get(note.why, "") if note else ""


def beside(tree: Tree, found: Iterable[State], findings: Sequence[Finding]) -> str:
    """The source, numbered, with the states beside the lines that set them."""
    notes: dict[int, list[str]] = {}
    for state in sorted(found, key=lambda s: (s.span, s.name)):
        row = tree.lines.position(state.span.end)[0]
        text = f"{state.name} {state.state:8}{state.why}".rstrip()
        if text not in notes.setdefault(row, []):
            notes[row].append(text)
    marked = {tree.lines.position(f.span.start)[0]: f.code for f in findings}
    lines = [
        tree.text[tree.lines.line_span(row).start : tree.lines.line_span(row).end]
        for row in range(tree.lines.line_count)
    ]
    width = min(max((len(line) for line in lines), default=0), 72)
    out = []
    for row, line in enumerate(lines):
        mark = f"   <- {marked[row]}" if row in marked else ""
        beside_ = "; ".join(notes.get(row, []))
        out.append(
            f"{row + 1:4} | {line:<{width}} | {beside_}{mark}".rstrip(" |")
            if not line
            else f"{row + 1:4} | {line:<{width}} | {beside_}{mark}".rstrip()
        )
    return "\n".join(out)


def explained(tree: Tree, findings: Sequence[Finding], found: Iterable[State], row: int) -> str:
    """Each finding on a line (from 1) with its steps and fixes, or the states there when there is none."""
    here = [f for f in findings if tree.lines.position(f.span.start)[0] == row - 1]
    out: list[str] = []
    for finding in here:
        out.append(f"{finding.code} ({finding.certainty}): {finding.message}")
        for step in finding.related:
            if step.path is not None:
                out.append(f"  {step.path}: {step.message}")
                continue
            line = tree.lines.position(step.span.start)[0] + 1
            out.append(f"  line {line}: {tree.text[step.span.start : step.span.end].splitlines()[0]}  ({step.message})")
        out.append(f"  line {row}: read here")
        out += [
            f"  {fix.title}" if not fix.disabled else f"  not offered: {fix.title} ({fix.disabled})"
            for fix in finding.fixes
        ]
    if not here:
        out.append(f"nothing is reported on line {row}")
        out += [f"  {s.name} is {s.state} ({s.why})" for s in found if tree.lines.position(s.span.end)[0] <= row - 1][
            -4:
        ]
    return "\n".join(out)


def rows(table: Rows) -> str:
    """The rows in force, one a line."""
    out = []
    for row in sorted(table.values(), key=lambda r: r.name):
        effect = row.call or (f"await {row.awaiting}" if row.awaiting else "plain")
        returns = f" -> {row.returns}" if row.returns else ""
        kind = " " + row.kind if row.kind else ""
        out.append(
            f"{row.name}({', '.join(row.params)}){returns}: {effect}{kind}  [{row.origin}]"
            + (f"  # {row.fact}" if row.fact else "")
        )
    return "\n".join(out)


__all__ = ["Function", "beside", "explained", "graph", "rows", "states"]
