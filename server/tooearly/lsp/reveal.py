"""What is known of the tasks, shown on request: hover, inlay hints, and the listing of `tooearly/states`.

Hover on a read that is reported tells why it may be too early, step by step; hover on a task's name tells its state
at that line. Inlay hints, off unless asked for, put the state behind the line that decides it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from tooearly.lsp.analysis import Analysed
from tooearly.lsp.documents import Document
from tooearly.lsp.program import Part
from tooearly.model import Finding, Span, State
from tooearly.source.tree import Tree

if TYPE_CHECKING:
    from tooearly.lsp.server import Server

log = logging.getLogger(__name__)
STATES = "tooearly/states"
WORDS = {
    "pending": "not done yet",
    "maybe": "may still be running",
    "done": "done",
    "unknown": "not known",
}
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class Spot:
    """A document of the newest version, with its analysis."""

    document: Document
    part: Part
    analysed: Analysed


def register(server: Server) -> None:
    """Register the handlers."""
    server.feature(lsp.TEXT_DOCUMENT_HOVER)(hover)
    server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)(inlay_hints)
    server.feature(STATES)(states)


async def spot(ls: Server, uri: str, request: str) -> Spot | None:
    """Where a request asks, once the newest version is analysed. None (and a log line) for an unknown document."""
    document = ls.documents.get(uri)
    if document is None:
        log.warning("%s was asked for %s, which is not open", request, uri)
        return None
    analysed = await ls.analyses.latest(ls.program(document).key)
    document = ls.documents.get(uri)  # it may have changed meanwhile
    if analysed is None or document is None or analysed.failure:
        return None
    part = analysed.program.part_of(document)
    return Spot(part.document, part, analysed) if part is not None else None


async def hover(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
    """Explain the read under the cursor, or tell the state of the task whose name is there."""
    here = await spot(ls, params.text_document.uri, "hover")
    if here is None or here.analysed.resolved.silent:
        return None
    offset = here.part.start + ls.documents.offset(here.document, params.position)
    point = Span(offset, offset)
    name = name_at(here.analysed.program.text, offset)
    finding = next((found for found in here.analysed.findings if found.span.touches(point)), None)
    state = await _state(ls, here.analysed, *name) if name is not None else None
    pieces = [_state_text(name[0], state)] if state is not None and name is not None else []
    pieces += [_finding_text(here, finding, ls.client.markdown)] if finding is not None else []
    if not pieces:
        return None
    span = name[1] if state is not None and name is not None else finding.span if finding is not None else point
    ends = [lsp.Position(*here.part.position(offset, ls.client.encoding)) for offset in (span.start, span.end)]
    return lsp.Hover(_content("\n\n".join(pieces), ls.client.markdown), lsp.Range(*ends))


async def _known(ls: Server, analysed: Analysed) -> tuple[Tree, tuple[State, ...]]:
    """The tree and all states, computed in the worker."""

    def work() -> tuple[Tree, tuple[State, ...]]:
        report = ls.analyses.full(analysed)
        return report.tree, report.states()

    found: tuple[Tree, tuple[State, ...]] = await ls.analyses.work(work)
    return found


async def _state(ls: Server, analysed: Analysed, name: str, span: Span) -> State | None:
    tree, states = await _known(ls, analysed)
    return state_at(states, name, span, tree)


def name_at(text: str, offset: int) -> tuple[str, Span] | None:
    """The dotted name at an offset up to the part that the offset is in: `self.task` on `task` of `self.task.done`."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    end = min((at for at in (text.find("\n", offset), text.find("\r", offset)) if at >= 0), default=len(text))
    for found in _NAME.finditer(text, start, end):
        if found.start() <= offset <= found.end():
            dot = text.find(".", offset, found.end())
            last = dot if dot >= 0 else found.end()
            return text[found.start() : last], Span(found.start(), last)
    return None


def state_at(states: Iterable[State], name: str, span: Span, tree: Tree) -> State | None:
    """The state of a name at its line: the last one known there, else the last one known before in the same block."""
    row = tree.lines.row(span.start)
    # The same name in another function, or method, is another task.
    block = max((place.start for place in tree.places() if place.start <= span.start), default=0)
    same = [
        state
        for state in states
        if state.name == name and block <= state.span.start and tree.lines.row(state.span.start) <= row
    ]
    return max(same, key=lambda state: (tree.lines.row(state.span.start), state.span.start), default=None)


def _state_text(name: str, state: State) -> str:
    why = f" — {state.why}" if state.why else ""
    return f"`{name}`: {WORDS[state.state]}{why}"


def _finding_text(here: Spot, finding: Finding, markdown: bool) -> str:
    lines = [finding.message]
    mark = "- " if markdown else "  "
    for step in finding.related:
        if step.path is None:
            part = here.analysed.program.part_at(step.span.start)
            row = part.document.lines.position(step.span.start - part.start)[0]
            lines.append(f"{mark}line {row + 1}: {step.message}")
    return "\n".join(lines[:1] + ([""] if len(lines) > 1 and markdown else []) + lines[1:])


def _content(text: str, markdown: bool) -> lsp.MarkupContent:
    if markdown:
        return lsp.MarkupContent(lsp.MarkupKind.Markdown, text)
    return lsp.MarkupContent(lsp.MarkupKind.PlainText, text.replace("`", ""))


async def inlay_hints(ls: Server, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
    """The state of each task behind the line that decides it, for the lines asked for."""
    uri = params.text_document.uri
    await ls.configured.wait()
    if ls.documents.get(uri) is not None and not ls.configuration.options_for(uri).inlay_hints:
        return []
    here = await spot(ls, uri, "inlay hints")
    if here is None or here.analysed.resolved.silent:
        return []
    part, encoding = here.part, ls.client.encoding
    first, last = (
        part.start + ls.documents.offset(here.document, end) for end in (params.range.start, params.range.end)
    )
    found: list[lsp.InlayHint] = []
    end = part.start + len(part.document.text)
    _, known = await _known(ls, here.analysed)
    for row, label, why in line_labels(part, [state for state in known if state.span.start <= end]):
        line = part.document.lines.line_span(row).shifted(part.start)
        if line.touches(Span(first, last)):
            at = lsp.Position(*part.position(line.end, encoding))
            found.append(lsp.InlayHint(at, label, tooltip=why or None, padding_left=True))
    return found


def line_labels(part: Part, states: Iterable[State]) -> list[tuple[int, str, str]]:
    """For each line of a part that says something of a task: its row, what is to be shown, and why."""
    rows: dict[int, dict[str, State]] = {}
    for state in states:
        if state.span.start >= part.start and state.state != "unknown":
            row = part.document.lines.row(state.span.start - part.start)
            rows.setdefault(row, {})[state.name] = state
    return [
        (
            row,
            ", ".join(f"{state.name}: {WORDS[state.state]}" for state in known.values()),
            "; ".join(state.why for state in known.values() if state.why),
        )
        for row, known in sorted(rows.items())
    ]


async def states(ls: Server, params: Any) -> str | None:
    """The source with the state of each task beside each line. `params`: {textDocument: {uri}}."""
    uri = getattr(getattr(params, "textDocument", None), "uri", None)
    if not isinstance(uri, str):
        log.warning("%s wants {textDocument: {uri}}", STATES)
        return None
    here = await spot(ls, uri, STATES)
    if here is None:
        return None
    analysed = here.analysed

    text: str = await ls.analyses.work(lambda: ls.analyses.states_text(analysed))
    return text
