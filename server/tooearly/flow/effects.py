"""The effects of calling an API: futures are made, read, guarded, finished; callbacks are registered; loops run.

A row of `api.toml` names its effect; this table (`EFFECTS`) is where the name is looked up. The effects themselves are
in `effects_making`, `effects_reading` and `effects_running`; those on containers and plain values in `effects_table`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tooearly.flow.caching import cached, caching
from tooearly.flow.calling import Call
from tooearly.flow.effects_making import (
    as_completed,
    concurrent,
    ensure,
    executor,
    framework_task,
    future,
    gather,
    group_spawn,
    shield,
    spawn,
    task_factory,
    task_group,
    thread,
)
from tooearly.flow.effects_queues import get_nowait, is_empty, put_nowait, queue, size
from tooearly.flow.effects_reading import block, block_for_all, cancel, cancelled, done, finish_future, read
from tooearly.flow.effects_running import (
    assert_raises,
    callback,
    callback_on,
    closing,
    expired,
    later,
    manager,
    manager_factory,
    pass_through_manager,
    run,
    run_forever,
    run_until_complete,
)
from tooearly.flow.effects_table import DATA
from tooearly.flow.effects_tasks import all_tasks, current
from tooearly.flow.machine import Outcome
from tooearly.flow.stacks import close, enter_context, exit_call, exit_stack, pop_all
from tooearly.flow.threads import thread_ended

Effect = Callable[[Call], "Iterator[Outcome] | list[Outcome]"]
EFFECTS: dict[str, Effect] = {
    **DATA,
    "spawn": spawn,
    "ensure": ensure,
    "framework_task": framework_task,
    "group_spawn": group_spawn,
    "task_factory": task_factory,
    "future": future,
    "executor": executor,
    "concurrent": concurrent,
    "current": current,
    "thread_object": thread,
    "thread_ended": thread_ended,
    "all_tasks": all_tasks,
    "shield": shield,
    "gather": gather,
    "as_completed": as_completed,
    "task_group": task_group,
    "read": read,
    "block": block,
    "concurrent_wait": block_for_all,
    "done": done,
    "cancelled": cancelled,
    "cancel": cancel,
    "finish": finish_future,
    "callback": callback,
    "callback_on": callback_on,
    "later": later,
    "queue": queue,
    "put_nowait": put_nowait,
    "get_nowait": get_nowait,
    "queue_empty": is_empty,
    "queue_size": size,
    "caching": caching,
    "cached": cached,
    "run": run,
    "run_until_complete": run_until_complete,
    "run_forever": run_forever,
    "manager": manager,
    "expired": expired,
    "assert_raises": assert_raises,
    "manager_factory": manager_factory,
    "closing": closing,
    "pass_through_manager": pass_through_manager,
    "exit_stack": exit_stack,
    "enter_context": enter_context,
    "exit_call": exit_call,
    "pop_all": pop_all,
    "exit_close": close,
}
