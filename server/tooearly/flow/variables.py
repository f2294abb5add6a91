"""Variables: what a name holds, what storing in one changes, and which conditions mention it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from tooearly.flow import cfg
from tooearly.flow.indices import forget_index
from tooearly.flow.machine import Act, Machine, Outcome, up
from tooearly.flow.mention import index_names
from tooearly.flow.names import global_value
from tooearly.flow.state import World
from tooearly.flow.values import Beside, Choice, Frame, KeyOf, NextTo, Ref, Unknown, Value, atoms, is_module


def settle_value(m: Machine, act: Act, world: World, value: Value, node: ast.AST) -> Iterator[tuple[World, Value]]:
    """Split a choice into worlds, and take an element out of a group that is referred to by name."""
    if isinstance(value, Choice):
        for index, option in enumerate(value.options):
            branch = world if index == len(value.options) - 1 else world.copy()
            yield from settle_value(m, act, branch, option, node)
        return
    if isinstance(value, Ref):
        obj = world.heap.get(value.oid)
        if obj is None:
            value = Unknown()
        elif obj.many:
            value = world.element(value, act.site(node), act.frame)
    elif type(value) is Beside:
        value = value.value
    elif isinstance(value, KeyOf | NextTo) and getattr(world.heap.get(value.value.oid), "many", True):
        value = Unknown()
    yield world, value


def load(m: Machine, act: Act, w: World, step: cfg.Load) -> Iterator[Outcome]:
    """`dst = name`; reading a name that stands for one of several things decides for one of them, for good."""
    frame = act.frame
    owner = ("M", act.function.module) if step.depth < 0 else up(w, frame, step.depth)
    if step.depth == 0 and act.function.qualname == "<module>":
        owner = ("M", act.function.module)
    value = w.env.get((owner, step.name)) if owner is not None else None
    if value is None:
        value = global_value(m, act, w, step.name) if owner is not None and is_module(owner) else Unknown()
    if type(value) is Unknown and value.tag is None and owner is not None:
        value = w.env[owner, step.name] = _tagged(act, w, owner, step.name, value)
    for world, one in settle_value(m, act, w, value, step.node):
        if one is not value and owner is not None:
            world.env[owner, step.name] = one
        world.env[frame, step.dst] = one
        yield Outcome(world)


def store(act: Act, w: World, name: str, depth: int, value: Value) -> None:
    """`name = value`."""
    owner = ("M", act.function.module) if depth < 0 or act.function.qualname == "<module>" else up(w, act.frame, depth)
    if owner is not None:
        if type(value) is Unknown:
            value = _tagged(act, w, owner, name, value)
        w.env[owner, name] = value
        forget_facts(w, owner, name)


def _tagged(act: Act, w: World, owner: Frame, name: str, value: Unknown) -> Unknown:
    """What is not followed gets a tag in a variable that serves as a subscript, as long as that is not set again."""
    if name not in index_names(act.function):
        return value
    tagged = Unknown(("index", owner, name), value.type)
    if value.tag is not None and tagged not in atoms(value):
        return value
    forget_index(w, tagged)
    return tagged


def forget_facts(w: World, frame: object, name: str) -> None:
    """A name (or, with a dot, an attribute) has changed: conditions about it are open again."""
    if w.facts:
        plain = name.partition("@")[0]  # a comprehension's own variable
        for fact in [f for f in w.facts if plain in mentioned(f[1]) and (name[0] == "." or f[0] == frame)]:
            del w.facts[fact]


@lru_cache(maxsize=1024)
def mentioned(condition: str) -> frozenset[str]:
    """The names that a condition's text mentions, attributes with their dot."""
    return frozenset(re.findall(r"(?:\.|\b)[^\W\d]\w*", condition))
