"""Where the page of a rule is, for editors and machine-readable output."""

from __future__ import annotations

HOME = "https://tooearly.dev"


def url(code: str) -> str:
    """The address of a rule's page."""
    return f"{HOME}/rules/{code}"
