"""What every output format is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tooearly.cli.results import Checked, Placed, placed


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run: its files, its findings in order, and how to show them."""

    results: Sequence[Checked]
    findings: Sequence[Placed] = field(default=())
    fixing: bool = False
    color: bool = False

    @property
    def fixed(self) -> int:
        """How many findings were fixed away."""
        return sum(checked.fixed for checked in self.results)


def outcome(results: Sequence[Checked], *, fixing: bool = False, color: bool = False) -> Outcome:
    """The outcome of these results."""
    return Outcome(results, placed(results), fixing, color)
