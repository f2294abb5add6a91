"""The first moment of a server on stdio: `initialize` is answered before the libraries are there.

Loading the protocol's types takes longer than all else of a start, and an editor sends nothing before it has its
answer. What is answered depends on the client's abilities alone (`capabilities`). The message is then handled as every
other, but for the answer. Whatever is not as expected here is left to the protocol.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

from tooearly.lsp import capabilities
from tooearly.lsp.framing import Framing, claim_stdout, read_message


@dataclass(frozen=True, slots=True)
class Greeting:
    """The way out to the client, and its first message. `answered`: the id of an `initialize` that has its answer."""

    writer: Framing
    body: bytes | None
    answered: Any = None


def greet() -> Greeting:
    """Take the first message from stdin, and answer it if it is a plain `initialize`."""
    writer, body = claim_stdout(), read_message(sys.stdin.buffer)
    try:
        message = json.loads(body or b"null")
        if message["method"] != "initialize" or message["id"] is None:
            return Greeting(writer, body)
        result = capabilities.answer(capabilities.read(message["params"]))
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
    except (ValueError, TypeError, KeyError, AttributeError):
        return Greeting(writer, body)
    writer.write(json.dumps(answer, separators=(",", ":")).encode("ascii"))
    return Greeting(writer, body, message["id"])


def main(*, address: tuple[str, int] | None = None, log_file: str | None = None, log_level: str = "info") -> int:
    """The server of the command line: on stdio, or on a TCP address. Raises nothing for a bad log file."""
    if log_file is not None:
        try:
            with open(log_file, "a", encoding="utf-8"):  # noqa: PTH123 - pathlib takes its time to load
                pass
        except OSError as error:
            sys.stderr.write(f"tooearly: cannot write the log: {error}\n")
            return 2
    greeting = greet() if address is None else None
    from tooearly.lsp import server

    return server.main(address=address, log_file=log_file, log_level=log_level, greeting=greeting)
