"""Do the fixes on offer keep their promise? Found out while nobody types, before somebody asks.

A fix is offered only if the finding is gone after it and no other appears, which takes an analysis of the changed text.
A light bulb cannot wait for several of those. So a moment after a document has been analysed, the fixes of the findings
nearest to the last change are made and tried, those of one finding a job, so that whatever is asked for meanwhile goes
first; a change of the document ends it. All findings of a file would be a second of work at each pause of the typing.
The analyses share the document's memory: only what a fix has changed is analysed again.

A request that comes before that waits for the fixes that may break their promise (`fixes.vetted` says which those are);
but if it comes together with an edit, a client that can ask for an edit later is shown these untried, and they are
tried when it does (`actions`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tooearly.lsp.schedule import Job, Scheduler
from tooearly.model import Finding, Fix
from tooearly.source.lines import common_head

if TYPE_CHECKING:
    from tooearly.lsp.analysis import Analysed

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.2
MOST_FINDINGS = 3

Make = Callable[["Analysed", Finding, Callable[[], None]], Sequence[Fix]]


def needs_trial(fix: Fix) -> bool:
    """Whether a fix may break its promise; others are never tried."""
    return not fix.disabled and fix.applicability == "unsafe"


class Vetting:
    """Has the fixes made of documents that rest, by `make`, which remembers them."""

    def __init__(self, scheduler: Scheduler, make: Make) -> None:
        self._scheduler, self._make = scheduler, make
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def begin(self, key: str, analysed: Analysed, before: str) -> None:
        """Make fixes for a document in a moment, unless it changes. `before`: the text that was analysed before."""
        self.end(key)
        later = asyncio.get_running_loop().call_later
        self._timers[key] = later(PAUSE_SECONDS, self._first, key, analysed, before)

    def end(self, key: str) -> None:
        """Stop: the document has changed, or is closed."""
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        self._scheduler.cancel(("fixes", key))

    def _first(self, key: str, analysed: Analysed, before: str) -> None:
        changed = common_head(before, analysed.program.text)
        near = sorted(analysed.findings, key=lambda finding: abs(finding.span.start - changed))
        self._next(key, analysed, iter(near[:MOST_FINDINGS]))

    def _next(self, key: str, analysed: Analysed, findings: Iterator[Finding]) -> None:
        finding = next(findings, None)
        if finding is None:
            return

        def work(job: Job) -> Sequence[Fix]:
            return self._make(analysed, finding, job.check)

        def done(outcome: Any) -> None:
            if isinstance(outcome, BaseException):
                log.error("trying a fix failed: %r", outcome)
                return
            for fix in outcome:
                if fix.disabled and fix.edits:
                    log.info("%r is not offered: %s", fix.title, fix.disabled)
            self._next(key, analysed, findings)

        self._scheduler.submit(("fixes", key), work, done, yields=True)
