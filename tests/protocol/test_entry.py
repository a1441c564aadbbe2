"""Heads of entries, what was offered, and what stands for entries that have passed."""

from contextlib import suppress
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanmsg.protocol.constants import ENTRY_BLOCK_MAX_BYTES, FILE_SIZE_MAX_BYTES, PATH_DEPTH_MAX
from lanmsg.protocol.entry import (
    NO_ENTRIES,
    EntryHeader,
    Offered,
    chained,
    decode_entry,
    encode_entry,
    position_hash,
)
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError

FILE = EntryHeader("a/b.txt", "file", 12, 1_700_000_000, executable=True)
FOLDER = EntryHeader("a", "folder", 0, 0, executable=False)
STREAM = EntryHeader("dump.sql", "stream", None, -5, executable=False)


@pytest.mark.parametrize("header", [FILE, FOLDER, STREAM])
def test_an_entry_comes_back_as_it_was(header: EntryHeader) -> None:
    assert decode_entry(encode_entry(header)) == header


def test_its_fields_are_those_of_the_specification() -> None:
    fields = {"path": "a/b.txt", "kind": "file", "size": 12, "mtime": 1_700_000_000, "exec": True}
    assert msgspec.msgpack.decode(encode_entry(FILE)) == fields


def test_fields_of_a_later_version_are_ignored() -> None:
    fields = {**msgspec.msgpack.decode(encode_entry(FILE)), "colour": "red"}
    assert decode_entry(msgspec.msgpack.encode(fields)) == FILE


@pytest.mark.parametrize(
    "changes",
    [
        {"path": ""},
        {"path": "/a"},
        {"path": "a/"},
        {"path": "a//b"},
        {"path": "../a"},
        {"path": "a/./b"},
        {"path": "a\0b"},
        {"path": "/".join(["a"] * (PATH_DEPTH_MAX + 1))},
        {"path": "x" * 1025},
        {"path": b"bytes"},
        {"kind": "link"},
        {"kind": "folder"},
        {"kind": "stream"},
        {"size": None},
        {"size": -1},
        {"size": FILE_SIZE_MAX_BYTES + 1},
        {"size": 1.5},
        {"mtime": 1 << 41},
        {"mtime": "today"},
        {"exec": 1},
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object]) -> None:
    fields = {**msgspec.msgpack.decode(encode_entry(FILE)), **changes}
    with pytest.raises(RemoteProtocolError):
        decode_entry(msgspec.msgpack.encode(fields))


@pytest.mark.parametrize("missing", ["path", "kind", "size", "mtime", "exec"])
def test_a_missing_field_is_refused(missing: str) -> None:
    fields = msgspec.msgpack.decode(encode_entry(FILE))
    del fields[missing]
    with pytest.raises(RemoteProtocolError):
        decode_entry(msgspec.msgpack.encode(fields))


def test_a_head_longer_than_any_needs_is_refused() -> None:
    fields = {**msgspec.msgpack.decode(encode_entry(FILE)), "more": "x" * ENTRY_BLOCK_MAX_BYTES}
    with pytest.raises(RemoteProtocolError):
        decode_entry(msgspec.msgpack.encode(fields))


def test_we_send_nothing_that_we_would_refuse() -> None:
    with pytest.raises(LocalProtocolError):
        encode_entry(EntryHeader("../x", "file", 1, 0, executable=False))


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    with suppress(RemoteProtocolError):
        decode_entry(data)


def test_nested_maps_are_refused_like_anything_else() -> None:
    with pytest.raises(RemoteProtocolError):
        decode_entry(b"\x81\xa1x" + b"\x91" * 2000)


def test_files_may_not_grow_between_offer_and_data() -> None:
    offered = Offered(2, 1000, {"a": False, "b": False})
    assert (offered.max_entries, offered.max_bytes) == (2, 1000)


def test_a_folder_may_grow_a_little() -> None:
    small, large = Offered(2, 1000, {"a": True}), Offered(16_000, 160 << 20, None)
    assert (small.max_entries, small.max_bytes) == (18, 1000 + (1 << 20))
    assert (large.max_entries, large.max_bytes) == (17_000, 170 << 20)


def test_a_stream_may_be_of_any_length() -> None:
    assert Offered(1, None, {"dump.sql": False}).max_bytes == FILE_SIZE_MAX_BYTES


@pytest.mark.parametrize(
    ("header", "included"),
    [
        (FILE, True),
        (FOLDER, True),
        (EntryHeader("a", "file", 1, 0, executable=False), False),
        (EntryHeader("b", "file", 1, 0, executable=False), True),
        (EntryHeader("b", "folder", 0, 0, executable=False), False),
        (EntryHeader("b/x", "file", 1, 0, executable=False), False),
        (EntryHeader("evil.sh", "file", 1, 0, executable=False), False),
        (EntryHeader("A/x", "file", 1, 0, executable=False), False),
    ],
)
def test_only_names_that_the_person_has_seen_are_included(header: EntryHeader, included: bool) -> None:
    assert Offered(9, 9, {"a": True, "b": False}).includes(header) == included


def test_with_more_names_than_an_offer_lists_any_is_included() -> None:
    assert Offered(200, 9).includes(FILE)


def test_the_chain_stands_for_all_entries_in_their_order() -> None:
    one, two = encode_entry(FILE), encode_entry(FOLDER)
    assert chained(chained(NO_ENTRIES, one), two) != chained(chained(NO_ENTRIES, two), one)
    assert chained(NO_ENTRIES, one) == sha256(bytes(32) + one).digest()


def test_a_position_is_hashed_with_its_path() -> None:
    hashed = position_hash(NO_ENTRIES, "a/b")
    hashed.update(b"data")
    assert hashed.digest() == sha256(bytes(32) + b"a/b\0data").digest()
