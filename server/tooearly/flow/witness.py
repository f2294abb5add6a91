"""Why a future may be unfinished, in words.

Each future carries the one note that tells most: the wait that was not enough, and the handler that went on after it
failed. `WORDS` has a sentence for each; a note's word is also the `why` of a finding's cause, which the fixes use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tooearly.flow.objects import PENDING, Fut, Note
from tooearly.flow.values import Site

# {name} is the receiver, {wait} the line of the wait, {handler} that of the handler, {made} where the future was made.
WORDS = {
    "fresh": "nothing has waited for it since line {made}",
    "clock": "`sleep` on line {wait} does not wait for it",
    "other": "line {wait} waits for something else",
    "timeout": "`wait` on line {wait} may end by its timeout",
    "first-completed": "`wait` on line {wait} returns when the first one is done",
    "first-exception": "`wait` on line {wait} returns when the first one fails",
    "pending-set": "it comes from the pending set of `wait` on line {wait}",
    "gather-failed": "`gather` on line {wait} stops at the first failure{handler}",
    "wait-failed": "`wait` on line {wait} does not stop its tasks when it is cancelled{handler}",
    "shield-timeout": "`shield` on line {wait} lets it run on when the waiter is cancelled{handler}",
    "timeout-block": "the timeout on line {wait} may strike before it is done",
    "cancelled": "`cancel()` on line {wait} only asks it to stop",
    "guard-false": "`done()` on line {wait} was false",
    "unset": "nothing has set it since line {made}",
    "inside-group": "a task group waits for its tasks at the end of its block only",
    "threadsafe": "",
    "submit": "",
}
NEVER = {
    "current": "it is the task that is running",
}


@dataclass(frozen=True, slots=True)
class Story:
    """A finding's words: the message, and its steps as (text, site)."""

    message: str
    steps: tuple[tuple[str, Site], ...]
    why: str


def tell(name: str, futures: list[Fut], method: str, certain: bool, line: Callable[[Site | None], str]) -> Story:
    """The story of a read. `futures` are those that may be unfinished there, `line` gives a site's line in words."""
    fut = max(futures, key=telling)
    note = fut.note or Note("fresh", fut.made)
    why = note.why if note.why in WORDS else "other"
    verb = "is not done yet" if certain else "may still be running"
    if fut.kind == "future":
        verb = "is not set yet" if certain else "may not be set yet"
    reason = NEVER.get(fut.kind) or WORDS[why].format(
        name=name,
        wait=line(note.site),
        made=line(fut.made),
        handler=f", and the handler on line {line(note.handler)} goes on" if note.handler else "",
    )
    message = f"{name} {verb}: {reason}"
    steps: list[tuple[str, Site]] = []
    if fut.made is not None:
        steps.append((f"{name} is made here", fut.made))
    if note.site is not None and note.site != fut.made:
        steps.append((STEP.get(why, "this is not enough"), note.site))
    if note.handler is not None:
        steps.append(("the program goes on here", note.handler))
    del method
    return Story(message, tuple(steps), why)


STEP = {
    "clock": "this does not wait for it",
    "other": "this waits for something else",
    "timeout": "this may end by its timeout",
    "first-completed": "this returns when the first one is done",
    "first-exception": "this returns when the first one fails",
    "pending-set": "this leaves it in the pending set",
    "gather-failed": "this stops at the first failure",
    "wait-failed": "this may be cancelled",
    "shield-timeout": "this lets it run on",
    "timeout-block": "this may strike first",
    "cancelled": "this only asks it to stop",
    "guard-false": "this was false",
}
_ORDER = ("fresh", "unset", "other", "clock", "guard-false", "inside-group")


def telling(fut: Fut) -> tuple[int, int]:
    """How much the note of a future explains (more is greater), then whether it may be done."""
    why = fut.note.why if fut.note else "fresh"
    rank = _ORDER.index(why) if why in _ORDER else len(_ORDER)
    return rank, 0 if fut.mask == PENDING else 1
