"""What a transfer is made of: the head of an entry, what was offered, and what stands for entries that have
passed (protocol.md, Files).
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct, field
from msgspec.msgpack import Decoder, Encoder

from lanmsg.protocol.constants import (
    ENTRIES_MAX,
    ENTRY_BLOCK_MAX_BYTES,
    FILE_SIZE_MAX_BYTES,
    GROWTH_MIN_BYTES,
    GROWTH_MIN_ENTRIES,
    GROWTH_SHARE,
    HASH_BYTES,
    MTIME_MAX_S,
    PATH_DEPTH_MAX,
    PATH_MAX_BYTES,
)
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from hashlib import _Hash

_NO_PARTS: Final = frozenset(("", ".", ".."))
_MTIME: Final = Meta(ge=-MTIME_MAX_S, le=MTIME_MAX_S)


class EntryHeader(Struct, frozen=True):
    """One file, folder or stream. `path` is relative, with "/" between its parts, for the sink to judge."""

    path: str
    kind: Literal["file", "folder", "stream"]
    size: Annotated[int, Meta(ge=0, le=FILE_SIZE_MAX_BYTES)] | None
    """0 for a folder, None for a stream."""
    mtime: Annotated[int, _MTIME]
    """Seconds since 1970, by the source's clock."""
    executable: bool = field(name="exec")


_ENCODER: Final = Encoder()
_DECODER: Final = Decoder(EntryHeader)


def encode_entry(header: EntryHeader) -> bytes:
    """The body of an ENTRY block. Raises LocalProtocolError for a header that no sink would take."""
    body = _ENCODER.encode(header)
    if len(body) > ENTRY_BLOCK_MAX_BYTES or not _is_sound(header):
        raise LocalProtocolError("this entry cannot be sent")
    return body


def decode_entry(body: bytes) -> EntryHeader:
    """Raises RemoteProtocolError."""
    if len(body) > ENTRY_BLOCK_MAX_BYTES:
        raise RemoteProtocolError("an entry with too long a header")
    try:
        header = _DECODER.decode(body)
    except (ValueError, RecursionError):
        raise RemoteProtocolError("a malformed entry") from None
    if not _is_sound(header):
        raise RemoteProtocolError("an entry that cannot be")
    return header


def _is_sound(header: EntryHeader) -> bool:
    """Whether path and size can be those of anything; what names may be created is the disk's rule."""
    if (header.kind == "stream") != (header.size is None) or (header.kind == "folder" and header.size):
        return False
    path = header.path
    try:
        length = len(path) if path.isascii() else len(path.encode())
    except UnicodeEncodeError:
        return False
    return (
        length <= PATH_MAX_BYTES
        and path.count("/") < PATH_DEPTH_MAX
        and "\0" not in path
        and _NO_PARTS.isdisjoint(path.split("/"))
    )


class Offered(Struct, frozen=True):
    """What the sink's person agreed to: never more of it, and nothing else.

    `names`: the top-level names and whether each is a folder; None when the offer did not list them all.
    A folder is alive: between the offer and its data it may grow by GROWTH_SHARE. A file may not.
    """

    count: int
    total: int | None
    names: Mapping[str, bool] | None = None

    @property
    def max_entries(self) -> int:
        growth = max(GROWTH_MIN_ENTRIES, int(self.count * GROWTH_SHARE)) if self._may_grow else 0
        return min(self.count + growth, ENTRIES_MAX)

    @property
    def max_bytes(self) -> int:
        if self.total is None:
            return FILE_SIZE_MAX_BYTES
        growth = max(GROWTH_MIN_BYTES, int(self.total * GROWTH_SHARE)) if self._may_grow else 0
        return min(self.total + growth, FILE_SIZE_MAX_BYTES)

    @property
    def _may_grow(self) -> bool:
        return self.names is None or any(self.names.values())

    def includes(self, header: EntryHeader) -> bool:
        if self.names is None:
            return True
        top, slash, _ = header.path.partition("/")
        is_folder = self.names.get(top)
        return is_folder is not None and is_folder == (bool(slash) or header.kind == "folder")


NO_ENTRIES: Final = bytes(HASH_BYTES)
"""The chain before the first entry."""


def chained(chain: bytes, body: bytes) -> bytes:
    """The chain after one more whole entry: it stands for the bodies of all ENTRY blocks up to here."""
    return sha256(chain + body).digest()


def position_hash(chain: bytes, path: str) -> "_Hash":
    """For Accept's digest: to be updated with what is there of the entry at `path`, the one in progress."""
    return sha256(chain + path.encode() + b"\0")
