"""The datagram, byte for byte."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanmsg.model import PeerId, Status
from lanmsg.protocol.announcement import (
    NO_TOKEN,
    Announcement,
    Kind,
    also_by_ipv4,
    decode_announcement,
    instance_of,
    is_also_by_ipv4,
)
from lanmsg.protocol.constants import ANNOUNCEMENT_BYTES, DATAGRAM_MAX_BYTES, NAME_MAX_BYTES
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError

ALICE = Announcement(
    Kind.QUERY, PeerId(bytes(range(32))), b"instance", b"0123456789abcdef", 2372, 12, Status.BUSY, "älice"
)
ALICE_BYTES = bytes.fromhex(
    "4c4d5344 01 01 0000 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "696e7374616e6365 30313233343536373839616263646566 0944 000c 02 06 c3a46c696365"
) + bytes(52)

announcements = st.builds(
    Announcement,
    st.sampled_from(Kind),
    st.binary(min_size=32, max_size=32).filter(any),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=16, max_size=16),
    st.integers(0, 65535),
    st.integers(0, 65535),
    st.sampled_from(Status),
    st.text(st.characters(codec="utf-8"), max_size=12),
)


def test_layout() -> None:
    assert ALICE.encode() == ALICE_BYTES
    assert decode_announcement(ALICE_BYTES) == ALICE


@given(announcements)
def test_decoding_gives_back_what_was_encoded(said: Announcement) -> None:
    assert decode_announcement(said.encode()) == said


@given(announcements)
def test_every_kind_has_the_same_length_so_no_answer_is_longer_than_its_question(said: Announcement) -> None:
    assert len(said.encode()) == ANNOUNCEMENT_BYTES


def test_what_stands_behind_is_left_to_later_versions() -> None:
    assert decode_announcement(ALICE_BYTES + b"later" * 70) == ALICE


@pytest.mark.parametrize("length", [0, 4, 69, 70, 127, 513, 1500])
def test_other_lengths_are_refused(length: int) -> None:
    data = (ALICE_BYTES + bytes(1500))[:length]
    assert (length > DATAGRAM_MAX_BYTES) == (length >= 513)
    with pytest.raises(RemoteProtocolError):
        decode_announcement(data)


@pytest.mark.parametrize(
    ("at", "value", "what"),
    [
        (0, b"LMSG", "magic"),
        (4, b"\0", "version"),
        (4, b"\2", "version"),
        (5, b"\0", "kind"),
        (5, b"\5", "kind"),
        (8, bytes(32), "fingerprint of zeros"),
        (69, bytes([NAME_MAX_BYTES + 1]), "name length"),
        (69, b"\1", "half a character"),
        (70, b"\xff", "name that is not UTF-8"),
        (70, b"\xed\xa0\x80", "surrogate"),
    ],
)
def test_bad_fields_are_refused(at: int, value: bytes, what: str) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_announcement(ALICE_BYTES[:at] + value + ALICE_BYTES[at + len(value) :])


@pytest.mark.parametrize(("at", "value"), [(6, b"\xff\xff"), (127, b"\xff")])
def test_flags_and_padding_are_ignored(at: int, value: bytes) -> None:
    assert decode_announcement(ALICE_BYTES[:at] + value + ALICE_BYTES[at + len(value) :]) == ALICE


def test_an_unknown_status_counts_as_available() -> None:
    data = bytearray(ALICE_BYTES)
    data[68] = 77
    assert decode_announcement(bytes(data)).status is Status.AVAILABLE


@given(st.binary(max_size=DATAGRAM_MAX_BYTES + 10))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_announcement(data)


@given(st.integers(0, ANNOUNCEMENT_BYTES - 1), st.binary(min_size=1, max_size=40))
def test_damage_gives_a_value_or_a_refusal(at: int, damage: bytes) -> None:
    data = (ALICE_BYTES[:at] + damage + ALICE_BYTES[at + len(damage) :])[:ANNOUNCEMENT_BYTES]
    try:
        said = decode_announcement(data)
    except RemoteProtocolError:
        return
    assert len(said.name.encode()) <= NAME_MAX_BYTES
    assert decode_announcement(said.encode()) == said


@pytest.mark.parametrize(
    "said",
    [
        ALICE._replace(name="é" * 25),
        ALICE._replace(lifetime_s=65536),
        ALICE._replace(lifetime_s=-1),
    ],
)
def test_what_does_not_fit_is_our_own_mistake(said: Announcement) -> None:
    with pytest.raises(LocalProtocolError):
        said.encode()


def test_the_longest_name_fits() -> None:
    said = ALICE._replace(name="é" * 24)
    assert decode_announcement(said.encode()).name == "é" * 24


def test_an_instance_is_the_hash_of_its_leave_secret() -> None:
    secret = bytes(range(16))
    assert instance_of(secret) == hashlib.sha256(b"lanmsg/1 instance\0" + secret).digest()[:8]
    assert len(NO_TOKEN) == len(secret)


def test_a_copy_by_multicast_can_be_told_and_says_the_same() -> None:
    data = ALICE.encode()
    copy = also_by_ipv4(data)
    assert (is_also_by_ipv4(copy), is_also_by_ipv4(data)) == (True, False)
    assert decode_announcement(copy) == decode_announcement(data)
    assert is_also_by_ipv4(data[:6] + b"\xff\xfe" + data[8:]) is False
    assert is_also_by_ipv4(b"LMSD") is False
