"""The handshake: who gets through; nobody else does, whatever is changed, cut, replayed or turned back."""

import os
from collections.abc import Iterator

import pytest

from lanmsg.model import PeerId
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.handshake import (
    ABORT,
    FRAME_BYTES,
    Frame,
    Handshake,
    InitiatorHandshake,
    ResponderHandshake,
    UnexpectedPeerError,
)
from lanmsg.protocol.identity import LocalIdentity
from tests.protocol.people import person, repeatable

FRAMES = (Frame.M1, Frame.M2, Frame.M3, Frame.M4, Frame.M5)
ALICE, BOB = person("alice"), person("bob")

EVERY_BIT = "LANMSG_EVERY_BIT" in os.environ
"""Flip each bit of each byte, not one of each: 20 s instead of 3."""


def initiator(
    identity: LocalIdentity = ALICE, *, expected: PeerId | None = None, seed: str = "i"
) -> InitiatorHandshake:
    return InitiatorHandshake(identity, Entropy(repeatable(seed)), expected=expected)


def responder(identity: LocalIdentity = BOB, *, seed: str = "r") -> ResponderHandshake:
    return ResponderHandshake(identity, Entropy(repeatable(seed)))


def exchange(ours: Handshake, theirs: Handshake) -> Iterator[tuple[Frame, bytes]]:
    """The five messages, each on its way; whoever iterates delivers by going on."""
    sides = (ours, theirs)
    for frame in FRAMES:
        data = sides[frame % 2 == 0].data_to_send()
        yield frame, data
        sides[frame % 2].receive_data(data)


def until(frame: Frame, ours: Handshake, theirs: Handshake) -> bytes:
    """`frame`, on its way; everything before it has been delivered."""
    return next(data for sent, data in exchange(ours, theirs) if sent is frame)


def refuses(receiver: Handshake, data: bytes) -> bool:
    """Whether `receiver` breaks off at `data`; if so, it does as it always does."""
    receiver.data_to_send()
    try:
        receiver.receive_data(data)
    except RemoteProtocolError:
        assert receiver.data_to_send() == ABORT
        assert receiver.proven is None
        return True
    return False


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


def test_identities_are_not_readable_on_the_way() -> None:
    captured = b"".join(data for _, data in exchange(initiator(), responder()))
    for identity in (ALICE, BOB):
        assert bytes(identity.peer_id) not in captured
        assert identity.modulus[:16] not in captured
        assert identity.modulus[-16:] not in captured


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


# ---------- Changed bytes


@pytest.mark.parametrize("frame", FRAMES)
def test_no_changed_byte_gets_through(frame: Frame) -> None:
    """Whoever gets a change breaks off; of M1, when nothing is sealed yet, it is the other side that may."""
    for index in range(FRAME_BYTES[frame]):
        for bit in range(8) if EVERY_BIT else (index % 8,):
            ours, theirs = initiator(), responder()
            data = bytearray(until(frame, ours, theirs))
            data[index] ^= 1 << bit
            receiver = theirs if frame % 2 else ours
            if not refuses(receiver, bytes(data)):
                assert frame is Frame.M1
                assert refuses(ours, theirs.data_to_send())


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


# ---------- Attacks


@pytest.mark.parametrize("frame", FRAMES)
def test_a_recorded_message_is_worthless_in_another_handshake(frame: Frame) -> None:
    recorded = dict(exchange(initiator(seed="old i"), responder(seed="old r")))
    ours, theirs = initiator(), responder()
    until(frame, ours, theirs)
    receiver = theirs if frame % 2 else ours
    if frame is Frame.M1:
        # Anybody may say M1. Its sender cannot go on without the private keys behind it.
        receiver.receive_data(recorded[Frame.M1])
        assert refuses(receiver, recorded[Frame.M3])
    else:
        assert refuses(receiver, recorded[frame])


def test_an_initiator_that_is_turned_back_on_itself_breaks_off() -> None:
    """The same key at the other end: our own frames led back to us, or a copied home."""
    ours, mirror = initiator(), responder(ALICE)
    assert refuses(ours, until(Frame.M2, ours, mirror))
    assert refuses(initiator(), initiator().data_to_send())


def test_a_responder_is_not_talked_to_by_itself() -> None:
    """The initiator here does not check what the real one would, so it comes as far as M3."""
    theirs, ours = responder(), initiator(BOB)
    ours._check_modulus = lambda modulus: modulus  # type: ignore[method-assign]  # a hostile initiator
    assert refuses(theirs, until(Frame.M3, ours, theirs))


def test_who_has_stolen_our_key_cannot_pose_as_somebody_else_to_us() -> None:
    """Key compromise impersonation: with alice's key, but without bob's, M4 cannot be made for her."""
    ours, thief = initiator(expected=BOB.peer_id), responder(Impostor.of(BOB, secrets_of=ALICE))
    m3 = until(Frame.M3, ours, thief)
    assert refuses(thief, m3)

    theirs, thief_dialling = responder(), initiator(Impostor.of(ALICE, secrets_of=BOB))
    m4 = until(Frame.M4, thief_dialling, theirs)
    thief_dialling.receive_data(m4)
    assert refuses(theirs, thief_dialling.data_to_send())


class Impostor:
    @staticmethod
    def of(shown: LocalIdentity, *, secrets_of: LocalIdentity) -> LocalIdentity:
        """An identity that shows one key and has only another's private half."""
        return LocalIdentity(secrets_of.private_key, shown.modulus, shown.peer_id)


def test_somebody_in_between_is_seen_as_himself() -> None:
    """He can only be a peer of his own to both; then their session ids differ, too."""
    ours, theirs = initiator(), responder()
    to_ours, to_theirs = responder(BOB, seed="m1"), initiator(ALICE, seed="m2")
    list(exchange(ours, to_ours))
    list(exchange(to_theirs, theirs))
    assert ours.proven is not None
    assert theirs.proven is not None
    assert ours.proven.keys.session_id != theirs.proven.keys.session_id


@pytest.mark.parametrize("frame", FRAMES[1:])
def test_messages_of_two_handshakes_cannot_be_crossed(frame: Frame) -> None:
    """Unknown key share: alice dials bob twice at the same time."""
    here, there = (initiator(seed="i1"), responder(seed="r1")), (initiator(seed="i2"), responder(seed="r2"))
    until(frame, *here)
    assert refuses(here[frame % 2], until(frame, *there))


def test_a_bad_wrap_fails_like_a_bad_seal() -> None:
    """The responder breaks off at the same place, with the same words, to the same effect."""
    reasons = set()
    for sabotage in ("wrap", "seal"):
        ours, theirs = initiator(), responder()
        if sabotage == "wrap":
            ours._entropy.wrap = lambda modulus, secret, label: os.urandom(384)  # type: ignore[method-assign]
        m3 = bytearray(until(Frame.M3, ours, theirs))
        m3[-1] ^= sabotage == "seal"
        with pytest.raises(RemoteProtocolError) as fault:
            theirs.receive_data(bytes(m3))
        reasons.add((str(fault.value), theirs.data_to_send()))
    assert reasons == {("a part of the handshake does not decrypt", ABORT)}
