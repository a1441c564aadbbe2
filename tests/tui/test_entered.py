"""Lines that wait for their turn go where the person was at Enter, or come back there when they fail."""

import asyncio
import re

import pytest

from lanmsg.api import Conversation, LanmsgError, Message, MessageId
from lanmsg.tui.entered import Lines, is_said
from tests.tui.double import Double, peer_id, person
from tests.tui.given import BEN, open_talk, state_of
from tests.tui.screen import Screen, play, sequence

CARLA = Conversation.with_peer(peer_id("carla"))


class Slow(Double):
    """The first message waits for the store, and fails when there is a `fault`."""

    fault = ""

    def __init__(self) -> None:
        super().__init__()
        self.gate: asyncio.Event | None = None

    async def send_text(
        self, conversation: Conversation, text: str, *, reply_to: MessageId | None = None
    ) -> Message:
        if self.gate is not None:
            await self.gate.wait()
            self.gate = None
            if self.fault:
                raise LanmsgError(self.fault)
        return await super().send_text(conversation, text, reply_to=reply_to)

    def sent(self) -> list[tuple[Conversation, str, bool]]:
        texts = [call[1:] for call in self.calls if call[0] == "send_text"]
        return [(to, text, reply_to is not None) for to, text, reply_to in texts]


def crowd(fault: str = "") -> Slow:
    node = Slow()
    node.fault = fault
    node.meet(person("anna"), person("ben"), person("carla"))
    node.hear("ben", "first question")
    return node


def hold(node: Slow) -> asyncio.Event:
    """The store takes its time from now on, until what is returned is set."""
    node.gate = asyncio.Event()
    return node.gate


async def press(screen: Screen, keys: str) -> None:
    """As Screen.type, but a word in one read: nothing settles while the store is held."""
    for text, name in re.findall(r"([^<]+)|<([^>]+)>", keys):
        await screen.send(text or sequence(name))


def sending(keys: str, count: int, *, start: str = "<c-k>ben<enter>") -> list[tuple[Conversation, str, bool]]:
    """What reaches the store when all that was typed before its first answer."""
    node = crowd()

    async def scene(screen: Screen) -> None:
        await press(screen, start)
        gate = hold(node)
        await press(screen, keys)
        gate.set()
        await screen.until(lambda: len(node.sent()) == count)

    play(scene, node)
    return node.sent()


def test_a_line_goes_where_it_was_entered() -> None:
    sent = sending("one<enter>for ben only<enter><c-k>carla<enter>for carla<enter>", 3)
    assert sent == [(BEN, "one", False), (BEN, "for ben only", False), (CARLA, "for carla", False)]


def test_a_line_behind_a_command_that_waits_goes_where_that_leads() -> None:
    sent = sending("one<enter>/msg carla<enter>for carla<enter><c-k>anna<enter>", 2)
    assert sent == [(BEN, "one", False), (CARLA, "for carla", False)]


def test_a_line_behind_a_message_to_somebody_goes_there_too() -> None:
    sent = sending("/msg carla one<enter>two<enter><c-k>ben<enter>three<enter>", 3)
    assert sent == [(CARLA, "one", False), (CARLA, "two", False), (BEN, "three", False)]


def test_nothing_is_said_behind_a_command_that_opened_nobody() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await press(screen, "<c-k>ben<enter>")
        gate = hold(node)
        await press(screen, "one<enter>/msg carlla<enter>for carla<enter>")
        gate.set()
        await screen.shows("not sent: the command before it failed")
        assert screen.line == "/msg carlla"
        await press(screen, "<c-c>two<enter>")
        await screen.until(lambda: len(node.sent()) == 2)

    play(scene, node)
    assert node.sent() == [(BEN, "one", False), (BEN, "two", False)]


def test_an_answer_goes_with_its_line() -> None:
    assert sending("plain<enter><a-r>answer<enter>plain again<enter>", 3) == [
        (BEN, "plain", False),
        (BEN, "answer", True),
        (BEN, "plain again", False),
    ]
    assert sending("plain<enter><a-r>answer<enter><c-k>carla<enter>", 2)[1] == (BEN, "answer", True)


def test_a_line_that_fails_waits_where_it_was_typed() -> None:
    node = crowd("the disk is full")

    async def scene(screen: Screen) -> None:
        await press(screen, "<c-k>ben<enter>")
        gate = hold(node)
        await press(screen, "for ben only<enter><c-k>carla<enter>")
        gate.set()
        await screen.shows("the disk is full (your line waits in the conversation with ben)")
        assert (screen.app.state.open, screen.line) == (CARLA, "")
        await press(screen, "<c-k>ben<enter>")
        assert screen.line == "for ben only"

    play(scene, node)
    assert node.drafts[BEN] == "for ben only"


def test_an_answer_that_fails_is_an_answer_still() -> None:
    node = crowd("the disk is full")

    async def scene(screen: Screen) -> None:
        await press(screen, "<c-k>ben<enter>")
        gate = hold(node)
        await press(screen, "<a-r>answer<enter>")
        assert "↪ ben" not in screen.text
        gate.set()
        await screen.shows("the disk is full")
        assert screen.line == "answer"
        assert "↪ ben: first question" in screen.text
        await press(screen, "<enter>")
        await screen.until(lambda: bool(node.sent()))

    play(scene, node)
    assert node.sent() == [(BEN, "answer", True)]


def test_what_is_said_and_what_is_a_command() -> None:
    said = {line: is_said(line) for line in ("hello", "//etc", "/me waves", "/msg ben hi", "/nonsense", "/")}
    assert said == {
        "hello": True, "//etc": True, "/me waves": True,
        "/msg ben hi": False, "/nonsense": False, "/": False,
    }  # fmt: skip


def test_a_line_knows_what_a_command_ahead_of_it_opens() -> None:
    node = crowd()
    state = state_of(node)
    open_talk(state, node)
    lines, talk = Lines(), state.current
    command, behind = lines.enter("/msg carla", talk), lines.enter("hello", talk)
    assert (command.place, behind.place) == (BEN, None)
    command.has_opened(CARLA)
    command.ended()
    assert (behind.place, behind.is_stranded, lines.enter("later", talk).place) == (CARLA, False, BEN)
    failing, lost = lines.enter("/msg nobody", talk), lines.enter("hello", talk)
    failing.ended()
    assert (lost.place, lost.is_stranded, lines.enter("later", talk).place) == (None, True, BEN)


@pytest.mark.parametrize(("keys", "call"), [("<c-y>", "send_text"), ("<c-o>", "offer")])
def test_a_paste_goes_to_whom_it_was_for(keys: str, call: str) -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.paste("x" * 5000)
        await screen.type("<c-k>carla<enter>")
        assert "paste for ben: 1 line" in screen.text
        screen.app.state.question_since -= 1
        await screen.type(keys)
        await screen.until(lambda: any(name == call for name, *_ in screen.node.calls))
        assert [to for name, to, *_ in screen.node.calls if name == call] == [
            BEN if call == "send_text" else BEN.peer
        ]

    play(scene, crowd())


def test_a_paste_to_be_edited_goes_into_the_line_of_whom_it_was_for() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.paste("x" * 5000)
        await screen.type("<c-k>carla<enter>")
        await screen.type("<esc>")
        assert screen.line == ""
        await screen.type("<c-k>ben<enter>")
        assert screen.line == "x" * 5000

    play(scene, crowd())
