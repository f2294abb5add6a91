"""The options of every command, and their help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from tooearly import __version__

FORMATS = ("text", "concise", "json", "jsonl", "github", "gitlab", "sarif", "junit")
FIX_KINDS = ("await", "gather", "wait")

EXIT_STATUS = """\
exit status:
  0  nothing was found (with --fix: nothing remains)
  1  findings
  2  tooearly could not do what was asked: a bad option, a missing path, an invalid configuration
"""


class UsageError(Exception):
    """What was asked cannot be done; the message is one line for people."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, and that takes no shortened options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see `{self.prog} --help`)")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line; UsageError for what cannot be understood, SystemExit after --help and --version."""
    parser = _Parser(
        prog="tooearly",
        description="Finds asyncio results that are read before the task is done, and rewrites them.",
        epilog=EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tooearly {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    _check(commands.add_parser("check", help="report results that are read too early"))
    _server(commands.add_parser("server", help="run the language server"))
    _inspection(commands)
    return parser.parse_args(arguments)


def _check(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXIT_STATUS
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="files and folders, `-` for standard input (default: this folder)")
    add("--output-format", choices=FORMATS, default="text", metavar="FORMAT", help="one of: " + ", ".join(FORMATS))
    add("--stdin-filename", metavar="FILE", help="the name of the text on standard input")
    add("--fix", action="store_true", help="rewrite the files with the preferred safe fixes")
    add("--diff", action="store_true", help="show what --fix would change, and change nothing")
    add(
        "--fix-with",
        choices=FIX_KINDS,
        metavar="await|gather|wait",
        help="like --fix, with this kind where it is offered",
    )
    add("--unsafe-fixes", action="store_true", help="also apply fixes that may change what the program does")
    _settings(parser)
    add("--exit-zero", action="store_true", help="exit with 0 also when there are findings")
    add("--statistics", action="store_true", help="add counts, times and notices about the run")
    add("--jobs", type=_jobs, default=0, metavar="N", help="processes to use (default: one a processor for big trees)")


def _settings(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--select", action="append", metavar="RULES", help="check only these rules (separated by commas, or `all`)")
    add("--ignore", action="append", metavar="RULES", help="do not check these rules")
    add("--config", metavar="FILE", help="the configuration, in place of the nearest pyproject.toml or tooearly.toml")


def _server(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--stdio", action="store_true", help="speak over standard input and output (the default)")
    add("--tcp", metavar="HOST:PORT", help="wait for one client on this address")
    add("--log-file", metavar="FILE", help="write the log to this file")
    add("--log-level", choices=("error", "warning", "info", "debug"), default="info", metavar="LEVEL")


def _inspection(commands: argparse._SubParsersAction[_Parser]) -> None:
    explain = commands.add_parser("explain", help="explain a rule, or the findings of one line")
    explain.add_argument("subject", metavar="RULE|FILE:LINE")
    states = commands.add_parser("states", help="print a file with the state of each task at each line")
    states.add_argument("file", metavar="FILE")
    cfg = commands.add_parser("cfg", help="print the control-flow graph of a function")
    cfg.add_argument("subject", metavar="FILE::FUNCTION")
    cfg.add_argument("--dot", action="store_true", help="in the language of Graphviz")
    rows = commands.add_parser("rows", help="print the API rows in force and where each comes from")
    for parser in (explain, states, rows):
        parser.add_argument("--config", metavar="FILE", help="the configuration, in place of the nearest one")


def _jobs(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes")
    return int(text)
