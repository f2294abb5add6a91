"""Why a future may be unfinished, in words.

Each future carries the one note that tells most: the wait that was not enough, and the handler that went on after it
failed. `WORDS` has a sentence for each; a note's word is also the `why` of a finding's cause, which the fixes use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tooearly.flow.objects import PENDING, Fut, Note
from tooearly.flow.values import Site

# {name} is the receiver, {wait} ("on line 5") and {where} ("line 5") the place of the wait, {made} that of the
# future's making, {handler} that of the handler.
WORDS = {
    "fresh": "nothing has waited for it since {made}",
    "begun": "nothing waits for it before this task begins",
    "clock": "`sleep` {wait} does not wait for it",
    "other": "{where} waits for something else",
    "timeout": "`wait` {wait} may end by its timeout",
    "first-completed": "`wait` {wait} returns when the first one is done",
    "first-exception": "`wait` {wait} returns when the first one fails",
    "pending-set": "it comes from the pending set of `wait` {wait}",
    "gather-failed": "`gather` {wait} stops at the first failure{handler}",
    "wait-failed": "`wait` {wait} does not stop its tasks when it is cancelled{handler}",
    "shield-timeout": "`shield` {wait} lets it run on when the waiter is cancelled{handler}",
    "timeout-block": "the timeout {wait} may strike before it is done",
    "cancelled": "`cancel()` {wait} only asks it to stop",
    "guard-false": "`done()` {wait} was false",
    "unset": "nothing has set it since {made}",
    "as-completed": "the loop over `as_completed` {wait} may end before it is done",
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
    why = "fresh" if why == "unset" and fut.open else why  # somebody else may set it
    verb = "is not done yet" if certain else "may still be running"
    if fut.kind == "future":
        verb = "is not set yet" if certain else "may not be set yet"
    reason = NEVER.get(fut.kind) or WORDS[why].format(
        name=name,
        wait=at(line(note.site), "on line {}", "in another file"),
        where=at(line(note.site), "line {}", "another file"),
        made=at(line(fut.made), "line {}", "it was made in another file"),
        handler=f", and the handler {at(line(note.handler), 'on line {}', 'there')} goes on" if note.handler else "",
    )
    message = f"{name} {verb}: {reason}"
    steps: list[tuple[str, Site]] = []
    if fut.made is not None:
        steps.append((f"{name} is made here", fut.made))
    if note.site is not None and note.site != fut.made and why != "begun":
        steps.append((STEP.get(why, "this is not enough"), note.site))
    if note.handler is not None:
        steps.append(("the program goes on here", note.handler))
    del method
    return Story(message, tuple(steps), why)


def at(line: str, here: str, elsewhere: str) -> str:
    """A place in words; `line` is empty for one in another file."""
    return here.format(line) if line else elsewhere


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
    "as-completed": "this may end before it is done",
    "guard-false": "this was false",
}
_ORDER = ("fresh", "unset", "begun", "other", "clock", "guard-false", "inside-group", "wait-failed")


def telling(fut: Fut) -> tuple[int, int]:
    """How much the note of a future explains (more is greater), then whether it may be done."""
    why = fut.note.why if fut.note else "fresh"
    rank = _ORDER.index(why) if why in _ORDER else len(_ORDER)
    return rank, 0 if fut.mask == PENDING else 1
