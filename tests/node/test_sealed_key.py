"""A key under a passphrase: it opens with that one alone, and no byte of the file can be another."""

from typing import Any

import pytest

from lanmsg.model import LanmsgError
from lanmsg.node import sealed_key
from lanmsg.node.sealed_key import (
    HEAD_BYTES,
    SCRYPT_BLOCK,
    SCRYPT_COST,
    SCRYPT_PARALLEL,
    seal,
    sealed_id,
    unseal,
)
from lanmsg.protocol.errors import LocalProtocolError
from tests.node.neighbours import identity

ANNA = identity("anna")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guess costs 0.3 s, which is the point of it."""
    monkeypatch.setattr(sealed_key, "SCRYPT_COST", 16)


def test_it_opens_with_its_passphrase_alone() -> None:
    assert SCRYPT_COST * SCRYPT_BLOCK * SCRYPT_PARALLEL * 128 == 128 << 20, "of work for each guess"
    sealed = seal(ANNA, "correct horse")
    assert unseal(sealed, "correct horse").to_der() == ANNA.to_der()
    with pytest.raises(LanmsgError) as failure:
        unseal(sealed, "correct hors")
    assert failure.value.code == "locked"


@pytest.mark.usefixtures("quick")
def test_nothing_of_the_private_half_is_readable_and_no_two_files_are_alike() -> None:
    one, other = seal(ANNA, "x"), seal(ANNA, "x")
    numbers = ANNA.private_key.private_numbers()
    for secret in (numbers.p, numbers.q, numbers.d):
        assert secret.to_bytes(384).lstrip(b"\0")[:16] not in one
    assert one[HEAD_BYTES:] != other[HEAD_BYTES:]
    assert sealed_id(one) == sealed_id(other) == ANNA.peer_id


@pytest.mark.usefixtures("quick")
def test_letters_are_the_same_however_they_are_composed() -> None:
    assert unseal(seal(ANNA, "M\u00fcller"), "Mu\u0308ller").peer_id == ANNA.peer_id


@pytest.mark.usefixtures("quick")
def test_a_changed_byte_or_a_cut_is_noticed() -> None:
    """Also in the clear part: a file that names another key than it holds would be believed."""
    sealed = seal(ANNA, "x")
    for place in (8, 24, 36, HEAD_BYTES - 2, HEAD_BYTES, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(LanmsgError):
            unseal(bytes(changed), "x")
    for length in (8, HEAD_BYTES, HEAD_BYTES + 16):
        with pytest.raises(LocalProtocolError):
            unseal(sealed[:length], "x")


@pytest.mark.usefixtures("quick")
def test_another_key_in_the_same_file_is_no_key() -> None:
    """Whoever knows the passphrase and swaps the inside makes no home that shows one and is another."""

    class Mixed:
        modulus = identity("ben").modulus
        to_der = ANNA.to_der

    mixed: Any = Mixed()
    with pytest.raises(LocalProtocolError, match="another key"):
        unseal(seal(mixed, "x"), "x")
