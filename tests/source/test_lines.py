"""Rows and columns: the three line ends of the protocol, and columns in the units of each encoding."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tooearly.source.lines import LineIndex, apply_change, line_ends

texts = st.text(alphabet=st.sampled_from("ab \n\r\x0b\x0c\x1c\x85\u2028é💥"), max_size=40)


@given(texts)
def test_lines_end_as_the_protocol_says(text: str) -> None:
    lines = re.split(r"\r\n|\r|\n", text)
    index = LineIndex(text)
    assert [index.line(row) for row in range(index.line_count)] == lines
    assert line_ends(text) == len(lines) - 1


@given(texts)
def test_every_offset_has_a_position_and_back(text: str) -> None:
    index = LineIndex(text)
    for offset in range(len(text) + 1):
        row, column = index.position(offset)
        inside_line_end = offset > 0 and text[offset - 1 : offset + 1] == "\r\n"
        assert index.offset(row, column) == offset - inside_line_end


@given(texts, st.integers(-3, 60), st.integers(-3, 60))
def test_positions_outside_the_text_are_clamped(text: str, row: int, column: int) -> None:
    index = LineIndex(text)
    offset = index.offset(row, column)
    assert 0 <= offset <= len(text)
    assert index.position(row * column)[0] < index.line_count


@pytest.mark.parametrize(
    ("encoding", "codec", "size"), [("utf-8", "utf-8", 1), ("utf-16", "utf-16-le", 2), ("utf-32", "utf-32-le", 4)]
)
@given(text=texts)
def test_columns_in_code_units(encoding: str, codec: str, size: int, text: str) -> None:
    index = LineIndex(text)
    for row in range(index.line_count):
        line = index.line(row)
        for column in range(len(line) + 1):
            units = index.encoded_column(row, column, encoding)  # type: ignore[arg-type]
            assert units == len(line[:column].encode(codec)) // size
            assert index.decoded_column(row, units, encoding) == column  # type: ignore[arg-type]


def test_a_column_inside_a_character_is_rounded_down() -> None:
    index = LineIndex("a💥b")
    assert [index.decoded_column(0, units, "utf-16") for units in range(6)] == [0, 1, 1, 2, 3, 3]
    assert [index.decoded_column(0, units, "utf-8") for units in range(8)] == [0, 1, 1, 1, 1, 2, 3, 3]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0c\n"])
def test_cpython_counts_the_same_lines(end: str) -> None:
    text = f"x = 1{end}y = '''a\x85{end}b'''{end}z = 3"
    last = ast.parse(text).body[-1]
    assert LineIndex(text).offset(last.lineno - 1, last.col_offset) == text.index("z")


@given(texts, st.integers(-3, 50), st.integers(-3, 50), st.text(max_size=3))
def test_a_change_replaces_a_range(text: str, start: int, end: int, new: str) -> None:
    changed = apply_change(text, start, end, new)
    low, high = sorted((min(max(start, 0), len(text)), min(max(end, 0), len(text))))
    assert changed == text[:low] + new + text[high:]
