"""The library under our own calls gives the answers that Wycheproof knows, and fails where it must.

Whole and wrong alike: what a later release of it gets wrong is seen here, and not by two nodes that agree.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_der_private_key

from lanmsg.protocol import cipher, ephemeral, identity
from lanmsg.protocol.ephemeral import Entropy, InitiatorKeys, ResponderKeys
from lanmsg.protocol.errors import RemoteProtocolError

FOLDER: Final = Path(__file__).parent
REJECTED: Final = b"r" * 32

Case = dict[str, Any]


def load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def cases(name: str) -> list[Any]:
    tests: list[Case] = load(name)["tests"]
    return [pytest.param(case, id=str(case["tcId"])) for case in tests]


def hexed(case: Case, key: str) -> bytes:
    return bytes.fromhex(case[key])


@pytest.fixture(scope="module")
def oaep_key() -> identity.LocalIdentity:
    der = bytes.fromhex(load("rsa_oaep_3072_sha256_mgf1sha256")["privateKeyPkcs8"])
    key = load_der_private_key(der, password=None)
    assert isinstance(key, RSAPrivateKey)
    return identity._identity(key)


@pytest.mark.parametrize("case", cases("rsa_oaep_3072_sha256_mgf1sha256"))
def test_rsa_oaep(case: Case, oaep_key: identity.LocalIdentity) -> None:
    """Also through unwrap, which takes 32 bytes only and never says that it failed."""
    sealed, label, secret = hexed(case, "ct"), hexed(case, "label"), hexed(case, "msg")
    if case["result"] == "valid":
        assert oaep_key.private_key.decrypt(sealed, identity._oaep(label)) == secret
    else:
        with pytest.raises(ValueError, match=r"."):
            oaep_key.private_key.decrypt(sealed, identity._oaep(label))
    is_ours = case["result"] == "valid" and len(secret) == 32
    assert oaep_key.unwrap(sealed, label, otherwise=REJECTED) == (secret if is_ours else REJECTED)


@pytest.mark.parametrize("case", cases("aes_256_gcm"))
def test_aes_256_gcm(case: Case) -> None:
    aead, nonce, aad = AESGCM(hexed(case, "key")), hexed(case, "iv"), hexed(case, "aad")
    sealed = hexed(case, "ct") + hexed(case, "tag")
    plaintext = bytearray(len(sealed) - 16)
    if case["result"] == "valid":
        assert aead.encrypt(nonce, hexed(case, "msg"), aad) == sealed
        assert aead.decrypt(nonce, sealed, aad) == hexed(case, "msg")
        aead.decrypt_into(nonce, sealed, aad, plaintext)
        assert bytes(plaintext) == hexed(case, "msg")
        return
    with pytest.raises(InvalidTag):
        aead.decrypt(nonce, sealed, aad)
    with pytest.raises(InvalidTag):
        aead.decrypt_into(nonce, sealed, aad, plaintext)


@pytest.mark.parametrize("case", cases("x25519"))
def test_x25519(case: Case) -> None:
    """Points of low order, twist or not in their shortest form: the right secret, or none at all."""
    private = X25519PrivateKey.from_private_bytes(hexed(case, "private"))
    if not any(hexed(case, "shared")):
        with pytest.raises(RemoteProtocolError):
            ephemeral._exchange(private, hexed(case, "public"))
        return
    assert ephemeral._exchange(private, hexed(case, "public")) == hexed(case, "shared")


@pytest.mark.parametrize("case", cases("hkdf_sha256"))
def test_hkdf_sha256(case: Case) -> None:
    inputs = {name: hexed(case, name) for name in ("salt", "ikm", "info")}
    if case["result"] == "valid":
        assert cipher.hkdf(**inputs, length=case["size"]) == hexed(case, "okm")
        return
    with pytest.raises(ValueError, match=r"."):
        cipher.hkdf(**inputs, length=case["size"])


class Given(Entropy):
    """With the ML-KEM seed of a vector."""

    def __init__(self, seed: bytes) -> None:
        super().__init__(lambda count: b"\1" * count)
        self._seed = seed

    def mlkem_seed(self) -> bytes:
        return self._seed


@pytest.mark.parametrize("case", cases("mlkem_768_encaps"))
def test_ml_kem_768_keys_of_others(case: Case) -> None:
    point = b"\x09".ljust(32, b"\0")
    if case["result"] == "invalid":
        with pytest.raises(RemoteProtocolError):
            ResponderKeys(Given(b""), point, hexed(case, "ek"))
        return
    assert len(ResponderKeys(Given(b""), point, hexed(case, "ek")).ciphertext) == 1088


@pytest.mark.parametrize("case", cases("mlkem_768_decaps"))
def test_ml_kem_768_secrets(case: Case) -> None:
    """Ciphertexts that were tampered with give a secret as well: the one that the standard says."""
    if len(hexed(case, "seed")) != 64 or len(hexed(case, "c")) != 1088:
        with pytest.raises(ValueError, match=r"."):
            InitiatorKeys(Given(hexed(case, "seed")))._mlkem.decapsulate(hexed(case, "c"))
        return
    ours = InitiatorKeys(Given(hexed(case, "seed")))
    assert ours.mlkem_public == hexed(case, "ek")
    assert ours._mlkem.decapsulate(hexed(case, "c")) == hexed(case, "K")
