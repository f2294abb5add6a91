"""The table of the effects on plain values and containers, by the names that the rows of `api.toml` use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tooearly.flow.draining import fold, keyed
from tooearly.flow.effects_asking import count_of, disjoint, index_of, subset
from tooearly.flow.effects_data import (
    batched,
    chained,
    container,
    counting,
    defaultdict,
    every,
    flatten,
    length,
    one_of,
    part,
    reordered,
    reverse,
    some,
)
from tooearly.flow.effects_events import clear as event_clear
from tooearly.flow.effects_events import event, is_set, set_event, unknown_wait
from tooearly.flow.effects_iterators import cycle, forever, make_iterator, send, take_next
from tooearly.flow.effects_methods import (
    add,
    clear,
    copied,
    dict_fromkeys,
    dict_get,
    dict_items,
    dict_keys,
    dict_pop,
    dict_popitem,
    dict_update,
    dict_values,
    extend,
    filled,
    heap_pop,
    heap_push,
    pop,
    popleft,
    put_under,
    remove,
    set_op,
    set_op_update,
    setdefault,
    shuffle,
    take_from,
    update,
)
from tooearly.flow.effects_pairs import enumerated, zipped
from tooearly.flow.effects_plain import (
    assert_false,
    assert_in,
    assert_not_in,
    assert_true,
    attrgetter,
    duplicate,
    get_attr,
    identity,
    is_future,
    is_instance,
    keep,
    keeping,
    methodcaller,
    mixed,
    named_tuple,
    namespace,
    never,
    partial,
    plain,
    replaced,
    sentinel,
    set_attr,
    superclass,
    truth,
)
from tooearly.flow.machine import Outcome

if TYPE_CHECKING:
    from tooearly.flow.calling import Call


DATA: dict[str, Callable[[Call], Iterator[Outcome] | list[Outcome]]] = {
    "plain": plain, "lock": plain, "barrier": plain, "walk": plain, "mixed": mixed, "duplicate": duplicate,
    "namespace": namespace, "replaced": replaced, "sentinel": sentinel,
    "identity": identity, "keep": keep, "keeping": keeping, "partial": partial,
    "methodcaller": methodcaller, "named_tuple": named_tuple,
    "attrgetter": attrgetter, "getattr": get_attr, "setattr": set_attr,
    "isinstance": is_instance, "isfuture": is_future, "bool": truth, "assert_true": assert_true,
    "assert_false": assert_false, "assert_in": assert_in, "assert_not_in": assert_not_in,
    "super": superclass, "never": never, "event": event, "event_clear": event_clear, "event_is_set": is_set,
    "event_set": set_event,
    "unknown_wait": unknown_wait, "length": length, "container": container,
    "defaultdict": defaultdict, "reordered": reordered,
    "reversed": reverse, "enumerate": enumerated, "zip": zipped, "chain": chained, "flatten": flatten, "islice": part,
    "batched": batched,
    "range": counting, "forever": forever, "cycle": cycle, "iter": make_iterator, "next": take_next, "send": send,
    "fold": fold, "keyed": keyed,
    "one_of": one_of,
    "all": every, "any": some, "add": add, "extend": extend, "update": update, "dict_update": dict_update,
    "heap_push": heap_push, "heap_pop": heap_pop,
    "pop": pop, "popleft": popleft, "dict_pop": dict_pop, "dict_popitem": dict_popitem, "remove": remove,
    "filled": filled, "put_under": put_under, "take_from": take_from,
    "clear": clear, "shuffle": shuffle, "copy": copied, "dict_values": dict_values, "dict_keys": dict_keys,
    "dict_items": dict_items, "dict_get": dict_get, "setdefault": setdefault, "dict_fromkeys": dict_fromkeys,
    "set_op": set_op, "set_op_update": set_op_update, "subset": subset, "disjoint": disjoint,
    "index_of": index_of, "count_of": count_of,
}  # fmt: skip
