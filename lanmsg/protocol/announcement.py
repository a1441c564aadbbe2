"""The discovery datagram: one fixed layout for all four kinds (protocol.md, Discovery)."""

import hashlib
import struct
from enum import IntEnum
from typing import NamedTuple

from msgspec import Struct

from lanmsg.model import PeerId, Status
from lanmsg.protocol.constants import (
    ANNOUNCEMENT_BYTES,
    ANNOUNCEMENT_HEADER_BYTES,
    ANNOUNCEMENT_MAGIC,
    DATAGRAM_MAX_BYTES,
    FLAG_ALSO_IPV4,
    INSTANCE_DOMAIN,
    INSTANCE_ID_BYTES,
    LIFETIME_MAX_S,
    NAME_MAX_BYTES,
    PEER_ID_BYTES,
    PROTOCOL_VERSION,
    TOKEN_BYTES,
)
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError

# magic, version, kind, flags, fingerprint, instance, token, TCP port, lifetime, status, name length
_HEADER = struct.Struct(">4sBBH32s8s16sHHBB")

_FLAGS = slice(6, 8)

NO_TOKEN = bytes(TOKEN_BYTES)
_NO_PEER = bytes(PEER_ID_BYTES)


class Source(NamedTuple):
    """Where a datagram came from. `on_link`: its address is in the prefix of the interface it came in on.

    `to_everyone`: it was sent to a broadcast or multicast address, so all others heard it too.
    """

    host: str
    port: int
    interface: str
    on_link: bool
    to_everyone: bool = True


class Broadcast(Struct, frozen=True):
    """To everyone on every interface, at PORT."""

    data: bytes


class Unicast(Struct, frozen=True):
    """To one address; `interface` is where it was heard, "" when that is not known."""

    data: bytes
    host: str
    port: int
    interface: str


Datagram = Broadcast | Unicast


class Kind(IntEnum):
    """Who is there? · I am here · I am here, and this was your question · I am leaving."""

    QUERY = 1
    ANNOUNCE = 2
    REPLY = 3
    BYE = 4


# Plain tables: calling an enum costs more than all the rest of the decoding.
_KINDS = {int(kind): kind for kind in Kind}
_STATUSES = {int(status): status for status in Status}


class Announcement(NamedTuple):
    """One datagram as a value. `port` is TCP; 0: a dialer, which asks and is never listed.

    `token`: of a QUERY, fresh; of a REPLY, that of the QUERY; of a BYE, the leave secret; else zeros.
    """

    kind: Kind
    peer: PeerId
    instance: bytes
    token: bytes
    port: int
    lifetime_s: int
    status: Status
    name: str

    def encode(self) -> bytes:
        name = self.name.encode()
        if len(name) > NAME_MAX_BYTES or not 0 <= self.lifetime_s <= LIFETIME_MAX_S:
            raise LocalProtocolError("name or lifetime does not fit into an announcement")
        header = _HEADER.pack(
            ANNOUNCEMENT_MAGIC, PROTOCOL_VERSION, self.kind, 0, self.peer, self.instance, self.token,
            self.port, self.lifetime_s, self.status, len(name),
        )  # fmt: skip
        return (header + name).ljust(ANNOUNCEMENT_BYTES, b"\0")


def decode_announcement(data: bytes) -> Announcement:
    """The value of a datagram. What stands behind the name, and unknown flags, are left to later versions.

    Raises RemoteProtocolError; the caller drops the datagram and says nothing.
    """
    if not ANNOUNCEMENT_BYTES <= len(data) <= DATAGRAM_MAX_BYTES:
        raise RemoteProtocolError("datagram of a wrong length")
    magic, version, kind_number, _flags, peer, instance, token, port, lifetime, status, length = (
        _HEADER.unpack_from(data)
    )
    kind = _KINDS.get(kind_number)
    if magic != ANNOUNCEMENT_MAGIC or version != PROTOCOL_VERSION or kind is None:
        raise RemoteProtocolError("datagram of another protocol, version or kind")
    if length > NAME_MAX_BYTES or peer == _NO_PEER:
        raise RemoteProtocolError("datagram with an impossible name or fingerprint")
    try:
        name = data[ANNOUNCEMENT_HEADER_BYTES : ANNOUNCEMENT_HEADER_BYTES + length].decode()
    except UnicodeDecodeError:
        raise RemoteProtocolError("datagram with a name that is not UTF-8") from None
    known_status = _STATUSES.get(status, Status.AVAILABLE)
    return Announcement(kind, peer, instance, token, port, lifetime, known_status, name)


def also_by_ipv4(data: bytes) -> bytes:
    """One of our own datagrams, marked as said by IPv4 too."""
    return data[: _FLAGS.start] + FLAG_ALSO_IPV4.to_bytes(2, "big") + data[_FLAGS.stop :]


def is_also_by_ipv4(data: bytes) -> bool:
    return bool(int.from_bytes(data[_FLAGS], "big") & FLAG_ALSO_IPV4)


def instance_of(leave_secret: bytes) -> bytes:
    """The public id of one run of a node. Whoever shows the secret behind it is that run, leaving."""
    return hashlib.sha256(INSTANCE_DOMAIN + b"\0" + leave_secret).digest()[:INSTANCE_ID_BYTES]
