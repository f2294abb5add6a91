"""A small client that speaks JSON-RPC over pipes: just enough of an editor, with every raw message kept.

It keeps its own copy of each document as a list of lines, written without looking at the server's code, so that the
two can be compared. Waiting is always for something, never for a time; the limits are there to end a broken test.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

LIMIT = 60.0
ROOT = Path(__file__).resolve().parents[2]
FAKE = (sys.executable, "-m", "tests.lsp.fake_server")
REAL = (sys.executable, "-m", "tooearly", "server")
Json = Any


class ServerGoneError(Exception):
    """The server has closed its output."""


class LspError(Exception):
    """An error in the place of a result."""

    def __init__(self, error: Json) -> None:
        super().__init__(error.get("message"))
        self.code = error["code"]


class Client:
    """One server process and the messages that went to and fro."""

    def __init__(self, capabilities: Json | None = None, command: tuple[str, ...] = FAKE) -> None:
        self.capabilities = capabilities if capabilities is not None else {}
        self.command = command
        self.sent: list[Json] = []
        self.received: list[Json] = []
        self.settings: Callable[[str | None, str | None], Json] = lambda _scope, _section: None
        self.server: Json = {}
        self.replies: dict[str, Json] = {}
        self.mute: set[str] = set()
        self._numbers = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Json]] = {}
        self._news = asyncio.Condition()
        self._closed = False
        self.errors = ""

    # Life ------------------------------------------------------------------------------------------------------------

    async def start(self, *, initialize: bool = True, env: Mapping[str, str] | None = None, **options: Any) -> Client:
        """Start the process, and shake hands unless told not to."""
        self.process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "server"), str(ROOT))), **(env or {})},
            limit=1 << 26,
        )
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._drain())]
        if initialize:
            await self.initialize(**options)
        return self

    async def initialize(
        self, *, folders: tuple[str, ...] = (), options: Json = None, process: int | None = None
    ) -> Json:
        """Shake hands."""
        parameters = {
            "processId": process,
            "rootUri": folders[0] if folders else None,
            "capabilities": self.capabilities,
            "initializationOptions": options,
            "workspaceFolders": [{"uri": uri, "name": uri.rsplit("/", 1)[-1]} for uri in folders] or None,
        }
        answer = await self.ask("initialize", parameters)
        self.server = answer["capabilities"]
        self.tell("initialized", {})
        return answer

    async def stop(self) -> int:
        """Say goodbye; the exit status."""
        if self.process.returncode is None and not self._closed:
            with contextlib.suppress(ServerGoneError, LspError):
                await self.ask("shutdown", None)
                self.tell("exit", None)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the end of the process; its status."""
        try:
            return await asyncio.wait_for(self.process.wait(), LIMIT)
        finally:
            await self.kill()

    async def kill(self) -> None:
        """End the process, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Messages --------------------------------------------------------------------------------------------------------

    def write(self, *messages: Json) -> None:
        """Send messages in one write."""
        self.sent += messages
        assert self.process.stdin is not None
        bodies = [json.dumps({"jsonrpc": "2.0", **message}).encode() for message in messages]
        self.process.stdin.write(b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in bodies))

    def tell(self, method: str, parameters: Json) -> None:
        """Send a notification."""
        self.write({"method": method, "params": parameters})

    def request(self, method: str, parameters: Json) -> tuple[int, asyncio.Future[Json], Json]:
        """Prepare a request: its number, the future of its whole answer, and the message."""
        number = next(self._numbers)
        self._pending[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method}
        if parameters is not None:
            message["params"] = parameters
        return number, self._pending[number], message

    async def ask(self, method: str, parameters: Json, *before: Json) -> Json:
        """Send a request (and notifications in the same write before it) and wait for the result."""
        _, future, message = self.request(method, parameters)
        self.write(*before, message)
        answer = await asyncio.wait_for(future, LIMIT)
        if "error" in answer:
            raise LspError(answer["error"])
        return answer["result"]

    async def until(self, found: Callable[[], Any]) -> Any:
        """Wait until a condition on what was received gives something true."""
        async with self._news:
            while not (value := found()):
                if self._closed:
                    raise ServerGoneError(self.errors)
                await asyncio.wait_for(self._news.wait(), LIMIT)
            return value

    def notifications(self, method: str) -> list[Json]:
        """The parameters of all messages of a method that came in."""
        return [message["params"] for message in self.received if message.get("method") == method]

    @property
    def log(self) -> list[str]:
        """All log messages."""
        return [item["message"] for item in self.notifications("window/logMessage")]

    async def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            while True:
                header = await self.process.stdout.readuntil(b"\r\n\r\n")
                found = re.search(rb"Content-Length: (\d+)", header)
                assert found, header
                await self._take(json.loads(await self.process.stdout.readexactly(int(found[1]))))
        except asyncio.IncompleteReadError:
            pass
        finally:
            self._closed = True
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(ServerGoneError(self.errors))
                    future.exception()
            async with self._news:
                self._news.notify_all()

    async def _drain(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.errors += line.decode(errors="replace")
            async with self._news:
                self._news.notify_all()

    async def said(self) -> str:
        """Wait for something on stderr."""
        return str(await self.until(lambda: self.errors))

    async def _take(self, message: Json) -> None:
        self.received.append(message)
        if "method" not in message:
            future = self._pending.pop(message["id"], None)
            if future is not None and not future.done():
                future.set_result(message)
        elif "id" in message and message["method"] not in self.mute:
            self.write({"id": message["id"], "result": self._answer(message["method"], message.get("params"))})
        async with self._news:
            self._news.notify_all()

    def _answer(self, method: str, parameters: Json) -> Json:
        if method == "workspace/configuration":
            return [self.settings(item.get("scopeUri"), item.get("section")) for item in parameters["items"]]
        if method == "workspace/applyEdit":
            return {"applied": True}
        return self.replies.get(method)

    # Documents -------------------------------------------------------------------------------------------------------

    def open(self, uri: str, text: str, *, version: int = 1, language: str = "python") -> Document:
        """Open a document."""
        document = Document(self, uri, text, version, self.encoding)
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})
        return document

    @property
    def encoding(self) -> str:
        """The agreed encoding of columns."""
        return str(self.server.get("positionEncoding", "utf-16"))

    def published(self, uri: str) -> list[Json]:
        """All publishDiagnostics for a URI."""
        return [item for item in self.notifications("textDocument/publishDiagnostics") if item["uri"] == uri]


UNITS: Mapping[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "utf-32": len,
}


class Document:
    """The client's side of a document."""

    def __init__(self, client: Client, uri: str, text: str, version: int, encoding: str) -> None:
        self.client, self.uri, self.text, self.version, self.encoding = client, uri, text, version, encoding

    @property
    def identifier(self) -> Json:
        """How requests name the document."""
        return {"uri": self.uri}

    def lines(self) -> list[str]:
        """The lines with their ends, as the protocol cuts them."""
        return list(re.split(r"(?<=\n)|(?<=\r)(?!\n)", self.text))

    def position(self, offset: int) -> Json:
        """The position of an offset, counted from nothing each time."""
        head = self.text[:offset]
        breaks = list(re.finditer(r"\r\n|\r|\n", self.text))
        before = [found for found in breaks if found.end() <= offset]
        start = before[-1].end() if before else 0
        return {"line": len(before), "character": UNITS[self.encoding](head[start:])}

    def range(self, start: int, end: int) -> Json:
        """The range between two offsets."""
        return {"start": self.position(start), "end": self.position(end)}

    def find(self, needle: str, nth: int = 0) -> Json:
        """The range of the nth occurrence of a text."""
        start = -1
        for _ in range(nth + 1):
            start = self.text.index(needle, start + 1)
        return self.range(start, start + len(needle))

    def offset(self, position: Json) -> int:
        """The offset of a position."""
        lines = self.lines()
        start = sum(map(len, lines[: position["line"]]))
        line = lines[position["line"]]
        for column in range(len(line) + 1):
            if UNITS[self.encoding](line[:column]) >= position["character"]:
                return start + column
        raise AssertionError(f"{position} lies outside the document")

    def at(self, item: Json) -> str:
        """The text in a range."""
        return self.text[self.offset(item["start"]) : self.offset(item["end"])]

    def event(self, start: int, end: int, new: str) -> Json:
        """An incremental change, which is applied to the client's copy."""
        event = {"range": self.range(start, end), "text": new}
        self.text = self.text[:start] + new + self.text[end:]
        return event

    def changed(self, *events: Json) -> Json:
        """The notification of some changes."""
        self.version += 1
        identifier = {"uri": self.uri, "version": self.version}
        parameters = {"textDocument": identifier, "contentChanges": list(events)}
        return {"method": "textDocument/didChange", "params": parameters}

    def edit(self, start: int, end: int, new: str) -> None:
        """Replace a range and tell the server."""
        self.client.write(self.changed(self.event(start, end, new)))

    def replace(self, old: str, new: str) -> None:
        """Replace the first occurrence of a text and tell the server."""
        start = self.text.index(old)
        self.edit(start, start + len(old), new)

    def set(self, text: str) -> None:
        """Send a whole new text."""
        self.text = text
        self.client.write(self.changed({"text": text}))

    def close(self) -> None:
        """Close the document."""
        self.client.tell("textDocument/didClose", {"textDocument": self.identifier})

    async def diagnostics(self) -> list[Json]:
        """The diagnostics that were pushed for the current version."""

        def found() -> Json:
            fitting = [item for item in self.client.published(self.uri) if item.get("version") == self.version]
            return fitting[-1:]

        return (await self.client.until(found))[0]["diagnostics"]

    async def pull(self, previous: str | None = None) -> Json:
        """The report of a pull."""
        parameters = {"textDocument": self.identifier}
        if previous is not None:
            parameters["previousResultId"] = previous
        return await self.client.ask("textDocument/diagnostic", parameters)

    async def actions(self, place: Json, diagnostics: list[Json] | None = None, **context: Any) -> list[Json]:
        """The code actions for a range."""
        parameters = {
            "textDocument": self.identifier,
            "range": place,
            "context": {"diagnostics": diagnostics or [], **context},
        }
        return await self.client.ask("textDocument/codeAction", parameters) or []

    def after(self, edit: Json) -> str:
        """The text after a workspace edit, which must be for this document alone."""
        if "documentChanges" in edit:
            (change,) = edit["documentChanges"]
            assert change["textDocument"] == {"uri": self.uri, "version": self.version}
            edits = change["edits"]
        else:
            assert list(edit["changes"]) == [self.uri]
            edits = edit["changes"][self.uri]
        text = self.text
        spans = [
            (self.offset(one["range"]["start"]), self.offset(one["range"]["end"]), one["newText"]) for one in edits
        ]
        for start, end, new in sorted(spans, key=lambda span: span[:2], reverse=True):
            text = text[:start] + new + text[end:]
        return text
