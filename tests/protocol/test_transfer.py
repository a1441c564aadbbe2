"""Blocks: what a Packer packs a Receiving takes, and nothing else."""

import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanmsg.protocol.constants import (
    BLOCK_BYTES,
    BLOCK_END,
    BLOCK_ENTRY,
    BLOCK_FINISH,
    BLOCK_HEADER_BYTES,
    BLOCK_VOID,
    DATA_PLAINTEXT_MAX_BYTES,
)
from lanmsg.protocol.entry import NO_ENTRIES, EntryHeader, Offered, chained, encode_entry
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.transfer import (
    FILE_STEP_BYTES,
    BlockEvent,
    BytesReceived,
    EntryEnded,
    EntryStarted,
    EntryVoided,
    Finished,
    Packer,
    Receiving,
)

OFFERED = Offered(10, 10_000, {"a": False, "f": True, "s": False})


def file(path: str, size: int) -> EntryHeader:
    return EntryHeader(path, "file", size, 0, executable=False)


def folder(path: str) -> EntryHeader:
    return EntryHeader(path, "folder", 0, 0, executable=False)


def stream(path: str) -> EntryHeader:
    return EntryHeader(path, "stream", None, 0, executable=False)


def block(kind: int, body: bytes = b"") -> bytes:
    return struct.pack(">BI", kind, len(body)) + body


def entry(header: EntryHeader) -> bytes:
    return block(BLOCK_ENTRY, encode_entry(header))


def finish(entries: int, size: int) -> bytes:
    return block(BLOCK_FINISH, struct.pack(">IQ", entries, size))


END = block(BLOCK_END)
VOID = block(BLOCK_VOID)


def events_of(*records: bytes, receiving: Receiving | None = None) -> list[BlockEvent]:
    machine = receiving or Receiving(OFFERED)
    return [event for record in records for event in machine.receive_data(memoryview(record))]


def content_of(events: Iterable[BlockEvent]) -> bytes:
    return b"".join(bytes(each.data) for each in events if isinstance(each, BytesReceived))


def test_a_file_and_a_folder_in_one_record() -> None:
    header = file("f/x", 5)
    record = entry(folder("f")) + END + entry(header) + block(BLOCK_BYTES, b"hello") + END + finish(2, 5)
    events = events_of(record)
    after_folder = chained(NO_ENTRIES, encode_entry(folder("f")))
    assert events[0] == EntryStarted(folder("f"))
    assert events[1] == EntryEnded(after_folder)
    assert content_of(events) == b"hello"
    assert events[4] == EntryEnded(chained(after_folder, encode_entry(header)))
    assert events[5] == Finished(2, 5)


def test_an_empty_file_has_no_bytes() -> None:
    assert isinstance(events_of(entry(file("a", 0)) + END + finish(1, 0))[-1], Finished)


def test_a_stream_ends_where_it_ends() -> None:
    machine = Receiving(Offered(1, None, {"s": False}))
    record = entry(stream("s")) + block(BLOCK_BYTES, b"abc") + block(BLOCK_BYTES, b"d") + END + finish(1, 4)
    assert content_of(events_of(record, receiving=machine)) == b"abcd"
    assert machine.is_finished


def test_a_void_entry_counts_for_nothing() -> None:
    record = entry(file("a", 9)) + block(BLOCK_BYTES, b"half") + VOID + entry(file("f/b", 1))
    events = events_of(record, block(BLOCK_BYTES, b"x") + END + finish(1, 1))
    assert isinstance(events[2], EntryVoided)
    assert events[-1] == Finished(1, 1)


def test_a_void_entry_leaves_another_chain_than_a_whole_one() -> None:
    whole = events_of(entry(file("a", 0)) + END)[-1]
    void = events_of(entry(file("a", 0)) + VOID)[-1]
    assert isinstance(whole, EntryEnded)
    assert isinstance(void, EntryVoided)
    assert whole.chain != void.chain


def test_fewer_entries_than_offered_are_an_end_as_well() -> None:
    assert events_of(entry(file("a", 0)) + END + finish(1, 0))[-1] == Finished(1, 0)


HALF = entry(file("a", 4)) + block(BLOCK_BYTES, b"ab")
BREACHES = {
    "no block": b"",
    "half a header": b"\1\0\0",
    "a body longer than the record": struct.pack(">BI", BLOCK_BYTES, 10) + b"x",
    "four gigabytes": struct.pack(">BI", BLOCK_BYTES, 0xFFFF_FFFF),
    "kind 0": block(0),
    "kind 6": block(6),
    "kind 255": block(255, b"x"),
    "bytes first": block(BLOCK_BYTES, b"x"),
    "an end first": END,
    "a void first": VOID,
    "an entry in an entry": HALF + entry(file("f/x", 1)),
    "one byte too many": entry(file("a", 1)) + block(BLOCK_BYTES, b"ab"),
    "one byte too many, later": HALF + block(BLOCK_BYTES, b"cde"),
    "one byte too few": entry(file("a", 3)) + block(BLOCK_BYTES, b"ab") + END,
    "bytes of an empty file": entry(file("a", 0)) + block(BLOCK_BYTES, b"x"),
    "bytes of a folder": entry(folder("f")) + block(BLOCK_BYTES, b"x"),
    "a void folder": entry(folder("f")) + VOID,
    "no bytes": entry(file("a", 1)) + block(BLOCK_BYTES),
    "an end with a body": entry(file("a", 0)) + block(BLOCK_END, b"x"),
    "a void with a body": entry(file("a", 0)) + block(BLOCK_VOID, b"x"),
    "the last block inside an entry": HALF + finish(0, 0),
    "too many entries counted": entry(file("a", 0)) + END + finish(2, 0),
    "too many bytes counted": entry(file("a", 0)) + END + finish(1, 1),
    "too few counted": entry(file("a", 0)) + END + finish(0, 0),
    "a short last block": block(BLOCK_FINISH, b"\0" * 11),
    "a long last block": block(BLOCK_FINISH, b"\0" * 13),
    "an entry after the last block": finish(0, 0) + entry(file("a", 0)),
    "a last block after the last block": finish(0, 0) + finish(0, 0),
    "not offered": entry(file("b", 1)),
    "a folder that was offered as a file": entry(folder("a")),
    "a file that was offered as a folder": entry(file("f", 1)),
    "more than was offered at once": entry(file("f/x", 10_001 + (1 << 20))),
    "a malformed head": block(BLOCK_ENTRY, b"\x80"),
    "a head that is no map": block(BLOCK_ENTRY, b"\x01"),
    "a long head": block(BLOCK_ENTRY, b"\x01" * 2049),
    "a way out": block(BLOCK_ENTRY, encode_entry(file("a", 1)).replace(b"\xa1a", b"\xa2..")),
}


@pytest.mark.parametrize("record", BREACHES.values(), ids=BREACHES)
def test_what_breaks_a_rule_is_refused(record: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        events_of(record)


def test_more_entries_than_offered_are_refused() -> None:
    machine = Receiving(Offered(2, 0, {"a": False}))
    events_of((entry(file("a", 0)) + END) * 2, receiving=machine)
    with pytest.raises(RemoteProtocolError, match="more entries"):
        events_of(entry(file("a", 0)), receiving=machine)


def test_more_bytes_than_offered_are_refused_before_they_come() -> None:
    machine = Receiving(Offered(2, 10, {"a": False}))
    events_of(entry(file("a", 6)) + block(BLOCK_BYTES, b"123456") + END, receiving=machine)
    with pytest.raises(RemoteProtocolError, match="more bytes"):
        events_of(entry(file("a", 5)), receiving=machine)


def test_a_stream_beside_files_ends_at_what_was_offered() -> None:
    machine = Receiving(Offered(1, 3, {"s": False}))
    with pytest.raises(RemoteProtocolError, match="more bytes"):
        events_of(entry(stream("s")) + block(BLOCK_BYTES, b"abcd"), receiving=machine)


def test_a_resumed_file_needs_only_the_rest() -> None:
    machine = Receiving(OFFERED, entry=3, offset=4, size=100, chain=b"c" * 32)
    header = file("a", 6)
    events = events_of(entry(header) + block(BLOCK_BYTES, b"56") + END, receiving=machine)
    assert events[-1] == EntryEnded(chained(b"c" * 32, encode_entry(header)))
    assert events_of(finish(4, 106), receiving=machine) == [Finished(4, 106)]


def test_only_the_first_entry_is_resumed() -> None:
    machine = Receiving(OFFERED, offset=4)
    events_of(entry(file("a", 4)) + END, receiving=machine)
    with pytest.raises(RemoteProtocolError, match="fewer bytes"):
        events_of(entry(file("f/x", 4)) + END, receiving=machine)


@pytest.mark.parametrize("header", [file("a", 3), folder("f"), stream("s")])
def test_what_cannot_be_resumed_there_is_refused(header: EntryHeader) -> None:
    with pytest.raises(RemoteProtocolError, match="go on"):
        events_of(entry(header), receiving=Receiving(OFFERED, offset=4))


# ---------- packing


def packed(headers: list[tuple[EntryHeader, bytes]], record_size: int) -> Iterator[bytes]:
    """Records of at most `record_size` bytes, as a source would send them."""
    packer = Packer(memoryview(buffer := bytearray(record_size)))

    def flush() -> bytes:
        record = bytes(buffer[: packer.length])
        packer.clear()
        return record

    for header, content in headers:
        if not packer.add_entry(encode_entry(header)):
            yield flush()
            assert packer.add_entry(encode_entry(header))
        position = 0
        while position < len(content):
            room = packer.room(len(content) - position)
            if not room:
                yield flush()
                continue
            room[:] = content[position : position + len(room)]
            packer.filled(len(room))
            position += len(room)
        if not packer.add_end():
            yield flush()
            assert packer.add_end()
    totals = len(headers), sum(len(content) for _, content in headers)
    if not packer.add_finish(*totals):
        yield flush()
        assert packer.add_finish(*totals)
    yield flush()


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 20_000), max_size=30),
    st.integers(4096 + BLOCK_HEADER_BYTES, DATA_PLAINTEXT_MAX_BYTES),
)
def test_what_is_packed_is_what_is_received(sizes: list[int], record_size: int) -> None:
    headers = [(file(f"f/{number}", size), bytes([number]) * size) for number, size in enumerate(sizes)]
    machine = Receiving(Offered(len(sizes), sum(sizes)))
    received: list[tuple[EntryHeader, bytes]] = []
    for record in packed(headers, record_size):
        assert 0 < len(record) <= record_size
        for event in machine.receive_data(memoryview(record)):
            if isinstance(event, EntryStarted):
                received.append((event.header, b""))
            elif isinstance(event, BytesReceived):
                received[-1] = (received[-1][0], received[-1][1] + bytes(event.data))
    assert received == headers
    assert machine.is_finished


def test_a_large_file_is_cut_at_whole_pages() -> None:
    packer = Packer(memoryview(bytearray(DATA_PLAINTEXT_MAX_BYTES)))
    packer.add_entry(encode_entry(file("a", 1 << 30)))
    room = len(packer.room(1 << 30))
    assert room > DATA_PLAINTEXT_MAX_BYTES - 2 * FILE_STEP_BYTES
    assert room % FILE_STEP_BYTES == 0


def test_many_small_files_share_a_record() -> None:
    headers = [(file(f"f/{number}", 100), b"x" * 100) for number in range(500)]
    assert len(list(packed(headers, DATA_PLAINTEXT_MAX_BYTES))) == 1


def test_a_full_packer_takes_nothing() -> None:
    packer = Packer(memoryview(bytearray(BLOCK_HEADER_BYTES + 3)))
    assert not packer.room(4096)
    assert packer.room(3)
    assert not packer.add_finish(1, 1)
    assert not packer.add_entry(encode_entry(file("a", 1)))
    assert packer.length == 0
    assert packer.add_end()
    assert not packer.add_void()


@settings(deadline=None)
@given(st.data())
def test_mutated_records_are_refused_or_taken_and_nothing_else(data: st.DataObject) -> None:
    header = file("f/x", 5)
    record = bytearray(
        entry(folder("f")) + END + entry(header) + block(BLOCK_BYTES, b"hello") + END + finish(2, 5)
    )
    for _ in range(data.draw(st.integers(1, 4))):
        record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    with suppress(RemoteProtocolError):
        events_of(bytes(record))
