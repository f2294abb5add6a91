"""The laws that the engine's soundness rests on: what is joined or folded stands for everything it was made of."""

from __future__ import annotations

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.flow.lattice import FUTURES, anything, covers, dicts, instances, lists, masks, worlds
from tooearly.flow.folding import fold_worlds, join_worlds
from tooearly.flow.joining import join_objects
from tooearly.flow.objects import DONE, MAYBE, PENDING, Cont, Fut, Obj
from tooearly.flow.state import World
from tooearly.flow.values import Choice, Oid, Ref, Unknown, Value, choice, const
from tooearly.flow.worldset import Worlds

some = settings(max_examples=60, deadline=None, phases=[Phase.generate])  # large worlds take minutes to shrink
tasks = st.builds(lambda mask, is_open: Fut("task", mask, None, open=is_open), masks, st.booleans())
trios = st.one_of(*(st.tuples(kind, kind, kind) for kind in (tasks, lists(), dicts(), instances())))


def options(value: Value) -> set[Value]:
    return set(value.options) if isinstance(value, Choice) else {value}


def holding(world: World, obj: Obj) -> World:
    """The world with one more object, under a name of its own, and not settled."""
    out = world.copy()
    out.heap = {**{oid: Fut("task", PENDING, None) for oid in FUTURES}, **out.heap, Oid(99, ()): obj}
    out.env[(), "it"] = Ref(Oid(99, ()))
    return out


# Values
@given(st.lists(anything, min_size=1, max_size=9))
def test_a_choice_is_the_set_of_its_options(values: list[Value]) -> None:
    made = choice(tuple(values))
    assert made == choice(tuple(reversed(values))) == choice((made, made))
    if len(set(values)) <= 6:
        assert options(made) == set(values)
        assert choice((choice(tuple(values[:4])), *values[4:])) == made
    else:
        assert made == Unknown()


# Objects
@some
@given(worlds(), trios)
def test_joined_objects_stand_for_both_in_any_order(world: World, trio: tuple[Obj, Obj, Obj]) -> None:
    a, b, c = trio
    joined, other = join_objects(a, b), join_objects(b, a)
    assert covers(holding(world, joined), holding(world, a))
    assert covers(holding(world, joined), holding(world, b))
    assert covers(holding(world, joined), holding(world, other))
    assert covers(holding(world, a), holding(world, join_objects(a, a)))
    left, right = join_objects(joined, c), join_objects(a, join_objects(b, c))
    assert covers(holding(world, left), holding(world, right))
    assert covers(holding(world, right), holding(world, left))


# Worlds
@some
@given(worlds())
def test_the_canonical_form_is_one(world: World) -> None:
    again = world.copy().settle()
    assert again == world
    assert hash(again) == hash(world)
    assert covers(world, again)
    assert covers(again, world)


@some
@given(worlds(), worlds())
def test_a_joined_world_stands_for_both(a: World, b: World) -> None:
    before = a.copy(), b.copy()
    joined = join_worlds(a, b)
    assert (a, b) == before
    assert covers(joined, a)
    assert covers(joined, b)
    assert joined.copy().settle() == joined


@some
@given(worlds())
def test_a_world_joined_with_itself_is_itself(world: World) -> None:
    assert join_worlds(world, world) == world


@some
@given(st.lists(worlds(), max_size=20), st.integers(1, 4))
def test_folded_worlds_stand_for_all(found: list[World], most: int) -> None:
    folded = fold_worlds(list(found), most)
    assert len(folded) <= max(2 * most, 1)
    for world in found:
        assert any(covers(larger, world) for larger in folded)


@some
@given(st.lists(worlds(), max_size=8), st.sampled_from([None, 0, 2]))
def test_united_worlds_are_those_that_were_there(found: list[World], few: int | None) -> None:
    kept = list(Worlds([w.copy() for w in found], few))
    assert len(kept) <= len(set(found))
    for world in found:
        assert any(covers(larger, world) for larger in kept)


def crowd(*groups: Fut, number: int = 0) -> World:
    """`ts`, a list of groups of tasks, and two variables that change together."""
    heap: dict[Oid, Obj] = {Oid(n, ()): group for n, group in enumerate(groups)}
    heap[Oid("ts", ())] = Cont("list", tuple(map(Ref, heap)), exact=False)
    env = {((), "ts"): Ref(Oid("ts", ())), ((), "number"): const(number), ((), "square"): const(number**2)}
    return World(env, heap).settle()


RUNNING, ENDED, EITHER = (Fut("task", mask, None, many=True) for mask in (PENDING, DONE, MAYBE))


def test_a_group_may_be_empty_so_the_world_without_it_is_no_other() -> None:
    few, many = crowd(RUNNING), crowd(RUNNING, ENDED)
    assert list(Worlds([few, many])) == list(Worlds([many, few])) == [many]


def test_a_group_of_which_more_is_possible_stands_for_one_of_which_less_is() -> None:
    assert list(Worlds([crowd(ENDED), crowd(EITHER)])) == [crowd(EITHER)]


def test_a_group_that_is_all_done_in_one_world_and_all_pending_in_another_stays_so() -> None:
    assert set(Worlds([crowd(ENDED), crowd(RUNNING)])) == {crowd(ENDED), crowd(RUNNING)}


def test_in_a_crowd_data_is_forgotten_and_futures_are_not() -> None:
    found = [crowd(one, number=n) for one in (RUNNING, ENDED) for n in range(12)]
    kept = list(Worlds(found, 4))
    assert len(kept) < 8 < len(Worlds(found)) == len(found)
    assert {obj.mask for world in kept for obj in world.heap.values() if isinstance(obj, Fut)} == {PENDING, DONE}
