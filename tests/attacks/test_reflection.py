"""Attack: what somebody says is sent back, so that they talk with themselves, and prove to themselves.

Property: roles are in labels and keys, and one's own key or ephemeral ends the handshake. protocol.md, 7.5.
"""

import pytest

from lanmsg.protocol.cipher import Role
from lanmsg.protocol.constants import FRAME_HEADER_BYTES
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.events import PayloadReceived
from lanmsg.protocol.handshake import Frame
from tests.protocol.handshake_pair import ALICE, BOB, initiator, refuses, responder, until
from tests.protocol.session_pair import SessionPair, message


def test_own_messages_led_back_end_it() -> None:
    assert refuses(initiator(), initiator().data_to_send())
    ours = responder()
    ours.receive_data(initiator().data_to_send())
    assert refuses(ours, ours.data_to_send())


def test_a_node_that_dials_itself_breaks_off_at_its_own_key() -> None:
    """The same key at the other end: our own frames led back to our listener, or a copied home."""
    ours = initiator()
    assert refuses(ours, until(Frame.M2, ours, responder(ALICE)))


def test_a_responder_is_not_talked_to_by_itself() -> None:
    """The initiator here does not check what the real one would, so it comes as far as M3."""
    theirs, ours = responder(), initiator(BOB)
    ours._check_modulus = lambda modulus: modulus  # type: ignore[method-assign]  # a hostile initiator
    assert refuses(theirs, until(Frame.M3, ours, theirs))


def test_own_ephemeral_key_in_the_answer_ends_it() -> None:
    """Otherwise whoever answers need not have a key of its own for X25519."""
    ours = initiator()
    m1 = ours.data_to_send()
    theirs = responder()
    theirs.receive_data(m1)
    m2 = bytearray(theirs.data_to_send())
    at = FRAME_HEADER_BYTES + 4
    m2[at : at + 32] = m1[FRAME_HEADER_BYTES + 8 :][:32]
    ours.data_to_send()
    with pytest.raises(RemoteProtocolError, match="own ephemeral key"):
        ours.receive_data(bytes(m2))


@pytest.mark.parametrize("role", Role)
def test_own_records_led_back_do_not_open(role: Role) -> None:
    """Each direction has its key: an echo of what I said is not somebody who agrees."""
    pair = SessionPair.opened()
    pair.sessions[role].send(message(1, "yes?"), pair.now)
    pair.give(role, pair.take(role))
    assert pair.closed(role).code == "protocol"
    assert not any(isinstance(event, PayloadReceived) for event in pair.events[role])
