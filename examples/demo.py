"""A tour with the real language server: `make demo`.

Starts `tooearly server`, opens the four programs of this folder as an editor would, prints what the server says about
them, and for the one that is wrong applies each code action to a copy and runs the outcome.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROGRAMS = ("too_early.py", "with_await.py", "with_gather.py", "with_wait.py")
REWRITES = ("await", "gather", "wait")


class Server:
    """A language server on the other end of two pipes."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tooearly", "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._numbers = itertools.count(1)
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}

    def start(self) -> str:
        """Shakes hands; returns the server's name and version."""
        abilities = {
            "general": {"positionEncodings": ["utf-32", "utf-16"]},
            "textDocument": {
                "publishDiagnostics": {"relatedInformation": True, "versionSupport": True},
                "codeAction": {
                    "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}},
                    "isPreferredSupport": True,
                },
                "hover": {"contentFormat": ["plaintext"]},
            },
        }
        answer = self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": abilities})
        self.tell("initialized", {})
        info = answer.get("serverInfo", {})
        return f"{info.get('name', 'server')} {info.get('version', '')}".strip()

    def stop(self) -> int:
        """Says goodbye; returns the exit status."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        return self._process.wait(10)

    def open(self, uri: str, text: str) -> list[dict[str, Any]]:
        """Opens a document and waits for what the server has to say about it."""
        self._diagnostics.pop(uri, None)
        self.tell("textDocument/didOpen", {"textDocument": document(uri, text)})
        while uri not in self._diagnostics:
            self._take()
        return self._diagnostics[uri]

    def ask(self, method: str, parameters: Any) -> Any:
        """Sends a request and waits for its answer."""
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": parameters})
        while True:
            message = self._take()
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise SystemExit(f"{method}: {message['error']['message']}")
                return message.get("result")

    def tell(self, method: str, parameters: Any) -> None:
        """Sends a notification."""
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _take(self) -> dict[str, Any]:
        """The next message; diagnostics are kept, and the server's own requests are answered with nothing."""
        assert self._process.stdout is not None
        length = 0
        while (line := self._process.stdout.readline().strip()) or not length:
            if not line:
                raise SystemExit("the server has gone")
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            wanted = message.get("params", {}).get("items") if isinstance(message.get("params"), dict) else None
            self._send({"id": message["id"], "result": [None] * len(wanted) if wanted else None})
        return message


def main() -> int:
    """Shows everything; 0 when each program behaved as it should."""
    server = Server()
    print(f"{server.start()}\n")
    verdicts = [show(server, HERE / name) for name in PROGRAMS]
    good = all(verdicts) and server.stop() == 0
    print("Everything as it should be." if good else "Something is not as it should be.")
    return 0 if good else 1


def show(server: Server, path: Path) -> bool:
    """Shows what the server says about one program, and what its fixes make of it."""
    text = path.read_text(encoding="utf-8")
    diagnostics = server.open(path.as_uri(), text)
    print(f"── {path.name} " + "─" * (70 - len(path.name)))
    if not diagnostics:
        output = run(text)
        print(f"   nothing to report; it prints: {output}\n")
        return path.name != PROGRAMS[0] and output.endswith("100")
    if path.name != PROGRAMS[0] or len(diagnostics) != 1:
        print(f"   not expected: {diagnostics}\n")
        return False
    print_diagnostic(diagnostics[0], text)
    print(f"   as it stands, it ends with: {run(text)}\n")
    return show_fixes(server, path, text, diagnostics[0])


def show_fixes(server: Server, path: Path, text: str, diagnostic: dict[str, Any]) -> bool:
    """Applies each rewrite to the text and runs the outcome."""
    document = {"uri": path.as_uri()}
    context = {"diagnostics": [diagnostic], "triggerKind": 1}
    request = {"textDocument": document, "range": diagnostic["range"], "context": context}
    actions = [resolved(server, action) for action in server.ask("textDocument/codeAction", request) or []]
    good: list[str] = []
    for action in actions:
        edits = edits_for(action, path.as_uri())
        if (
            action.get("kind") != "quickfix"
            or action.get("disabled")
            or not edits
            or action["title"].startswith("Ignore")
        ):
            continue
        after = applied(text, edits)
        left = server.open(path.as_uri().replace(".py", f"_{len(good)}.py"), after)
        output = run(after)
        preferred = " (preferred)" if action.get("isPreferred") else ""
        print(f"   → {action['title']}{preferred}")
        print_change(text, after)
        print(f"     it prints: {output}; {len(left)} findings left\n")
        if output.endswith("100") and not left:
            good.append(action["title"])
    return len(good) >= len(REWRITES)


def resolved(server: Server, action: dict[str, Any]) -> dict[str, Any]:
    """The action with its edit, which a server may leave for a second request."""
    if "edit" in action or "disabled" in action or "data" not in action:
        return action
    answer: dict[str, Any] = server.ask("codeAction/resolve", action)
    return answer


def print_diagnostic(diagnostic: dict[str, Any], text: str) -> None:
    """The diagnostic with the line it is on."""
    start, end = diagnostic["range"]["start"], diagnostic["range"]["end"]
    severity = {1: "error", 2: "warning", 3: "information"}[diagnostic["severity"]]
    line = text.split("\n")[start["line"]]
    print(f"   {start['line'] + 1:3} | {line}")
    print(f"       | {' ' * start['character']}{'^' * (end['character'] - start['character'])}")
    print(f"   {severity} [{diagnostic['code']}]: {diagnostic['message']}")
    for related in diagnostic.get("relatedInformation", []):
        print(f"   line {related['location']['range']['start']['line'] + 1}: {related['message']}")


def print_change(before: str, after: str) -> None:
    """The lines that are new."""
    old = before.split("\n")
    for number, line in enumerate(after.split("\n"), 1):
        if line not in old:
            print(f"     {number:3} + {line}")


def document(uri: str, text: str) -> dict[str, Any]:
    """A document as it is opened."""
    return {"uri": uri, "languageId": "python", "version": 1, "text": text}


def edits_for(action: dict[str, Any], uri: str) -> list[dict[str, Any]]:
    """The text edits that an action makes in a document."""
    edit = action.get("edit") or {}
    changes: list[dict[str, Any]] = list(edit.get("changes", {}).get(uri, []))
    for change in edit.get("documentChanges", []):
        if change.get("textDocument", {}).get("uri") == uri:
            changes += change["edits"]
    return changes


def applied(text: str, edits: list[dict[str, Any]]) -> str:
    """The text after the edits, the last one first so that the others keep their places."""
    starts = list(itertools.accumulate((len(line) + 1 for line in text.split("\n")), initial=0))
    spans = [
        (*(starts[edit["range"][end]["line"]] + edit["range"][end]["character"] for end in ("start", "end")), number)
        for number, edit in enumerate(edits)
    ]
    for start, end, number in sorted(spans, reverse=True):
        text = text[:start] + edits[number]["newText"] + text[end:]
    return text


def run(program: str) -> str:
    """The last line that a program prints, be it its result or its error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(program, encoding="utf-8")
        done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=60, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[-1] if lines else "(nothing)"


if __name__ == "__main__":
    sys.exit(main())
