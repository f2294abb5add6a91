"""The output formats: each a function from what was found to text. None of them writes anything."""

from __future__ import annotations

from collections.abc import Callable

from tooearly.cli.formats.outcome import Outcome


def named(name: str) -> Callable[[Outcome], str]:
    """The function for a format's name; only the module it needs is loaded."""
    match name:
        case "json" | "jsonl":
            from tooearly.cli.formats import data

            return data.as_json if name == "json" else data.as_jsonl
        case "github" | "gitlab" | "junit":
            from tooearly.cli.formats import hosting

            return {"github": hosting.github, "gitlab": hosting.gitlab, "junit": hosting.junit}[name]
        case "sarif":
            from tooearly.cli.formats import sarif

            return sarif.sarif
        case _:
            from tooearly.cli.formats import plain

            return plain.concise if name == "concise" else plain.text
