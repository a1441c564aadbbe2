"""Two handshakes face to face, and what a test does to the messages on their way."""

from collections.abc import Iterator
from typing import Final

from lanmsg.model import PeerId
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.handshake import ABORT, Frame, Handshake, InitiatorHandshake, ResponderHandshake
from lanmsg.protocol.identity import LocalIdentity
from tests.protocol.people import person, repeatable

FRAMES: Final = (Frame.M1, Frame.M2, Frame.M3, Frame.M4, Frame.M5)
ALICE, BOB = person("alice"), person("bob")


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


def impostor(shown: LocalIdentity, *, secrets_of: LocalIdentity) -> LocalIdentity:
    """An identity that shows one key and has only another's private half."""
    return LocalIdentity(secrets_of.private_key, shown.modulus, shown.peer_id)
