"""Who is here, in seconds: newcomers, goodbyes, crashes, restarts, moves, sessions, sleep."""

from dataclasses import replace

from lanmsg.model import Address, PeerId
from lanmsg.protocol.announcement import Kind
from tests.protocol.lan_simulation import Lan
from tests.protocol.stage import actor, new_stage

BOB = actor(1, "bob")
QUERY = Kind.QUERY


def test_a_newcomer_and_all_others_see_each_other_within_a_second() -> None:
    lan = Lan()
    lan.add_within(40, 2.0)
    lan.run_until(20.0)
    lan.add()
    took = lan.run_until_all_know(limit=5, step=0.01)
    assert took is not None
    assert took <= 1.0


def test_even_when_its_first_question_is_lost() -> None:
    lan = Lan()
    lan.add_within(40, 2.0)
    lan.run_until(20.0)
    lan.add()
    lan.loss = 1.0
    lan.run_until(20.1)
    lan.loss = 0.0
    took = lan.run_until_all_know(limit=5, step=0.01)
    assert took is not None
    assert took <= 0.9


def test_a_goodbye_shows_at_once() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.hear(BOB.bye(), BOB.source())
    assert stage.take_events() == [(4.5, "appeared", "bob"), (4.5, "left bye", "bob")]


def test_a_crash_shows_within_13_5_seconds_of_the_last_word() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.exit(BOB)
    stage.run_until(60.0)
    assert stage.take_events() == [(4.5, "appeared", "bob"), (4.5 + 13.5, "left silent", "bob")]


def test_a_peer_whose_announcements_are_lost_is_asked_and_stays() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.run_until(300.0)
    assert stage.take_events() == [(4.5, "appeared", "bob")]
    asked = [at for at, kind, to in stage.take_sent() if to == BOB.host]
    assert asked[:3] == [16.5, 28.5, 40.5]


def test_a_restart_at_the_same_address_is_seen_at_once() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.exit(BOB)
    again = replace(BOB.restarted(), tcp_port=40001, name="bob again")
    stage.run_until(6.0)
    stage.announce(again)
    stage.run_until(6.0)
    assert stage.take_events() == [(4.5, "appeared", "bob"), (6.0, "changed", "bob again")]
    (presence,) = stage.machine.present()
    assert presence.instance == again.instance
    assert presence.addresses == (Address(BOB.host, 40001),)


def test_a_second_address_is_added_behind_the_first() -> None:
    stage = new_stage()
    wireless = BOB.moved("10.1.9.9")
    stage.announce(BOB)
    stage.announce(wireless)
    stage.run_with_announcements(60.0)
    assert stage.hosts_of(BOB) == [BOB.host, wireless.host]
    stage.exit(BOB)  # the cable is pulled
    stage.run_with_announcements(60.0 + 13.5)
    assert stage.hosts_of(BOB) == [wireless.host]
    assert [what for _, what, _ in stage.take_events()] == ["appeared", "changed", "changed"]


def test_whoever_moved_is_found_at_the_new_address() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.exit(BOB)
    stage.announce(BOB.moved("10.1.9.9"))
    stage.run_until(stage.now + 1.5)
    assert stage.hosts_of(BOB) == ["10.1.9.9", BOB.host]
    stage.run_with_announcements(40.0)
    assert stage.hosts_of(BOB) == ["10.1.9.9"]
    assert "left" not in {what.split()[0] for _, what, _ in stage.take_events()}


# --- sessions


def test_a_peer_with_a_session_is_doubted_but_not_called_gone() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.machine.session_opened(BOB.peer, Address(BOB.host, 2372), stage.now)
    stage.machine.session_opened(BOB.peer, None, stage.now)
    stage.exit(BOB)
    stage.run_until(500.0)
    first, doubt, *doubts = stage.take_events()
    assert (first, doubt) == ((4.5, "appeared", "bob"), (16.5, "silent", "bob"))
    assert {what for _, what, _ in doubts} == {"silent"}
    stage.machine.session_closed(BOB.peer, stage.now)
    stage.run_until(520.0)
    assert stage.take_events() == [(501.5, "left silent", "bob")]


def test_a_lost_session_makes_us_ask_at_once() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.announce(actor(2))
    for who in (BOB, actor(2)):
        stage.machine.session_opened(who.peer, Address(who.host, 2372), stage.now)
    stage.exit(BOB)
    stage.run_until(5.0)
    stage.take_events()
    for who in (BOB, actor(2)):
        stage.machine.session_lost(who.peer, stage.now)
    stage.run_until(10.0)
    assert stage.take_events() == [(6.5, "left silent", "bob")]


def test_a_goodbye_counts_also_while_a_session_is_open() -> None:
    stage = new_stage()
    stage.announce(BOB)
    stage.machine.session_opened(BOB.peer, Address(BOB.host, 2372), stage.now)
    stage.hear(BOB.bye(), BOB.source())
    assert stage.names() == set()


def test_a_session_shows_which_address_is_the_true_one() -> None:
    stage = new_stage()
    liar = replace(BOB, host="10.1.6.6", name="bob?")
    stage.announce(liar)
    stage.announce(BOB)
    assert stage.hosts_of(BOB) == [liar.host, BOB.host]
    stage.machine.session_opened(BOB.peer, Address(BOB.host, 2372), stage.now)
    stage.settle()
    assert stage.hosts_of(BOB) == [BOB.host, liar.host]


def test_a_session_of_somebody_unheard_makes_nobody_appear() -> None:
    stage = new_stage()
    stage.machine.session_opened(BOB.peer, Address(BOB.host, 2372), stage.now)
    stage.machine.session_lost(BOB.peer, stage.now)
    stage.machine.session_closed(PeerId(b"z" * 32), stage.now)
    stage.run_until(30.0)
    assert stage.take_events() == []


# --- sleep


def test_after_sleep_a_node_asks_before_it_calls_anybody_gone() -> None:
    stage = new_stage()
    others = [actor(number) for number in range(2, 40)]
    for who in [BOB, *others]:
        stage.announce(who)
    stage.run_until(6.0)
    stage.take_events()
    stage.sent.clear()
    stage.exit(BOB)
    stage.now = 3600.0  # nobody served the machine for an hour
    stage.machine.handle_deadline(stage.now)
    stage.settle()
    assert (3600.0, QUERY, "everyone") in stage.take_sent()
    for who in others:
        stage.hear(who.announce(), who.source())
    stage.run_until(3605.0)
    assert stage.take_events() == [(3603.0, "left silent", "bob")]
    assert {to for _, _, to in stage.take_sent()} == {"everyone", BOB.host}
