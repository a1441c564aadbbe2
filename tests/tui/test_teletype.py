"""Lines that are only added: on a terminal that edits, and on one that knows no more than backspace."""

import asyncio
import io
import os
import pty
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pyte
import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from lanmsg.api import steady_clock
from lanmsg.tui import teletype
from lanmsg.tui.console import Pipe
from lanmsg.tui.state import Candidate
from lanmsg.tui.teletype import PASTE_SECONDS, Teletype, console_of, echoes

PATIENCE = 20.0
PASTE = "\x1b[200~{}\x1b[201~"


class Seen(io.StringIO):
    """What a person sees of what was written."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.screen = pyte.Screen(columns, 20)
        self._stream = pyte.Stream(self.screen)
        self._fed = 0

    @property
    def rows(self) -> list[str]:
        written = self.getvalue()
        # The kernel makes a carriage return of each line end.
        self._stream.feed(written[self._fed :].replace("\r\n", "\n").replace("\n", "\r\n"))
        self._fed = len(written)
        return [row.rstrip() for row in self.screen.display if row.strip()]


class Desk:
    """A teletype with somebody at it."""

    def __init__(self, keys: PipeInput, *, dumb: bool, columns: int) -> None:
        self.seen = Seen(columns)
        self.keys = keys
        output = None if dumb else Vt100_Output(self.seen, lambda: Size(20, columns), enable_cpr=False)
        self.teletype = Teletype(self.seen, lambda: columns, output=output, keys_from=keys)
        self.lines: list[str] = []
        self.teletype.took = self.lines.append

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await asyncio.sleep(0.01)

    async def shows(self, *rows: str) -> None:
        try:
            await self.until(lambda: self.seen.rows[-len(rows) :] == list(rows))
        except TimeoutError:
            raise AssertionError(self.seen.rows) from None

    async def type(self, keys: str, *rows: str) -> None:
        self.keys.send_text(keys)
        await self.shows(*rows)


@asynccontextmanager
async def sitting(*, dumb: bool, columns: int = 40) -> AsyncIterator[Desk]:
    with create_pipe_input() as keys, create_app_session(input=keys):
        desk = Desk(keys, dumb=dumb, columns=columns)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(desk.teletype.run())
            desk.teletype.ask("ben> ")
            await desk.shows("ben>")
            yield desk
            desk.teletype.stop()
            await running
            desk.teletype.end()
        assert not dumb or "\x1b" not in desk.seen.getvalue()
        assert not dumb or "\r" not in desk.seen.getvalue()


@pytest.mark.parametrize("dumb", [True, False])
def test_news_leave_what_is_typed_whole(*, dumb: bool) -> None:
    async def scene() -> None:
        async with sitting(dumb=dumb) as desk:
            await desk.type("half a li", "ben> half a li")
            desk.teletype.write("anna is here")
            desk.teletype.write("anna: are you there, or is this one of those days?")
            news = ["anna is here", "anna: are you there, or is this one of", "    those days?"]
            await desk.shows(*news, "ben> half a li")
            await desk.type("ne\r", *news, *(["ben> half a line"]))
            assert desk.lines == ["half a line"]
            before = [row for row in desk.seen.rows if row == "ben> half a li"]
            assert len(before) == (1 if dumb else 0)

    asyncio.run(scene())


@pytest.mark.parametrize("dumb", [True, False])
def test_the_prompt_is_said_once_and_comes_back_with_the_first_key(*, dumb: bool) -> None:
    async def scene() -> None:
        async with sitting(dumb=dumb) as desk:
            for name in ("anna", "carla", "dora"):
                desk.teletype.write(f"{name} is here")
            await desk.shows(*(["ben>"] if dumb else []), "anna is here", "carla is here", "dora is here")
            await desk.type("x", "dora is here", "ben> x")
            await desk.type("\x7f\r", "dora is here", "ben>", *(["ben>"]))
            assert desk.lines == []

    asyncio.run(scene())


@pytest.mark.parametrize("dumb", [True, False])
def test_a_line_is_edited(*, dumb: bool) -> None:
    async def scene() -> None:
        async with sitting(dumb=dumb) as desk:
            await desk.type("helo\x1b[D", "ben> helo")
            await desk.type("l\x1b[F!", "ben> hello!")
            await desk.type("\x17", "ben>")
            await desk.type("one two\x7f\x7f\x7fsix", "ben> one six")
            await desk.type("\x03", "ben> one six", "put aside; the up arrow brings it back", "ben>")
            await desk.type("\x1b[A", "put aside; the up arrow brings it back", "ben> one six")
            desk.keys.send_text(" and so on and on and on and on\r")
            await desk.shows("ben> one six and so on and on and on and", " on" if dumb else "    on")
            assert desk.lines == ["one six and so on and on and on and on"]

    asyncio.run(scene())


@pytest.mark.parametrize("dumb", [True, False])
def test_a_paste_never_sends(monkeypatch: pytest.MonkeyPatch, *, dumb: bool) -> None:
    together = 10 * PASTE_SECONDS  # this machine may be slow
    monkeypatch.setattr(teletype, "PASTE_SECONDS", together)

    async def scene() -> None:
        async with sitting(dumb=dumb) as desk:
            desk.keys.send_text(PASTE.format("one\r\ntwo\r"))
            await desk.until(lambda: desk.teletype.draft == "one\ntwo\n")
            desk.keys.send_text("three\r")
            await desk.until(lambda: desk.lines == ["one\ntwo\nthree"])
            # A terminal that does not mark it: several lines in one read, the last one ended as well.
            desk.keys.send_text("four\rfive\r")
            await desk.until(lambda: "2 lines came at once" in "".join(desk.seen.rows))
            assert desk.teletype.draft == "four\nfive\n"
            since = steady_clock()
            await desk.until(lambda: steady_clock() > since + together)
            desk.keys.send_text("\r")
            await desk.until(lambda: desk.lines[1:] == ["four\nfive\n"])

    asyncio.run(scene())


def test_a_long_line_is_said_again_only_when_an_earlier_row_changes() -> None:
    async def scene() -> None:
        async with sitting(dumb=True) as desk:
            long = "a line of more than forty cells, as it were"
            await desk.type(long, f"ben> {long}"[:40], f"ben> {long}"[40:])
            await desk.type("\x7f\x7fas", f"ben> {long}"[:40], f"ben> {long[:-2]}as"[40:])
            assert desk.seen.getvalue().count("ben> a line") == 1
            await desk.type("\x01x", f"ben> x{long}"[:40], f"ben> x{long[:-2]}as"[40:])
            assert desk.seen.getvalue().count("ben> xa line") == 1

    asyncio.run(scene())


def test_commands_of_a_script_are_carried_out_however_quickly_they_come() -> None:
    async def scene() -> None:
        async with sitting(dumb=True) as desk:
            desk.keys.send_text("/msg ben\r/who\n/quit\r")
            await desk.until(lambda: desk.lines == ["/msg ben", "/who", "/quit"])

    asyncio.run(scene())


@pytest.mark.parametrize("paste", ["/home/a\rthe secret\r", "/home/a\rthe secret\r/home/b\rand more\r"])
def test_what_was_pasted_behind_a_line_that_looks_like_a_command_is_not_sent(
    monkeypatch: pytest.MonkeyPatch, paste: str
) -> None:
    monkeypatch.setattr(teletype, "PASTE_SECONDS", PATIENCE)  # however slow this machine is

    async def scene() -> None:
        async with sitting(dumb=True) as desk:
            desk.keys.send_text(paste)
            await desk.until(lambda: "came at once" in "".join(desk.seen.rows))
            assert desk.lines == ["/home/a"]
            assert desk.teletype.draft == paste.removeprefix("/home/a\r").replace("\r", "\n")

    asyncio.run(scene())


def test_ways_out() -> None:
    async def scene() -> None:
        async with sitting(dumb=True) as desk:
            await desk.type("\x04", "ben>")
            await desk.until(lambda: desk.lines == ["/quit"])
            await desk.type("\x03", "Ctrl-C again to quit")
            desk.keys.send_text("\x03")
            await desk.until(lambda: not desk.teletype.application.is_running)

    asyncio.run(scene())


def test_tab_goes_on_as_far_as_all_agree_then_lists() -> None:
    async def scene() -> None:
        async with sitting(dumb=True) as desk:
            found = [Candidate("/me ", 0, "/me TEXT"), Candidate("/mute ", 0, "/mute PEER")]
            desk.teletype.complete = lambda before: [each for each in found if each.text.startswith(before)]
            await desk.type("/\t", "ben> /m")
            await desk.type("\t", "/me TEXT, /mute PEER", "ben> /m")
            await desk.type("u\t", "ben> /mute")
            assert desk.teletype.draft == "/mute "

    asyncio.run(scene())


def test_what_the_streams_are_decides() -> None:
    """A terminal that does not echo, as an editor's shell window, gives whole lines."""
    outer, inner = pty.openpty()
    with os.fdopen(inner, "r") as source, os.fdopen(os.dup(inner), "w") as target:
        assert echoes(source)
        assert isinstance(console_of(source, io.StringIO()), Pipe)
        assert isinstance(console_of(io.StringIO(), target), Pipe)
        assert isinstance(console_of(source, target), Teletype)
        modes = termios.tcgetattr(inner)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(inner, termios.TCSANOW, modes)
        assert not echoes(source)
        assert isinstance(console_of(source, target), Pipe)
    os.close(outer)
