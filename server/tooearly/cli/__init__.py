"""The command line: options, files, output. It knows no protocol and never imports a server library."""

from __future__ import annotations

from tooearly.cli.entry import main

__all__ = ["main"]
