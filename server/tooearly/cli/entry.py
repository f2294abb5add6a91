"""The command `tooearly`: reads the options, runs a command, gives the exit status.

Every way out is here: a wrong option or setting is one line on standard error and status 2, Ctrl-C is status 130
without a word, a reader that closed our output early (`tooearly check | head`) ends us quietly.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

from tooearly.cli import options
from tooearly.cli.options import UsageError
from tooearly.cli.streams import Streams, standard
from tooearly.config import ConfigError

FAILED = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    streams = standard()
    try:
        status = _run(options.parse(arguments), streams)
        streams.out.flush()
    except (UsageError, ConfigError) as error:
        streams.warn(f"tooearly: {error}")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    return status


def _run(chosen: argparse.Namespace, streams: Streams) -> int:
    match chosen.command:
        case "check":
            from tooearly.cli import check

            return check.run(chosen, streams)
        case "server":
            from tooearly.cli import serve

            return serve.run(chosen)
        case _:
            from tooearly.cli import inside

            return inside.run(chosen, streams)


def _reader_left() -> int:
    """Keeps the interpreter from complaining about the closed pipe when it flushes at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
