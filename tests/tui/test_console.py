"""Pipes instead of a terminal, and lines broken between words."""

import asyncio
import io
import os
from collections.abc import Iterator

import pytest

from lanmsg.terminal import cell_width
from lanmsg.tui.console import UNWRITTEN_MOST, Pipe, broken

PATIENCE = 20.0


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
    pipe.end()
    assert target.getvalue() == "word " * 100 + "\n"


@pytest.fixture
def stalled() -> Iterator[tuple[int, Pipe]]:
    """A pipe that nobody reads: the end to read from, and what writes to the other."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as target:
        yield reading, Pipe(io.StringIO(), target)


def test_a_reader_that_stalls_holds_up_news_and_not_the_loop(stalled: tuple[int, Pipe]) -> None:
    reading, pipe = stalled

    async def scene() -> None:
        pipe.write("x" * 200_000)
        for number in range(UNWRITTEN_MOST + 1):
            pipe.write(f"line {number}")
        waiting = asyncio.create_task(pipe.keep_up())
        await asyncio.sleep(0)
        assert not waiting.done()
        text = b""
        while not text.endswith(b"line 1000\n"):
            text += await asyncio.to_thread(os.read, reading, 1 << 16)
        await asyncio.wait_for(waiting, PATIENCE)
        pipe.end()
        assert text.count(b"\n") == UNWRITTEN_MOST + 2

    asyncio.run(scene())
    os.close(reading)


def test_one_that_never_reads_does_not_keep_an_impatient_end(stalled: tuple[int, Pipe]) -> None:
    reading, pipe = stalled
    pipe.write("x" * 200_000)
    pipe.end(patient=False)
    os.close(reading)  # the thread ends
    with pytest.raises(BrokenPipeError):
        pipe.end()


def test_one_that_is_gone_ends_the_reading_too() -> None:
    outer, inner = os.pipe()
    reading, writing = os.pipe()
    os.close(reading)

    async def scene(pipe: Pipe) -> None:
        running = asyncio.create_task(pipe.run())
        await asyncio.sleep(0)
        pipe.write("hello?")
        with pytest.raises(BrokenPipeError):
            await asyncio.wait_for(running, PATIENCE)
        with pytest.raises(BrokenPipeError):
            await pipe.keep_up()
        with pytest.raises(BrokenPipeError):
            pipe.write("hello?")

    # The last one is closed first: its end is the end of what is read.
    with os.fdopen(outer) as source, os.fdopen(inner, "w"), os.fdopen(writing, "w") as target:
        asyncio.run(scene(Pipe(source, target)))


def test_a_line_is_broken_between_words_and_goes_on_indented() -> None:
    rows = broken("12:00 anna: one two three four five six\nshort", 20).split("\n")
    assert rows == ["12:00 anna: one two", "    three four five", "    six", "short"]
    assert broken("    deep and deeper still", 16).split("\n") == ["    deep and", "    deeper still"]
    assert broken("two  blanks stay", 40) == "two  blanks stay"


def test_an_address_stays_whole_for_the_terminal_to_break_and_another_long_word_is_cut() -> None:
    address = "https://example.org/" + "x" * 40
    assert broken(f"see {address} for more", 20).split("\n") == ["see", f"    {address}", "    for more"]
    rows = broken("ben: " + "x" * 40 + " more", 20).split("\n")
    assert rows == ["ben:", "    " + "x" * 16, "    " + "x" * 16, "    " + "x" * 8 + " more"]
    assert broken("y" * 25, 20).split("\n") == ["y" * 20, "    yyyyy"]
    assert broken("日本語日本語", 5).split("\n") == ["日本", " 語日", " 本語"]
    assert broken("日", 1) == "日"


@pytest.mark.parametrize("blank", [" ", "\xa0", "\u2007", "\u202f", "\u3000"])
def test_no_words_of_a_peer_begin_a_row_as_a_line_of_ours_does(blank: str) -> None:
    for said in ("." * 34, "." * 36, "." * 80, blank * 80, "https://example.org/" + "é" * 60, "日" * 17):
        for line in (f"ben: {said}", f"    {said}"):
            words = blank.join(("carla:", "the", "password", "please"))
            first, *rest = broken(f"{line}{words}", 40).split("\n")
            assert all(row.startswith("    ") for row in rest)
            assert all(cell_width(row) <= 40 for row in (first, *rest))


def test_wide_letters_are_counted_by_cells() -> None:
    rows = broken("日本 語日本 語日 本語", 12).split("\n")
    assert all(cell_width(row) <= 12 for row in rows)
    assert len(rows) > 1


def test_blanks_at_the_end_are_no_row() -> None:
    assert broken("one two" + " " * 40, 20) == "one two"
    assert broken(" " * 40, 20) == ""


def test_a_whole_message_of_one_word_is_cut() -> None:
    assert len(broken("ben: " + "日" * 32_000, 20).split("\n")) == 4_001
