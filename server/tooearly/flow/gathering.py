"""Awaiting a gather or a shield: which of the futures behind it have ended, and how.

A gather that raises has one child that has failed or was cancelled, and the world says which (`brought_down`): one
world for each that it may be. Through a shield a failure goes, a cancellation does not.
"""

from __future__ import annotations

from tooearly.flow.awaits import body_outcomes, causes, complete, ended
from tooearly.flow.containers import new
from tooearly.flow.ended import end, finish, finish_children, has_failed, note_all, raised_by
from tooearly.flow.giving_way import all_give_way, leave_to_others
from tooearly.flow.machine import Act, Machine, Outcome
from tooearly.flow.objects import CANCELLED, DONE, ERROR, PENDING, VALUE, Cont, Fut, Note
from tooearly.flow.state import World
from tooearly.flow.suspending import run_through, suspend
from tooearly.flow.values import Exc, Ref, Site, Unknown, Value


def await_gather(m: Machine, act: Act, w: World, ref: Ref, fut: Fut, site: Site) -> list[Outcome]:
    """`await gather(...)`: all on the normal exit; on the exceptional one only the one that failed."""
    children = [c for c in fut.children if isinstance(c, Ref)]
    if fut.mask == DONE and fut.keep_going:
        return [Outcome(w, Unknown())]
    before = w.copy()
    suspend(m, act, w, "other", site)
    if any((child := before.fut(ref)) is not None and child.mask == PENDING for ref in children):
        run_through(w)
    given = [child for child in map(before.fut, children) if child is not None]
    spoilt = any(child.end not in ("", VALUE) for child in given)
    renamed = w.fut(ref)
    children = [c for c in (renamed or fut).children if isinstance(c, Ref)]  # groups may have got other names
    out: list[Outcome] = []
    tolerant = (True, False) if fut.keep_going is None else (fut.keep_going,)
    failed = [] if tolerant == (True,) else gather_failures(m, act, w.copy(), ref, children, site)
    together = tolerant == (True,) or all_give_way(m, before, act.function, given)
    for world in gather_cancelled(m, act, w.copy(), children, site, together=together):
        finish(world, ref)
        out.append(Outcome(world, exc=Exc(CANCELLED)))
    for world in (
        [] if spoilt and fut.keep_going is False else complete(m, act, w, children, site, normally=not fut.keep_going)
    ):
        finish(world, ref)
        out.append(Outcome(world, _results(act, world, children, site)))
    return [*out, *failed]


def _results(act: Act, w: World, children: list[Ref], site: Site) -> Value:
    """The list that a gather gives, where it holds objects that are followed."""
    futures = [w.fut(child) for child in children]
    values = tuple(f.value if f is not None and f.value is not None else Unknown() for f in futures)
    if any(f is None or f.many for f in futures) or not any(isinstance(value, Ref) for value in values):
        return Unknown()
    return new(w, act.frame, site, Cont("list", values), "results")


def gather_cancelled(m: Machine, act: Act, w: World, children: list[Ref], site: Site, *, together: bool) -> list[World]:
    """The waiter was cancelled, and so were those children that run; or one of them was from elsewhere.

    A tolerant gather has waited for its children; any other ends with the first one that was cancelled. Where these
    cannot resist, they have ended `together`.
    """
    if not together:
        out = []
        for child in children:
            fut = w.heap.get(child.oid)
            if isinstance(fut, Fut) and (fut.mask != DONE or fut.end in ("", CANCELLED)):
                world = w.copy()
                note_all(world, children, Note("gather-failed", site))
                for other in children:
                    leave_to_others(world, other.oid)
                out += brought_down(m, act, world, child, Exc(CANCELLED), site)
        return out
    running = [c for c in children if isinstance(f := w.heap.get(c.oid), Fut) and f.mask != DONE]
    if children and not running:
        return []
    shields = [c for c in running if w.heap[c.oid].kind == "shield"]  # type: ignore[union-attr]
    for child in running:
        leave_to_others(w, child.oid)
    worlds = complete(m, act, w, [c for c in children if c not in shields], site)
    for world in worlds:
        for child in shields:
            outer = world.heap.get(child.oid)
            if isinstance(outer, Fut):
                note_all(world, [c for c in outer.children if isinstance(c, Ref)], Note("shield-timeout", site))
            end(world, child, Exc(CANCELLED))
    return worlds


def gather_failures(m: Machine, act: Act, w: World, ref: Ref, children: list[Ref], site: Site) -> list[Outcome]:
    """One child failed; the others may be running."""
    out: list[Outcome] = []
    for child in children:
        fut = w.heap.get(child.oid)
        if not isinstance(fut, Fut):
            continue
        for exc in failures(m, act, w, fut, site):
            world = w.copy()
            note_all(world, children, Note("gather-failed", site))
            finish(world, ref)
            out += [Outcome(down, exc=exc) for down in brought_down(m, act, world, child, exc, site)]
    return out


def brought_down(m: Machine, act: Act, w: World, ref: Ref, exc: Exc, site: Site) -> list[World]:
    """This future has ended by this exception, and so has what is behind it: the worlds in which that is so."""
    fut = w.heap.get(ref.oid)
    if not isinstance(fut, Fut):
        return [w]
    if fut.many:
        ref = w.element(ref, site, act.frame)
    end(w, ref, exc)
    behind = [c for c in fut.children if isinstance(c, Ref)]
    if fut.kind == "gather" and fut.keep_going is False:
        out = []
        for child in behind:
            inner = w.fut(child)
            if inner is not None and may_end(m, act, w, inner, exc):
                out += brought_down(m, act, w.copy(), child, exc, site)
        return out
    if fut.kind == "shield" and exc.cls != CANCELLED and behind:
        return brought_down(m, act, w, behind[0], exc, site)
    return [w]


def may_end(m: Machine, act: Act, w: World, fut: Fut, exc: Exc) -> bool:
    """Whether a future may end, or have ended, by this exception."""
    if fut.end:
        return fut.mask != DONE or fut.end in (ERROR, exc.cls)
    found = failures(m, act, w, fut, None) if fut.kind in ("gather", "shield") else causes(m, act, w, fut)
    return exc.cls in ("", CANCELLED) or any(known.cls in ("", exc.cls) for known in found)


def failures(m: Machine, act: Act, w: World, fut: Fut, site: Site | None) -> list[Exc]:
    """The exceptions that a future may end with."""
    if fut.kind == "gather" and fut.keep_going:
        return []
    if fut.mask == DONE and fut.end:
        return [raised_by(fut)] if has_failed(fut) else []
    behind = [f for c in fut.children if (f := w.fut(c)) is not None]
    if fut.kind in ("gather", "shield") and len(behind) == len(fut.children):
        return list(dict.fromkeys(exc for inner in behind for exc in failures(m, act, w, inner, site)))
    if fut.mask == DONE or site is None:
        return causes(m, act, w, fut)
    found = dict.fromkeys(o.exc for o in body_outcomes(m, act, w.copy(), fut, site) if o.exc is not None)
    return list(found)


def await_shield(m: Machine, act: Act, w: World, ref: Ref, fut: Fut, site: Site) -> list[Outcome]:
    """`await shield(t)`: when the waiter is cancelled only the outer future ends."""
    inner = next((c for c in fut.children if isinstance(c, Ref)), None)
    held = w.fut(inner)
    if held is not None and held.mask == DONE and inner is not None and fut.end != CANCELLED:
        return ended(m, act, w, inner, site)
    if fut.mask == DONE:
        return ended(m, act, w, ref, site)
    suspend(m, act, w, "other", site)
    if held is not None and held.mask == PENDING:
        run_through(w)
    cancelled = w.copy()
    finish(cancelled, ref)
    if inner is not None:
        note_all(cancelled, [inner], Note("shield-timeout", site))
    out = [Outcome(cancelled, exc=Exc(CANCELLED))]
    inner_fut = w.fut(inner) if inner is not None else None
    for outcome in (
        body_outcomes(m, act, w, inner_fut, site)
        if inner_fut is not None
        else [Outcome(w, Unknown()), Outcome(w.copy(), exc=Exc(""))]
    ):
        end(outcome.world, ref, outcome.exc)
        if inner is not None:
            end(outcome.world, inner, outcome.exc)
        if inner_fut is not None and inner_fut.kind == "shield":
            finish_children(outcome.world, inner_fut)
        out.append(outcome)
    return out
