"""How long an editor waits for the language server, beside ruff's server, in one run and on the same texts.

Both are spoken to by the same small client over pipes, as an editor that pulls diagnostics does: the clock starts
before a message is written and stops when the whole answer has been read. The texts hold as many undefined names
(for ruff) as reads that are too early (for tooearly).

- start: from starting the process to the answer to `initialize`, the best of several
- open: from opening the file to its first diagnostics
- key: one character in the middle of the file and a pull in the same write; the median and the 95th percentile
- burst: 200 characters 10 ms apart; from the last one to the diagnostics of the final text
- action: code actions for one diagnostic
- cpu: processor time of the server for each keystroke
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SIZES = (1_000, 10_000)
STARTS = 5
KEYS = 60
BURST = 200
ACTIONS = 30
SERVERS = {
    "tooearly": [sys.executable, "-m", "tooearly", "server"],
    "ruff": [sys.executable, "-m", "ruff", "server"],
}
URI = "file:///bench/sample.py"
CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {"workspaceEdit": {"documentChanges": True}},
    "textDocument": {
        "diagnostic": {"dynamicRegistration": False},
        "publishDiagnostics": {"relatedInformation": True},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}},
            "isPreferredSupport": True,
        },
    },
}
FUNCTION = '''
async def step_{0}(count: int) -> int:
    """Wait a little, and read one result too early."""
    job = asyncio.create_task(asyncio.sleep(count, {0}))
    await asyncio.sleep(0)
    total = {0} + job.result()
    if count > {0}:
        print(unknown_{0}, total)
    return total


class Machine_{0}:
    """Nothing to find here."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parts: list[int] = []

    def add(self, part: int) -> None:
        self.parts.append(part)

    async def run(self) -> int:
        job = asyncio.create_task(step_{0}(len(self.parts)))
        return await job

'''


@dataclass
class Figures:
    """What was measured of one server on one size, in milliseconds."""

    found: int = 0
    opening: float = 0.0
    key: float = 0.0
    key95: float = 0.0
    cpu: float = 0.0
    burst: float = 0.0
    action: float = 0.0


def sample(lines: int) -> str:
    """A program of that many lines."""
    each = FUNCTION.count("\n")
    body = "".join(FUNCTION.format(number) for number in range((lines - 2) // each))
    text = "import asyncio\n\n" + body
    return text + "# end\n" * (lines - text.count("\n"))


class Server:
    """A server process, spoken to without any waiting in between."""

    def __init__(self, command: list[str]) -> None:
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/"
        )
        self.numbers = itertools.count(1)
        self.version = 0

    def send(self, *messages: dict[str, Any]) -> float:
        """Write messages; the time before."""
        bodies = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in messages]
        data = b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in bodies)
        begun = time.perf_counter()
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()
        return begun

    def ask(self, method: str, parameters: Any, *before: dict[str, Any]) -> tuple[Any, float]:
        """A request with notifications before it: the result, and the milliseconds it took."""
        number = next(self.numbers)
        begun = self.send(*before, {"id": number, "method": method, "params": parameters})
        while True:
            message, read = self.receive()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise SystemExit(f"{method}: {message['error']['message']}")
                return message["result"], (read - begun) * 1000
            if "id" in message and "method" in message:
                self.send({"id": message["id"], "result": None})

    def receive(self) -> tuple[Any, float]:
        """The next message, and when all of it had been read."""
        stream = self.process.stdout
        assert stream is not None
        length = 0
        while line := stream.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if not length:
            raise SystemExit("the server has ended")
        body = stream.read(length)
        read = time.perf_counter()
        return json.loads(body), read

    def start(self) -> float:
        """Shake hands; the milliseconds since the process was started."""
        self.ask("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": CAPABILITIES})
        taken = (time.perf_counter() - self.begun) * 1000
        self.send({"method": "initialized", "params": {}})
        return taken

    def typed(self, row: int, column: int, text: str) -> dict[str, Any]:
        """The notification of a character that was typed."""
        self.version += 1
        place = {"line": row, "character": column}
        changes = [{"range": {"start": place, "end": place}, "text": text}]
        identifier = {"uri": URI, "version": self.version}
        return {"method": "textDocument/didChange", "params": {"textDocument": identifier, "contentChanges": changes}}

    def pull(self, *before: dict[str, Any]) -> tuple[Any, float]:
        """The diagnostics after some notifications."""
        return self.ask("textDocument/diagnostic", {"textDocument": {"uri": URI}}, *before)

    def cpu(self) -> float:
        """Processor time so far in milliseconds; 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return sum(map(int, fields[11:13])) * 1000 / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Say goodbye."""
        self.ask("shutdown", None)
        self.send({"method": "exit"})
        self.process.wait(10)


def measure(command: list[str], text: str) -> Figures:
    """All figures but the start, of a fresh process."""
    server = Server(command)
    server.start()
    figures = Figures()
    item = {"uri": URI, "languageId": "python", "version": 0, "text": text}
    report, figures.opening = server.pull({"method": "textDocument/didOpen", "params": {"textDocument": item}})
    figures.found = len(report["items"])
    lines = text.split("\n")
    row = next(number for number in range(len(lines) // 2, len(lines)) if lines[number].startswith("    total ="))
    column = len("    total")
    keys, cpu = [], server.cpu()
    for number in range(KEYS):
        keys.append(server.pull(server.typed(row, column + number, "x"))[1])
        time.sleep(0.02)
    figures.cpu = (server.cpu() - cpu) / KEYS
    figures.key, figures.key95 = statistics.median(keys), sorted(keys)[int(len(keys) * 0.95)]
    figures.burst = burst(server, row, column)
    figures.action = action(server, server.pull()[0]["items"])
    server.stop()
    return figures


def burst(server: Server, row: int, column: int) -> float:
    """Many edits without waiting for any answer, then the diagnostics."""
    begun = time.perf_counter()
    for number in range(BURST - 1):
        time.sleep(max(0.0, begun + number * 0.01 - time.perf_counter()))
        server.send(server.typed(row, column, "y"))
    return server.pull(server.typed(row, column, "y"))[1]


def action(server: Server, items: list[Any]) -> float:
    """The median time of code actions for one diagnostic."""
    chosen = items[len(items) // 2]
    parameters = {
        "textDocument": {"uri": URI},
        "range": chosen["range"],
        "context": {"diagnostics": [chosen], "triggerKind": 1},
    }
    return statistics.median(server.ask("textDocument/codeAction", parameters)[1] for _ in range(ACTIONS))


def start_time(command: list[str]) -> float:
    """The shortest time to the answer to `initialize`."""
    taken = []
    for _ in range(STARTS):
        server = Server(command)
        taken.append(server.start())
        server.stop()
    return min(taken)


def main() -> None:
    starts = {name: start_time(command) for name, command in SERVERS.items()}
    print(f"start: tooearly {starts['tooearly']:.0f} ms, ruff {starts['ruff']:.0f} ms")
    columns = "".join(f"{name:>8}" for name in ("found", "open", "key", "key95", "cpu", "burst", "action"))
    print(f"{'lines':>6} {'server':9}{columns}   (milliseconds)")
    medians: dict[tuple[str, int], float] = {}
    for size in SIZES:
        text = sample(size)
        both = {name: measure(command, text) for name, command in SERVERS.items()}
        for name, one in both.items():
            medians[name, size] = one.key
            print(
                f"{size:6} {name:9}{one.found:8}{one.opening:8.1f}{one.key:8.2f}{one.key95:8.2f}{one.cpu:8.2f}"
                f"{one.burst:8.1f}{one.action:8.2f}"
            )
        mine, other = both["tooearly"], both["ruff"]
        print(f"{'':6} ratio     key {mine.key / other.key:.2f}, burst {mine.burst / max(other.burst, 0.1):.2f}")
    small, large = SIZES
    for name in SERVERS:
        growth = medians[name, large] / medians[name, small]
        print(f"{name}: a keystroke at {large} lines costs {growth:.1f} × one at {small}")


if __name__ == "__main__":
    main()
