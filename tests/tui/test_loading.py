"""What the node knows is on the screen: at the start, and after more came at once than could wait."""

from lanmsg.api import Conversation, Notice
from tests.tui.double import Double, peer_id, person
from tests.tui.given import ANNA
from tests.tui.screen import Screen, play


def crowd() -> Double:
    node = Double()
    node.meet(person("anna"), person("ben"))
    node.hear("anna", "good morning", at=node.clock - 60)
    node.hear("ben", "is the printer back?")
    return node


def test_what_is_known_at_the_start() -> None:
    node = crowd()
    node.offered("ben", "forms.pdf", 1_000)

    async def scene(screen: Screen) -> None:
        state = screen.app.state
        assert state.here == 2
        assert state.talk(ANNA).unread == 1
        assert len(state.questions) == 1
        await screen.shows("is the printer back?")

    play(scene, node)


def test_after_too_much_at_once_the_screen_is_as_if_it_had_seen_it_all() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("/msg anna<enter>")
        await screen.shows("good morning")
        await screen.type("/msg ben<enter>half a line")
        await screen.shows("is the printer back?")
        events, node.queues = node.queues, []
        node.meet(person("carla"), person("anna", present=False))
        node.hear("ben", "it is, and the paper too")
        node.hear("anna", "are you there?")
        node.offered("carla", "forms.pdf", 1_000)
        node.queues = events
        node.emit(Notice("5 events were passed over", "", 5))
        await screen.shows("it is, and the paper too")
        assert screen.line == "half a line"
        state = screen.app.state
        assert state.here == 2
        assert Conversation.with_peer(peer_id("carla")) in state.order
        assert len(state.questions) == 1
        assert state.talk(ANNA).unread == 1
        await screen.type("<c-c>/msg anna<enter>")
        await screen.shows("are you there?")

    play(scene, node)


def test_a_notice_of_anything_else_is_a_sentence() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        node.emit(Notice("the network is back"))
        await screen.shows("the network is back")

    play(scene, node)
