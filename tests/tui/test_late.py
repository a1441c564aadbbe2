"""A page that comes late does not take what is being typed."""

import asyncio

from lanmsg.api import Conversation, Message
from lanmsg.tui import late
from lanmsg.tui.entered import Entered
from lanmsg.tui.state import Page
from tests.tui.double import Double, peer_id, person
from tests.tui.given import state_of
from tests.tui.screen import Screen, play, sequence

CARLA = Conversation.with_peer(peer_id("carla"))


class Slow(Double):
    """Its search waits for the gate."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.searches = 0

    async def search(self, text: str, conversation: Conversation | None = None) -> list[Message]:
        self.searches += 1
        await self.gate.wait()
        return await super().search(text, conversation)


def crowd() -> Slow:
    node = Slow()
    node.meet(person("anna"), person("ben"), person("carla"))
    node.hear("ben", "quilt talk")
    return node


def test_what_is_typed_meanwhile_stays_in_the_line() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>carla<enter>/search quilt<enter>")
        await screen.send("just")
        node.gate.set()
        await screen.shows("ready: enter /search quilt again to see it")
        await screen.type(" jokes quick<enter>")
        await screen.until(lambda: any(call[0] == "send_text" for call in node.calls))
        await screen.type("/search quilt<enter>")
        await screen.shows("FOUND   1 message with")

    play(scene, node)
    assert [call[1:3] for call in node.calls if call[0] == "send_text"] == [(CARLA, "just jokes quick")]
    assert node.searches == 1


def test_who_waits_for_it_sees_it_though_another_window_was_looked_at() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("/search quilt<enter>")
        await screen.send(sequence("focus-out"))
        await screen.send(sequence("focus-in"))
        node.gate.set()
        await screen.shows("FOUND   1 message with")

    play(scene, node)


def test_a_page_waits_for_its_own_command_and_not_for_ever() -> None:
    state = state_of(crowd())
    page, entered = Page("doctor"), Entered("/doctor", None, pressed=3)
    state.pressed = 5
    late.turn_to(state, page, entered)
    assert (state.page, state.late is None) == (None, False)
    assert not late.again(state, Entered("/doctor ben", None, pressed=5))
    assert not late.again(state, Entered("/doctor", None, pressed=4))  # something is typed already
    assert late.again(state, Entered("/doctor", None, pressed=5))
    assert state.page is page
    assert not late.again(state, Entered("/doctor", None, pressed=5))
    late.turn_to(state, page, entered)
    state.tick += late.SECONDS
    assert not late.again(state, Entered("/doctor", None, pressed=5))


def test_where_lines_do_not_wait_a_page_is_shown() -> None:
    state = state_of(crowd())
    state.pressed = 5
    late.turn_to(state, Page("help"), None)
    assert state.page == Page("help")
