"""`tooearly server`: the language server, whose libraries are loaded here and nowhere else on the command line."""

from __future__ import annotations

import argparse

from tooearly.cli.options import UsageError


def run(chosen: argparse.Namespace) -> int:
    """Runs the server until its client leaves; UsageError for a bad address."""
    address = None if chosen.tcp is None else _address(chosen.tcp)
    if address is not None and chosen.stdio:
        raise UsageError("--stdio and --tcp cannot be had together")
    from tooearly.lsp.start import main

    return main(address=address, log_file=chosen.log_file, log_level=chosen.log_level)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--tcp wants HOST:PORT, not {text!r}")
    return host.strip("[]") or "127.0.0.1", int(port)
