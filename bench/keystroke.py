"""Where the processor time of a keystroke goes, from the bytes in the pipe to the bytes out.

A server process is started with a clock around the functions named in `LAYERS`; each layer's figure is the time spent
in it and not in another layer, per keystroke, as CPU time of the thread that runs it. What is left (the event loop,
threads that wake each other, the interpreter's lock) is `elsewhere`. `latency` is the wall-clock time at the client.
The clock itself costs a little: `python -m bench latency` measures without it.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.latency import KEYS, SIZES, URI, Server, sample

LAYERS = {
    "read the message": ["tooearly.lsp.transport:read_message"],
    "JSON in": ["json:loads"],
    "to protocol types": ["tooearly.lsp.protocol:Protocol.structure_message"],
    "handle the message": ["tooearly.lsp.protocol:Protocol.receive"],
    "change the text": ["tooearly.lsp.documents:Documents.change"],
    "queue": ["tooearly.lsp.schedule:Scheduler.submit", "tooearly.lsp.schedule:Scheduler.hurry"],
    "settings": ["tooearly.lsp.settings:Configuration.resolve"],
    "blocks, parse": ["tooearly.api:parse"],
    "names": ["tooearly.api:build_module"],
    "which functions": ["tooearly.flow.remember:roots"],
    "what still holds": ["tooearly.flow.remember:Remembered.update"],
    "interpret": ["tooearly.flow.remember:analyse"],
    "judge": ["tooearly.rules.judge:Judged.update"],
    "suppress": ["tooearly.api:suppressed", "tooearly.suppress:Suppressions.apply"],
    "check, the rest": ["tooearly.api:check"],
    "hold": ["tooearly.lsp.analysis:settle"],
    "render": ["tooearly.lsp.analysis:render"],
    "analysis, the rest": ["tooearly.lsp.analysis:Analyses._analyse"],
    "take the result": ["tooearly.lsp.analysis:Analyses._take"],
    "write": ["tooearly.lsp.transport:Framing.write"],
}
ROOT = str(Path(__file__).parent.parent)
CHILD = f"import sys; sys.path.insert(0, {ROOT!r}); from bench.keystroke import serve; sys.exit(serve(sys.argv[1]))"


class Clock:
    """CPU time by layer, each thread on its own stack of layers."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(LAYERS, 0)
        self._local = threading.local()

    def around(self, layer: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its time counted for the layer and taken off the layer that called it."""

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            stack = self._local.__dict__.setdefault("stack", [0])
            stack.append(0)
            begun = time.thread_time_ns()
            try:
                return function(*args, **kwargs)
            finally:
                taken = time.thread_time_ns() - begun
                self.spent[layer] += taken - stack.pop()
                stack[-1] += taken

        return timed

    def install(self) -> None:
        """Put the clock around every layer's functions; one that is gone is an error here."""
        for layer, names in LAYERS.items():
            for name in names:
                module, _, path = name.partition(":")
                *owners, last = path.split(".")
                holder = functools.reduce(getattr, owners, importlib.import_module(module))
                setattr(holder, last, self.around(layer, getattr(holder, last)))


def serve(report: str) -> int:
    """The child: a server that writes its figures when it is told to by `$/setTrace`, and at the end."""
    from tooearly.lsp import protocol, server, transport

    clock = Clock()
    clock.install()
    receive = protocol.Protocol.receive

    def counting(self: Any, body: bytes) -> None:
        if b'"$/setTrace"' in body:
            figures = {"cpu": time.process_time_ns(), **clock.spent}
            Path(report).write_text(json.dumps(figures), encoding="ascii")
        receive(self, body)

    protocol.Protocol.receive = counting  # type: ignore[method-assign]
    atexit.register(transport.leave, 0)
    return server.main()


def figures_after(server: Server, report: str) -> dict[str, int]:
    """What the child has counted so far."""
    Path(report).unlink(missing_ok=True)
    server.send({"method": "$/setTrace", "params": {"value": "off"}})
    server.pull()
    figures: dict[str, int] = json.loads(Path(report).read_text(encoding="ascii"))
    return figures


def measure(text: str) -> dict[str, float]:
    """Milliseconds per keystroke by layer."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "figures.json")  # noqa: PTH118
        server = Server([sys.executable, "-c", CHILD, report])
        server.start()
        item = {"uri": URI, "languageId": "python", "version": 0, "text": text}
        server.pull({"method": "textDocument/didOpen", "params": {"textDocument": item}})
        lines = text.split("\n")
        row = next(number for number in range(len(lines) // 2, len(lines)) if lines[number].startswith("    total ="))
        column = len("    total")
        for number in range(5):
            server.pull(server.typed(row, column + number, "w"))
        before, latency = figures_after(server, report), []
        for number in range(KEYS):
            latency.append(server.pull(server.typed(row, column + number, "x"))[1])
            time.sleep(0.02)
        after = figures_after(server, report)
        server.stop()
    spent = {layer: (after[layer] - before[layer]) / KEYS / 1e6 for layer in after}
    cpu = spent.pop("cpu")
    return {**spent, "elsewhere": cpu - sum(spent.values()), "all": cpu, "latency": statistics.median(latency)}


def main() -> None:
    columns = [measure(sample(size)) for size in SIZES]
    print(f"{'CPU milliseconds a keystroke':30}" + "".join(f"{size:>10} lines" for size in SIZES))
    for layer in columns[0]:
        print(f"{layer:30}" + "".join(f"{column[layer]:16.3f}" for column in columns))


if __name__ == "__main__":
    main()
