"""Liars and replays: what a datagram can change about somebody who is here, and what it cannot."""

from dataclasses import replace

import pytest

from lanmsg.model import Address, Status
from lanmsg.protocol import presence_table, sightings
from lanmsg.protocol.announcement import NO_TOKEN, Kind, decode_announcement
from lanmsg.protocol.constants import ENDPOINTS_PER_PEER_MAX
from lanmsg.protocol.discovery import Unicast
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


def assert_bob_is_himself(stage: Stage) -> None:
    stage.run_until(stage.now + 3.0)
    (presence,) = stage.machine.present()
    assert (presence.name, presence.instance) == ("bob", BOB.instance)
    assert presence.addresses[0] == Address(BOB.host, BOB.tcp_port)
    assert "left" not in {what.split()[0] for _, what, _ in stage.take_events()}


# --- a liar who cannot receive at Bob's address


LIES = {
    "another address": replace(BOB, host=MALLORY),
    "another instance there": replace(BOB, host=MALLORY, secret=b"x" * 16),
    "another instance at his address": replace(BOB, secret=b"x" * 16),
    "another port at his address": replace(BOB, tcp_port=6666),
    "another port and instance at his address": replace(BOB, tcp_port=6666, secret=b"x" * 16),
    "another name at his address": replace(BOB, name="alice"),
    "another UDP port of his host": replace(BOB, port=6666),
    "all at once": replace(BOB, host=MALLORY, secret=b"x" * 16, tcp_port=6666, name="alice", lifetime_s=1),
}


@pytest.mark.parametrize("kind", [Kind.ANNOUNCE, Kind.QUERY, Kind.REPLY, Kind.BYE])
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_forged_datagram_changes_nothing(stage: Stage, lie: Actor, kind: Kind) -> None:
    stage.hear(lie.says(kind), lie.source())
    assert_bob_is_himself(stage)
    assert stage.hosts_of(BOB) == [BOB.host]


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_liar_who_answers_questions_at_its_own_address_stands_behind_bob(stage: Stage, lie: Actor) -> None:
    if lie.host == MALLORY:
        stage.present.append(lie)
    for _ in range(20):
        stage.hear(lie.announce(), lie.source())
        stage.run_until(stage.now + 0.5)
    assert_bob_is_himself(stage)


def test_a_liar_with_many_addresses_does_not_push_bobs_off_the_list(stage: Stage) -> None:
    for number in range(20):
        liar = replace(BOB, host=f"10.1.6.{number}")
        stage.announce(liar)
        stage.run_until(stage.now + 2.0)
        stage.hear(BOB.announce(), BOB.source())
    assert len(stage.hosts_of(BOB)) == ENDPOINTS_PER_PEER_MAX
    assert_bob_is_himself(stage)


def test_a_claim_is_asked_about_at_the_address_claimed_once(stage: Stage) -> None:
    liar = replace(BOB, host=MALLORY)
    for _ in range(50):
        stage.hear(liar.announce(), liar.source())
    assert [(kind, to) for _, kind, to in stage.take_sent()] == [(Kind.QUERY, MALLORY)]


def test_a_short_lifetime_cannot_be_forged(stage: Stage) -> None:
    lie = replace(BOB, lifetime_s=0)
    stage.hear(lie.announce(), lie.source())
    stage.exit(BOB)
    stage.run_until(stage.now + 11.9)
    assert stage.names() == {"bob"}


def test_a_long_lifetime_is_not_believed(stage: Stage) -> None:
    lie = replace(BOB, lifetime_s=65535)
    stage.hear(lie.announce(), lie.source())
    stage.exit(BOB)
    stage.run_until(stage.now + 302.0)
    assert stage.names() == set()


# --- goodbyes


@pytest.mark.parametrize("secret", [bytes(16), b"x" * 16, BOB.instance + BOB.instance])
def test_a_goodbye_without_the_secret_is_nothing(stage: Stage, secret: bytes) -> None:
    stage.hear(BOB.bye(secret), BOB.source())
    assert_bob_is_himself(stage)


def test_a_goodbye_of_an_earlier_run_is_nothing(stage: Stage) -> None:
    again = BOB.restarted()
    stage.exit(BOB)
    stage.announce(again)
    stage.hear(BOB.bye(), BOB.source())
    assert stage.names() == {"bob"}


def test_a_goodbye_counts_from_wherever_it_comes(stage: Stage) -> None:
    stage.hear(BOB.bye(), replace(BOB, host="10.1.200.1").source())
    assert stage.take_events() == [(4.5, "left bye", "bob")]


def test_who_said_goodbye_is_not_revived_by_a_recording(stage: Stage) -> None:
    stage.exit(BOB)
    stage.hear(BOB.bye(), BOB.source())
    stage.hear(BOB.announce(), BOB.source())
    assert stage.names() == set()
    stage.announce(BOB.restarted())
    assert stage.names() == {"bob"}
    stage.hear(BOB.announce(), BOB.source())
    assert stage.machine.present()[0].instance == BOB.restarted().instance


def test_a_goodbye_of_one_run_leaves_another_one_at_another_address(stage: Stage) -> None:
    other = replace(BOB, host="10.1.9.9", secret=b"x" * 16)
    stage.announce(other)
    stage.run_until(6.0)
    stage.exit(BOB)
    stage.hear(BOB.bye(), BOB.source())
    assert stage.hosts_of(BOB) == [other.host]


# --- answers


def questions(stage: Stage) -> list[bytes]:
    return [decode_announcement(each.data).token for _, each in stage.sent if isinstance(each, Unicast)]


def test_an_answer_counts_once_and_only_from_the_address_asked() -> None:
    stage = new_stage()
    stage.hear(BOB.announce(), BOB.source())
    liar = replace(BOB, host=MALLORY)
    stage.sent.clear()
    stage.hear(liar.announce(), liar.source())
    (token,) = questions(stage)
    elsewhere = replace(BOB, host="10.1.7.7")
    stage.hear(elsewhere.reply(token), elsewhere.source())
    assert stage.hosts_of(BOB) == [BOB.host]
    stage.hear(liar.reply(token), liar.source())
    assert stage.hosts_of(BOB) == [BOB.host, MALLORY]
    stage.hear(replace(liar, name="alice", secret=b"x" * 16).reply(token), liar.source())
    assert stage.names() == {"bob"}


def test_a_replayed_answer_is_nothing() -> None:
    stage = new_stage()
    stage.hear(BOB.announce(), BOB.source())
    stage.run_until(16.5)
    token = questions(stage)[-1]
    stage.hear(BOB.reply(token), BOB.source())
    stage.run_until(29.0)
    stage.hear(BOB.reply(token), BOB.source())
    stage.run_until(31.0)
    assert stage.names() == set()


def test_an_unasked_answer_makes_nobody_appear() -> None:
    stage = new_stage()
    stage.hear(BOB.reply(b"z" * 16), BOB.source())
    stage.hear(BOB.reply(NO_TOKEN), BOB.source())
    assert stage.names() == set()


def test_an_answer_under_another_fingerprint_confirms_nobody(stage: Stage) -> None:
    liar = replace(BOB, host=MALLORY)
    stage.hear(liar.announce(), liar.source())
    (token,) = questions(stage)
    stage.hear(replace(liar, peer=actor(9).peer, name="eve").reply(token), liar.source())
    assert stage.names() == {"bob"}


def test_a_new_name_is_taken_from_the_answer(stage: Stage) -> None:
    stage.exit(BOB)
    renamed = replace(BOB, name="robert", status=Status.AWAY)
    stage.announce(renamed)
    assert stage.take_events()[-1] == (4.5, "changed", "robert")
    assert stage.machine.present()[0].status is Status.AWAY
    assert stage.machine.present()[0].confirmed


def test_a_status_is_believed_as_it_comes(stage: Stage) -> None:
    stage.hear(replace(BOB, status=Status.BUSY).announce(), BOB.source())
    assert stage.take_events() == [(4.5, "changed", "bob")]
    assert questions(stage) == []


def test_changes_of_one_peer_are_told_as_one(stage: Stage) -> None:
    for number in range(99):
        said = replace(BOB, status=Status(number % 3)).announce()
        stage.machine.receive_datagram(said, BOB.source(), stage.now)
    assert len(stage.machine.events()) == 1


def test_a_restart_while_we_ask_whether_the_peer_is_alive_is_no_departure(stage: Stage) -> None:
    stage.exit(BOB)
    stage.run_until(16.7)
    again = BOB.restarted()
    stage.announce(again)
    stage.run_until(17.2)
    stage.announce(again)
    stage.run_until(20.0)
    assert stage.machine.present()[0].instance == again.instance
    assert stage.take_events() == [(17.2, "changed", "bob")]


def test_lies_about_an_address_do_not_make_us_ask_there_all_the_time(stage: Stage) -> None:
    lie = replace(BOB, secret=b"x" * 16)
    stage.exit(BOB)
    for _ in range(1000):
        stage.hear(lie.announce(), lie.source())
        stage.run_until(stage.now + 0.01)
    assert len(stage.take_sent()) <= 25  # 2 a second, and what we announce


# --- corners


def test_a_table_full_of_those_who_answered_lets_no_stranger_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_table, "PEER_TABLE_MAX", 3)
    stage = new_stage()
    for number in range(2, 5):
        stage.announce(actor(number))
    stage.run_until(18.0)  # all have been asked whether they are alive
    stage.announce(BOB)
    stage.run_until(20.0)
    assert stage.names() == {"actor-2", "actor-3", "actor-4"}


def test_the_memory_for_goodbyes_is_bounded(monkeypatch: pytest.MonkeyPatch, stage: Stage) -> None:
    monkeypatch.setattr(sightings, "LEFT_INSTANCES_MAX", 2)
    runs = [replace(BOB, secret=bytes([number]) * 16) for number in range(1, 4)]
    stage.exit(BOB)
    stage.hear(BOB.bye(), BOB.source())
    for run in runs:
        stage.hear(run.announce(), run.source())
        stage.hear(run.bye(), run.source())
    assert list(stage.machine._sightings._left_instances) == [(BOB.peer, run.instance) for run in runs[1:]]


def test_a_late_answer_of_a_run_that_said_goodbye_adds_no_address(stage: Stage) -> None:
    """Its last answer from one address is on the way while its goodbye arrives from the other."""
    stage.exit(BOB)
    wireless = BOB.moved("10.1.9.9")
    stage.hear(wireless.announce(), wireless.source())
    (token,) = questions(stage)
    stage.hear(BOB.bye(), BOB.source())
    again = BOB.restarted()
    stage.hear(again.announce(), again.source())
    stage.hear(wireless.reply(token), wireless.source())
    assert stage.hosts_of(BOB) == [BOB.host]


def test_a_connected_peer_keeps_its_address_though_another_one_answers(stage: Stage) -> None:
    stage.machine.session_opened(BOB.peer, Address(BOB.host, 2372), stage.now)
    stage.exit(BOB)
    stage.announce(BOB.moved(MALLORY))
    stage.run_until(10.0)
    assert stage.hosts_of(BOB) == [BOB.host, MALLORY]


def test_two_new_addresses_at_once_ask_the_old_one_once(stage: Stage) -> None:
    stage.exit(BOB)
    stage.announce(BOB.moved("10.1.9.8"))
    stage.announce(BOB.moved("10.1.9.9"))
    stage.run_until(10.0)
    asked = [at for at, kind, to in stage.take_sent() if to == BOB.host]
    assert asked == [4.5, 5.0, 5.5]
    assert stage.hosts_of(BOB)[-1] == BOB.host


def test_a_session_lost_while_a_question_is_open_waits_for_its_answer(stage: Stage) -> None:
    stage.exit(BOB)
    stage.machine.session_opened(BOB.peer, Address(BOB.host, 2372), stage.now)
    stage.hear(replace(BOB, name="robert").announce(), BOB.source())
    stage.machine.session_lost(BOB.peer, stage.now)
    stage.run_until(6.1)
    assert [what for _, what, _ in stage.take_events()] == ["left silent"]


def test_a_goodbye_while_questions_are_open_ends_them(stage: Stage) -> None:
    stage.exit(BOB)
    wireless = BOB.moved("10.1.9.9")
    stage.announce(wireless)
    for who in (BOB, wireless):
        stage.hear(replace(who, name="robert").announce(), who.source())
    stage.exit(wireless)
    stage.hear(BOB.bye(), BOB.source())
    stage.run_until(10.0)
    assert [what for _, what, _ in stage.take_events()] == ["changed", "left bye"]


def test_a_goodbye_may_come_while_we_ask_whether_the_peer_is_alive(stage: Stage) -> None:
    stage.exit(BOB)
    stage.run_until(16.6)
    stage.hear(BOB.bye(), BOB.source())
    stage.run_until(30.0)
    assert stage.take_events() == [(16.6, "left bye", "bob")]
    assert stage.machine._sightings._probes._outstanding == 0


def test_who_is_in_doubt_is_asked_and_told_of_once_it_has_answered() -> None:
    stage = new_stage()
    bob, lie = actor(1, "bob"), actor(2, "eve")
    for who in (bob, lie):
        stage.hear(who.announce(), who.source())
    stage.present.append(bob)
    stage.take_events()
    for who in (bob, lie, actor(3)):
        stage.machine.confirm(who.peer, stage.now)
    stage.run_until(stage.now + 3.0)
    assert [(what, name) for _, what, name in stage.take_events()] == [("changed", "bob")]
    assert {each.name: each.confirmed for each in stage.machine.present()} == {"bob": True, "eve": False}
    stage.take_sent()
    stage.machine.confirm(bob.peer, stage.now)
    stage.settle()
    assert stage.take_sent() == []
