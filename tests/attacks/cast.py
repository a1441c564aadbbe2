"""Who attacks: Mallory, with a key of her own, and what she takes from handshakes that she takes part in."""

from functools import cache

from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.handshake import Handshake
from lanmsg.protocol.identity import LocalIdentity, generate_identity
from tests.protocol.handshake_pair import FRAMES
from tests.protocol.people import repeatable


@cache
def mallory() -> LocalIdentity:
    """A third key; a new one in each run, as it takes a while to make."""
    return generate_identity()


class Wraps(Entropy):
    """Of a side that sends the wrap it is given, if any; `made`: what it has sent."""

    def __init__(self, seed: str, instead: bytes | None = None) -> None:
        super().__init__(repeatable(seed))
        self._instead = instead
        self.made: list[bytes] = []

    def wrap(self, modulus: bytes, secret: bytes, label: bytes) -> bytes:
        self.made.append(self._instead or super().wrap(modulus, secret, label))
        return self.made[-1]


def recorded(ours: Handshake, theirs: Handshake) -> tuple[bytes, bytes]:
    """A whole handshake; what the initiator and the responder have sent."""
    streams = [b"", b""]
    for frame in FRAMES:
        role = frame % 2 == 0
        data = (ours, theirs)[role].data_to_send()
        streams[role] += data
        (theirs, ours)[role].receive_data(data)
    return streams[0], streams[1]
