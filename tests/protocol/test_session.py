"""Sessions: what both ends see of each other, on a good wire and on a bad one."""

import pytest

from lanmsg.model import PeerId, TransferId
from lanmsg.protocol.cipher import Role
from lanmsg.protocol.errors import LocalProtocolError
from lanmsg.protocol.events import PayloadReceived, SessionEnd, SessionEstablished
from lanmsg.protocol.payload import (
    Ack,
    Bulk,
    Close,
    CloseCode,
    Payload,
    Ping,
    Pong,
    Refused,
    decode,
    encode,
)
from lanmsg.protocol.record import RecordKind, RecordReader, seal_record
from lanmsg.protocol.session import SessionState
from tests.protocol.people import person
from tests.protocol.session_pair import ALICE, BOB, OTHER, SessionPair, message, profile

TRANSFER = TransferId(b"t" * 16)


# ---------- Opening


def test_two_sessions_meet_and_talk() -> None:
    pair = SessionPair(expected=person("bob").peer_id)
    pair.run()
    pair.check_established()
    pair.say(ALICE, profile("alice"), message(1))
    pair.say(BOB, profile("bob"), Ack(message(1).id))
    pair.say(BOB, message(2, "x" * 32_768), message(3))
    pair.say(ALICE, profile("alice again"))
    pair.hang_up(ALICE, CloseCode.BYE)


def test_the_initiator_speaks_right_behind_m5() -> None:
    pair = SessionPair()
    pair.give(BOB, pair.take(ALICE))
    pair.give(ALICE, pair.take(BOB))
    pair.give(BOB, pair.take(ALICE))
    pair.give(ALICE, pair.take(BOB))
    assert pair.events[ALICE] == [SessionEstablished(person("bob").peer_id, person("bob").modulus)]
    for payload in (profile(), message()):
        pair.sessions[ALICE].send(payload, 0.0)
    pair.give(BOB, pair.take(ALICE))
    assert pair.events[BOB] == [
        SessionEstablished(person("alice").peer_id, person("alice").modulus),
        PayloadReceived(profile()),
        PayloadReceived(message()),
    ]


def test_the_peer_has_no_name_before_it_is_proven() -> None:
    pair = SessionPair()
    assert pair.sessions[ALICE].peer is None
    pair.give(BOB, pair.take(ALICE))
    pair.give(ALICE, pair.take(BOB))
    pair.give(BOB, pair.take(ALICE))
    assert [session.peer for session in pair.sessions.values()] == [None, None]
    assert pair.events == {ALICE: [], BOB: []}


def test_an_unexpected_peer_ends_it_with_the_key_that_was_shown() -> None:
    pair = SessionPair(expected=PeerId(bytes(32)))
    pair.run()
    assert pair.closed(ALICE).code == SessionEnd.UNEXPECTED_PEER
    assert pair.closed(ALICE).claimed == person("bob").peer_id
    assert pair.closed(BOB).code == SessionEnd.HANDSHAKE
    assert len(pair.wire[ALICE]) == 1227 + 3


def test_talking_to_oneself_is_refused() -> None:
    pair = SessionPair(responder=person("alice"))
    pair.run()
    assert {pair.closed(role).code for role in Role} == {SessionEnd.HANDSHAKE}


# ---------- Who speaks when


def test_the_first_payload_says_what_the_session_is_for() -> None:
    pair = SessionPair()
    pair.run()
    with pytest.raises(LocalProtocolError, match="no place"):
        pair.sessions[ALICE].send(message(), 0.0)
    with pytest.raises(LocalProtocolError, match="no place"):
        pair.sessions[BOB].send(profile(), 0.0)
    assert pair.take(ALICE) == pair.take(BOB) == b""


@pytest.mark.parametrize("payload", [message(), Ack(b"i" * 16), Refused(None, "unknown"), Ping(1), Pong(1)])
def test_another_first_payload_ends_it(payload: Payload) -> None:
    pair = SessionPair()
    pair.run()
    forge(pair, ALICE, encode(payload))
    assert (pair.closed(BOB).code, pair.closed(BOB).clean) == ("protocol", False)


def test_pings_are_answered_after_the_responder_s_profile() -> None:
    pair = SessionPair()
    pair.run()
    pair.say(ALICE, profile("alice"))
    for token in (1, 2):
        forge(pair, ALICE, encode(Ping(token)))
    assert pair.take(BOB) == b""
    pair.sessions[BOB].send(profile("bob"), 0.0)
    reader = RecordReader(pair.sessions[ALICE]._reader.key, (RecordKind.PAYLOAD,))
    reader.receive_data(pair.take(BOB))
    records = [reader.next_record(0.0) for _ in range(3)]
    said = [decode(record.plaintext) for record in records if record is not None]
    assert said == [profile("bob"), Pong(1), Pong(2)]


def test_the_responder_does_not_speak_first() -> None:
    pair = SessionPair()
    pair.run()
    forge(pair, BOB, encode(profile()))
    assert pair.closed(ALICE).code == "protocol"


@pytest.mark.parametrize("role", Role)
def test_a_conversation_does_not_become_a_transfer(role: Role) -> None:
    pair = SessionPair.opened()
    with pytest.raises(LocalProtocolError):
        pair.sessions[role].send(Bulk(TRANSFER, "source"), 0.0)
    forge(pair, role, encode(Bulk(TRANSFER, "source")))
    assert pair.closed(OTHER[role]).code == "protocol"


@pytest.mark.parametrize("payload", [Close("bye"), Ping(1), Pong(1)])
def test_some_payloads_are_the_sessions_own(payload: Payload) -> None:
    with pytest.raises(LocalProtocolError):
        SessionPair.opened().sessions[ALICE].send(payload, 0.0)


def test_nothing_is_sent_before_the_handshake_or_after_the_end() -> None:
    pair = SessionPair()
    with pytest.raises(LocalProtocolError):
        pair.sessions[ALICE].send(profile(), 0.0)
    pair = SessionPair.opened()
    pair.hang_up(BOB, CloseCode.IDLE)
    for role in Role:
        with pytest.raises(LocalProtocolError):
            pair.sessions[role].send(message(), 0.0)
        assert pair.sessions[role].next_deadline() is None


# ---------- What the peer may get wrong


def forge(pair: SessionPair, role: Role, plaintext: bytes, kind: RecordKind = RecordKind.PAYLOAD) -> None:
    """`role` sends a record that our own code would not send, and both ends react."""
    pair.forget()
    session = pair.sessions[role]
    session._outbox += seal_record(session._send_key, kind, plaintext, pair.now)
    pair.run()


def test_an_unknown_payload_is_refused_and_the_session_goes_on() -> None:
    pair = SessionPair.opened()
    forge(pair, ALICE, b"\x82\xa1t\xa8reaction\xa2id\xc4\x10" + b"r" * 16)
    assert pair.events == {ALICE: [PayloadReceived(Refused(b"r" * 16, "unknown"))], BOB: []}
    forge(pair, BOB, b"\x81\xa1t\xa8reaction")
    assert pair.events == {ALICE: [], BOB: [PayloadReceived(Refused(None, "unknown"))]}
    pair.say(ALICE, message())


@pytest.mark.parametrize(
    ("plaintext", "kind"),
    [
        (b"", RecordKind.PAYLOAD),
        (b"\x81\xa1t\xa7message", RecordKind.PAYLOAD),
        (encode(Close("bye")), RecordKind.PAYLOAD),
        (encode(message()), RecordKind.CLOSE),
        (b"\x81\xa1t\xa3new", RecordKind.CLOSE),
        (b"", RecordKind.DATA),
    ],
    ids=["empty", "malformed", "close as payload", "payload as close", "unknown as close", "data"],
)
def test_a_record_that_does_not_belong_ends_the_session(plaintext: bytes, kind: RecordKind) -> None:
    pair = SessionPair.opened()
    forge(pair, ALICE, plaintext, kind)
    assert (pair.closed(BOB).code, pair.closed(BOB).clean) == ("protocol", False)
    assert (pair.closed(ALICE).code, pair.closed(ALICE).clean) == ("protocol", True)


def test_a_close_code_of_a_later_version_is_an_end_like_any_other() -> None:
    pair = SessionPair.opened()
    forge(pair, ALICE, encode(Close("tired")), RecordKind.CLOSE)
    assert (pair.closed(BOB).code, pair.closed(BOB).clean) == ("tired", True)


@pytest.mark.parametrize(
    "header", [b"\x11\x00\x01\x00", b"\x10\xff\xff\xff", b"\x06\x00\x00\x00", b"\x10\x00\x00\x00"]
)
def test_a_header_is_judged_before_its_body(header: bytes) -> None:
    pair = SessionPair.opened()
    pair.give(BOB, header)
    assert pair.closed(BOB).code == "protocol"
    assert pair.sessions[BOB]._reader.pending_bytes <= len(header)


# ---------- Endings


def test_a_stream_that_ends_without_close_is_a_truncation() -> None:
    pair = SessionPair.opened()
    pair.end(ALICE)
    assert (pair.closed(ALICE).code, pair.closed(ALICE).clean) == (SessionEnd.TRUNCATED, False)
    assert pair.take(ALICE) == b""


def test_a_stream_that_ends_in_the_handshake_is_a_failed_handshake() -> None:
    pair = SessionPair()
    pair.give(BOB, pair.take(ALICE)[:500])
    pair.end(BOB)
    assert (pair.closed(BOB).code, pair.closed(BOB).clean) == (SessionEnd.HANDSHAKE, False)


def test_after_a_close_the_end_of_the_stream_is_no_news() -> None:
    pair = SessionPair.opened()
    pair.hang_up(ALICE, CloseCode.BYE)
    for role in Role:
        pair.forget()
        pair.end(role)
        pair.sessions[role].close(CloseCode.BYE, 0.0)
        pair.give(role, b"anything")
        assert pair.events[role] == []
        assert pair.take(role) == b""


def test_closing_in_the_handshake_is_an_abort() -> None:
    pair = SessionPair()
    pair.sessions[ALICE].close(CloseCode.BYE, 0.0)
    assert pair.sessions[ALICE].data_to_send()[1227:] == b"\x06\x00\x00"


# ---------- Time


def test_who_connects_and_says_nothing_is_dropped_after_two_seconds() -> None:
    pair = SessionPair()
    responder = pair.sessions[BOB]
    assert responder.next_deadline() == 2.0
    responder.handle_deadline(1.9)
    assert responder.events() == []
    responder.handle_deadline(2.0)
    assert responder.data_to_send() == b"\x06\x00\x00"
    pair.events[BOB] = responder.events()
    assert pair.closed(BOB).code == SessionEnd.TIMEOUT


def test_a_slow_handshake_ends_after_five_seconds_in_all() -> None:
    pair = SessionPair()
    assert pair.sessions[ALICE].next_deadline() == 5.0
    for byte in pair.take(ALICE)[:4]:
        pair.now += 1.2
        pair.give(BOB, bytes((byte,)))
        assert pair.sessions[BOB].next_deadline() == 5.0
    for role in Role:
        pair.sessions[role].handle_deadline(5.0)
        pair.events[role] += pair.sessions[role].events()
        assert pair.closed(role).code == SessionEnd.TIMEOUT


def test_silence_is_answered_by_a_ping_and_life_goes_on() -> None:
    pair = SessionPair.opened()
    before = dict(pair.wire)
    pair.wait(1000.0)
    assert pair.events == {ALICE: [], BOB: []}
    for role in Role:
        # 33 times a Ping, a Pong, or both: here the two sides are silent to the same instant.
        assert 33 * 35 <= len(pair.wire[role]) - len(before[role]) <= 33 * 70
    pair.say(BOB, message())


def test_a_peer_that_is_dead_is_noticed_after_90_seconds() -> None:
    pair = SessionPair.opened()
    session, pings = pair.sessions[ALICE], []
    while session.state is SessionState.OPEN:
        due = session.next_deadline()
        assert due is not None
        session.handle_deadline(due)
        pings.append((due, len(session.data_to_send()) > 0))
    assert pings == [(30.0, True), (60.0, True), (90.0, False)]
    pair.events[ALICE] = session.events()
    assert (pair.closed(ALICE).code, pair.closed(ALICE).clean) == (SessionEnd.TIMEOUT, False)


def test_a_peer_in_doubt_has_three_seconds_to_answer() -> None:
    pair = SessionPair.opened()
    session = pair.sessions[ALICE]
    session.ask_if_alive(5.0)
    assert len(session.data_to_send()) > 0
    assert session.next_deadline() == 8.0
    session.handle_deadline(8.0)
    pair.events[ALICE] = session.events()
    assert pair.closed(ALICE).code == SessionEnd.TIMEOUT


def test_a_peer_in_doubt_that_answers_is_here() -> None:
    pair = SessionPair.opened()
    pair.sessions[ALICE].ask_if_alive(pair.now)
    pair.run()
    assert pair.sessions[ALICE].next_deadline() == 30.0
    pair.say(BOB, message())


def test_no_ping_before_the_first_payload() -> None:
    pair = SessionPair()
    pair.run()
    assert [session.next_deadline() for session in pair.sessions.values()] == [90.0, 90.0]


def test_a_deadline_that_is_not_reached_does_nothing() -> None:
    pair = SessionPair.opened()
    pair.sessions[ALICE].handle_deadline(29.0)
    assert pair.take(ALICE) == b""
