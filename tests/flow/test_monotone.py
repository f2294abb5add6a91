"""More possible at the entry, no fewer findings: a program whose flag is not known has those of both its values.

Programs are made of a few lines that make, keep, wait for and read tasks. What is compared is what the engine has seen
at each read.
"""

from __future__ import annotations

import textwrap

from hypothesis import given, settings
from hypothesis import strategies as st

from tooearly.flow.analyse import Analysis, analyse
from tooearly.semantics.modules import build_module
from tooearly.semantics.rows import rows_with
from tooearly.source.tree import parse

SIMPLE = [
    "a = asyncio.create_task(work())",
    "b = asyncio.create_task(work())",
    "a, b = b, a",
    "b = a",
    "ts.append(a)",
    "ts = [a, b]",
    "await a",
    "await asyncio.sleep(0)",
    "await asyncio.gather(a, b)",
    "await asyncio.gather(*ts)",
    "done, ts = await asyncio.wait([a, b], return_when=asyncio.FIRST_COMPLETED)",
    "a.cancel()",
    "a.result()",
    "b.exception()",
]
OPENING = [
    "if flag:",
    "if not flag:",
    "if a.done():",
    "while not b.done():",
    "for t in ts:",
    "try:",
]
READS = "a.result()\nb.result()\nfor t in ts:\n    t.result()\n"


def nested(opening: str, body: list[str], other: list[str]) -> str:
    ending = {"try:": "except Exception:", "if flag:": "else:"}.get(opening, "")
    text = opening + "\n" + textwrap.indent("\n".join(body), "    ")
    return text + (f"\n{ending}\n" + textwrap.indent("\n".join(other), "    ") if ending else "")


simple = st.lists(st.sampled_from(SIMPLE), min_size=1, max_size=3)
statements = st.one_of(
    st.sampled_from(SIMPLE),
    st.builds(nested, st.sampled_from(OPENING), simple, simple),
)
programs = st.lists(statements, min_size=1, max_size=7).map("\n".join)


def analysed(body: str, first: str) -> Analysis:
    start = f"{first}\na = asyncio.create_task(work())\nb = asyncio.create_task(work())\nts = [a]\n"
    text = "import asyncio\n\nasync def main(flag):\n" + textwrap.indent(start + body + "\n" + READS, "    ")
    module = build_module(parse(text))
    (root,) = module.functions
    return analyse(module, root, rows_with(()), None, eager=False)


def early(analysis: Analysis) -> dict[tuple[int, int], bool]:
    """The reads that may be too early, and whether they always are."""
    return {
        (site.line, site.column): report.certain and not (report.fine or report.unproven)
        for (site, _), report in analysis.reports.items()
        if report.early
    }


@settings(max_examples=60, deadline=None)
@given(programs)
def test_an_unknown_flag_has_the_findings_of_both_values(body: str) -> None:
    wide = analysed(body, "pass")
    assert all("internal" not in given_up.why for given_up in wide.given_up)
    if wide.given_up:
        return
    for value in ("True", "False"):
        narrow = analysed(body, f"flag = {value}")
        assert narrow.given_up == [], value
        found, all_found = early(narrow), early(wide)
        assert found.keys() <= all_found.keys(), value
        assert {read for read in found if not found[read]} <= {read for read in found if not all_found[read]}, value
