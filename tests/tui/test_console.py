"""Pipes instead of a terminal, and lines broken between words."""

import asyncio
import io

from lanmsg.terminal import cell_width
from lanmsg.tui.console import Pipe, broken


def test_lines_of_a_pipe_until_its_end() -> None:
    async def scene() -> list[str]:
        pipe = Pipe(io.StringIO("one\r\n\ntwo"), io.StringIO())
        taken: list[str] = []
        pipe.took = taken.append
        await pipe.run()
        return taken

    assert asyncio.run(scene()) == ["one", "", "two"]


def test_what_goes_into_a_pipe_is_whole_lines_and_no_prompt() -> None:
    target = io.StringIO()
    pipe = Pipe(io.StringIO(), target)
    pipe.ask("ben> ")
    pipe.write("word " * 100)
    assert target.getvalue() == "word " * 100 + "\n"


def test_a_line_is_broken_between_words_and_goes_on_indented() -> None:
    rows = broken("12:00 anna: one two three four five six\nshort", 20).split("\n")
    assert rows == ["12:00 anna: one two", "    three four five", "    six", "short"]
    assert broken("    deep and deeper still", 16).split("\n") == ["    deep and", "    deeper still"]
    assert broken("two  blanks stay", 40) == "two  blanks stay"


def test_a_long_word_stays_whole_for_the_terminal_to_break() -> None:
    address = "https://example.org/" + "x" * 40
    assert broken(f"see {address} for more", 20).split("\n") == ["see", f"    {address}", "    for more"]


def test_wide_letters_are_counted_by_cells() -> None:
    rows = broken("日本 語日本 語日 本語", 12).split("\n")
    assert all(cell_width(row) <= 12 for row in rows)
    assert len(rows) > 1
