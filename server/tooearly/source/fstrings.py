"""."""
from __future__ import annotations
import ast


def relocate(body: list[ast.stmt], source: str, skip: int) -> None:
    """."""
