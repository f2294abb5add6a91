"""Code actions: the fixes of the findings that the requested range touches.

The range alone decides, never what the client sends back as the diagnostic: some clients send back half of it. An
empty range touches what it stands at. Where the client cannot show something (disabled actions, preferred ones,
literal actions at all) it is left out or turned into a command.

An action is made for one version of the document. It carries that version where the client understands versioned
edits; and where an edit is made later (`codeAction/resolve`, or the command), the version is compared first: on another
version the action is made anew from the newest analysis, and if it is no longer there, nothing is edited.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

from tooearly.lsp.capabilities import APPLY_COMMAND, EXPLAIN_COMMAND, FIX_ALL
from tooearly.lsp.convert import diagnostic, workspace_edit
from tooearly.lsp.reveal import Spot, spot
from tooearly.model import Edit, Finding, Fix, Span

if TYPE_CHECKING:
    from tooearly.lsp.server import Server

log = logging.getLogger(__name__)
QUICK_FIX = "quickfix"
SUPPRESS = "suppress"


def register(server: Server) -> None:
    """Register the handlers."""
    server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION)(code_actions)
    server.feature(lsp.CODE_ACTION_RESOLVE)(resolve)
    server.command(EXPLAIN_COMMAND)(explain)
    server.command(APPLY_COMMAND)(apply)


@dataclass(frozen=True, slots=True)
class Offer:
    """A fix and the finding it is for."""

    finding: Finding
    fix: Fix


def wanted(only: Iterable[Any] | None, kind: str) -> bool:
    """Whether a client that asks for `only` these kinds wants actions of this kind."""
    asked = [getattr(item, "value", item) for item in only or ()]
    return not asked or any(item in ("", kind) or kind.startswith(item + ".") for item in asked)


async def code_actions(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction | lsp.Command]:
    """All actions for a range of the newest version."""
    only = params.context.only
    if not wanted(only, QUICK_FIX) and not wanted(only, FIX_ALL):
        return []
    here = await spot(ls, params.text_document.uri, "code actions")
    if here is None or here.analysed.report is None or not here.analysed.findings:
        return []
    actions: list[lsp.CodeAction] = []
    if wanted(only, QUICK_FIX):
        touched = _touched(ls, here, params.range)
        if touched:
            offers = await _offers(ls, here, touched)
            actions += [action for offer in offers if (action := _action(ls, here, offer)) is not None]
            actions += [_explain_action(ls, here, finding) for finding in _one_of_each_code(touched)]
    if wanted(only, FIX_ALL) and (only or actions):
        actions.append(await _fix_all_action(ls, here, eager=bool(only)))
    actions = [action for action in actions if _is_sensible(action)]
    return [*actions] if ls.client.action_literals else [_as_command(here, action) for action in actions]


def _is_sensible(action: lsp.CodeAction) -> bool:
    return any((action.edit, action.command, action.disabled, action.data))


def _touched(ls: Server, here: Spot, wanted_range: lsp.Range) -> list[Finding]:
    start = here.part.start + ls.documents.offset(here.document, wanted_range.start)
    end = here.part.start + ls.documents.offset(here.document, wanted_range.end)
    span = Span(min(start, end), max(start, end))
    return [
        finding
        for finding in here.analysed.findings
        if finding.span.touches(span) and here.analysed.program.part_at(finding.span.start) is here.part
    ]


async def _offers(ls: Server, here: Spot, findings: Sequence[Finding]) -> list[Offer]:
    """The fixes of some findings, in the order in which they are to be shown. Made in the worker."""

    def work() -> list[Offer]:
        return [Offer(finding, fix) for finding in findings for fix in _fixes(ls, here, finding)]

    offers: list[Offer] = await ls.analyses.work(work)
    return sorted(
        offers, key=lambda offer: (bool(offer.fix.disabled), not offer.fix.preferred, offer.fix.kind == SUPPRESS)
    )


def _rank(fix: Fix) -> tuple[bool, bool, bool]:
    return bool(fix.disabled), not fix.preferred, fix.kind == SUPPRESS


def _fixes(ls: Server, here: Spot, finding: Finding) -> Iterable[Fix]:
    analysed = here.analysed
    assert analysed.report is not None
    assert analysed.shown is not None
    fixes = ls.engine().offer(analysed.report, finding, analysed.resolved.settings)
    if analysed.shown.is_held(finding):  # a function that is half typed is not rewritten
        return [fix for fix in fixes if fix.kind == SUPPRESS]
    return fixes


def _action(ls: Server, here: Spot, offer: Offer) -> lsp.CodeAction | None:
    fix, client = offer.fix, ls.client
    if not fix.edits and not fix.disabled:
        return None
    if fix.disabled and not client.disabled_actions:
        return None
    return lsp.CodeAction(
        title=fix.title,
        kind=QUICK_FIX,
        diagnostics=[diagnostic(here.part, offer.finding, client.encoding)],
        is_preferred=True if fix.preferred and client.preferred_actions and not fix.disabled else None,
        disabled=lsp.CodeActionDisabled(fix.disabled) if fix.disabled else None,
        edit=None if fix.disabled else _edit(ls, here, fix.edits),
    )


def _edit(ls: Server, here: Spot, edits: Iterable[Edit]) -> lsp.WorkspaceEdit | None:
    return workspace_edit(here.analysed.program, edits, ls.client.encoding, versioned=ls.client.document_changes)


def _one_of_each_code(findings: Iterable[Finding]) -> list[Finding]:
    return list({finding.code: finding for finding in reversed(list(findings))}.values())


def _explain_action(ls: Server, here: Spot, finding: Finding) -> lsp.CodeAction:
    title = f"Explain {finding.code}"
    return lsp.CodeAction(
        title=title,
        kind=QUICK_FIX,
        diagnostics=[diagnostic(here.part, finding, ls.client.encoding)],
        command=lsp.Command(title, EXPLAIN_COMMAND, arguments=[finding.code]),
    )


async def _fix_all_action(ls: Server, here: Spot, *, eager: bool) -> lsp.CodeAction:
    """One action for all safe fixes; its edit is made now if the client cannot ask for it later."""
    title = "Fix all tooearly findings that have a safe fix"
    action = lsp.CodeAction(title=title, kind=FIX_ALL)
    data = {"uri": here.document.uri, "version": here.document.version, "action": FIX_ALL}
    if ls.client.resolve_edit:
        action.data = data
    elif eager:
        action.edit = await _fix_all_edit(ls, here)
    else:
        action.command = lsp.Command(title, APPLY_COMMAND, arguments=[data])
    return action


async def _fix_all_edit(ls: Server, here: Spot) -> lsp.WorkspaceEdit | None:
    analysed = here.analysed
    edits: Sequence[Edit] = await ls.analyses.work(lambda: ls.analyses.edits_of_all(analysed))
    return _edit(ls, here, edits) if edits else None


def _as_command(here: Spot, action: lsp.CodeAction) -> lsp.Command:
    """An action for a client that knows commands only: its edit is applied by the server."""
    if action.command is not None:
        return action.command
    spans = [item.range for item in action.diagnostics or ()]
    first = spans[0].start if spans else lsp.Position(0, 0)
    data = {
        "uri": here.document.uri,
        "version": here.document.version,
        "action": action.title,
        "line": first.line,
        "character": first.character,
    }
    return lsp.Command(action.title, APPLY_COMMAND, arguments=[data])


async def resolve(ls: Server, action: lsp.CodeAction) -> lsp.CodeAction:
    """Add the edit to an action, made from the newest version; without one if there is nothing to do any more."""
    data = action.data if isinstance(action.data, dict) else {}
    if action.edit is None and data.get("action") == FIX_ALL:
        here = await spot(ls, str(data.get("uri")), "an action's edit")
        if here is not None and here.analysed.report is not None:
            action.edit = await _fix_all_edit(ls, here)
    return action


async def apply(ls: Server, data: Any) -> None:
    """The command behind an action: apply its edit if the document is still the one it was made for."""
    if not isinstance(data, dict):
        log.warning("%s wants the data of an action", APPLY_COMMAND)
        return
    here = await spot(ls, str(data.get("uri")), "an action's edit")
    if here is None or here.analysed.report is None:
        return
    if data.get("action") == FIX_ALL:
        edit = await _fix_all_edit(ls, here)
    elif data.get("version") != here.document.version:
        log.info("%r is of an older version of %s and was not applied", data.get("action"), here.document.uri)
        return
    else:
        edit = await _edit_named(ls, here, data)
    if edit is not None:
        answer = ls.workspace_apply_edit_async(lsp.ApplyWorkspaceEditParams(edit, str(data.get("action"))))
        ls.spawn(_tell_refusal(answer))


async def _edit_named(ls: Server, here: Spot, data: dict[str, Any]) -> lsp.WorkspaceEdit | None:
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
