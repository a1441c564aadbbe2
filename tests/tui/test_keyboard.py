"""Lines that fail come back, order is kept, and what a command quotes cannot break out."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from lanmsg.api import (
    Conversation,
    Direction,
    LanmsgError,
    Message,
    MessageId,
    Peer,
    Settings,
    Status,
    TransferState,
    VerificationStage,
)
from tests.tui.double import Double, peer_id, person
from tests.tui.given import ANNA, BEN
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


def test_the_switcher_opens_the_row_that_was_chosen() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k><down>")
        chosen = screen.app.state.query
        assert chosen is not None
        assert chosen.conversation == BEN
        screen.node.meet(person("aaron"))
        screen.node.hear("aaron", "hello")
        await screen.draw()
        assert screen.app.state.order[0].peer == peer_id("aaron")
        await screen.type("<enter>")
        assert screen.app.state.open == BEN

    play(scene, crowd())


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


def opened_late(gate: asyncio.Event) -> Callable[[], AbstractAsyncContextManager[Double]]:
    """Ben, with whom we talked, and a line to him half written."""
    node = Double()
    node.meet(person("ben"), person("anna"))
    node.tell("ben", "is the printer back?")
    node.drafts[BEN] = "it was "

    @asynccontextmanager
    async def late() -> AsyncIterator[Double]:
        await gate.wait()
        yield node

    return late


def test_words_typed_before_the_node_runs_wait_until_the_person_sees_to_whom() -> None:
    gate = asyncio.Event()

    async def scene(screen: Screen) -> None:
        await screen.shows("F1 help")
        await screen.type("hello<enter>")
        assert "still starting" in screen.text
        assert screen.line == "hello"
        gate.set()
        await screen.shows("is the printer back?")
        await screen.shows("it was hello")
        await screen.type("<enter>")
        await screen.shows("you  it was hello")

    play(scene, opening=opened_late(gate), ready=False)


def test_commands_typed_before_the_node_runs_are_carried_out_then() -> None:
    gate = asyncio.Event()

    async def scene(screen: Screen) -> None:
        await screen.shows("F1 help")
        await screen.type("/msg anna<enter>good morning<enter>")
        assert screen.line == "good morning"
        gate.set()
        await screen.until(lambda: screen.app.state.open == ANNA)
        assert screen.line == "good morning"

    play(scene, opening=opened_late(gate), ready=False)


@pytest.mark.parametrize("before", ["", "<c-t>", "<c-k>b", "<c-f>x"])
def test_esc_and_a_slash_in_one_read_are_both_keys(before: str) -> None:
    async def scene(screen: Screen) -> None:
        await screen.type(f"<c-k>ben<enter>{before}<a-/>away lunch")
        assert screen.line == "/away lunch"
        await screen.type("<enter>")
        await screen.until(lambda: ("set_status", Status.AWAY, "lunch") in screen.node.calls)
        assert not screen.node.said

    play(scene, crowd())


def test_the_question_whether_to_quit_goes_with_the_last_transfer() -> None:
    node = crowd()
    node.offered("ben", "a", 10, state=TransferState.RUNNING, direction=Direction.OUT)

    async def scene(screen: Screen) -> None:
        await screen.type("<c-d>")
        await screen.shows("1 transfer runs; they go on at the next start")
        node.move(1, state=TransferState.DONE)
        await screen.draw()
        assert screen.app.state.asking is None
        assert not screen.running.done()
        await screen.type("<c-d>")
        await screen.until(screen.running.done)

    assert play(scene, node).code == 0


def test_the_transfers_page_holds_lets_go_on_and_opens(tmp_path: Path) -> None:
    node = crowd()
    saved = str(tmp_path / "a.txt")
    node.offered("ben", "a.txt", 10, state=TransferState.DONE, paths=(saved,))
    node.offered("ben", "b.txt", 10, state=TransferState.RUNNING)

    async def scene(screen: Screen) -> None:
        await screen.type("<c-t>p")
        await screen.until(lambda: ("pause", 2) in node.calls)
        await screen.shows("paused by you at 0 %")
        await screen.type("p")
        await screen.until(lambda: ("resume", 2) in node.calls)
        await screen.type("<down><enter>")
        await screen.shows("no desktop here to open it; it is")
        await screen.shows(f" {saved}"[:60])

    with patch("lanmsg.tui.opening.opener", return_value=""):
        play(scene, node)


def test_words_are_compared_by_two_keys() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>anna<enter>a draft")
        node.compare("ben", VerificationStage.ASKED, ours=False)
        await screen.draw()
        assert "ben wants to compare words with you" in screen.text
        await answered(screen, "<c-y>", lambda: ("verify", peer_id("ben")) in node.calls)
        node.compare("ben", VerificationStage.COMPARING, words="acme bravo tango zulu")
        await screen.draw()
        assert "ACME   BRAVO   TANGO   ZULU" in screen.text
        await answered(screen, "<c-y>", lambda: screen.app.state.is_pinned(peer_id("ben")))
        await screen.shows("ben is verified")
        await screen.type("<c-k>anna<enter>")
        assert screen.line == "a draft"

    play(scene, node)


async def answered(screen: Screen, key: str, done: Callable[[], bool]) -> None:
    """A question that was there for a while."""
    screen.app.state.question_since -= 60
    await screen.type(key)
    await screen.until(done)


def test_a_theme_is_seen_at_once(tmp_path: Path) -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        screen.node.hear("ben", "in colour")
        await screen.draw()
        assert colours(screen)
        await screen.type("/theme mono<enter>")
        await screen.shows("tui.theme is mono")
        assert not colours(screen)
        await screen.type("/set ascii on<enter>")
        await screen.shows("tui.ascii is on")
        assert screen.text.isascii()

    settings = Settings(tmp_path, tmp_path / "files", "mira")
    play(scene, crowd(), settings=settings)
    assert 'theme = "mono"' in (tmp_path / "config.toml").read_text()


def colours(screen: Screen) -> set[str]:
    cells = (cell for row in screen.terminal.screen.buffer.values() for cell in row.values())
    return {cell.fg for cell in cells} - {"default", "brightblack"}


@pytest.mark.parametrize(
    "words",
    [
        "日本語の長い文章です " * 9,
        "family 👨‍👩‍👧‍👦 flags 🇩🇪❤️ " * 9,
        "e\u0301\u0302\u0303" * 90,
        "שלום עולם \u202egnol " * 12,
    ],
)
def test_the_world_writes_and_the_columns_stand(words: str) -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        node.hear("ben", words)
        node.meet(person("日本の太郎さんはとても長い名前", key="taro"))
        await screen.draw()
        for columns, rows in ((80, 24), (64, 14), (120, 36)):
            await screen.resize(columns, rows)
            cells = 25 if columns >= 100 else 19
            screen_rows = screen.terminal.screen.buffer
            assert {screen_rows[row][cells].data for row in range(rows - 3)} == {"│"}

    play(scene, node)


def test_esc_clears_a_command_that_failed_and_only_that() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>/acept 7<enter>")
        await screen.shows("Esc clears the line")
        await screen.type("x<esc>")
        assert screen.line == "/acept 7x"
        await screen.type("<backspace><esc>")
        assert screen.line == ""
        await screen.type("<up>")
        assert screen.line == "/acept 7"

    play(scene, crowd())


def test_a_command_typed_behind_a_draft_is_not_sent_as_text() -> None:
    node = crowd()
    node.hear("ben", "hello")
    node.drafts[BEN] = "see you at "

    async def scene(screen: Screen) -> None:
        assert screen.line == "see you at "
        await screen.type("/quit<enter>")
        await screen.shows("your draft stands before that")
        assert screen.line == "see you at /quit"
        assert not [call for call in node.calls if call[0] == "send_text"]
        await screen.type("<enter>")
        await screen.until(lambda: ("send_text", BEN, "see you at /quit", None) in node.calls)
        await screen.type("half<c-c>")
        await screen.shows("your draft is in the history")
        await screen.type("<up><enter>")
        await screen.until(lambda: ("send_text", BEN, "half", None) in node.calls)
        assert "your draft is in the history" not in screen.text

    play(scene, node)
