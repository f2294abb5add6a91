"""Functions inside functions that nobody in sight calls: handlers of a factory, wrappers, tasks of their own.

Where a nested function is called, awaited or started, it is interpreted with what it closes over. One that is handed
away or returned runs some time later, and by then the variables around it may have changed. It is interpreted on its
own, like a function of the module: its parameters and all that it closes over are unknown, but for the `self` and the
annotated parameters of the functions around it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from tooearly.flow import cfg
from tooearly.flow.machine import Machine
from tooearly.flow.mention import reads
from tooearly.flow.state import World
from tooearly.flow.values import Frame, Unknown
from tooearly.semantics.names import Class, Function, Module

Bind = Callable[[Machine, Module, Function, World, Frame], None]


def alone(function: Function) -> bool:
    """Whether a nested function is worth a look when nobody in sight calls it."""
    return isinstance(function.node, ast.FunctionDef | ast.AsyncFunctionDef) and reads(function)


def defined(function: Function) -> Iterator[Function]:
    """The functions that the steps of a function define, methods included; none if it was never translated."""
    blocks = function.graph[0].blocks if function.graph else ()
    for step in (step for block in blocks for step in block.steps):
        match step:
            case cfg.Define(function=Function() as made) if made.parent is not None:
                yield made
            case cfg.DefineClass(cls=Class() as cls) if cls.parent is not None:
                yield from cls.methods.values()


def around(machine: Machine, module: Module, function: Function, world: World, bind: Bind) -> Frame:
    """Make the frames of the functions around one, their parameters unknown; the frame that its own hangs on."""
    outer = function.parent or (function.cls.parent if function.cls else None)
    if outer is None or outer.qualname == "<module>":
        return ("M", module.name)
    above = around(machine, module, outer, world, bind)
    frame = ("around", outer)
    bind(machine, module, outer, world, frame)
    world.env[frame, "$up"] = Unknown(("frame", above))
    return frame
