"""Timetables of one machine: what it says when, and what it tells of whom."""

from dataclasses import replace
from itertools import pairwise

import pytest

from lanmsg.model import Address, Status
from lanmsg.protocol.announcement import Kind, decode_announcement, instance_of
from lanmsg.protocol.constants import ANNOUNCEMENT_BYTES, BYE_COPIES
from lanmsg.protocol.discovery import Broadcast, Unicast
from tests.protocol.stage import ME, Stage, actor, new_machine, new_stage

BOB = actor(1, "bob")
QUERY, ANNOUNCE, REPLY, BYE = Kind.QUERY, Kind.ANNOUNCE, Kind.REPLY, Kind.BYE


# --- speaking


def test_a_node_asks_three_times_and_then_announces() -> None:
    stage = Stage(new_machine())
    stage.run_until(60.0)
    sent = stage.take_sent()
    assert sent[:3] == [(at, QUERY, "everyone") for at in (0.0, 0.5, 3.0)]
    announced = [at for at, kind, to in sent[3:] if (kind, to) == (ANNOUNCE, "everyone")]
    assert len(sent) == 3 + len(announced)
    assert 3.0 <= announced[0] <= 8.0
    gaps = [after - before for before, after in pairwise(announced)]
    assert all(4.5 <= gap <= 5.5 for gap in gaps)
    assert len(set(gaps)) > 1


def test_the_questions_of_a_start_share_a_token_and_show_who_asks() -> None:
    stage = Stage(new_machine())
    stage.run_until(3.0)
    questions = [decode_announcement(datagram.data) for _, datagram in stage.sent]
    assert len({question.token for question in questions}) == 1
    assert any(questions[0].token)
    first = questions[0]
    assert (first.peer, first.port, first.name, first.lifetime_s) == (ME, 2372, "me", 12)


def test_with_many_peers_announcements_are_rare_and_promise_more() -> None:
    stage = new_stage()
    for number in range(400):
        stage.hear(actor(number).announce(), actor(number).source())
    stage.run_until(10.0)
    stage.sent.clear()
    for _ in range(12):
        stage.run_with_announcements(stage.now + 10.0, every=10.0)
        for number in range(400):
            stage.hear(actor(number).announce(), actor(number).source())
    announced = [(at, each) for at, each in stage.sent if isinstance(each, Broadcast)]
    gaps = [after[0] - before[0] for before, after in pairwise(announced)]
    assert all(18 <= gap <= 22 for gap in gaps[1:])
    assert decode_announcement(announced[-1][1].data).lifetime_s == 48


def test_a_change_of_profile_is_told_at_once_but_not_more_than_once_a_second() -> None:
    stage = new_stage()
    stage.run_until(20.0)
    stage.take_sent()
    stage.machine.set_profile("me", Status.AVAILABLE, stage.now)
    assert stage.machine.datagrams_to_send(stage.now) == []
    for number in range(10):
        stage.machine.set_profile(f"me {number}", Status.AWAY, stage.now)
        stage.run_until(stage.now + 0.01)
    stage.run_until(stage.now + 1.5)
    told = [decode_announcement(datagram.data) for _, datagram in stage.sent]
    assert [said.name for said in told if said.name != "me 9"] in ([], ["me 0"])
    assert told[-1].name == "me 9"
    assert told[-1].status is Status.AWAY
    assert len(told) <= 3


def test_leaving_is_said_twice_and_then_nothing_more() -> None:
    stage = new_stage()
    stage.machine.leave(stage.now)
    stage.settle()
    assert stage.take_sent() == [(4.5, BYE, "everyone")] * BYE_COPIES
    stage.machine.leave(stage.now)
    stage.machine.interfaces_changed(stage.now)
    stage.machine.set_profile("ghost", Status.BUSY, stage.now)
    stage.hear(BOB.query(), BOB.source())
    stage.machine.handle_deadline(stage.now + 100)
    stage.settle()
    assert stage.machine.next_deadline() is None
    assert stage.take_sent() == []
    assert stage.take_events() == []


def test_a_goodbye_shows_the_secret_behind_the_instance() -> None:
    stage = new_stage()
    stage.machine.leave(stage.now)
    stage.settle()
    bye = decode_announcement(stage.sent[0][1].data)
    assert instance_of(bye.token) == bye.instance


def test_each_start_is_another_instance() -> None:
    said = []
    for seed in (1, 2):
        stage = Stage(new_machine(seed=seed))
        stage.run_until(0.0)
        said.append(decode_announcement(stage.sent[0][1].data))
    assert said[0].instance != said[1].instance
    assert said[0].token != said[1].token


def test_new_interfaces_are_asked_on_but_not_without_end() -> None:
    stage = new_stage()
    stage.run_until(10.0)
    stage.take_sent()
    stage.machine.interfaces_changed(10.0)
    stage.run_until(13.0)
    assert [(at, kind) for at, kind, _ in stage.take_sent()] == [(10, QUERY), (10.5, QUERY), (13, QUERY)]


def test_a_loose_contact_neither_floods_the_network_nor_keeps_the_dead_on_the_list() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.exit(BOB)
    for _ in range(600):
        stage.machine.interfaces_changed(stage.now)
        stage.run_until(stage.now + 0.1)
    sent = stage.take_sent()
    assert sum(kind is QUERY and to == "everyone" for _, kind, to in sent) <= 3 * (3 + 6)
    assert len(sent) <= 150
    assert [what for _, what, _ in stage.take_events()] == ["appeared", "left silent"]


# --- answering


def test_a_question_is_answered_to_where_it_came_from() -> None:
    stage = new_stage()
    dialer = replace(BOB, tcp_port=0, port=50123)
    stage.hear(dialer.query(b"t" * 16), dialer.source())
    stage.run_until(stage.now)
    ((_, reply),) = stage.sent
    assert isinstance(reply, Unicast)
    assert (reply.host, reply.port, reply.interface) == (BOB.host, 50123, "eth0")
    said = decode_announcement(reply.data)
    assert (said.kind, said.token, said.port) == (REPLY, b"t" * 16, 2372)
    assert len(reply.data) <= len(dialer.query())
    assert stage.names() == set()  # a dialer is never listed


def test_answers_wait_by_chance_when_many_answer() -> None:
    delays = []
    for number in range(30):
        stage = Stage(new_machine(seed=number))
        stage.run_until(4.5)
        for each in range(200):
            stage.hear(actor(each).announce(), actor(each).source())
        stage.sent.clear()
        stage.hear(replace(BOB, tcp_port=0).query(), BOB.source())
        stage.run_until(5.0)
        delays += [at - 4.5 for at, kind, _ in stage.take_sent() if kind is REPLY]
    assert len(delays) == 30
    assert 0 <= min(delays) < 0.05
    assert 0.15 < max(delays) <= 0.2


def test_off_link_questions_are_not_answered_nor_believed() -> None:
    stage = new_stage()
    stranger = replace(BOB, host="192.0.2.1", on_link=False)
    for said in (stranger.query(), stranger.announce(), stranger.reply(bytes(16))):
        stage.hear(said, stranger.source())
    stage.run_until(stage.now + 0.1)
    assert stage.take_sent() == []
    assert stage.names() == set()
    assert stage.machine.off_link == 3


def test_noise_is_counted_and_nothing_else() -> None:
    stage = new_stage()
    for noise in (b"", b"GET / HTTP/1.1", bytes(128), b"x" * 1500, BOB.announce()[:-1]):
        stage.hear(noise, BOB.source())
    assert stage.machine.malformed == 5
    assert stage.take_sent() == []
    assert stage.take_events() == []


def test_our_own_fingerprint_is_ignored_whoever_shows_it() -> None:
    stage = new_stage()
    ours = replace(BOB, peer=ME)
    for said in (ours.query(), ours.announce(), ours.reply(bytes(16)), ours.bye()):
        stage.hear(said, ours.source())
    stage.run_until(stage.now + 0.1)
    assert stage.take_sent() == []
    assert stage.take_events() == []


# --- dialers and quiet nodes


def test_a_quiet_node_listens_and_says_nothing() -> None:
    stage = Stage(new_machine(announce=False))
    stage.hear(BOB.announce(), BOB.source())
    stage.hear(BOB.query(), BOB.source())
    stage.hear(BOB.restarted().announce(), BOB.source())
    stage.machine.interfaces_changed(1.0)
    stage.machine.set_profile("other", Status.AWAY, 1.0)
    stage.run_until(17.0)
    assert stage.names() == {"bob"}
    stage.run_until(40.0)
    assert stage.take_events() == [(0.0, "appeared", "bob"), (19.0, "left silent", "bob")]
    stage.machine.leave(40.0)
    stage.settle()
    assert stage.take_sent() == []


def test_a_dialer_asks_without_a_port_and_hears_the_answers() -> None:
    stage = Stage(new_machine(announce=False))
    stage.machine.query_everyone(0.0)
    stage.run_until(0.0)
    question = decode_announcement(stage.sent[0][1].data)
    assert (question.kind, question.port) == (QUERY, 0)
    stage.hear(BOB.reply(question.token), BOB.source(to_everyone=False))
    assert stage.names() == {"bob"}
    stage.hear(replace(BOB, tcp_port=0).query(), BOB.source())
    stage.run_until(3.0)
    assert {kind for _, kind, _ in stage.take_sent()} == {QUERY}
    stage.machine.leave(3.0)
    stage.settle()
    assert stage.take_sent() == []


@pytest.mark.parametrize(("present", "asked"), [(1, [0, 0.5, 3, 5.5, 8]), (80, [0, 0.5, 3, 7])])
def test_a_dialer_that_waits_for_somebody_asks_again_and_large_networks_less_often(
    present: int, asked: list[float]
) -> None:
    stage = Stage(new_machine(announce=False))
    stage.machine.query_everyone(0.0)
    stage.machine.seek(10.0, 0.0)
    stage.run_until(0.0)
    token = decode_announcement(stage.sent[0][1].data).token
    for number in range(present):
        stage.hear(actor(number).reply(token), actor(number).source(to_everyone=False))
    stage.run_until(9.5)
    assert [at for at, kind, to in stage.take_sent() if kind is QUERY and to == "everyone"] == asked
    stage.machine.seek(9.5, 9.5)  # found
    stage.run_until(14.0)
    assert len([to for _, _, to in stage.take_sent() if to == "everyone"]) <= 1


def test_who_begins_to_wait_later_asks_at_once() -> None:
    stage = Stage(new_machine(announce=False))
    stage.machine.query_everyone(0.0)
    stage.run_until(20.0)
    stage.take_sent()
    stage.machine.seek(24.0, 20.0)
    stage.run_until(30.0)
    assert [at for at, _, _ in stage.take_sent()] == [20.0, 22.5]


# --- static peers


def test_static_peers_are_asked_wherever_they_are() -> None:
    stage = new_stage()
    away = replace(BOB, host="192.0.2.1", on_link=False)
    stage.machine.ask(away.host, away.port, stage.now)
    stage.run_until(20.0)
    asked = [at for at, kind, to in stage.take_sent() if to == away.host]
    assert asked == [4.5, 5.0, 7.5, 12.5, 17.5]
    stage.present.append(away)
    stage.run_until(23.0)
    assert stage.take_events() == [(22.5, "appeared", "bob")]
    stage.hear(away.query(), away.source(to_everyone=False))
    assert stage.take_sent()[-1][1:] == (REPLY, away.host)


def test_a_static_peer_is_kept_by_asking_and_hears_our_goodbye() -> None:
    stage = new_stage()
    away = replace(BOB, host="192.0.2.1", on_link=False)
    stage.present.append(away)
    stage.machine.ask(away.host, away.port, stage.now)
    stage.run_until(120.0)
    assert stage.take_events() == [(4.5, "appeared", "bob")]
    asked = [at for at, kind, to in stage.take_sent() if to == away.host]
    assert len(asked) <= 11  # one each 12 s
    stage.machine.leave(stage.now)
    stage.settle()
    assert [to for _, _, to in stage.take_sent()] == ["everyone", "everyone", away.host]


@pytest.mark.parametrize(("to_everyone", "port"), [(False, 2372), (True, 0)])
def test_who_may_not_hear_broadcasts_hears_our_goodbye_alone(*, to_everyone: bool, port: int) -> None:
    """A firewall that lets in answers only, or a dialer, which has no ear."""
    stage = new_stage()
    stage.hear(replace(BOB, tcp_port=port).query(), BOB.source(to_everyone=to_everyone))
    stage.take_sent()
    stage.machine.leave(stage.now)
    stage.settle()
    said = [(kind, to) for _, kind, to in stage.take_sent()]
    assert said == [*[(BYE, "everyone")] * BYE_COPIES, (BYE, BOB.host)]


def test_who_hears_broadcasts_hears_our_goodbye_there() -> None:
    stage = new_stage()
    stage.hear(BOB.query(), BOB.source())
    stage.take_sent()
    stage.machine.leave(stage.now)
    stage.settle()
    assert {to for _, _, to in stage.take_sent()} == {"everyone"}


def test_a_static_peer_with_a_session_is_not_asked() -> None:
    stage = new_stage()
    stage.machine.ask(BOB.host, 2372, stage.now)
    stage.machine.session_opened(BOB.peer, Address(BOB.host, 2372), stage.now)
    stage.announce(BOB)
    stage.run_with_announcements(60.0)
    assert [at for at, _, to in stage.take_sent() if to == BOB.host] == []


def test_every_datagram_has_the_same_length() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.announce(BOB.moved("10.1.9.9"))
    stage.hear(BOB.query(), BOB.source())
    stage.run_until(30.0)
    stage.machine.leave(30.0)
    stage.settle()
    assert {len(datagram.data) for _, datagram in stage.sent} == {ANNOUNCEMENT_BYTES}


@pytest.mark.parametrize("now", [0.0, 1e9])
def test_any_clock_will_do(now: float) -> None:
    stage = Stage(new_machine(now=now), now=now)
    stage.announce(BOB)
    stage.run_until(now + 60.0)
    stage.exit(BOB)
    stage.run_until(now + 90.0)
    assert [what for _, what, _ in stage.take_events()] == ["appeared", "left silent"]


# --- where no broadcasts are heard


def test_who_hears_no_broadcasts_finds_who_answers_it_alone_and_keeps_seeing_it() -> None:
    stage = new_stage()
    stage.present.append(BOB)
    silent = actor(2).source(to_everyone=False)
    stage.machine.ask_neighbours([BOB.source(to_everyone=False), silent], stage.now)
    stage.run_until(stage.now + 1)
    assert stage.names() == {"bob"}
    assert stage.machine.present()[0].confirmed
    stage.run_until(stage.now + 60)
    assert stage.names() == {"bob"}
    stage.exit(BOB)
    stage.run_until(stage.now + 15)
    assert stage.names() == set()
    stage.present.append(BOB)
    stage.run_until(stage.now + 21)
    assert stage.names() == {"bob"}


def test_who_hears_no_broadcasts_asks_where_it_would_announce_until_it_knows_enough() -> None:
    stage = new_stage()
    stage.machine.ask_neighbours([], stage.now)
    stage.run_until(stage.now + 21)
    assert {(kind, to) for _, kind, to in stage.take_sent()} == {(QUERY, "everyone")}
    crowd = [actor(number) for number in range(20)]
    for each in crowd:
        stage.announce(each)
    stage.take_sent()
    stage.run_with_announcements(stage.now + 40)
    said = [(at, kind) for at, kind, to in stage.take_sent() if to == "everyone"]
    asked = [at for at, kind in said if kind is QUERY]
    assert 2 <= len(asked) <= 4
    assert all(after - before >= 10 for before, after in pairwise(asked))
    assert len(said) > len(asked)
    for number in range(20, 32):
        stage.announce(actor(number))
    stage.take_sent()
    stage.run_with_announcements(stage.now + 60)
    assert QUERY not in {kind for _, kind, to in stage.take_sent() if to == "everyone"}


def test_who_hears_broadcasts_again_announces_again_and_asks_no_neighbours() -> None:
    stage = new_stage()
    stage.machine.ask_neighbours([actor(2).source(to_everyone=False)], stage.now)
    stage.run_until(stage.now + 6)
    stage.take_sent()
    stage.machine.ask_neighbours(None, stage.now)
    stage.run_until(stage.now + 60)
    assert {(kind, to) for _, kind, to in stage.take_sent()} == {(ANNOUNCE, "everyone")}


def test_who_has_left_asks_no_neighbours() -> None:
    stage = new_stage()
    stage.machine.leave(stage.now)
    stage.machine.ask_neighbours([BOB.source(to_everyone=False)], stage.now)
    stage.take_sent()
    stage.run_until(stage.now + 10)
    assert {kind for _, kind, _ in stage.take_sent()} <= {BYE}
