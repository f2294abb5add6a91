"""The three standard streams, as the commands get them."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from typing import BinaryIO, TextIO


@dataclass(frozen=True, slots=True)
class Streams:
    """Where input comes from, where results go, and where words about the run go."""

    source: BinaryIO
    out: TextIO
    err: TextIO

    def warn(self, message: str) -> None:
        """One line to standard error, whatever the message holds."""
        self.err.write(" ".join(message.splitlines()) + "\n")

    @property
    def color(self) -> bool:
        """Whether results are seen on a terminal that may be coloured (https://no-color.org)."""
        wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return wanted and self.out.isatty()


def standard() -> Streams:
    """The process's own streams; a character that they cannot show is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return Streams(sys.stdin.buffer, sys.stdout, sys.stderr)
