"""Lines that fail come back, order is kept, and what a command quotes cannot break out."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from lanmsg.api import Conversation, LanmsgError, Message, MessageId, Peer, Status
from tests.tui.double import Double, person
from tests.tui.given import BEN
from tests.tui.screen import Screen, play


def crowd(node: Double | None = None) -> Double:
    node = node or Double()
    node.meet(person("anna"), person("ben"))
    return node


def test_a_line_that_fails_comes_back_to_be_mended() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("/acept 7<enter>")
        await screen.shows("did you mean /accept?")
        assert screen.line == "/acept 7"
        await screen.type("<c-c>hello<enter>")
        await screen.shows("no conversation is open; /msg NAME opens one")
        assert screen.line == "hello"
        assert not screen.node.calls

    play(scene, crowd())


def test_a_line_that_fails_does_not_overwrite_the_next_one() -> None:
    gate = asyncio.Event()

    class Slow(Double):
        async def connect(self, host: str, port: int) -> Peer:
            await gate.wait()
            raise LanmsgError("nobody answers there")

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>/connect 10.0.0.1<enter>")
        await screen.type("typed")
        gate.set()
        await screen.shows("nobody answers there")
        assert screen.line == "typed"

    play(scene, crowd(Slow()))


def test_lines_are_carried_out_in_the_order_of_typing() -> None:
    class Uneven(Double):
        async def send_text(
            self, conversation: Conversation, text: str, *, reply_to: MessageId | None = None
        ) -> Message:
            await asyncio.sleep(0.02 if text == "first" else 0)
            return await super().send_text(conversation, text, reply_to=reply_to)

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>first<enter>second<enter>third<enter>")
        await screen.shows("third")

    node = play(scene, crowd(Uneven())).node
    assert [message.text for message in node.said] == ["first", "second", "third"]


def test_what_is_copied_is_encoded() -> None:
    node = crowd()
    node.hear("ben", "evil\x07\x1b]0;title\x07")

    async def scene(screen: Screen) -> None:
        await screen.type("/copy<enter>")
        await screen.shows("copied")
        encoded = base64.b64encode(b"evil\x07\x1b]0;title\x07").decode()
        assert f"\x1b]52;c;{encoded}\x07" in "".join(screen.terminal.raw)
        assert "\x1b]0;title" not in "".join(screen.terminal.raw)

    play(scene, node)


def test_going_to_the_beginning_of_a_long_conversation_and_back() -> None:
    node = crowd()
    for number in range(500):
        node.hear("ben", f"message {number + 1}")
    node.read_up_to[BEN] = 500

    async def scene(screen: Screen) -> None:
        await screen.shows("message 500")
        for _ in range(40):
            await screen.type("<pgup>")
        assert "message 1\n" in screen.text
        await screen.type("/history<enter>")
        await screen.shows("message 500")

    play(scene, node)


def test_before_the_node_runs_nothing_is_lost() -> None:
    gate = asyncio.Event()

    @asynccontextmanager
    async def late() -> AsyncIterator[Double]:
        await gate.wait()
        yield Double()

    async def scene(screen: Screen) -> None:
        await screen.shows("F1 help")
        await screen.type("hello<enter>")
        assert "still starting" in screen.text
        assert screen.line == "hello"
        screen.app.keyboard.submit("/quit")
        gate.set()

    play(scene, opening=late, ready=False)


@pytest.mark.parametrize("before", ["", "<c-t>", "<c-k>b", "<c-f>x"])
def test_esc_and_a_slash_in_one_read_are_both_keys(before: str) -> None:
    async def scene(screen: Screen) -> None:
        await screen.type(f"<c-k>ben<enter>{before}<a-/>away lunch")
        assert screen.line == "/away lunch"
        await screen.type("<enter>")
        await screen.until(lambda: ("set_status", Status.AWAY, "lunch") in screen.node.calls)
        assert not screen.node.said

    play(scene, crowd())
