"""Floods and anything at all: what strangers cannot do to a node, however much they send."""

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanmsg.model import Address, PeerId, Status
from lanmsg.protocol import presence_table
from lanmsg.protocol.announcement import NO_TOKEN, Announcement, Kind, Source, decode_announcement
from lanmsg.protocol.constants import (
    CLAIMS_BURST,
    ENDPOINTS_PER_PEER_MAX,
    LEFT_INSTANCES_MAX,
    NEWCOMERS_PER_SOURCE_BURST,
    PEER_TABLE_MAX,
)
from lanmsg.protocol.discovery import Unicast
from lanmsg.protocol.events import PresenceAppeared, PresenceLeft
from tests.protocol.stage import Actor, Stage, actor, new_stage

BOB = actor(1, "bob")
MALLORY = "10.1.6.6"


@pytest.fixture
def stage() -> Stage:
    """Bob is here, at his address, and answers."""
    stage = new_stage()
    stage.announce(BOB)
    stage.take_events()
    stage.sent.clear()
    return stage


# --- floods


def invented(count: int, seed: int = 1) -> list[Actor]:
    chance = random.Random(seed)
    return [Actor("x", MALLORY, PeerId(chance.randbytes(32)), chance.randbytes(16)) for _ in range(count)]


def test_one_address_can_invent_few_peers_and_the_others_still_appear(stage: Stage) -> None:
    for each in invented(20_000):
        stage.machine.receive_datagram(each.announce(), each.source(), stage.now)
    assert len(stage.machine.present()) <= NEWCOMERS_PER_SOURCE_BURST + 1
    stage.announce(actor(2, "carol"))
    assert {"bob", "carol"} <= stage.names()
    stage.settle()
    asked = [each for _, each in stage.sent if isinstance(each, Unicast)]
    assert len(asked) <= CLAIMS_BURST + 1


def test_invented_peers_come_and_go_at_a_bounded_rate(stage: Stage) -> None:
    """Announce, say goodbye with the right secret, and again: each makes an event, so there must be few."""
    for each in invented(20_000):
        stage.machine.receive_datagram(each.announce(), each.source(), stage.now)
        stage.machine.receive_datagram(each.bye(), each.source(), stage.now)
    assert len(stage.machine.events()) <= 2 * (NEWCOMERS_PER_SOURCE_BURST + 1)
    assert len(stage.machine._sightings._left_instances) <= LEFT_INSTANCES_MAX


def test_many_homes_of_one_host_all_appear_once_they_answer() -> None:
    stage = new_stage()
    homes = [replace(actor(number), host="10.1.0.1", port=40000 + number) for number in range(150)]
    for each in homes:
        stage.announce(each)
    stage.run_until(6.0)
    assert len(stage.names()) == 150


def flood_from_everywhere(stage: Stage, count: int) -> None:
    for number, each in enumerate(invented(count)):
        source = Source(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 2372, "eth0", on_link=True)
        stage.machine.receive_datagram(each.announce(), source, stage.now)


def test_a_flood_from_forged_addresses_fills_the_table_and_pushes_out_nobody() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.announce(actor(2, "carol"))
    flood_from_everywhere(stage, 30_000)
    assert len(stage.machine.present()) == PEER_TABLE_MAX
    assert {"bob", "carol"} <= stage.names()
    appeared = sum(isinstance(event, PresenceAppeared) for event in stage.machine.events())
    assert appeared <= PEER_TABLE_MAX


def test_the_pinned_the_connected_and_who_answers_come_in_and_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_table, "PEER_TABLE_MAX", 100)
    stage = new_stage()
    stage.machine.protect(BOB.peer)
    stage.machine.session_opened(actor(3).peer, None, stage.now)
    flood_from_everywhere(stage, 5_000)
    for who in (BOB, actor(2), actor(3)):
        stage.hear(who.announce(), who.source())
    assert {"bob", "actor-3"} <= stage.names()
    assert "actor-2" not in stage.names()
    stage.run_until(stage.now + 3.0)
    stage.announce(actor(2))  # now it answers
    assert "actor-2" in stage.names()
    flood_from_everywhere(stage, 5_000)
    assert {"bob", "actor-2", "actor-3"} <= stage.names()
    assert len(stage.machine.present()) == 100
    assert {event.reason.value for _, event in stage.events if isinstance(event, PresenceLeft)} == {"evicted"}
    stage.machine.unprotect(BOB.peer)


def test_a_flood_costs_little_time() -> None:
    stage = new_stage()
    datagrams = [(each.announce(), each.source()) for each in invented(20_000)]
    started = time.process_time()
    for data, source in datagrams:
        stage.machine.receive_datagram(data, source, stage.now)
    assert time.process_time() - started < 2.0  # 0.15 s when the machine is idle


def test_a_silent_crowd_is_given_up_even_when_not_all_can_be_asked() -> None:
    stage = new_stage()
    crowd = [actor(number) for number in range(2, 1502)]
    for who in crowd:
        stage.hear(who.announce(), who.source())
    stage.run_until(4.5 + 12 * 1.5 + 3)
    assert stage.names() == set()
    asked = [to for _, kind, to in stage.take_sent() if kind is Kind.QUERY and to != "everyone"]
    assert len(asked) < 1500


# --- anything at all


hosts = st.sampled_from([BOB.host, MALLORY, "10.1.6.7", "10.1.6.8"])
lies = st.builds(
    Actor,
    st.sampled_from(["bob", "alice", ""]),
    hosts,
    st.just(BOB.peer),
    st.sampled_from([BOB.secret, b"x" * 16, b"y" * 16]),
    st.sampled_from([2372, 6666]),
    st.sampled_from([2372, 6666]),
    st.just(Status.AVAILABLE),
    st.sampled_from([0, 12, 65535]),
)
attacks = st.lists(
    st.tuples(st.sampled_from(Kind), lies, st.booleans(), st.sampled_from([0.0, 0.01, 0.4, 1.6])), max_size=40
)


@settings(max_examples=150, deadline=None)
@given(attacks)
def test_no_liar_redirects_renames_or_silences_bob(attack: list[tuple[Kind, Actor, bool, float]]) -> None:
    """The liar forges any source and reads what goes to its own addresses, but not what goes to Bob's."""
    stage = new_stage()
    stage.announce(BOB)
    for kind, lie, answers, pause in attack:
        if answers and lie.host != BOB.host and lie not in stage.present:
            stage.present.append(lie)
        secret = b"guess" + bytes(11) if kind is Kind.BYE else NO_TOKEN
        stage.hear(lie.says(kind, secret), lie.source())
        stage.run_until(stage.now + pause)
        stage.hear(BOB.announce(), BOB.source())
        (presence,) = stage.machine.present()
        assert (presence.name, presence.instance) == ("bob", BOB.instance)
        assert presence.addresses[0] == Address(BOB.host, BOB.tcp_port)
        assert len(presence.addresses) <= ENDPOINTS_PER_PEER_MAX
    assert not any(isinstance(event, PresenceLeft) for _, event in stage.events)


anything = st.builds(
    Announcement,
    st.sampled_from(Kind),
    st.integers(1, 6).map(lambda number: PeerId(bytes([number]) * 32)),
    st.sampled_from([BOB.instance, b"instance"]),
    st.sampled_from([NO_TOKEN, BOB.secret, b"t" * 16]),
    st.sampled_from([0, 2372]),
    st.integers(0, 65535),
    st.sampled_from(Status),
    st.sampled_from(["", "x", "y"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(anything, hosts, st.booleans(), st.sampled_from([0.0, 0.3, 7.0])), max_size=60))
def test_nobody_is_sent_much_more_than_he_sent(
    steps: list[tuple[Announcement, str, bool, float]],
) -> None:
    """An address gets an answer for each QUERY at most, and two questions for whatever it said at most."""
    stage = new_stage()
    asked: dict[str, int] = {}
    said: dict[str, int] = {}
    for announcement, host, to_everyone, pause in steps:
        counts = asked if announcement.kind is Kind.QUERY else said
        counts[host] = counts.get(host, 0) + 1
        source = Source(host, 2372, "eth0", on_link=True, to_everyone=to_everyone)
        stage.hear(announcement.encode(), source)
        stage.run_until(stage.now + pause)
    stage.run_until(stage.now + 1000)
    for host in asked.keys() | said.keys():
        sent = [each for _, each in stage.sent if isinstance(each, Unicast) and each.host == host]
        replies = [each for each in sent if decode_announcement(each.data).kind is Kind.REPLY]
        assert len(replies) <= asked.get(host, 0)
        assert len(sent) - len(replies) <= 2 * (asked.get(host, 0) + said.get(host, 0))
    assert stage.machine.present() == ()
