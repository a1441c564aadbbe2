"""What the machines of this room tell the node."""

from enum import Enum, StrEnum

from msgspec import Struct

from lanmsg.model import Address, PeerId, Status
from lanmsg.protocol.payload import Payload


class SessionEnd(StrEnum):
    """Why a session ended when neither side's CLOSE says it; never on the wire."""

    HANDSHAKE = "handshake"
    UNEXPECTED_PEER = "unexpected_peer"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"


class SessionEstablished(Struct, frozen=True):
    """The peer has proven that it owns the key with this modulus (384 bytes)."""

    peer: PeerId
    public_key: bytes


class PayloadReceived(Struct, frozen=True):
    payload: Payload


class SessionClosed(Struct, frozen=True):
    """The last event of a session.

    `code` is that of a CLOSE (a later version may have more than CloseCode) or a SessionEnd. `clean`: a CLOSE
    was sent or received, so nothing was cut off. `reason` is for the log. `claimed`, with UNEXPECTED_PEER:
    whose key was shown instead, not proven.
    """

    code: str
    clean: bool
    reason: str
    claimed: PeerId | None = None


SessionEvent = SessionEstablished | PayloadReceived | SessionClosed


class Presence(Struct, frozen=True):
    """Who is here, as far as datagrams tell: hints, until a handshake proves them (protocol.md, Discovery).

    `addresses`: where to dial, the likeliest first. `interface` and `instance` belong to the first of them.
    `confirmed`: it answered a question that was sent to that address alone.
    """

    peer: PeerId
    name: str
    status: Status
    addresses: tuple[Address, ...]
    interface: str
    instance: bytes
    confirmed: bool


class LeaveReason(Enum):
    BYE = "bye"
    SILENT = "silent"
    EVICTED = "evicted"


class PresenceAppeared(Struct, frozen=True):
    presence: Presence


class PresenceChanged(Struct, frozen=True):
    """Name, status, addresses, or another run of the same peer."""

    presence: Presence


class PresenceLeft(Struct, frozen=True):
    """`presence` is how it was last."""

    presence: Presence
    reason: LeaveReason


class PresenceSilent(Struct, frozen=True):
    """Its announcements stopped while a session with it is open: that one has to say whether it is here."""

    presence: Presence


PresenceEvent = PresenceAppeared | PresenceChanged | PresenceSilent | PresenceLeft
