"""Sessions that become connections for the data of one transfer."""

import pytest

from lanmsg.model import TransferId
from lanmsg.protocol.cipher import Role
from lanmsg.protocol.constants import BULK_PENDING_MAX_BYTES
from lanmsg.protocol.errors import LocalProtocolError
from lanmsg.protocol.events import PayloadReceived, SessionEnd
from lanmsg.protocol.payload import Accept, Bulk, Close, CloseCode, encode
from lanmsg.protocol.record import RecordKind, RecordReader, seal_record
from lanmsg.protocol.session import SessionState
from tests.protocol.session_pair import ALICE, BOB, SessionPair, profile

TRANSFER = TransferId(b"t" * 16)


@pytest.mark.parametrize("role", ["source", "sink"])
def test_a_connection_for_file_data_is_handed_over(role: str) -> None:
    pair = SessionPair()
    pair.run()
    pair.forget()
    bulk = Bulk(TRANSFER, "source" if role == "source" else "sink")
    pair.sessions[ALICE].send(bulk, 0.0)
    pair.give(BOB, pair.take(ALICE))
    assert pair.events[BOB] == [PayloadReceived(bulk)]
    assert [session.state for session in pair.sessions.values()] == [SessionState.BULK] * 2
    assert [session.next_deadline() for session in pair.sessions.values()] == [None, None]
    ours, theirs = pair.sessions[ALICE].detach(), pair.sessions[BOB].detach()
    for send, receive in ((ours.send, theirs.receive), (theirs.send, ours.receive)):
        reader = RecordReader(receive, (RecordKind.DATA,))
        reader.receive_data(seal_record(send, RecordKind.DATA, b"blocks", 0.0))
        record = reader.next_record(0.0)
        assert record is not None
        assert record.plaintext == b"blocks"


def test_what_follows_the_bulk_is_left_to_the_bulk_path() -> None:
    pair = SessionPair()
    pair.run()
    alice, bob = pair.sessions[ALICE], pair.sessions[BOB]
    alice.send(Bulk(TRANSFER, "source"), 0.0)
    head = pair.take(ALICE)
    keys = alice.detach()
    behind = seal_record(keys.send, RecordKind.DATA, bytes(100_000), 0.0)
    pair.give(BOB, head + behind[:5000])
    pair.give(BOB, behind[5000:])
    bob.send(Accept(TRANSFER, 0, 0), 0.0)
    with pytest.raises(LocalProtocolError, match="sent first"):
        bob.detach()
    answer = pair.take(BOB)
    assert bob.detach().pending == behind
    reader = RecordReader(keys.receive, (RecordKind.PAYLOAD,))
    reader.receive_data(answer)
    record = reader.next_record(0.0)
    assert record is not None
    assert record.plaintext == encode(Accept(TRANSFER, 0, 0))


def bulk_pair() -> SessionPair:
    pair = SessionPair()
    pair.run()
    pair.sessions[ALICE].send(Bulk(TRANSFER, "source"), 0.0)
    pair.run()
    pair.forget()
    return pair


def test_a_connection_for_file_data_can_be_refused() -> None:
    pair = bulk_pair()
    pair.sessions[BOB].close(CloseCode.BUSY, 0.0)
    reader = RecordReader(pair.sessions[ALICE].detach().receive, (RecordKind.CLOSE,))
    reader.receive_data(pair.take(BOB))
    record = reader.next_record(0.0)
    assert record is not None
    assert record.plaintext == encode(Close("busy"))


def test_a_connection_for_file_data_that_ends_is_cut() -> None:
    pair = bulk_pair()
    pair.end(BOB)
    assert pair.closed(BOB).code == SessionEnd.TRUNCATED


def test_what_has_no_place_on_a_connection_for_file_data() -> None:
    pair = bulk_pair()
    for role in Role:
        for payload in (profile(), Bulk(TRANSFER, "sink")):
            with pytest.raises(LocalProtocolError):
                pair.sessions[role].send(payload, 0.0)


def test_only_a_connection_for_file_data_is_handed_over_and_only_once() -> None:
    with pytest.raises(LocalProtocolError):
        SessionPair.opened().sessions[ALICE].detach()
    session = bulk_pair().sessions[BOB]
    session.detach()
    with pytest.raises(LocalProtocolError):
        session.detach()
    with pytest.raises(LocalProtocolError):
        session.receive_data(b"x", 0.0)
    session.close(CloseCode.BYE, 0.0)
    session.receive_eof(0.0)
    assert session.events() == []


def test_a_driver_that_reads_on_instead_of_detaching_is_told() -> None:
    session = bulk_pair().sessions[BOB]
    session.receive_data(bytes(BULK_PENDING_MAX_BYTES), 0.0)
    with pytest.raises(LocalProtocolError):
        session.receive_data(b"x", 0.0)
