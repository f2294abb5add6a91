"""What is reported of a read: what was seen of its futures, in all the worlds that came there."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from tooearly.flow.objects import CALLED_BACK, DONE, GHOST, PENDING, UNSEEN, Fut
from tooearly.flow.values import Site
from tooearly.semantics.names import Function

MAIN = "result-before-done"


@dataclass(slots=True)
class Report:
    """What was seen at one read. `early` are the futures (before the read) that may be unfinished there.

    `threaded`: some of those that come here are futures of a thread, whose `result()` waits. `clear`: one that may be
    unfinished was seen before any worlds were folded. `program`: seen from the top level of a program, which alone
    runs the function.
    """

    site: Site
    method: str
    receiver: ast.AST
    function: Function
    code: str = MAIN
    early: list[Fut] = field(default_factory=list)
    certain: bool = True
    unproven: bool = False
    fine: bool = False
    handled: bool = False
    unhandled: bool = False
    threaded: bool = False
    clear: bool = False
    program: bool = False

    def add(self, fut: Fut, *, clear: bool) -> None:
        """Take in what one world shows of a future at the read; `clear`: no worlds have been folded before."""
        self.threaded = self.threaded or fut.kind == "concurrent"
        self.clear = self.clear or (clear and (self.code != MAIN or fut.mask & (PENDING | GHOST) == PENDING))
        if self.code != MAIN:
            self.early.append(fut)
        elif fut.mask & (PENDING | GHOST) == GHOST:
            return  # nothing comes here but behind a read that raises
        elif fut.mask & PENDING:
            self.certain = self.certain and fut.mask == PENDING
            self.early.append(fut)
        else:
            self.unproven = self.unproven or bool(fut.mask & UNSEEN)
            assumed = fut.note is not None and fut.note.why == CALLED_BACK
            self.fine = self.fine or (bool(fut.mask & DONE) and not assumed)

    def in_part(self) -> Report | None:
        """What is left of it when not all worlds were followed: what some world shows by itself, and no "always".

        That a future is unfinished in a world which no folding has blurred, and that nobody takes the
        InvalidStateError there, is so whatever the other worlds are.
        """
        return replace(self, certain=False) if self.clear and (self.unhandled or self.code != MAIN) else None
