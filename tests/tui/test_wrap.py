"""Text into rows: between words, at the width, and in linear time whatever is sent."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanmsg.terminal import Kind, cell_width, printable
from lanmsg.tui.wrap import ROWS_MAX, wrap


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        ("one two three four", 9, ["one two", "three", "four"]),
        ("a" * 25, 10, ["a" * 10, "a" * 10, "a" * 5]),
        ("  indented words", 10, ["  indented", "words"]),
        ("first\n\nthird", 9, ["first", "", "third"]),
        ("日本語日本語 abc", 7, ["日本語", "日本語", "abc"]),
        ("two  blanks", 4, ["two", "blan", "ks"]),
        ("", 5, [""]),
        ("日本", 1, ["日", "本"]),
    ],
)
def test_rows_break_between_words(text: str, width: int, rows: list[str]) -> None:
    assert wrap(text, width) == rows


def test_the_first_row_may_have_another_width() -> None:
    assert wrap("hello world foo", 5, first=11) == ["hello world", "foo"]
    assert wrap("hello world", 11, first=5) == ["hello", "world"]


@given(st.text(max_size=300), st.integers(1, 40))
def test_nothing_is_lost_but_blanks_and_no_row_is_too_wide(text: str, width: int) -> None:
    text = printable(text, Kind.TEXT)
    rows = wrap(text, width, limit=1000)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert all(cell_width(row) <= max(width, 2) for row in rows)


def test_a_long_message_ends_with_a_row_that_says_so() -> None:
    rows = wrap("x\n" * 1000, 50)
    assert len(rows) == ROWS_MAX + 1
    assert "lanmsg history" in rows[-1]


@pytest.mark.parametrize(
    "text", ["a" * 60_000, "日" * 60_000, "\u0301" * 60_000, " " * 60_000, "a " * 30_000]
)
def test_a_hostile_word_takes_milliseconds(text: str) -> None:
    start = process_time()
    wrap(text, 80, limit=10**9)
    assert process_time() - start < 0.3
