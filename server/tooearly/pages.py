"""The pages of the rules: Markdown that ships with the package."""

from __future__ import annotations

from importlib import resources


def page(code: str) -> str:
    """The page of a rule."""
    return resources.files("tooearly.rules").joinpath(f"{code}.md").read_text(encoding="utf-8")
