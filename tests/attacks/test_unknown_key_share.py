"""Attack: somebody in between makes two people share a key, and one of them takes it for a key with another.

Property: both identities and the roles are in the transcript that all keys come from; whoever ends with the
same keys agrees on who the two are, and which of them dialled. protocol.md, 7.1 to 7.3 and 19.1.
"""

import pytest

from lanmsg.protocol.cipher import Role
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.handshake import Frame, InitiatorHandshake, ResponderHandshake
from lanmsg.protocol.identity import LocalIdentity
from tests.attacks.cast import Wraps, mallory
from tests.protocol.handshake_pair import (
    ALICE,
    BOB,
    FRAMES,
    exchange,
    impostor,
    initiator,
    refuses,
    responder,
    until,
)
from tests.protocol.people import repeatable


@pytest.mark.parametrize("frame", FRAMES[1:])
def test_messages_of_two_handshakes_cannot_be_crossed(frame: Frame) -> None:
    """Alice dials Bob twice at the same time."""
    here, there = (initiator(seed="i1"), responder(seed="r1")), (initiator(seed="i2"), responder(seed="r2"))
    until(frame, *here)
    assert refuses(here[frame % 2], until(frame, *there))


@pytest.mark.parametrize("shown", [ALICE, None], ids=["as alice", "as herself"])
def test_what_alice_wraps_for_bob_cannot_be_passed_on_to_him(shown: LocalIdentity | None) -> None:
    """Mallory shows Bob's key to Alice, and puts Alice's wrap into a handshake of her own with Bob.

    The label of a wrap holds the transcript before it, which has Mallory's ephemeral keys in one of the two.
    """
    wraps = Wraps("i")
    alice = InitiatorHandshake(ALICE, wraps, expected=BOB.peer_id)
    to_alice = responder(impostor(BOB, secrets_of=mallory()), seed="m1")
    until(Frame.M3, alice, to_alice)  # sealed under keys that Mallory has: she reads the wrap
    bob = responder()
    me = mallory() if shown is None else impostor(shown, secrets_of=mallory())
    to_bob = InitiatorHandshake(me, Wraps("m2", instead=wraps.made[0]), expected=None)
    assert refuses(bob, until(Frame.M3, to_bob, bob))


def test_what_bob_wraps_for_alice_cannot_be_passed_on_to_her() -> None:
    """The other way: Mallory claims to be Alice towards Bob, and hands his challenge to the real one."""
    wraps = Wraps("r")
    bob = ResponderHandshake(BOB, wraps)
    to_bob = initiator(impostor(ALICE, secrets_of=mallory()), seed="m1")
    m4 = until(Frame.M4, to_bob, bob)
    alice = initiator(seed="i")
    to_alice = ResponderHandshake(mallory(), Wraps("m2", instead=wraps.made[0]))
    m4_again = until(Frame.M4, alice, to_alice)
    alice.receive_data(m4_again)  # Alice goes on with Mallory, with a secret that nobody has
    m5 = alice.data_to_send()
    to_bob.receive_data(m4)
    to_bob.data_to_send()
    assert refuses(bob, m5)
    with pytest.raises(RemoteProtocolError):
        to_alice.receive_data(m5)


@pytest.mark.parametrize("role", Role)
def test_a_wrap_of_one_role_does_not_serve_the_other(role: Role) -> None:
    """The right secret for the right key in the right place, labelled for the other direction."""
    ours = InitiatorHandshake(ALICE, Mislabelled(repeatable("i")), expected=None)
    theirs = responder()
    if role is Role.INITIATOR:
        assert refuses(theirs, until(Frame.M3, ours, theirs))
        return
    ours, theirs = initiator(), ResponderHandshake(BOB, Mislabelled(repeatable("r")))
    assert refuses(theirs, until(Frame.M5, ours, theirs))


class Mislabelled(Entropy):
    def wrap(self, modulus: bytes, secret: bytes, label: bytes) -> bytes:
        other = {b"i2r": b"r2i", b"r2i": b"i2r"}
        return super().wrap(modulus, secret, label[:9] + other[label[9:12]] + label[12:])


@pytest.mark.parametrize("changed", ["initiator", "responder", "roles"])
def test_the_same_random_bytes_between_others_give_other_keys(changed: str) -> None:
    """Nothing but who they are, or who dialled, is different: no key is the same, nor the session's id."""
    people = {
        "": (ALICE, BOB),
        "initiator": (mallory(), BOB),
        "responder": (ALICE, mallory()),
        "roles": (BOB, ALICE),
    }
    keys = []
    for name in ("", changed):
        ours, theirs = initiator(people[name][0]), responder(people[name][1])
        list(exchange(ours, theirs))
        assert ours.proven is not None
        split = ours.proven.keys
        keys.append(
            {
                split.initiator_to_responder,
                split.responder_to_initiator,
                split.verification,
                split.session_id,
            }
        )
    assert not keys[0] & keys[1]
    assert len(keys[0]) == len(keys[1]) == 4
