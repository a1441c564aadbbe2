"""Attack: somebody records a conversation and plays it again, in parts or as a whole, to either side.

Property: both sides put fresh keys and secrets into each handshake, so no recorded byte is worth anything in
another one. protocol.md, 7.3 and 19.1.
"""

import pytest

from lanmsg.protocol.cipher import Role
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.events import PayloadReceived, SessionEstablished
from lanmsg.protocol.handshake import ABORT, Frame
from tests.attacks.cast import recorded
from tests.protocol.handshake_pair import FRAMES, exchange, initiator, refuses, responder, until
from tests.protocol.session_pair import ALICE, BOB, SessionPair, message


@pytest.mark.parametrize("frame", FRAMES)
def test_a_recorded_message_is_worthless_in_another_handshake(frame: Frame) -> None:
    old = dict(exchange(initiator(seed="old i"), responder(seed="old r")))
    ours, theirs = initiator(), responder()
    until(frame, ours, theirs)
    receiver = theirs if frame % 2 else ours
    if frame is Frame.M1:
        # Anybody may say M1. Its sender cannot go on without the private keys behind it.
        receiver.receive_data(old[Frame.M1])
        assert refuses(receiver, old[Frame.M3])
    else:
        assert refuses(receiver, old[frame])


def test_a_recorded_initiator_is_not_taken_for_her() -> None:
    """As one stream, as a replaying tool would send it: M2 comes for anybody, then the end."""
    said, _ = recorded(initiator(seed="old i"), responder(seed="old r"))
    theirs = responder()
    with pytest.raises(RemoteProtocolError):
        theirs.receive_data(said)
    assert theirs.proven is None
    assert theirs.data_to_send().endswith(ABORT)


def test_a_recorded_responder_is_not_taken_for_him() -> None:
    _, said = recorded(initiator(seed="old i"), responder(seed="old r"))
    assert refuses(initiator(), said)


@pytest.mark.parametrize("role", Role)
def test_a_whole_recorded_side_says_nothing_a_second_time(role: Role) -> None:
    """Handshake, profile and message of one side, played to the other one who is there once more."""
    first = SessionPair.opened()
    first.say(role, message(1, "only once"))
    again = SessionPair(entropy="another day")
    receiver = BOB if role is ALICE else ALICE
    again.give(receiver, first.wire[role])
    for event in again.events[receiver]:
        assert not isinstance(event, SessionEstablished | PayloadReceived)
    assert not again.closed(receiver).clean


@pytest.mark.parametrize("role", Role)
def test_records_of_an_earlier_session_do_not_open_in_the_next(role: Role) -> None:
    earlier, now = SessionPair.opened(), SessionPair.opened(entropy="another day")
    before = len(earlier.wire[role])
    earlier.say(role, message(1, "transfer 10 to eve"))
    receiver = BOB if role is ALICE else ALICE
    now.give(receiver, earlier.wire[role][before:])
    assert now.closed(receiver).code == "protocol"
    assert not any(isinstance(event, PayloadReceived) for event in now.events[receiver])
