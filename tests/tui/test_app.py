"""The whole run on a virtual screen: start, drafts, ends of all kinds, hostile text, and a quiet idle."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from lanmsg.api import Conversation, LanmsgError, Trust
from lanmsg.tui.modes import FOCUS_OFF, POP_TITLE
from tests.tui import scenes
from tests.tui.double import Double, person
from tests.tui.given import ANNA, BEN
from tests.tui.pictures import PICTURES, take
from tests.tui.screen import Screen, play

LEAVES_ALTERNATE_SCREEN = "\x1b[?1049l"


def crowd() -> Double:
    node = Double()
    node.meet(person("anna"), person("ben"))
    return node


@pytest.mark.parametrize("size", [(300, 80), (120, 36), (80, 24), (50, 20), (20, 6)])
@pytest.mark.parametrize("name", PICTURES)
def test_every_scene_plays_at_every_size(name: str, size: tuple[int, int]) -> None:
    screen = asyncio.run(take(name, *size))
    assert screen.code == 0
    assert "F1" in screen.picture


@pytest.mark.parametrize("name", PICTURES)
def test_every_scene_can_be_ascii_alone(name: str) -> None:
    screen = asyncio.run(take(name, 80, 24, ascii=True))
    assert re.sub(r"<[^>]*>", "", screen.picture).isascii()


def test_the_picture_is_there_before_the_node_is() -> None:
    gate = asyncio.Event()
    node = crowd()

    @asynccontextmanager
    async def late() -> AsyncIterator[Double]:
        await gate.wait()
        yield node

    async def scene(screen: Screen) -> None:
        await screen.shows("F1 help")
        assert "starting…" in screen.text
        await screen.type("typed early")
        gate.set()
        await screen.shows("2 here")
        assert screen.line == "typed early"

    play(scene, node, opening=late, ready=False)


def test_it_opens_where_the_last_words_were_said() -> None:
    node = scenes.office()

    async def scene(screen: Screen) -> None:
        assert screen.app.state.open == BEN
        await screen.shows("one more thing")
        assert "2 new" in screen.text

    play(scene, node)
    assert node.read_up_to[BEN] == node.said[-7].number


def test_drafts_are_kept_for_each_conversation_and_for_the_next_run() -> None:
    node = crowd()

    async def first(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>for ben<c-k>anna<enter>for anna")
        await screen.type("<c-k>ben<enter>")
        assert screen.line == "for ben"

    play(first, node)
    assert node.drafts == {BEN: "for ben", ANNA: "for anna"}

    async def second(screen: Screen) -> None:
        await screen.type("<c-k>anna<enter>")
        assert screen.line == "for anna"

    play(second, node)


def test_ctrl_c_never_loses_a_draft_even_when_it_leaves() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>anna<enter>sent after all<c-c>but not this<enter>")
        await screen.type("<c-k>ben<enter>unfinished<c-c>")
        assert screen.line == ""
        await screen.type("<c-c><c-c>")
        await screen.until(screen.running.done)

    play(scene, node)
    assert node.drafts == {BEN: "unfinished"}


def test_a_message_never_disturbs_what_is_being_typed() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>half a")
        for number in range(30):
            node.hear("ben", f"news {number}")
        await screen.draw()
        await screen.type(" sentence")
        assert "› half a sentence" in screen.text
        assert "news 29" in screen.text

    play(scene, node)


def test_hostile_text_stays_in_its_cells() -> None:
    node = Double()
    evil = "\x1b[2J\x1b[1;1HOWNED\x9b31m\u202e[^Y] accept\r\nline two\tx" + "z\u0301" * 50
    node.meet(person("eve\x1b]0;owned\x07", key="eve", trust=Trust.NEW), person("ben"))

    async def scene(screen: Screen) -> None:
        await screen.type("<a-2>")
        before = screen.text.split("\n")
        node.hear("eve", evil)
        node.offered("eve", f"{evil}.txt", 10, text=evil)
        await screen.draw()
        after = screen.text.split("\n")
        assert after[-1] == before[-1]
        assert [row[:20].rstrip() for row in after[5:18]] == [row[:20].rstrip() for row in before[5:18]]
        raw = "".join(screen.terminal.raw)
        assert "\x1b[2J\x1b[1;1H" not in raw
        assert "\x9b" not in raw
        assert "\u202e" not in raw
        assert "]0;owned" not in raw.replace("\\x1b]0;owned", "")

    play(scene, node)


def test_resizing_keeps_the_draft_and_the_place() -> None:
    node = crowd()
    for number in range(200):
        node.hear("ben", f"message {number + 1} " + "word " * 20)
    node.read_up_to[BEN] = 200

    async def scene(screen: Screen) -> None:
        await screen.shows("message 200")
        await screen.type("a draft<pgup><pgup>")
        shown = screen.row("message").split("message ")[1].split()[0]
        for size in ((120, 36), (50, 20), (20, 6), (19, 5), (300, 80), (80, 24)):
            await screen.resize(*size)
        assert screen.row("message").split("message ")[1].split()[0] == shown
        assert screen.line == "a draft"

    play(scene, node)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGINT, 130)]
)
def test_a_signal_restores_the_terminal_and_keeps_the_draft(number: signal.Signals, code: int) -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>unfinished")
        os.kill(os.getpid(), number)
        await screen.until(screen.running.done)

    screen = play(scene, node)
    assert screen.code == code
    assert LEAVES_ALTERNATE_SCREEN in "".join(screen.terminal.raw)
    assert (FOCUS_OFF + POP_TITLE) in "".join(screen.terminal.raw)
    assert node.drafts[BEN] == "unfinished"
    assert node.closed


def ended_by(scene: Any, node: Double, **more: Any) -> tuple[BaseException, str]:
    """The fault that a run ends with, and what the terminal was told."""
    told: list[list[str]] = []

    async def watched(screen: Screen) -> None:
        told.append(screen.terminal.raw)
        await scene(screen)
        await screen.until(screen.running.done)

    with pytest.raises((LanmsgError, ZeroDivisionError)) as caught:
        play(watched, node, **more)
    return caught.value, "".join(told[0])


def test_a_fault_in_a_key_leaves_the_screen_first() -> None:
    async def scene(screen: Screen) -> None:
        screen.app.keyboard.submit = lambda line: 1 / 0  # type: ignore[method-assign,assignment,misc]  # a bug
        await screen.type("x<enter>")

    fault, raw = ended_by(scene, crowd())
    assert isinstance(fault, ZeroDivisionError)
    assert LEAVES_ALTERNATE_SCREEN in raw


def test_a_fault_in_the_picture_leaves_the_screen_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(screen: Screen) -> None:
        monkeypatch.setattr("lanmsg.tui.strips.status", lambda state, columns: 1 / 0)
        await screen.type("x")

    fault, raw = ended_by(scene, crowd())
    assert isinstance(fault, ZeroDivisionError)
    assert LEAVES_ALTERNATE_SCREEN in raw


def test_a_fault_in_the_work_of_a_key_leaves_the_screen_first() -> None:
    class Broken(Double):
        async def set_name(self, name: str) -> None:
            raise ZeroDivisionError

    async def scene(screen: Screen) -> None:
        await screen.type("/name zoe<enter>")

    fault, raw = ended_by(scene, Broken())
    assert isinstance(fault, ZeroDivisionError)
    assert LEAVES_ALTERNATE_SCREEN in raw


def test_a_full_disk_is_said_and_the_screen_stays() -> None:
    class Full(Double):
        async def mark_read(self, conversation: Conversation, number: int) -> None:
            raise LanmsgError("the disk is full", code="disk")

    node = Full()
    node.meet(person("ben"))
    node.hear("ben", "hello")

    async def scene(screen: Screen) -> None:
        await screen.shows("the disk is full")
        assert "hello" in screen.text

    play(scene, node)


def test_a_node_that_cannot_start_is_said_on_the_restored_terminal() -> None:
    gone: list[str] = []

    @asynccontextmanager
    async def refused() -> AsyncIterator[Double]:
        if not gone:
            raise LanmsgError("port 2372 is taken", code="network")
        yield Double()

    async def scene(screen: Screen) -> None: ...

    fault, raw = ended_by(scene, Double(), opening=refused, ready=False)
    assert str(fault) == "port 2372 is taken"
    assert LEAVES_ALTERNATE_SCREEN in raw


def test_a_flood_is_drawn_a_few_times_and_an_idle_screen_not_at_all() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.shows("Write to ben below")
        drawn = screen.app.application.render_counter
        for number in range(300):
            node.hear("ben", f"news {number}")
            await asyncio.sleep(0)
        await screen.shows("news 299")
        assert screen.app.application.render_counter - drawn < 12
        await screen.until(lambda: not timers(asyncio.get_running_loop(), screen))

    play(scene, node)


def timers(loop: Any, screen: Screen) -> list[object]:
    """What the screen would wake up for."""
    waiting = [handle for handle in loop._scheduled if not handle.cancelled()]
    return [handle for handle in waiting if "lanmsg" in repr(handle) or "prompt_toolkit" in repr(handle)]


def test_colours_go_with_no_color_and_weight_stays() -> None:
    async def scene(screen: Screen) -> None:
        await screen.shows("one more thing")

    coloured = "".join(play(scene, scenes.office()).terminal.raw)
    plain = "".join(play(scene, scenes.office(), environment={"NO_COLOR": "1"}).terminal.raw)
    assert ";3" in coloured
    assert "[0;32m" not in plain
    assert "\x1b[0;1m" in plain


def test_ascii_sends_nothing_else() -> None:
    async def scene(screen: Screen) -> None:
        await screen.shows("one more thing")
        await screen.type("<c-t><esc><c-k>anna<enter>")

    raw = "".join(play(scene, scenes.busy(scenes.office()), ascii=True).terminal.raw)
    assert raw.isascii()


def test_the_bell_rings_for_what_nobody_looks_at() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        node.hear("ben", "in sight")
        await screen.draw()
        assert "\x07" not in titles_removed(screen)
        node.hear("anna", "elsewhere")
        await screen.until(lambda: "\x07" in titles_removed(screen))
        assert "\x07" in titles_removed(screen)

    play(scene, node)

    async def silent(screen: Screen) -> None:
        node.hear("anna", "elsewhere")
        await screen.draw()
        assert "\x07" not in titles_removed(screen)

    play(silent, node, tui={"notify": "off"})


def test_whoever_presses_a_key_is_not_called_for_what_came_before() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        node.hear("anna", "first")
        await screen.until(lambda: "\x07" in titles_removed(screen))
        node.hear("anna", "second")
        await screen.draw()
        assert len(screen.app.notifier._waiting) == 1
        await screen.type("x")
        assert not screen.app.notifier._waiting

    play(scene, node)


def titles_removed(screen: Screen) -> str:
    return "".join(part for part in screen.terminal.raw if "\x1b]2;" not in part)


def test_the_title_counts_the_unread() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        node.hear("anna", "one")
        node.hear("ben", "two")
        await screen.draw()
        assert "\x1b]2;lanmsg (2)\x07" in "".join(screen.terminal.raw)

    play(scene, node)


def test_clicking_a_row_opens_it_and_the_wheel_scrolls() -> None:
    node = crowd()
    for number in range(100):
        node.hear("ben", f"message {number + 1}")
    node.read_up_to[BEN] = 100

    async def scene(screen: Screen) -> None:
        await screen.shows("message 100")
        await screen.type("<a-m>")
        await screen.send("\x1b[<64;40;10M")
        assert "message 100\n" not in screen.text
        await screen.send("\x1b[<0;5;2M")
        await screen.send("\x1b[<0;5;2m")
        assert screen.app.state.open == ANNA

    play(scene, node)


def test_an_empty_screen_counts_by_itself() -> None:
    node = scenes.alone()

    async def scene(screen: Screen) -> None:
        await screen.shows("sent 14")
        node.interfaces = (replace(node.interfaces[0], sent=20, heard=3),)
        await screen.shows("heard 3 · sent 20")

    play(scene, node)
