"""Run programs and write down, line by line, which reads of an asyncio future raised InvalidStateError.

    python recorder.py < programs.json > record.json

Standard library only: it is started with whatever interpreter a case asks for. Input: `{name: program}`. Output:
`{name: {"rows": {row: ["raised", "returned"]}, "error": "..."}}`; rows count from 1; "returned" stands for every
outcome but InvalidStateError "... is not set". `error` is what ended the program, or a programming mistake inside one
of its tasks; early reads are no error.

asyncio's Task and Future are replaced by subclasses whose `result` and `exception` look at the line that calls them,
so that `map(asyncio.Task.result, tasks)`, lambdas and f-strings are seen too; nothing else about them changes.
`asyncio.run` at the top of a program swallows an early read, so that a program can run several examples.
Programs sleep most of their time: each runs in a thread and event loop of its own. Those that patch modules
(`mock.patch`) run at the end, one by one.
"""

import asyncio
import io
import json
import logging
import os
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

THREADS = 8
PATIENCE = 30.0  # seconds for all programs
MISTAKES = (NameError, AttributeError, TypeError, SyntaxError, ImportError)
record = {}  # type: dict[str, dict[str, object]]


def unset(error):
    return isinstance(error, asyncio.InvalidStateError) and "not set" in str(error)


def note(outcome):
    """Write down the outcome of a read if a program of ours, and not asyncio itself, has asked for it."""
    frame = sys._getframe(2)
    entry = record.get(frame.f_code.co_filename)
    if entry is not None:
        outcomes = entry["rows"].setdefault(frame.f_lineno, [])
        if outcome not in outcomes:
            outcomes.append(outcome)


class Watched:
    """Mixed into asyncio's classes: notes the outcome of every read."""

    __slots__ = ()

    def result(self):
        try:
            value = super().result()
        except BaseException as error:
            note("raised" if unset(error) else "returned")
            raise
        note("returned")
        return value

    def exception(self):
        try:
            value = super().exception()
        except BaseException as error:
            note("raised" if unset(error) else "returned")
            raise
        note("returned")
        return value


def install():
    """Put watched classes where asyncio makes its futures; a Task remains a Future."""
    future = type("Future", (Watched, asyncio.Future), {"__module__": "_asyncio", "__slots__": ()})
    task = type("Task", (future, asyncio.Task), {"__module__": "_asyncio"})
    asyncio.tasks._GatheringFuture = type("_GatheringFuture", (future, asyncio.tasks._GatheringFuture), {})
    asyncio.Task = asyncio.tasks.Task = task
    asyncio.Future = asyncio.futures.Future = future
    if sys.version_info >= (3, 12):
        asyncio.eager_task_factory = asyncio.tasks.eager_task_factory = asyncio.create_eager_task_factory(task)
    asyncio.run = swallowing(asyncio.run)


def swallowing(run):
    def wrapper(*args, **keywords):
        try:
            return run(*args, **keywords)
        except asyncio.InvalidStateError as error:
            if not unset(error):
                raise
            return None

    return wrapper


class Mistakes(logging.Handler):
    """Keeps what asyncio logs about exceptions that nobody took and that look like typing errors."""

    def emit(self, message):
        error = message.exc_info[1] if message.exc_info else None
        while error is not None and error.__traceback__ is not None:
            trace = error.__traceback__
            files = []
            while trace is not None:
                files.append(trace.tb_frame.f_code.co_filename)
                trace = trace.tb_next
            entry = next((record[name] for name in reversed(files) if name in record), None)
            if entry is not None and isinstance(error, MISTAKES):
                entry["error"] = "in a task: " + repr(error)
            error = error.__cause__


def run(name, program):
    entry = record[name]
    try:
        exec(compile(program, name, "exec", dont_inherit=True), {"__name__": "__main__", "__builtins__": __builtins__})
    except BaseException as error:
        if not unset(error) and not isinstance(error, SystemExit):
            entry["error"] = repr(error)
    entry["ended"] = True


def main():
    programs = json.load(sys.stdin)
    out, sys.stdout, sys.stderr = sys.stdout, io.StringIO(), io.StringIO()
    warnings.simplefilter("ignore")
    logging.getLogger("asyncio").addHandler(Mistakes())
    logging.getLogger("asyncio").propagate = False
    install()
    for name in programs:
        record[name] = {"rows": {}, "error": ""}
    pool = ThreadPoolExecutor(THREADS)
    apart = [name for name, program in programs.items() if "mock.patch" in program]
    limit = time.monotonic() + PATIENCE
    for group in ([name for name in programs if name not in apart], *([name] for name in apart)):
        for name in group:
            pool.submit(run, name, programs[name])
        while time.monotonic() < limit and not all("ended" in record[name] for name in group):
            time.sleep(0.01)
    for entry in record.values():
        if "ended" not in entry:
            entry["error"] = "it did not end"
    json.dump(record, out)
    out.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
