"""What `--statistics` says about a run: counts, times, and what was left out or needs a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tooearly.cli.results import Checked, Source

SLOWEST = 3


def table(results: Sequence[Checked], seconds: float) -> str:
    """Lines for people; `seconds` is the time of the whole run by the clock on the wall."""
    analysed = [checked for checked in results if checked.text]
    rules = Counter(finding.code for checked in results for finding in checked.findings)
    certain = sum(finding.certainty == "always" for checked in results for finding in checked.findings)
    lines = [
        "",
        f"{len(results):>8} files, {len(analysed)} of them with a possible read",
        f"{sum(checked.functions for checked in results):>8} functions analysed",
        f"{sum(rules.values()):>8} findings, {certain} of them certain",
        *(f"{count:>8} {code}" for code, count in rules.most_common()),
        f"{sum(bool(checked.warning) for checked in results):>8} files with a warning",
        f"{seconds:>7.2f}s in all, {sum(checked.seconds for checked in results):.2f}s in files",
        *_slowest(analysed),
        *(line for checked in results for line in _notices(checked)),
    ]
    return "".join(f"{line}\n" for line in lines)


def _slowest(analysed: Sequence[Checked]) -> list[str]:
    slow = sorted(analysed, key=lambda checked: -checked.seconds)[:SLOWEST]
    return [f"{checked.seconds:>7.2f}s {checked.path}" for checked in slow]


def _notices(checked: Checked) -> list[str]:
    if not checked.notices:
        return []
    source = Source(checked.path, checked.text)
    return [f"{source.place(notice.span.start)}: {notice.kind}: {notice.message}" for notice in checked.notices]
