"""Typing replayed inside real files, and what the tree of each broken state still knows.

A line of a function is taken out and typed again, character by character. In every state in which the file does not
parse, each call of an attribute that stands elsewhere in the file should still be found: at its place, in its
function, outside what repair has rewritten.
"""

from __future__ import annotations

import ast
import random
import time
from dataclasses import dataclass, field

from tooearly.source.tree import ParseMemory, Place, Tree, parse
from tooearly.source.unit import Unit

Site = tuple[int, int, str]
"""Start, end and the dotted name of the function around a call of an attribute."""


@dataclass
class Figures:
    states: int = 0
    elsewhere: int = 0
    elsewhere_kept: int = 0
    here: int = 0
    here_kept: int = 0
    invented: int = 0
    times: list[float] = field(default_factory=list)
    worst: list[tuple[str, int, str, int]] = field(default_factory=list)

    def line(self) -> str:
        times = sorted(self.times)
        return (
            f"{self.states} broken states; kept in other functions {self.elsewhere_kept}/{self.elsewhere} = "
            f"{self.elsewhere_kept / max(self.elsewhere, 1):.3%}, in the same function {self.here_kept}/{self.here} = "
            f"{self.here_kept / max(self.here, 1):.2%}; invented {self.invented}; parse mean "
            f"{sum(times) / len(times) * 1000:.2f} ms, p95 {times[int(len(times) * 0.95)] * 1000:.2f} ms, "
            f"max {times[-1] * 1000:.1f} ms"
        )


class Sites:
    """The sites of trees, remembered by unit."""

    def __init__(self) -> None:
        self.known: dict[Unit, list[Site]] = {}

    def of(self, tree: Tree) -> set[Site]:
        found: set[Site] = set()
        for item in tree.items:
            found |= self._of(item.place, "")
            owner = item.place.unit.body[-1] if item.members and item.place.unit.body else None
            for place in item.members:
                found |= self._of(place, f"{owner.name}." if isinstance(owner, ast.ClassDef) else "?.")
        return found

    def _of(self, place: Place, prefix: str) -> set[Site]:
        if place.unit not in self.known:
            self.known[place.unit] = unit_sites(place.unit)
        return {(start + place.start, end + place.start, prefix + name) for start, end, name in self.known[place.unit]}


def unit_sites(unit: Unit) -> list[Site]:
    sites: list[Site] = []
    stack: list[tuple[ast.AST, str]] = [(node, "") for node in unit.body]
    while stack:
        node, name = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = f"{name}{node.name}."
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            span = unit.span(node.func)
            if not unit.is_repaired(span):
                sites.append((span.start, span.end, name))
        stack += [(child, name) for child in ast.iter_child_nodes(node)]
    return sites


def edits(text: str, chooser: random.Random, count: int) -> list[tuple[int, int, int, int]]:
    """Lines to type again: start and end offsets of the line's code, and of the function around it."""
    tree = parse(text)
    found = []
    for place in tree.places():
        for node in place.unit.body:
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            whole = place.span(node)
            for inner in ast.walk(node):
                if (
                    not isinstance(inner, ast.stmt)
                    or inner is node
                    or isinstance(inner, (ast.FunctionDef, ast.ClassDef))
                ):
                    continue
                row = place.line + inner.lineno - 1
                line = tree.lines.line_span(row)
                start = place.start + place.unit.offset(inner.lineno, inner.col_offset)
                one_line = inner.lineno == inner.end_lineno or text[line.start : line.end].rstrip().endswith(":")
                if one_line and not text[line.start : start].strip() and line.end - start >= 6:
                    found.append((start, line.end, whole.start, whole.end))
    return chooser.sample(sorted(set(found)), min(count, len(set(found))))


def replay(name: str, text: str, chooser: random.Random, count: int, figures: Figures) -> None:
    """Type `count` lines of the text again."""
    sites = Sites()
    memory = ParseMemory()
    before = sites.of(parse(text, memory))
    for start, end, first, last in edits(text, chooser, count):
        for length in range(end - start):
            state = text[: start + length] + text[end:]
            if _whole(state):
                parse(state, memory)
                continue
            began = time.process_time()
            tree = parse(state, memory)
            figures.times.append(time.process_time() - began)
            _judge(name, state, before, sites.of(tree), (start, end, first, last), length, figures)


def _whole(state: str) -> bool:
    try:
        ast.parse(state)
    except SyntaxError:
        return False
    return True


def _judge(
    name: str,
    state: str,
    before: set[Site],
    now: set[Site],
    edit: tuple[int, int, int, int],
    length: int,
    figures: Figures,
) -> None:
    start, end, first, last = edit
    shift = length - (end - start)
    expected, here = set(), set()
    for site in before:
        if site[0] >= end:
            moved = (site[0] + shift, site[1] + shift, site[2])
        elif site[1] <= start:
            moved = site
        else:
            continue
        expected.add(moved)
        if first <= site[0] < last:
            here.add(moved)
    lost = expected - now
    lost_here = len(lost & here)
    figures.states += 1
    figures.here += len(here)
    figures.here_kept += len(here) - lost_here
    figures.elsewhere += len(expected) - len(here)
    figures.elsewhere_kept += len(expected) - len(here) - (len(lost) - lost_here)
    figures.invented += len([site for site in now - expected if not start <= site[0] <= start + length])
    if lost:
        figures.worst.append(
            (
                name,
                len(lost),
                state[max(start - 200, 0) : start + length] + "<|>" + state[start + length :][:150],
                len(lost) - lost_here,
            )
        )
