"""The blocks inside DATA records: what a source packs, what a sink takes (protocol.md, Files).

A transfer is a stream of entries with no list in front and nothing kept of what has passed, so that a
folder of a million files costs no more memory than one file.
"""

from struct import Struct
from typing import Final

import msgspec

from lanmsg.protocol.constants import (
    BLOCK_BYTES,
    BLOCK_BYTES_MAX_BYTES,
    BLOCK_END,
    BLOCK_ENTRY,
    BLOCK_FINISH,
    BLOCK_HEADER_BYTES,
    BLOCK_VOID,
)
from lanmsg.protocol.entry import NO_ENTRIES, EntryHeader, Offered, chained, decode_entry
from lanmsg.protocol.errors import RemoteProtocolError

_HEADER: Final = Struct(">BI")
_FINISH: Final = Struct(">IQ")

FILE_STEP_BYTES: Final = 4096
"""A file that does not fit into what is left of a record is cut here: its pages are then written whole."""


class Packer:
    """Fills the plaintext of one DATA record, in a buffer that the caller reuses, with whole blocks.

    Where an `add_` returns False the block did not fit: send what is there, `clear`, and add it again.
    """

    def __init__(self, buffer: memoryview) -> None:
        self._buffer = buffer
        self.length = 0

    def clear(self) -> None:
        self.length = 0

    def add_entry(self, body: bytes) -> bool:
        return self._add(BLOCK_ENTRY, body)

    def add_end(self) -> bool:
        return self._add(BLOCK_END, b"")

    def add_void(self) -> bool:
        return self._add(BLOCK_VOID, b"")

    def add_finish(self, entries: int, size: int) -> bool:
        return self._add(BLOCK_FINISH, _FINISH.pack(entries, size))

    def room(self, wanted: int) -> memoryview:
        """Where the next file bytes go; empty when the record has to be sent first. Then call `filled`."""
        start = self.length + BLOCK_HEADER_BYTES
        free = len(self._buffer) - start
        size = wanted if wanted <= free else free - free % FILE_STEP_BYTES
        return self._buffer[start : start + max(0, size)]

    def filled(self, size: int) -> None:
        """`size` bytes were put into `room`."""
        _HEADER.pack_into(self._buffer, self.length, BLOCK_BYTES, size)
        self.length += BLOCK_HEADER_BYTES + size

    def _add(self, kind: int, body: bytes) -> bool:
        end = self.length + BLOCK_HEADER_BYTES + len(body)
        if end > len(self._buffer):
            return False
        _HEADER.pack_into(self._buffer, self.length, kind, len(body))
        self._buffer[self.length + BLOCK_HEADER_BYTES : end] = body
        self.length = end
        return True


# ---------- sink: an event for each block, so of the kind that is made fastest


class EntryStarted(msgspec.Struct, frozen=True):
    header: EntryHeader


class BytesReceived(msgspec.Struct, frozen=True):
    """`data` is a view of what `receive_data` was given, and good as long as that is."""

    data: memoryview


class EntryEnded(msgspec.Struct, frozen=True):
    """The entry is whole. `chain` stands for it and all before it."""

    chain: bytes


class EntryVoided(msgspec.Struct, frozen=True):
    """The source could not read the entry to its end: nothing of it is to be kept."""

    chain: bytes


class Finished(msgspec.Struct, frozen=True):
    """Everything has come. Fewer entries than offered: the source could not read the others."""

    entries: int
    size: int


BlockEvent = EntryStarted | BytesReceived | EntryEnded | EntryVoided | Finished


class Receiving:
    """The sink's machine: one plaintext in, its events out, all checked before the first is acted upon.

    It starts where Begin says: `entry` entries of `size` bytes in all were whole before, and `offset`
    bytes of the next one are there.
    """

    def __init__(
        self, offered: Offered, *, entry: int = 0, offset: int = 0, size: int = 0, chain: bytes = NO_ENTRIES
    ) -> None:
        self.is_finished = False
        self._offered = offered
        self._max_entries, self._max_bytes = offered.max_entries, offered.max_bytes
        self._seen = self._kept = entry
        self._size = size
        self._offset = offset
        self._chain = chain
        self._header: EntryHeader | None = None
        self._body = b""
        self._received = 0

    def receive_data(self, plaintext: memoryview) -> list[BlockEvent]:
        """The events of one DATA record. Raises RemoteProtocolError; nothing may follow that."""
        events: list[BlockEvent] = []
        position, end = 0, len(plaintext)
        while position < end:
            if end - position < BLOCK_HEADER_BYTES:
                raise RemoteProtocolError("a block without its header")
            kind, length = _HEADER.unpack_from(plaintext, position)
            position += BLOCK_HEADER_BYTES
            if length > end - position:
                raise RemoteProtocolError("a block that goes beyond its record")
            events.append(self._block(kind, plaintext[position : position + length]))
            position += length
        if not events:
            raise RemoteProtocolError("a record without a block")
        return events

    def _block(self, kind: int, body: memoryview) -> BlockEvent:
        if self.is_finished:
            raise RemoteProtocolError("a block after the last one")
        if kind == BLOCK_BYTES:
            return self._bytes(body)
        if kind == BLOCK_ENTRY:
            return self._entry(bytes(body))
        if kind == BLOCK_FINISH:
            return self._finish(body)
        if kind not in (BLOCK_END, BLOCK_VOID):
            raise RemoteProtocolError(f"a block of kind {kind}")
        if len(body):
            raise RemoteProtocolError("an end with a body")
        return self._end() if kind == BLOCK_END else self._void()

    def _entry(self, body: bytes) -> EntryStarted:
        if self._header is not None:
            raise RemoteProtocolError("an entry inside another one")
        header = decode_entry(body)
        self._check_entry(header)
        self._header, self._body, self._received = header, body, self._offset
        self._offset = 0
        return EntryStarted(header)

    def _check_entry(self, header: EntryHeader) -> None:
        if not self._offered.includes(header):
            raise RemoteProtocolError("an entry that was not offered")
        if self._seen >= self._max_entries:
            raise RemoteProtocolError("more entries than were offered")
        if self._size + (header.size or 0) > self._max_bytes:
            raise RemoteProtocolError("more bytes than were offered")
        if self._offset and (header.kind != "file" or self._offset > (header.size or 0)):
            raise RemoteProtocolError("an entry that does not go on where it broke off")

    def _bytes(self, body: memoryview) -> BytesReceived:
        header = self._header
        if header is None or header.kind == "folder":
            raise RemoteProtocolError("bytes of no file")
        if not 0 < len(body) <= BLOCK_BYTES_MAX_BYTES:
            raise RemoteProtocolError("a block of no bytes, or of too many")
        self._received += len(body)
        if header.size is not None and self._received > header.size:
            raise RemoteProtocolError("more bytes than the file has")
        if self._size + self._received > self._max_bytes:
            raise RemoteProtocolError("more bytes than were offered")
        return BytesReceived(body)

    def _end(self) -> EntryEnded:
        header = self._header
        if header is None:
            raise RemoteProtocolError("an end of no entry")
        if header.size is not None and self._received != header.size:
            raise RemoteProtocolError("fewer bytes than the file has")
        self._kept += 1
        self._size += self._received
        return EntryEnded(self._close(self._body))

    def _void(self) -> EntryVoided:
        if self._header is None or self._header.kind == "folder":
            raise RemoteProtocolError("no file that could be void")
        # Marked, so that a source which can read the file by now is not taken at this place: it starts over.
        return EntryVoided(self._close(self._body + b"\0void"))

    def _close(self, body: bytes) -> bytes:
        self._header = None
        self._seen += 1
        self._chain = chained(self._chain, body)
        return self._chain

    def _finish(self, body: memoryview) -> Finished:
        if self._header is not None:
            raise RemoteProtocolError("the last block inside an entry")
        if len(body) != _FINISH.size or _FINISH.unpack(body) != (self._kept, self._size):
            raise RemoteProtocolError("totals that are not those of what came")
        self.is_finished = True
        return Finished(self._kept, self._size)
