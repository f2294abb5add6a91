"""Messages as bytes: a header with the length of the body, then the body. Loads nothing, as a start waits for this."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import BinaryIO, Protocol


class Sink(Protocol):
    """Where bytes are written to."""

    def write(self, data: bytes, /) -> object:
        """Take these bytes."""


class Framing:
    """Puts a header before each body and writes both at once. Implements the writer that pygls wants."""

    def __init__(self, sink: Sink, flush: Callable[[], object] | None = None) -> None:
        self._sink, self._flush = sink, flush
        self._closed = False

    def write(self, body: bytes) -> None:
        """Write one message; after the other end has gone this does nothing."""
        if self._closed:
            return
        try:
            self._sink.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            if self._flush is not None:
                self._flush()
        except (OSError, ValueError):
            self._closed = True

    def close(self) -> None:
        """Write nothing more."""
        self._closed = True


def content_length(header: bytes) -> int | None:
    """The length that a header line gives, None when the line is another field or makes no sense."""
    name, _, value = header.partition(b":")
    if name.strip().lower() != b"content-length":
        return None
    return int(value) if value.strip().isdigit() else None


def read_message(stream: BinaryIO) -> bytes | None:
    """The body of the next message, None at the end of the stream. Unknown headers and stray lines are passed over.

    Behind a length that no memory holds nothing can be read any more: that is the end, too.
    """
    length: int | None = None
    while True:
        line = stream.readline()
        if not line:
            return None
        if line.strip():
            found = content_length(line)
            length = found if found is not None else length
        elif length is not None:
            try:
                body = stream.read(length)
            except (OverflowError, MemoryError):
                return None
            return body if len(body) == length else None


def claim_stdout() -> Framing:
    """A private way out to stdout; what prints by mistake then goes to stderr and breaks no message."""
    private = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with contextlib.suppress(OSError):
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return Framing(private, private.flush)
