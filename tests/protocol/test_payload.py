"""Payloads: what goes in comes out, limits are in bytes, and no bytes of a peer raise anything unexpected."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import msgpack
from msgspec.structs import replace

from lanmsg.model import MessageId, TransferId
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError
from lanmsg.protocol.payload import (
    ACKNOWLEDGED,
    TAGS,
    Accept,
    Ack,
    Begin,
    Bulk,
    Callback,
    Cancel,
    Close,
    Decline,
    Done,
    Failed,
    Message,
    Offer,
    OfferedItem,
    Pause,
    Payload,
    Ping,
    Pong,
    Profile,
    Refused,
    Resume,
    Step,
    UnknownPayload,
    Verify,
    decode,
    encode,
)

MESSAGE = Message(MessageId(b"m" * 16), "private", "hello", 1_790_000_000_000)
PROFILE = Profile("alice", 0, "", 2372, "lanmsg 0.1.0")
ITEM = OfferedItem("a.txt", 5, folder=False)
OFFER = Offer(TransferId(b"t" * 16), (ITEM,), 1, 5, "", 600)

# ---------- Round trips

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
ids = st.binary(min_size=16, max_size=16)
transfer_ids = ids.map(TransferId)
message_ids = ids.map(MessageId)
sizes = st.integers(0, 1 << 62)
entries = st.integers(0, 0xFFFF_FFFF)
short = st.text("abcdefghij_", max_size=30)
items = st.builds(OfferedItem, texts.filter(bool), st.none() | sizes, st.booleans())
payloads: st.SearchStrategy[Payload] = st.one_of(
    st.builds(
        Profile,
        texts.map(lambda text: text[:12]),
        st.integers(0, 255),
        texts,
        st.integers(0, 65535),
        short,
        st.lists(short.filter(bool), max_size=32).map(tuple),
    ),
    st.builds(
        Message,
        message_ids,
        st.sampled_from(["private", "everyone"]),
        texts.filter(bool),
        st.integers(0, 253_402_300_799_999),
        st.none() | message_ids,
    ),
    st.builds(Ack, ids, st.sampled_from(["", *ACKNOWLEDGED])),
    st.builds(Pause, ids),
    st.builds(Resume, ids),
    st.builds(Refused, st.none() | ids, short),
    st.builds(
        Offer,
        transfer_ids,
        st.lists(items, min_size=1, max_size=5).map(tuple),
        st.integers(1, 0xFFFF_FFFF),
        st.none() | sizes,
        texts,
        st.integers(0, (1 << 63) - 1),
    ),
    st.builds(Accept, transfer_ids, entries, sizes, st.none() | st.binary(min_size=32, max_size=32)),
    st.builds(Decline, transfer_ids, texts),
    st.builds(Cancel, transfer_ids, texts),
    st.builds(Callback, transfer_ids),
    st.builds(Bulk, transfer_ids, st.sampled_from(["source", "sink"])),
    st.builds(Begin, transfer_ids, entries, sizes),
    st.builds(Done, transfer_ids, entries, sizes),
    st.builds(Failed, transfer_ids, short, texts),
    st.builds(Verify, ids, st.sampled_from([Step.ASK, Step.SAME, Step.DIFFERENT, Step.CANCEL])),
    st.builds(Verify, ids, st.just(Step.COMMIT), st.binary(min_size=32, max_size=32)),
    st.builds(Verify, ids, st.sampled_from([Step.RANDOM, Step.REVEAL]), st.binary(min_size=16, max_size=16)),
    st.builds(Ping, st.integers(0, (1 << 64) - 1)),
    st.builds(Pong, st.integers(0, (1 << 64) - 1)),
    st.builds(Close, short),
)


@given(payloads)
def test_what_is_encoded_is_decoded_to_the_same(payload: Payload) -> None:
    assert decode(encode(payload)) == payload


# ---------- Limits


def too_long_by_one(text: str, limit: int) -> tuple[str, str]:
    """Two texts of `limit` and `limit` + 1 bytes, the last character of the second is more than one byte."""
    return text * limit, text * (limit - 1) + "é"


@pytest.mark.parametrize(
    ("payload", "field", "limit"),
    [
        (MESSAGE, "text", 32_768),
        (PROFILE, "name", 48),
        (PROFILE, "note", 140),
        (PROFILE, "client", 48),
        (OFFER, "text", 32_768),
        (Refused(None, "x"), "code", 32),
        (Decline(OFFER.id, ""), "reason", 140),
        (Cancel(OFFER.id, ""), "reason", 140),
        (Failed(OFFER.id, "", ""), "code", 32),
        (Failed(OFFER.id, "", ""), "text", 140),
        (Close(""), "code", 32),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Payload) else str(value),
)
def test_a_text_is_limited_in_bytes(payload: Any, field: str, limit: int) -> None:
    fits, too_long = too_long_by_one("x", limit)
    assert decode(encode(replace(payload, **{field: fits}))) == replace(payload, **{field: fits})
    refused_both_ways(replace(payload, **{field: too_long}))
    refused_both_ways(replace(payload, **{field: "a\0b"}))


def refused_both_ways(payload: Payload) -> None:
    """We do not send it, and whoever sends it to us breaks the protocol."""
    with pytest.raises(LocalProtocolError):
        encode(payload)
    with pytest.raises(RemoteProtocolError):
        decode(msgpack.encode(payload))


@pytest.mark.parametrize(
    "payload",
    [
        replace(MESSAGE, text=""),
        replace(MESSAGE, id=MessageId(b"m" * 15)),
        replace(MESSAGE, id=MessageId(b"m" * 17)),
        replace(MESSAGE, reply=MessageId(b"")),
        replace(MESSAGE, to="room"),
        replace(MESSAGE, time=-1),
        replace(MESSAGE, time=253_402_300_800_000),
        replace(MESSAGE, time=True),
        replace(MESSAGE, time=1.0),
        replace(MESSAGE, text=b"hello"),
        replace(PROFILE, status=256),
        replace(PROFILE, port=65536),
        replace(PROFILE, caps=("x",) * 33),
        replace(PROFILE, caps=("x" * 33,)),
        replace(PROFILE, caps=("",)),
        replace(OFFER, files=()),
        replace(OFFER, files=(ITEM,) * 101),
        replace(OFFER, files=(replace(ITEM, name=""),)),
        replace(OFFER, files=(replace(ITEM, name="é" * 128),)),
        replace(OFFER, files=(replace(ITEM, size=-1),)),
        replace(OFFER, count=0),
        replace(OFFER, count=1 << 32),
        replace(OFFER, total=(1 << 62) + 1),
        replace(OFFER, expires=-1),
        Accept(OFFER.id, 0, 1, b"d" * 31),
        Verify(b"i" * 16, Step.COMMIT, b"c" * 31),
        Verify(b"i" * 16, Step.RANDOM, b"c" * 17),
        Verify(b"i" * 16, Step.REVEAL),
        Verify(b"i" * 16, Step.ASK, b"x"),
        Bulk(OFFER.id, "both"),  # type: ignore[arg-type]  # what a peer might send
        Ping(-1),
    ],
    ids=lambda payload: repr(payload)[:60],
)
def test_a_field_beyond_its_limit_is_refused(payload: Payload) -> None:
    refused_both_ways(payload)


def test_the_largest_offer_fits_into_a_record() -> None:
    item = OfferedItem("n" * 255, 1 << 62, folder=True)
    offer = Offer(OFFER.id, (item,) * 100, 0xFFFF_FFFF, 1 << 62, "x" * 32_768, (1 << 63) - 1)
    assert len(encode(offer)) <= 65_536


def test_what_does_not_fit_into_a_record_is_not_sent() -> None:
    with pytest.raises(LocalProtocolError, match="a Message of 70"):
        encode(replace(MESSAGE, text="x" * 70_000))


def test_a_surrogate_is_not_sent() -> None:
    """Python keeps undecodable bytes of a command line in such; no peer could read it."""
    with pytest.raises(LocalProtocolError):
        encode(replace(MESSAGE, text="a\udcffb"))


def test_an_integer_that_messagepack_cannot_hold_is_not_sent() -> None:
    with pytest.raises(LocalProtocolError):
        encode(Ping(1 << 64))


# ---------- What later versions may send


def plain(payload: Payload, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = msgpack.decode(msgpack.encode(payload))
    return fields | changes


def test_unknown_fields_are_ignored() -> None:
    assert decode(msgpack.encode(plain(MESSAGE, edited={"at": [1, None]}))) == MESSAGE


def test_fields_that_may_be_absent() -> None:
    fields = plain(MESSAGE)
    del fields["reply"]
    assert decode(msgpack.encode(fields)) == MESSAGE
    del fields["time"]
    with pytest.raises(RemoteProtocolError):
        decode(msgpack.encode(fields))


def test_an_ack_of_a_message_says_no_more_than_its_id() -> None:
    assert msgpack.decode(encode(Ack(b"m" * 16))) == {"t": "ack", "id": b"m" * 16}
    assert decode(msgpack.encode(plain(Ack(b"m" * 16), of="reaction"))) == Ack(b"m" * 16, "reaction")


def test_the_order_of_fields_does_not_matter() -> None:
    assert decode(msgpack.encode(dict(reversed(plain(MESSAGE).items())))) == MESSAGE


def test_an_unknown_type_is_told_from_a_malformed_one() -> None:
    assert decode(msgpack.encode({"t": "reaction", "id": b"r" * 16})) == UnknownPayload(b"r" * 16)
    for odd in ({}, {"id": 7}, {"id": b"short"}, {"id": None}, {"id": {"x": [1]}}):
        assert decode(msgpack.encode({"t": "reaction", **odd})) == UnknownPayload(None)
    for tag in TAGS:
        with pytest.raises(RemoteProtocolError):
            decode(msgpack.encode({"t": tag}))


# ---------- What an attacker may send


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xc1")
@example(b"\x80")
@example(b"\x82\xa1t\xa3ack\xa2id\xc6\xff\xff\xff\xff")
def test_random_bytes_raise_one_error_only(data: bytes) -> None:
    decoded_or_refused(data)


@settings(max_examples=300)
@given(payloads, st.data())
def test_changed_payloads_raise_one_error_only(payload: Payload, data: st.DataObject) -> None:
    mutated = bytearray(encode(payload))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        mutated[at] = data.draw(st.integers(0, 255))
    decoded_or_refused(bytes(mutated))
    decoded_or_refused(bytes(mutated[: data.draw(st.integers(0, len(mutated)))]))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.binary(max_size=3) | short,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(short, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(payloads, st.data())
def test_values_of_a_wrong_type_raise_one_error_only(payload: Payload, data: st.DataObject) -> None:
    fields = plain(payload)
    fields[data.draw(st.sampled_from(sorted(fields)))] = data.draw(json_like)
    decoded_or_refused(msgpack.encode(fields))


def decoded_or_refused(data: bytes) -> None:
    try:
        decoded = decode(data)
    except RemoteProtocolError:
        return
    if not isinstance(decoded, UnknownPayload):
        assert decode(encode(decoded)) == decoded


@pytest.mark.parametrize(
    "data",
    [
        b"\x82\xa1t\xa3ack\xa1x" + b"\x91" * 60_000,
        b"\x82\xa1t\xa7unknown\xa1x" + b"\x81\xa1y" * 20_000,
        b"\x91" * 65_536,
        b"\x82\xa1t\xa5offer\xa5files\xdd\xff\xff\xff\xff",
        b"\x82\xa1t\xa7profile\xa4caps\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff\xa1t\xa3ack",
        b"\x82\xa1t\xa3ack\xa2id\xc6\xff\xff\xff\xff",
        b"\x82\xa1t\xa7message\xa4text\xdb\xff\xff\xff\xff",
    ],
    ids=["nested", "nested, unknown", "only nested", "names", "caps", "fields", "bytes", "text"],
)
def test_depth_and_claimed_lengths_cost_little(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError):
            decode(data)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
