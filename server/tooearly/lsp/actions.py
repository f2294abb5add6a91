"""Code actions: the fixes of the findings that the requested range touches.

The range alone decides, never what the client sends back as the diagnostic: some clients send back half of it. An
empty range touches what it stands at. Where the client cannot show something (disabled actions, preferred ones,
literal actions at all) it is left out or turned into a command.

An action is made for one version of the document. It carries that version where the client understands versioned
edits; and where an edit is made later (`codeAction/resolve`, or the command), the version is compared first: on another
version the action is made anew from the newest analysis, and if it is no longer there, nothing is edited.

A request that comes together with an edit, as that of a light bulb while somebody types, has to wait for the analysis.
It does not wait for fixes to be tried as well (`vetting`): clients that can ask for an edit later are shown these
without, they are tried then, and nothing is edited if they do not keep their promise.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from lsprotocol.converters import get_converter

from tooearly.config import CODES
from tooearly.lsp.capabilities import APPLY_COMMAND, EXPLAIN_COMMAND, FIX_ALL
from tooearly.lsp.convert import diagnostic, workspace_edit
from tooearly.lsp.protocol import Rendered, encode
from tooearly.lsp.reveal import Spot, spot
from tooearly.lsp.vetting import needs_trial
from tooearly.model import Edit, Finding, Fix, Span

if TYPE_CHECKING:
    from tooearly.lsp.server import Server

log = logging.getLogger(__name__)
QUICK_FIX = "quickfix"
SUPPRESS = "suppress"
NOTHING = Rendered(b"[]")


def register(server: Server) -> None:
    """Register the handlers."""
    server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION)(code_actions)
    server.feature(lsp.CODE_ACTION_RESOLVE)(resolve)
    server.command(EXPLAIN_COMMAND)(explain)
    server.command(APPLY_COMMAND)(apply)


Action = dict[str, Any]
"""A code action as JSON: there are several for each position of the cursor, and lsprotocol's classes take long."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A fix and the finding it is for. `later`: whether it is still to be tried, when its edit is asked for."""

    finding: Finding
    fix: Fix
    later: bool = False


def wanted(only: Iterable[Any] | None, kind: str) -> bool:
    """Whether a client that asks for `only` these kinds wants actions of this kind."""
    asked = [getattr(item, "value", item) for item in only or ()]
    return not asked or any(item in ("", kind) or kind.startswith(item + ".") for item in asked)


async def code_actions(ls: Server, params: lsp.CodeActionParams) -> Rendered:
    """All actions for a range of the newest version."""
    only = params.context.only
    here, document = None, ls.documents.get(params.text_document.uri)
    quick = ls.client.resolve_edit and document is not None and ls.analyses.is_behind(ls.program(document).key)
    fix_alls = _fix_alls(only)
    if wanted(only, QUICK_FIX) or fix_alls:
        here = await spot(ls, params.text_document.uri, "code actions")
    if here is None or here.analysed.report is None or here.analysed.shown is None or not here.analysed.shown.placed:
        return NOTHING
    actions: list[Action] = []
    if wanted(only, QUICK_FIX):
        touched = _touched(ls, here, params.range)
        if touched:
            offers = await _offers(ls, here, touched, quick=quick)
            actions += [action for offer in offers if (action := _action(ls, here, offer)) is not None]
            actions += [_explain_action(ls, here, finding) for finding in _one_of_each_code(touched)]
    if only or actions:
        actions += [await _fix_all_action(ls, here, kind, eager=bool(only)) for kind in fix_alls]
    actions = [action for action in actions if action.keys() & {"edit", "command", "disabled", "data"}]
    return Rendered(encode(actions if ls.client.action_literals else [_as_command(here, action) for action in actions]))


def _touched(ls: Server, here: Spot, wanted_range: lsp.Range) -> list[Finding]:
    start = here.part.start + ls.documents.offset(here.document, wanted_range.start)
    end = here.part.start + ls.documents.offset(here.document, wanted_range.end)
    span = Span(min(start, end), max(start, end))
    found = here.analysed.touching(span)
    return [finding for finding in found if here.analysed.program.part_at(finding.span.start) is here.part]


async def _offers(ls: Server, here: Spot, findings: Sequence[Finding], *, quick: bool = False) -> list[Offer]:
    """The fixes of some findings, in the order in which they are to be shown. `quick`: try none of them now."""
    offers: list[Offer] = []
    for finding in findings:
        is_untried = quick and here.analysed.known_fixes(finding) is None
        fixes = await _fixes(ls, here, finding, quick=quick)
        offers += [Offer(finding, fix, is_untried and needs_trial(fix)) for fix in fixes]
    return sorted(offers, key=lambda offer: _rank(offer.fix))


def _rank(fix: Fix) -> tuple[bool, bool, bool]:
    return bool(fix.disabled), not fix.preferred, fix.kind == SUPPRESS


async def _fixes(ls: Server, here: Spot, finding: Finding, *, quick: bool) -> Sequence[Fix]:
    """The fixes of one finding: made in the worker, and tried there once for each version."""
    analysed = here.analysed
    assert analysed.shown is not None
    fixes = analysed.known_fixes(finding)
    if fixes is None:
        make = ls.analyses.untried if quick else ls.analyses.fixes
        fixes = await ls.analyses.work(lambda: make(analysed, finding))
    if analysed.shown.is_held(finding):  # a function that is half typed is not rewritten
        return [fix for fix in fixes if fix.kind == SUPPRESS]
    return fixes


def _action(ls: Server, here: Spot, offer: Offer) -> Action | None:
    fix, client = offer.fix, ls.client
    if fix.disabled:
        if not client.disabled_actions:
            return None
        end: Action = {"disabled": {"reason": fix.disabled}}
    elif offer.later:
        end = {"data": _data(here, fix.title, here.part.position(offer.finding.span.start, client.encoding))}
    elif fix.edits:
        end = {"isPreferred": True} if fix.preferred and client.preferred_actions else {}
        edit = _edit(ls, here, fix.edits)
        end |= {"edit": edit} if edit is not None else {}
    else:
        return None
    shown = [diagnostic(here.part, offer.finding, client.encoding)]
    return {"title": fix.title, "kind": QUICK_FIX, "diagnostics": shown, **end}


def _edit(ls: Server, here: Spot, edits: Iterable[Edit]) -> dict[str, Any] | None:
    return workspace_edit(here.analysed.program, edits, ls.client.encoding, versioned=ls.client.document_changes)


def _data(here: Spot, title: str, at: tuple[int, int]) -> dict[str, Any]:
    """What an action is found by when its edit is made later."""
    document, (line, character) = here.document, at
    return {
        "uri": document.uri,
        "version": document.version,
        "action": title,
        "line": line,
        "character": character,
    }


def _one_of_each_code(findings: Iterable[Finding]) -> list[Finding]:
    return list({finding.code: finding for finding in reversed(list(findings))}.values())


def _explain_action(ls: Server, here: Spot, finding: Finding) -> Action:
    title = f"Explain {finding.code}"
    return {
        "title": title,
        "kind": QUICK_FIX,
        "diagnostics": [diagnostic(here.part, finding, ls.client.encoding)],
        "command": {"title": title, "command": EXPLAIN_COMMAND, "arguments": [finding.code]},
    }


def _fix_alls(only: Iterable[Any] | None) -> list[str]:
    """The kinds of fix-all that are asked for: of all rules, or of one (`source.fixAll.tooearly.CODE`)."""
    asked = [getattr(item, "value", item) for item in only or ()]
    return [FIX_ALL] if wanted(only, FIX_ALL) else [kind for kind in asked if _code(kind) in CODES]


def _code(kind: str) -> str:
    """The rule that a kind of fix-all is for."""
    return kind.removeprefix(f"{FIX_ALL}.") if kind.startswith(f"{FIX_ALL}.") else ""


async def _fix_all_action(ls: Server, here: Spot, kind: str, *, eager: bool) -> Action:
    """One action for all safe fixes; its edit is made now if the client cannot ask for it later."""
    title = f"Fix all {_code(kind) or 'tooearly'} findings that have a safe fix"
    action: Action = {"title": title, "kind": kind}
    data = {"uri": here.document.uri, "version": here.document.version, "action": kind}
    if ls.client.resolve_edit:
        action["data"] = data
    elif eager:
        edit = await _fix_all_edit(ls, here, kind)
        action |= {"edit": edit} if edit is not None else {}
    else:
        action["command"] = {"title": title, "command": APPLY_COMMAND, "arguments": [data]}
    return action


async def _fix_all_edit(ls: Server, here: Spot, kind: str) -> dict[str, Any] | None:
    analysed, codes = here.analysed, tuple(filter(None, [_code(kind)]))
    edits: Sequence[Edit] = await ls.analyses.work(lambda: ls.analyses.edits_of_all(analysed, codes))
    return _edit(ls, here, edits) if edits else None


def _as_command(here: Spot, action: Action) -> dict[str, Any]:
    """An action for a client that knows commands only: its edit is applied by the server."""
    if "command" in action:
        command: dict[str, Any] = action["command"]
        return command
    shown = action.get("diagnostics")
    first = shown[0]["range"]["start"] if shown else {"line": 0, "character": 0}
    data = _data(here, action["title"], (first["line"], first["character"]))
    return {"title": action["title"], "command": APPLY_COMMAND, "arguments": [data]}


async def resolve(ls: Server, action: lsp.CodeAction) -> lsp.CodeAction:
    """Add the edit to an action, made from the newest version; without one if there is nothing to do any more."""
    data = action.data if isinstance(action.data, dict) else {}
    if action.edit is None and "action" in data:
        edit = await _edit_later(ls, data)
        action.edit = _typed(edit) if edit is not None else None
    return action


async def _edit_later(ls: Server, data: dict[str, Any]) -> dict[str, Any] | None:
    """The edit of an action that was shown without; None if the document is not the one it was made for any more."""
    here = await spot(ls, str(data.get("uri")), "an action's edit")
    if here is None or here.analysed.report is None:
        return None
    if (kind := str(data.get("action"))) == FIX_ALL or _code(kind) in CODES:
        return await _fix_all_edit(ls, here, kind)
    if data.get("version") != here.document.version:
        log.info("%r is of an older version of %s and was not applied", data.get("action"), here.document.uri)
        return None
    return await _edit_named(ls, here, data)


def _typed(edit: dict[str, Any]) -> lsp.WorkspaceEdit:
    return get_converter().structure(edit, lsp.WorkspaceEdit)


async def apply(ls: Server, data: Any) -> None:
    """The command behind an action: apply its edit, if there still is one."""
    if not isinstance(data, dict):
        log.warning("%s wants the data of an action", APPLY_COMMAND)
        return
    edit = await _edit_later(ls, data)
    if edit is not None:
        answer = ls.workspace_apply_edit_async(lsp.ApplyWorkspaceEditParams(_typed(edit), str(data.get("action"))))
        ls.spawn(_tell_refusal(answer))


async def _edit_named(ls: Server, here: Spot, data: dict[str, Any]) -> dict[str, Any] | None:
    at = lsp.Position(int(data.get("line", 0)), int(data.get("character", 0)))
    offers = await _offers(ls, here, _touched(ls, here, lsp.Range(at, at)))
    chosen = next((offer.fix for offer in offers if offer.fix.title == data.get("action")), None)
    return _edit(ls, here, chosen.edits) if chosen is not None and not chosen.disabled else None


async def _tell_refusal(answer: Any) -> None:
    result = await answer
    if not getattr(result, "applied", True):
        log.warning("the client did not apply an edit: %s", getattr(result, "failure_reason", None))


async def explain(ls: Server, code: Any) -> str | None:
    """The command "explain": open the page of a rule, or show its first paragraph where nothing can be opened."""
    if not isinstance(code, str):
        return None
    engine = ls.engine()
    if ls.client.show_document:
        ls.spawn(_show(ls, engine.url(code)))
    else:
        ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, f"{code}: {engine.url(code)}"))
    return engine.explain(code)


async def _show(ls: Server, url: str) -> None:
    await ls.window_show_document_async(lsp.ShowDocumentParams(url, external=True))
