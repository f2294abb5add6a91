"""Comments that silence findings, also in text that is broken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tooearly.model import Cause, Finding, Span
from tooearly.source.lines import LineIndex
from tooearly.suppress import Suppressions, suppressed, unused_notice

CODE = "result-before-done"


def finding(span: Span, code: str = CODE) -> Finding:
    return Finding(code, "error", "always", "m", span, span, "result", "f", Cause("task", "fresh"))


def left(text: str, code: str = CODE) -> list[int]:
    """The rows (from 1) of the reads `t.result(...)` in the text that are still reported."""
    reads = [finding(Span(*match.span()), code) for match in re.finditer(r"t\.result\([^)]*\)", text)]
    lines = LineIndex(text)
    kept, _ = suppressed(text).apply(reads, lines)
    return [lines.position(found.span.start)[0] + 1 for found in kept]


def test_a_comment_on_the_line_names_the_rule() -> None:
    assert left("t.result()  # tooearly: ignore[result-before-done]\nt.result()\n") == [2]


@pytest.mark.parametrize(
    "comment",
    [
        "# tooearly: ignore",
        "#tooearly:ignore",
        "# tooearly: ignore  because it is done",
        "# noqa: E501  # tooearly: ignore[result-before-done]",
        "# tooearly: ignore [ blocking-result , result-before-done ]",
        "# tooearly: ignore[result-before-done] # and more",
    ],
)
def test_forms(comment: str) -> None:
    assert left(f"t.result()  {comment}\n") == []


@pytest.mark.parametrize(
    "comment",
    [
        "# tooearly: ignore[blocking-result]",
        "# tooearly: ignored",
        "# tooearly: ignore-next",
        "# tooearly ignore",
        "# xtooearly: ignore",
        "# tooearly: ignore[]",
    ],
)
def test_other_comments_say_nothing(comment: str) -> None:
    assert left(f"t.result()  {comment}\n") == [1]


def test_a_rule_of_another_name_is_not_silenced() -> None:
    assert left("t.result()  # tooearly: ignore[blocking-result]\n", "blocking-result") == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_statement_of_several_lines(end: str) -> None:
    first = "print(  # tooearly: ignore\n    t.result(),\n)\nt.result()\n".replace("\n", end)
    last = "print(\n    t.result(),\n)  # tooearly: ignore\nt.result()\n".replace("\n", end)
    own = "print(\n    t.result(),  # tooearly: ignore\n    t.result(),\n)\n".replace("\n", end)
    middle = "print(\n    1,  # tooearly: ignore\n    t.result(),\n)\n".replace("\n", end)
    assert (left(first), left(last), left(own), left(middle)) == ([4], [4], [3], [3])


def test_a_read_of_several_lines() -> None:
    assert left("x = t.result(\n)  # tooearly: ignore\n") == []
    assert left("x = t.result(  # tooearly: ignore\n)\n") == []


def test_backslashes_join_lines() -> None:
    assert left("x = 1 + \\\n    t.result() + \\\n    2  # tooearly: ignore\nt.result()\n") == [4]


def test_a_compound_statement_is_silenced_in_its_header_only() -> None:
    assert left("if t.result():  # tooearly: ignore\n    t.result()\n") == [2]


def test_not_in_strings() -> None:
    assert left("x = '# tooearly: ignore', t.result()\n") == [1]
    assert left('"""\n# tooearly: ignore-file\n"""\nt.result()\n') == [4]
    assert left("x = r'\\'  # tooearly: ignore', t.result()\n") == [1]
    assert left("f'{x}' + '\\'' ; t.result()  # tooearly: ignore\n") == []


def test_nested_quotes_of_newer_pythons() -> None:
    assert left('x = f"{d["#"]}", t.result()  # tooearly: ignore\n') == []


def test_ignore_file() -> None:
    assert left("t.result()\n# tooearly: ignore-file\n") == []
    assert left("t.result()\n# tooearly: ignore-file[blocking-result]\n") == [1]
    assert left("# tooearly: ignore-file[blocking-result]\nt.result()\n", "blocking-result") == []


def test_broken_text_keeps_what_it_says() -> None:
    open_bracket = "x = (1,\n\ndef f():\n    t.result()  # tooearly: ignore\n    t.result()\n"
    assert left(open_bracket) == [5]
    open_string = "x = 'abc\nt.result()  # tooearly: ignore\nt.result()\n"
    assert left(open_string) == [3]
    assert left("x = (\nclass A:\n  y = (\n    t.result()\n  )  # tooearly: ignore\n") == []


def test_an_unknown_rule_gets_a_notice_that_suggests() -> None:
    text = "x = 1\nt.result()  # tooearly: ignore[result-before-don, nonsense]\n"
    found = suppressed(text)
    assert [notice.message for notice in found.notices] == [
        "`tooearly: ignore` names no rule: `result-before-don`; did you mean `result-before-done`?",
        "`tooearly: ignore` names no rule: `nonsense`",
    ]
    assert {text[notice.span.start : notice.span.end] for notice in found.notices} == {
        "# tooearly: ignore[result-before-don, nonsense]"
    }
    assert left(text) == [2]


def test_unused_comments_are_told() -> None:
    text = "# tooearly: ignore-file[blocking-result]\nx = 1  # tooearly: ignore\nt.result()  # tooearly: ignore\n"
    read = finding(Span(text.index("t.r"), text.index("t.r") + 10))
    _, unused = suppressed(text).apply([read], LineIndex(text))
    assert [unused_notice(ignore).message for ignore in unused] == [
        "`tooearly: ignore-file[blocking-result]` silences nothing here",
        "`tooearly: ignore` silences nothing here",
    ]


def test_text_without_the_word_costs_nothing() -> None:
    assert suppressed("x = 1  # nothing\n") is suppressed("")


PIECES = st.sampled_from(
    ["'", '"', '"""', "'''", "\\", "\n", "\r", "(", ")", "#", " tooearly: ignore", "[", "]", "f", "def x", "é", "\x0c"]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text_is_scanned(text: str) -> None:
    found = suppressed(text)
    assert isinstance(found, Suppressions)
    for ignore in found.ignores:
        assert text[ignore.span.start] == "#"
        assert LineIndex(text).position(ignore.span.start)[0] == ignore.row


def test_comments_are_those_that_tokenize_finds() -> None:
    """On the sources of this project, each comment of which is given a directive."""
    import io
    import tokenize

    for path in sorted((Path(__file__).parent.parent / "server").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        rows = [token.start[0] - 1 for token in tokens if token.type == tokenize.COMMENT]
        lines = text.split("\n")
        for row in rows:
            lines[row] += " # tooearly: ignore"
        plain = [ignore.row for ignore in suppressed(text).ignores]
        assert [ignore.row for ignore in suppressed("\n".join(lines)).ignores if ignore.row not in plain] == rows
