"""The frames of an open session: four bytes of header, one encrypted body (protocol.md, Records)."""

from collections.abc import Collection
from enum import IntEnum
from typing import Final

from cryptography.utils import Buffer
from msgspec import Struct

from lanmsg.protocol.cipher import DirectionKey
from lanmsg.protocol.constants import (
    CLOSE_PLAINTEXT_MAX_BYTES,
    DATA_PLAINTEXT_MAX_BYTES,
    PAYLOAD_PLAINTEXT_MAX_BYTES,
    RECORD_CLOSE,
    RECORD_DATA,
    RECORD_HEADER_BYTES,
    RECORD_PAYLOAD,
    RECORD_REKEY,
    TAG_BYTES,
)
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError


class RecordKind(IntEnum):
    PAYLOAD = RECORD_PAYLOAD
    DATA = RECORD_DATA
    CLOSE = RECORD_CLOSE
    REKEY = RECORD_REKEY


PLAINTEXT_MAX_BYTES: Final = {
    RecordKind.PAYLOAD: PAYLOAD_PLAINTEXT_MAX_BYTES,
    RecordKind.DATA: DATA_PLAINTEXT_MAX_BYTES,
    RecordKind.CLOSE: CLOSE_PLAINTEXT_MAX_BYTES,
    RecordKind.REKEY: 0,
}

RECORD_OVERHEAD_BYTES: Final = RECORD_HEADER_BYTES + TAG_BYTES
"""What a record adds to its plaintext."""


class Record(Struct, frozen=True):
    kind: RecordKind
    plaintext: bytes


def seal_record(key: DirectionKey, kind: RecordKind, plaintext: Buffer, now: float) -> bytes:
    """The next record, and before it a REKEY when the key is spent."""
    header = _header(kind, len(memoryview(plaintext)))
    return rekey_if_spent(key, now) + header + key.seal(header, plaintext)


def seal_record_into(key: DirectionKey, kind: RecordKind, plaintext: Buffer, buffer: memoryview) -> int:
    """The next record written to the start of `buffer`; returns its length.

    Nothing is copied. The caller has sent what `rekey_if_spent` gave it first.
    """
    length = len(memoryview(plaintext))
    header = _header(kind, length)
    end = RECORD_OVERHEAD_BYTES + length
    if key.is_full:
        raise LocalProtocolError("the key is spent, and only a REKEY may follow")
    buffer[:RECORD_HEADER_BYTES] = header
    key.seal_into(header, plaintext, buffer[RECORD_HEADER_BYTES:end])
    return end


def rekey_if_spent(key: DirectionKey, now: float) -> bytes:
    """A REKEY record if the key has served long enough, otherwise nothing."""
    if not key.is_spent(now):
        return b""
    header = _header(RecordKind.REKEY, 0)
    record = header + key.seal(header, b"")
    key.rekey(now)
    return record


def _header(kind: RecordKind, length: int) -> bytes:
    if length > PLAINTEXT_MAX_BYTES[kind]:
        raise LocalProtocolError(f"{length} bytes are too many for one {kind.name} record")
    return bytes((kind,)) + (length + TAG_BYTES).to_bytes(3)


def parse_header(header: Buffer, expected: Collection[RecordKind]) -> tuple[RecordKind, int]:
    """Kind of a record and length of its body, from its first four bytes.

    Raises RemoteProtocolError for a kind that is not in `expected` or REKEY, and for a length that this kind
    cannot have: before a byte of the body is waited for.
    """
    view = memoryview(header)
    number, length = view[0], int.from_bytes(view[1:RECORD_HEADER_BYTES])
    if number not in expected and number != RecordKind.REKEY:
        raise RemoteProtocolError(f"a record of type {number:#04x} does not belong here")
    kind = RecordKind(number)
    if not TAG_BYTES <= length <= PLAINTEXT_MAX_BYTES[kind] + TAG_BYTES:
        raise RemoteProtocolError(f"a {kind.name} record of {length} bytes")
    return kind, length


def open_record(key: DirectionKey, header: Buffer, sealed: Buffer, now: float) -> Record:
    """The record with this header, which `parse_header` has accepted; a REKEY changes the key.

    Raises RemoteProtocolError for what is not the next record of this direction.
    """
    kind = _kind_in_turn(key, header)
    record = Record(kind, key.open(header, sealed))
    if kind is RecordKind.REKEY:
        key.rekey(now)
    return record


def open_record_into(key: DirectionKey, header: Buffer, sealed: Buffer, buffer: Buffer) -> int:
    """Like `open_record`, for DATA: the plaintext goes to `buffer`, which has exactly its size."""
    _kind_in_turn(key, header)
    return key.open_into(header, sealed, buffer)


def _kind_in_turn(key: DirectionKey, header: Buffer) -> RecordKind:
    kind = RecordKind(memoryview(header)[0])
    if key.is_full and kind is not RecordKind.REKEY:
        raise RemoteProtocolError("too many records under one key")
    return kind


class RecordReader:
    """Cuts a stream of bytes into records and opens them; between calls it holds less than one record."""

    def __init__(self, key: DirectionKey, expected: Collection[RecordKind]) -> None:
        self.key = key
        self._expected = frozenset(expected)
        self._inbox = bytearray()

    def receive_data(self, data: Buffer) -> None:
        self._inbox += data

    def next_record(self, now: float) -> Record | None:
        """The next whole record; None: more bytes are needed. Raises RemoteProtocolError."""
        while (record := self._take(now)) is not None:
            if record.kind is not RecordKind.REKEY:
                return record
        return None

    def _take(self, now: float) -> Record | None:
        if len(self._inbox) < RECORD_HEADER_BYTES:
            return None
        header = bytes(self._inbox[:RECORD_HEADER_BYTES])
        _, length = parse_header(header, self._expected)
        end = RECORD_HEADER_BYTES + length
        if len(self._inbox) < end:
            return None
        sealed = bytes(self._inbox[RECORD_HEADER_BYTES:end])
        del self._inbox[:end]
        return open_record(self.key, header, sealed, now)

    def take_pending(self) -> bytes:
        """The bytes that are not consumed yet, for whoever reads this direction from now on."""
        pending = bytes(self._inbox)
        self._inbox.clear()
        return pending

    @property
    def pending_bytes(self) -> int:
        return len(self._inbox)
