"""Attack: messages and records that are cut, stretched, left out, doubled, swapped, or claim to be enormous.

Property: each ends the session before anything comes of it, and a claim costs no memory. protocol.md, 6, 8.1
and 8.3.
"""

import tracemalloc

import pytest

from lanmsg.protocol.cipher import Role
from lanmsg.protocol.constants import RECORD_HEADER_BYTES
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.events import PayloadReceived, SessionEnd
from lanmsg.protocol.handshake import FRAME_BYTES, Frame
from lanmsg.protocol.payload import CloseCode
from lanmsg.protocol.record import RecordKind
from lanmsg.protocol.session import SessionState
from tests.protocol.handshake_pair import FRAMES, initiator, refuses, responder, until
from tests.protocol.session_pair import BOB, OTHER, SessionPair, message

# ---------- Handshake


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("change", [-1, 1, 256, -256])
def test_a_message_that_says_another_length_ends_it(frame: Frame, change: int) -> None:
    """Whether the bytes are there or not: each type has one length."""
    ours, theirs = initiator(), responder()
    data = until(frame, ours, theirs)
    length = int.from_bytes(data[1:3]) + change
    if length < 0:
        length += 1 << 16
    longer = data[:1] + length.to_bytes(2) + data[3:] + bytes(max(0, change))
    assert refuses(theirs if frame % 2 else ours, longer)


@pytest.mark.parametrize("frame", FRAMES)
def test_a_message_that_is_cut_proves_nobody(frame: Frame) -> None:
    ours, theirs = initiator(), responder()
    data = until(frame, ours, theirs)
    receiver = theirs if frame % 2 else ours
    receiver.data_to_send()
    receiver.receive_data(data[:-1])
    assert (receiver.proven, receiver.data_to_send()) == (None, b"")
    assert len(data) == FRAME_BYTES[frame]


@pytest.mark.parametrize("frame", FRAMES)
def test_a_byte_too_many_ends_it_or_is_a_record(frame: Frame) -> None:
    """Only behind the last message may more come, and it is no part of it."""
    ours, theirs = initiator(), responder()
    data = until(frame, ours, theirs)
    receiver = theirs if frame % 2 else ours
    if frame is Frame.M5 or frame is Frame.M4:
        receiver.receive_data(data + b"\x10")
        assert receiver.take_pending() == b"\x10"
    else:
        receiver.data_to_send()
        with pytest.raises(RemoteProtocolError, match="no M"):
            receiver.receive_data(data + b"\x10")
        assert receiver.proven is None


def test_messages_out_of_their_order_end_it() -> None:
    for sent in FRAMES:
        for instead in FRAMES:
            if instead is sent:
                continue
            ours, theirs = initiator(), responder()
            until(sent, ours, theirs)
            other = until(instead, initiator(seed="other i"), responder(seed="other r"))
            assert refuses(theirs if sent % 2 else ours, other)


# ---------- Records


def three_records(role: Role) -> tuple[SessionPair, list[bytes]]:
    pair = SessionPair.opened()
    records = []
    for number in range(3):
        pair.sessions[role].send(message(number, f"number {number}"), pair.now)
        records.append(pair.take(role))
    return pair, records


ORDERS = {
    "swapped": (1, 0, 2),
    "dropped": (0, 2),
    "first dropped": (1, 2),
    "doubled": (0, 0, 1),
    "again later": (0, 1, 0),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_records_come_in_their_order_or_the_session_ends(role: Role, order: tuple[int, ...]) -> None:
    pair, records = three_records(role)
    for number in order:
        pair.give(OTHER[role], records[number])
    right = [number for place, number in enumerate(order) if order[: place + 1] == tuple(range(place + 1))]
    heard = [event for event in pair.events[OTHER[role]] if isinstance(event, PayloadReceived)]
    assert heard == [PayloadReceived(message(number, f"number {number}")) for number in right]
    assert pair.closed(OTHER[role]).code == CloseCode.PROTOCOL


@pytest.mark.parametrize("role", Role)
def test_an_end_without_goodbye_is_seen_as_one(role: Role) -> None:
    pair, records = three_records(role)
    pair.give(OTHER[role], b"".join(records)[:-1])
    pair.end(OTHER[role])
    assert pair.closed(OTHER[role]).code == SessionEnd.TRUNCATED
    assert not pair.closed(OTHER[role]).clean
    heard = [event for event in pair.events[OTHER[role]] if isinstance(event, PayloadReceived)]
    assert len(heard) == 2


@pytest.mark.parametrize("kind", [*RecordKind, 0x00, 0x0F, 0x14, 0xFF])
@pytest.mark.parametrize("length", [0, 15, 0x7FFFFF, 0xFFFFFF])
def test_a_claim_of_many_bytes_costs_none(kind: int, length: int) -> None:
    """16 MiB are claimed by four bytes: judged at once, and nothing is set aside or waited for."""
    pair = SessionPair.opened()
    header = bytes((kind,)) + length.to_bytes(RECORD_HEADER_BYTES - 1)
    tracemalloc.start()
    try:
        pair.give(BOB, header)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
    assert pair.sessions[BOB].state is SessionState.CLOSED
    assert pair.closed(BOB).code == CloseCode.PROTOCOL


@pytest.mark.parametrize("kind", [*Frame, 0x00, 0x10, 0xFF])
def test_a_claim_of_many_bytes_in_a_handshake_costs_none(kind: int) -> None:
    tracemalloc.start()
    try:
        assert refuses(responder(), bytes((kind,)) + b"\xff\xff")
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
