"""Records: headers judged before bodies, one order and no other, keys that change on the way."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanmsg.protocol.cipher import DirectionKey
from lanmsg.protocol.constants import REKEY_INTERVAL_S, REKEY_RECORDS
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError
from lanmsg.protocol.record import (
    PLAINTEXT_MAX_BYTES,
    RECORD_OVERHEAD_BYTES,
    Record,
    RecordKind,
    RecordReader,
    open_record,
    open_record_into,
    parse_header,
    rekey_if_spent,
    seal_record,
    seal_record_into,
)

KEY = bytes(range(32))
PAYLOAD, DATA, CLOSE, REKEY = RecordKind
ALL = (PAYLOAD, DATA, CLOSE)


def key(now: float = 0.0) -> DirectionKey:
    return DirectionKey(KEY, now)


def header(kind: int, length: int) -> bytes:
    return bytes((kind,)) + length.to_bytes(3)


def read_all(reader: RecordReader, now: float = 0.0) -> list[Record]:
    records = []
    while (record := reader.next_record(now)) is not None:
        records.append(record)
    return records


# ---------- Header


@pytest.mark.parametrize("kind", RecordKind)
def test_a_length_is_right_from_the_empty_to_the_largest_plaintext(kind: RecordKind) -> None:
    for length in (16, PLAINTEXT_MAX_BYTES[kind] + 16):
        assert parse_header(header(kind, length), ALL) == (kind, length)
    for length in (0, 15, PLAINTEXT_MAX_BYTES[kind] + 17, 0xFF_FFFF):
        with pytest.raises(RemoteProtocolError):
            parse_header(header(kind, length), ALL)


def test_a_type_that_is_not_expected_is_refused() -> None:
    for number in {*range(256)} - {*RecordKind}:
        with pytest.raises(RemoteProtocolError):
            parse_header(header(number, 32), ALL)
    with pytest.raises(RemoteProtocolError):
        parse_header(header(DATA, 32), (PAYLOAD, CLOSE))
    assert parse_header(header(REKEY, 16), (PAYLOAD,)) == (REKEY, 16)


def test_a_large_claim_costs_nothing() -> None:
    reader = RecordReader(key(), ALL)
    tracemalloc.start()
    try:
        reader.receive_data(b"\x11\xff\xff\xff")
        with pytest.raises(RemoteProtocolError):
            reader.next_record(0.0)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


# ---------- Sealing


@pytest.mark.parametrize("kind", [PAYLOAD, DATA, CLOSE])
def test_a_plaintext_that_is_too_long_is_our_own_fault(kind: RecordKind) -> None:
    too_long = bytes(PLAINTEXT_MAX_BYTES[kind] + 1)
    with pytest.raises(LocalProtocolError):
        seal_record(key(), kind, too_long, 0.0)
    assert len(seal_record(key(), kind, too_long[:-1], 0.0)) == len(too_long) - 1 + RECORD_OVERHEAD_BYTES


def test_sealing_into_a_buffer_gives_the_same_record() -> None:
    sending, copying, receiving = key(), key(), key()
    buffer = memoryview(bytearray(200))
    for text in (b"one", b"", b"three"):
        size = seal_record_into(sending, DATA, memoryview(text), buffer)
        assert bytes(buffer[:size]) == seal_record(copying, DATA, text, 0.0)
        plaintext = bytearray(len(text))
        assert open_record_into(receiving, buffer[:4], buffer[4:size], plaintext) == len(text)
        assert bytes(plaintext) == text


# ---------- Rekey


def test_a_spent_key_is_replaced_before_the_next_record() -> None:
    for spend in ("records", "time"):
        sending, reader = key(), RecordReader(key(), ALL)
        if spend == "records":
            sending.sequence = reader.key.sequence = REKEY_RECORDS
        now = REKEY_INTERVAL_S if spend == "time" else 0.0
        stream = seal_record(sending, PAYLOAD, b"under the new key", now)
        assert stream[:4] == header(REKEY, 16)
        reader.receive_data(stream + seal_record(sending, PAYLOAD, b"and again", now))
        assert [record.plaintext for record in read_all(reader, now)] == [b"under the new key", b"and again"]
        assert (sending.sequence, reader.key.sequence) == (2, 2)


def test_a_fresh_key_is_not_replaced() -> None:
    assert rekey_if_spent(key(), REKEY_INTERVAL_S - 1) == b""


def test_a_full_key_takes_only_a_rekey() -> None:
    sending, receiving = key(), key()
    sending.sequence = receiving.sequence = REKEY_RECORDS
    with pytest.raises(LocalProtocolError):
        seal_record_into(sending, DATA, b"", memoryview(bytearray(100)))
    record_header = header(PAYLOAD, 16)
    sealed = sending.seal(record_header, b"")
    for refuse in (
        lambda: open_record(receiving, record_header, sealed, 0.0),
        lambda: open_record_into(receiving, record_header, sealed, bytearray()),
    ):
        with pytest.raises(RemoteProtocolError, match="too many records"):
            refuse()


# ---------- Reader


STREAM = [Record(PAYLOAD, b"one"), Record(DATA, bytes(1000)), Record(PAYLOAD, b""), Record(CLOSE, b"bye")]


def stream() -> list[bytes]:
    sending = key()
    return [seal_record(sending, record.kind, record.plaintext, 0.0) for record in STREAM]


@given(st.lists(st.integers(1, 700), max_size=40))
def test_any_way_to_cut_the_bytes_gives_the_same_records(sizes: list[int]) -> None:
    data, reader, seen = b"".join(stream()), RecordReader(key(), ALL), []
    for size in [*sizes, len(data)]:
        reader.receive_data(data[:size])
        data = data[size:]
        seen += read_all(reader)
        assert reader.pending_bytes < 1000 + RECORD_OVERHEAD_BYTES
    assert seen == STREAM
    assert reader.take_pending() == b""


def test_byte_by_byte() -> None:
    reader, seen = RecordReader(key(), ALL), []
    for byte in b"".join(stream()):
        reader.receive_data(bytes((byte,)))
        seen += read_all(reader)
    assert seen == STREAM


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("wrong", range(4))
def test_records_open_in_their_order_only(before: int, wrong: int) -> None:
    """After so many right ones only one can be next: none left out, none twice, none swapped."""
    records, reader = stream(), RecordReader(key(), ALL)
    reader.receive_data(b"".join(records[:before]) + records[wrong])
    assert [reader.next_record(0.0) for _ in range(before)] == STREAM[:before]
    if wrong == before:
        assert reader.next_record(0.0) == STREAM[wrong]
        return
    with pytest.raises(RemoteProtocolError):
        reader.next_record(0.0)


def test_every_changed_byte_is_noticed() -> None:
    """Also in the header: of what could be a valid header, the tag says that it is not the one sent."""
    record = stream()[0]
    for index in range(len(record)):
        for bit in range(8):
            changed = record[:index] + bytes((record[index] ^ 1 << bit,)) + record[index + 1 :]
            reader = RecordReader(key(), ALL)
            reader.receive_data(changed)
            try:
                seen = reader.next_record(0.0)
            except RemoteProtocolError:
                continue
            # A larger length: the reader still waits for bytes that no sender can make up.
            assert seen is None
            assert index in (1, 2, 3)


def test_what_is_not_read_yet_can_be_handed_on() -> None:
    reader = RecordReader(key(), ALL)
    first, *rest = stream()
    reader.receive_data(first + b"".join(rest)[:100])
    assert reader.next_record(0.0) == STREAM[0]
    assert reader.take_pending() == b"".join(rest)[:100]
    assert reader.pending_bytes == 0
