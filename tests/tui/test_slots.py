"""A number for Alt opens the same conversation today and tomorrow, whoever comes and goes."""

from msgspec.structs import replace

from lanmsg.api import EVERYONE, Conversation, MessageAdded, PeerLeft, Trust
from lanmsg.tui import roster, slots
from lanmsg.tui.state import State
from lanmsg.tui.update import update
from tests.tui import scenes
from tests.tui.double import Double, peer_id, person
from tests.tui.given import ANNA, BEN, state_of
from tests.tui.screen import Screen, play

CARLA = Conversation.with_peer(peer_id("carla"))


def given(state: State) -> dict[str, int]:
    state.order_held = 0.0
    roster.refresh(state)
    return {state.title(conversation): slot for conversation, slot in state.slots.items()}


def test_numbers_stay_with_a_conversation_while_the_list_moves() -> None:
    node = Double()
    node.meet(person("anna"), person("ben"))
    state = state_of(node)
    assert given(state) == {"anna": 1, "ben": 2, "everyone": 9}
    update(state, MessageAdded(node.hear("ben", "hello")))
    assert given(state) == {"anna": 1, "ben": 2, "everyone": 9}
    update(state, PeerLeft(replace(node.known[peer_id("anna")], present=False, trust=Trust.NEW)))
    state.put_peer(person("carla"))
    assert given(state) == {"anna": 1, "ben": 2, "carla": 3, "everyone": 9}


def test_only_nine_have_a_number_and_who_left_gives_it_up() -> None:
    node = Double()
    node.meet(*(person(f"p{number:02}") for number in range(20)))
    state = state_of(node)
    assert sorted(given(state).values()) == list(range(1, 10))
    assert "p08" not in given(state)
    update(state, PeerLeft(replace(node.known[peer_id("p03")], present=False, trust=Trust.NEW)))
    assert given(state)["p08"] == 4


def test_a_key_that_took_a_name_has_no_number() -> None:
    state = state_of(scenes.changed_key())
    roster.refresh(state)
    impostor = Conversation.with_peer(peer_id("another ben"))
    assert impostor in state.order
    assert impostor not in state.slots


def test_a_restart_changes_no_number_of_anybody_who_counts() -> None:
    node = Double()
    node.meet(person("ben"), person("carla", trust=Trust.NEW), person("anna", trust=Trust.NEW))
    node.hear("anna", "hello")
    state = state_of(node)
    kept = {peer_id("anna"): 4, peer_id("ben"): 2, peer_id("carla"): 1, peer_id("nobody"): 3}
    slots.restore(state, kept)
    assert state.slots == {ANNA: 4, BEN: 2}
    assert given(state) == {"anna": 4, "ben": 2, "carla": 1, "everyone": 9}


def test_numbers_go_into_the_home_and_come_back() -> None:
    node = Double()
    node.meet(person("anna"), person("ben"))

    async def first(screen: Screen) -> None:
        await screen.type("<a-2>")
        assert screen.app.state.open == BEN
        await screen.type("<a-9>")
        assert screen.app.state.open == EVERYONE

    play(first, node)
    assert node.numbers == {peer_id("anna"): 1, peer_id("ben"): 2}
    node.meet(person("aaron"))

    async def second(screen: Screen) -> None:
        assert "1● anna" in screen.text
        assert "2● ben" in screen.text
        assert "3● aaron" in screen.text
        await screen.type("<a-1>")
        assert screen.app.state.open == ANNA

    play(second, node)
