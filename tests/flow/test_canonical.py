"""Groups of which the same is possible are one, those of other containers or that are named stay apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flow.lattice import worlds
from tooearly.flow.canonical import absorb, covers
from tooearly.flow.objects import DONE, ERROR, GHOST, MAYBE, PENDING, UNSEEN, Fut, Obj
from tooearly.flow.state import World
from tooearly.flow.values import NONE, Oid

ONE = Fut("task", PENDING, None, many=True)


@pytest.mark.parametrize(
    ("more", "less", "taken_in"),
    [
        (MAYBE, DONE, True),
        (MAYBE, PENDING, True),
        (MAYBE | UNSEEN, MAYBE, True),
        (DONE, PENDING, False),
        (DONE, MAYBE, False),
        (MAYBE, DONE | GHOST, False),
        (MAYBE | GHOST, DONE | GHOST, True),
    ],
)
def test_what_is_possible_of_either_is_possible_of_the_wider_one(more: int, less: int, taken_in: bool) -> None:
    assert covers(replace(ONE, mask=more), replace(ONE, mask=less)) is taken_in


def test_that_all_have_failed_is_not_lost() -> None:
    failed = replace(ONE, mask=DONE, end=ERROR)
    assert covers(replace(ONE, mask=DONE), failed)
    assert not covers(failed, replace(ONE, mask=DONE))


def test_what_something_else_refers_to_stays_apart() -> None:
    many: dict[Oid, Obj] = {Oid("site", (), mask): replace(ONE, mask=mask) for mask in (MAYBE, DONE, PENDING)}
    names = {oid: Oid("site", (), ("G", oid.tag)) for oid in many}
    maybe, done, pending = many
    absorb(many, list(many), {pending}, names)
    assert names[done] == names[maybe] != names[pending]


@given(worlds(), st.data())
def test_a_world_that_stays_in_canonical_form_is_found_as_any_other(world: World, data: st.DataObject) -> None:
    """Variables that change what they hold, come and go, on a settled world: as if it had never been settled."""
    changed = world.copy()
    for key in data.draw(st.lists(st.sampled_from(sorted(world.env)), max_size=3) if world.env else st.just([])):
        values = st.sampled_from([*world.env.values(), NONE])
        if data.draw(st.booleans()):
            changed.env[key] = data.draw(values)
        else:
            changed.env.pop(key, None)
    afresh = World(dict(changed.env), dict(changed.heap), dict(changed.facts), changed.deferred)
    assert changed.settle() == afresh.settle()
