"""The empty state diagnoses; a changed key cannot be overlooked."""

import pytest

from lanmsg.api import Conversation, Delivery, Interface, Trust
from lanmsg.model import NEW_NETWORK
from lanmsg.tui import strips
from lanmsg.tui.panels import framed, key_panel, welcome
from lanmsg.tui.rows import width
from tests.tui import scenes
from tests.tui.double import Double, peer_id, person
from tests.tui.given import BEN, open_talk, state_of, text


def test_nobody_here_names_the_likely_causes_in_order() -> None:
    state = state_of(scenes.alone(), port=2372)
    shown = text(welcome(state, 60))
    assert "You are visible as  mira" in shown
    assert "heard 0 · sent 14" in shown
    assert "skipped (VPN)" in shown
    assert "allow UDP and TCP port 2372" in shown
    assert "compare 192.168.1.x" in shown
    assert "/connect 192.168.1.23" in shown
    assert "show up here after about a second" in " ".join(shown.split())


def test_a_cause_that_is_ruled_out_goes() -> None:
    heard = Interface("wlan0", "192.168.1.20", 24, sent=14, heard=3)
    assert "firewall" not in text(welcome(state_of(interfaces=(heard,)), 60))
    assert "No network is up" in text(welcome(state_of(interfaces=()), 60))


def test_an_untrusted_network_is_told_from_none_at_all() -> None:
    state = state_of(interfaces=(Interface("wlan0", "10.1.2.3", 24, NEW_NETWORK),))
    shown = " ".join(text(welcome(state, 60)).split())
    assert "Quiet on wlan0, which you have not trusted: /network trust" in shown
    assert "No network is up" not in shown
    assert "QUIET HERE" in text([strips.status(state, 120)])


def test_with_people_it_says_how_to_begin() -> None:
    node = Double()
    node.meet(person("ben"))
    shown = text(welcome(state_of(node), 60))
    assert "1 person is here" in shown
    assert "unread" not in shown
    node.hear("ben", "hello")
    assert "1 message is unread: Tab opens it." in text(welcome(state_of(node), 60))
    assert "/send NAME PATH" in shown
    assert "Starting" in text(welcome(state_of(ready=False), 60))


@pytest.mark.parametrize("size", [(94, 30), (60, 18), (50, 14), (40, 8), (30, 6)])
def test_the_panel_fits_and_says_what_to_type(size: tuple[int, int]) -> None:
    node = scenes.changed_key()
    node.tell("ben", "are you there?", state=Delivery.QUEUED)
    state = state_of(node)
    open_talk(state, node)
    rows = key_panel(state, *size)
    assert all(width(row) == size[0] for row in rows)
    shown = text(rows)
    assert "CHANGED" in shown
    assert "/trust ben~" in shown
    assert "/block ben~" in shown


def test_the_panel_tells_the_story() -> None:
    node = scenes.changed_key()
    node.tell("ben", "are you there?", state=Delivery.QUEUED)
    state = state_of(node)
    open_talk(state, node)
    shown = text(key_panel(state, 90, 30))
    for words in ("reinstalled", "before", "now", "192.168.1.77", "1 message and 0 files are held back"):
        assert words in shown
    open_talk(state, node, Conversation.with_peer(peer_id("another ben")))
    assert "CHANGED" in text(key_panel(state, 90, 30))


def test_there_is_no_panel_while_the_known_key_is_here() -> None:
    node = scenes.changed_key()
    node.meet(person("ben", trust=Trust.VERIFIED))
    state = state_of(node)
    open_talk(state, node, BEN)
    assert key_panel(state, 90, 30) == []


def test_a_box_keeps_its_sides() -> None:
    rows = framed(state_of(), ["a", "日本語", "x" * 100], 20)
    assert {width(row) for row in rows} == {20}
