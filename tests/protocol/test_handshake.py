"""The handshake: who gets through, who learns what and when; what comes out of order ends it.

What attackers try with it is in tests/attacks.
"""

import pytest

from lanmsg.model import PeerId
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.handshake import ABORT, FRAME_BYTES, Frame, UnexpectedPeerError
from tests.protocol.handshake_pair import (
    ALICE,
    BOB,
    FRAMES,
    exchange,
    initiator,
    refuses,
    responder,
    until,
)

# ---------- The honest way


def test_both_sides_end_up_with_each_other() -> None:
    ours, theirs = initiator(), responder()
    sizes = {frame: len(data) for frame, data in exchange(ours, theirs)}
    assert sizes == {frame: FRAME_BYTES[frame] for frame in FRAMES}
    assert sum(sizes.values()) == 3979
    assert ours.proven is not None
    assert theirs.proven is not None
    assert (ours.proven.peer, ours.proven.modulus) == (BOB.peer_id, BOB.modulus)
    assert (theirs.proven.peer, theirs.proven.modulus) == (ALICE.peer_id, ALICE.modulus)
    assert ours.proven.keys == theirs.proven.keys


def test_the_expected_peer_is_accepted() -> None:
    ours, theirs = initiator(expected=BOB.peer_id), responder()
    assert len(list(exchange(ours, theirs))) == 5
    assert ours.proven is not None


def test_byte_by_byte() -> None:
    sides = initiator(), responder()
    for frame in FRAMES:
        for byte in sides[frame % 2 == 0].data_to_send():
            sides[frame % 2].receive_data(bytes((byte,)))
    assert sides[0].proven is not None
    assert sides[1].proven is not None


def test_bytes_behind_the_last_frame_are_handed_on() -> None:
    ours, theirs = initiator(), responder()
    m5 = until(Frame.M5, ours, theirs)
    theirs.receive_data(m5 + b"a record")
    assert theirs.proven is not None
    assert theirs.take_pending() == b"a record"


def test_every_handshake_has_keys_of_its_own() -> None:
    sessions = set()
    for number in range(3):
        ours, theirs = initiator(seed=f"i{number}"), responder(seed=f"r{number}")
        list(exchange(ours, theirs))
        assert ours.proven is not None
        sessions.add(ours.proven.keys)
    assert len({keys.session_id for keys in sessions}) == 3
    assert len({keys.initiator_to_responder for keys in sessions}) == 3


# ---------- Who learns what


def test_an_unexpected_peer_does_not_learn_who_dials() -> None:
    ours = initiator(expected=PeerId(bytes(32)))
    m2 = until(Frame.M2, ours, responder())
    with pytest.raises(UnexpectedPeerError) as fault:
        ours.receive_data(m2)
    assert fault.value.claimed == BOB.peer_id
    assert ours.data_to_send() == ABORT


def test_the_responder_says_nothing_before_m1_is_whole() -> None:
    theirs = responder()
    theirs.receive_data(initiator().data_to_send()[:-1])
    assert theirs.data_to_send() == b""


def test_nobody_is_proven_too_early() -> None:
    ours, theirs = initiator(), responder()
    seen = [(ours.proven is not None, theirs.proven is not None) for _ in exchange(ours, theirs)]
    assert seen == [(False, False)] * 4 + [(True, False)]
    assert theirs.proven is not None


# ---------- Out of order


def test_a_wrong_header_is_refused_before_its_body() -> None:
    for header in (b"GET", b"\x01\x04\xc9", b"\x01\x04\xc7", b"\x02", b"\x00", b"\x01\xff"):
        assert refuses(responder(), header), header


def test_a_received_abort_is_not_answered() -> None:
    ours = initiator()
    ours.data_to_send()
    with pytest.raises(RemoteProtocolError):
        ours.receive_data(ABORT)
    assert ours.data_to_send() == b""


def test_after_a_failure_nothing_is_read_any_more() -> None:
    theirs = responder()
    assert refuses(theirs, b"\x00")
    theirs.receive_data(initiator().data_to_send())
    assert theirs.data_to_send() == b""
