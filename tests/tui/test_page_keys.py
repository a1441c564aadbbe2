"""Keys on pages, pressed on the real app: a row is chosen, and something is done with it."""

import pytest

from lanmsg.api import TransferState
from tests.tui.double import Double, person
from tests.tui.given import ANNA, BEN
from tests.tui.screen import Screen, play


def long_ago() -> Double:
    """Ben said something that is far above the part of the conversation that is read at first."""
    node = Double()
    node.meet(person("anna"), person("ben"))
    node.hear("ben", "where is the stapler?")
    for number in range(600):
        node.hear("ben", f"message {number}")
    node.hear("anna", "a stapler is here")
    node.read_up_to[BEN] = len(node.said)
    node.read_up_to[ANNA] = len(node.said)
    return node


def test_what_was_found_is_chosen_and_opened_where_it_was_said() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("/search stapler<enter>")
        await screen.shows("FOUND   2 messages")
        assert "▌Sat 21 Nov" in screen.row("anna: a stapler is here")
        await screen.type("<down>")
        assert "▌Sat 21 Nov" in screen.row("ben: where is the stapler?")
        await screen.type("<enter>")
        await screen.shows("where is the stapler?")
        assert "message 3" in screen.text
        assert "message 599" not in screen.text
        assert screen.app.state.open == BEN
        await screen.type("<esc>")
        await screen.shows("message 599")

    play(scene, long_ago())


def test_esc_leads_back_from_what_was_found() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>anna<enter>/search message<enter>")
        await screen.shows("FOUND")
        await screen.type("<down><down><esc>")
        await screen.shows("a stapler is here")
        assert screen.app.state.open == ANNA

    play(scene, long_ago())


def test_nothing_found_has_nothing_to_open() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("/search sandwich<enter>")
        await screen.shows("FOUND   0 messages")
        await screen.type("<down><enter>")
        await screen.shows("FOUND   0 messages")

    play(scene, long_ago())


@pytest.mark.parametrize(("key", "call"), [("x", "cancel"), ("p", "pause")])
def test_keys_are_for_the_transfer_that_was_chosen(key: str, call: str) -> None:
    node = Double()
    node.meet(person("ben"), person("carla"))
    node.offered("ben", "a", 1000, state=TransferState.RUNNING)

    async def scene(screen: Screen) -> None:
        await screen.type("<c-t>")
        node.offered("carla", "b", 1000, state=TransferState.RUNNING)
        await screen.draw()
        await screen.type(key)
        await screen.until(lambda: bool(node.calls))
        await screen.type(f"<up>{key}")
        await screen.until(lambda: len(node.calls) == 2)

    play(scene, node)
    assert [made[:2] for made in node.calls] == [(call, 1), (call, 2)]
