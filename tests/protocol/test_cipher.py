"""The key schedule, and a direction's key with its counter."""

from functools import partial

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lanmsg.protocol.cipher import DirectionKey, KeySchedule, Role, hkdf
from lanmsg.protocol.constants import REKEY_INTERVAL_S, REKEY_RECORDS
from lanmsg.protocol.errors import RemoteProtocolError

KEY = bytes(range(32))
HEADER = b"\x10\x00\x00\x15"


def test_hkdf_is_that_of_rfc_5869() -> None:
    """Its test cases 1 and 3; the latter has neither salt nor info."""
    first = hkdf(salt=bytes(range(13)), ikm=b"\x0b" * 22, info=bytes(range(0xF0, 0xFA)), length=42)
    assert first.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    third = hkdf(salt=b"", ikm=b"\x0b" * 22, info=b"", length=42)
    assert third.hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


# ---------- Key schedule


def derived() -> KeySchedule:
    schedule = KeySchedule()
    schedule.mix(b"hello")
    schedule.derive(b"ephemeral", b"secret")
    return schedule


def test_two_that_heard_the_same_open_each_others_seals() -> None:
    ours, theirs = derived(), derived()
    assert theirs.open(Role.INITIATOR, ours.seal(Role.INITIATOR, b"one")) == b"one"
    assert ours.open(Role.RESPONDER, theirs.seal(Role.RESPONDER, b"two")) == b"two"
    assert (ours.h, ours.ck) == (theirs.h, theirs.ck)
    assert ours.split() == theirs.split()


def test_a_key_seals_once() -> None:
    schedule = derived()
    schedule.seal(Role.INITIATOR, b"one")
    with pytest.raises(KeyError):
        schedule.seal(Role.INITIATOR, b"two")


@pytest.mark.parametrize("difference", ["transcript", "label", "ikm", "role", "ciphertext"])
def test_any_difference_shows_at_the_next_seal(difference: str) -> None:
    other = KeySchedule()
    other.mix(b"hullo" if difference == "transcript" else b"hello")
    label = b"responder-auth" if difference == "label" else b"ephemeral"
    other.derive(label, b"Secret" if difference == "ikm" else b"secret")
    sealed = derived().seal(Role.INITIATOR, b"one")
    if difference == "ciphertext":
        sealed = bytes((sealed[0] ^ 1,)) + sealed[1:]
    with pytest.raises(RemoteProtocolError):
        other.open(Role.RESPONDER if difference == "role" else Role.INITIATOR, sealed)


def test_traffic_keys_are_all_different_and_not_shown() -> None:
    keys = derived().split()
    assert len({keys.initiator_to_responder, keys.responder_to_initiator, keys.verification}) == 3
    assert keys.initiator_to_responder.hex() not in repr(keys)
    assert repr(keys.initiator_to_responder) not in repr(keys)


def test_a_wrap_label_holds_direction_and_transcript() -> None:
    schedule = derived()
    assert schedule.wrap_label(b"i2r") == b"lanmsg/1 i2r" + schedule.h


# ---------- Direction key


def test_the_nonce_is_the_number_of_the_record() -> None:
    key = DirectionKey(KEY, 0.0)
    sealed = [key.seal(HEADER, b"hello") for _ in range(3)]
    assert sealed[2] == AESGCM(KEY).encrypt(bytes(11) + b"\x02", b"hello", HEADER)
    assert key.sequence == 3


def test_both_forms_give_the_same() -> None:
    one, other, receiving = DirectionKey(KEY, 0.0), DirectionKey(KEY, 0.0), DirectionKey(KEY, 0.0)
    buffer, plaintext = bytearray(21), bytearray(5)
    assert other.seal_into(HEADER, b"hello", buffer) == 21
    assert bytes(buffer) == one.seal(HEADER, b"hello")
    assert receiving.open_into(HEADER, buffer, plaintext) == 5
    assert plaintext == b"hello"


@pytest.mark.parametrize("into", [False, True])
@pytest.mark.parametrize("fault", ["header", "ciphertext", "number", "key"])
def test_what_is_not_the_next_record_does_not_open(fault: str, into: bool) -> None:
    sealed = bytearray(DirectionKey(KEY, 0.0).seal(HEADER, b"hello"))
    sealed[0] ^= fault == "ciphertext"
    receiving = DirectionKey(bytes(32) if fault == "key" else KEY, 0.0)
    receiving.sequence = 1 if fault == "number" else 0
    header = b"\x11" + HEADER[1:] if fault == "header" else HEADER
    open_it = partial(receiving.open_into, buffer=bytearray(5)) if into else receiving.open
    with pytest.raises(RemoteProtocolError):
        open_it(header, sealed)


def test_a_key_is_spent_by_records_or_by_time() -> None:
    key = DirectionKey(KEY, 100.0)
    assert not key.is_spent(100.0 + REKEY_INTERVAL_S - 1)
    assert key.is_spent(100.0 + REKEY_INTERVAL_S)
    full = [False, False]
    for index, sequence in enumerate((REKEY_RECORDS - 1, REKEY_RECORDS)):
        key.sequence = sequence
        full[index] = key.is_full and key.is_spent(100.0)
    assert full == [False, True]


def test_the_next_key_starts_afresh() -> None:
    key = DirectionKey(KEY, 0.0)
    before = key.seal(HEADER, b"hello")
    key.rekey(REKEY_INTERVAL_S)
    assert key.sequence == 0
    assert not key.is_spent(REKEY_INTERVAL_S)
    after = key.seal(HEADER, b"hello")
    assert after != before
    next_key = hkdf(salt=b"", ikm=KEY, info=b"lanmsg/1 rekey", length=32)
    assert after == AESGCM(next_key).encrypt(bytes(12), b"hello", HEADER)
