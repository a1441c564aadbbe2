"""Keys, fingerprints and wraps."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lanmsg.protocol import identity
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError
from lanmsg.protocol.identity import fingerprint, generate_identity, load_identity, public_key, wrap
from tests.protocol.people import person

SECRET = bytes(range(32))
RANDOM = b"\xee" * 32


def test_a_new_identity_can_be_kept_and_loaded() -> None:
    made = generate_identity()
    assert len(made.modulus) == 384
    loaded = load_identity(made.to_der())
    assert (loaded.peer_id, loaded.modulus) == (made.peer_id, made.modulus)
    wrapped = wrap(made.modulus, SECRET, b"label")
    assert loaded.unwrap(wrapped, b"label", otherwise=RANDOM) == SECRET


def test_the_fingerprint_is_a_hash_of_domain_and_modulus() -> None:
    alice = person("alice")
    assert alice.peer_id == sha256(b"lanmsg/1 identity\0" + alice.modulus).digest()
    assert fingerprint(alice.modulus) == alice.peer_id


def test_nothing_secret_is_shown() -> None:
    assert repr(person("alice")) == f"LocalIdentity(peer_id={person('alice').peer_id!r})"


@pytest.mark.parametrize(
    "change",
    [
        lambda n: n[:-1],
        lambda n: n + n[:1],
        lambda n: b"",
        lambda n: bytes((n[0] & 0x7F,)) + n[1:],
        lambda n: n[:-1] + bytes((n[-1] & 0xFE,)),
        lambda n: n + bytes(1663) + b"\x01",
    ],
    ids=["short", "long", "empty", "top bit clear", "even", "16384 bits"],
)
def test_a_modulus_that_is_none_is_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(RemoteProtocolError):
        public_key(change(person("alice").modulus))


def test_a_modulus_that_the_library_does_not_like_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Today it takes any odd number; if it looks closer one day, that is the peer's fault as well."""

    def refuse(*_: int) -> None:
        raise ValueError

    monkeypatch.setattr("lanmsg.protocol.identity.RSAPublicNumbers", refuse)
    with pytest.raises(RemoteProtocolError):
        public_key(person("alice").modulus)


def test_the_smallest_and_the_largest_modulus_can_be_wrapped_to() -> None:
    """A key that nobody can have harms only whoever shows it; it must not raise here."""
    for modulus in (b"\x80" + bytes(382) + b"\x01", b"\xff" * 384):
        assert len(wrap(modulus, SECRET, b"label")) == 384


@pytest.mark.parametrize(
    ("wrapped", "label"),
    [
        (wrap(person("alice").modulus, SECRET, b"label"), b"another label"),
        (wrap(person("bob").modulus, SECRET, b"label"), b"label"),
        (wrap(person("alice").modulus, SECRET[:31], b"label"), b"label"),
        (wrap(person("alice").modulus, SECRET + b"\0", b"label"), b"label"),
        (bytes(384), b"label"),
        (b"\xff" * 384, b"label"),
    ],
    ids=["label", "key", "31 bytes", "33 bytes", "zero", "beyond the modulus"],
)
def test_a_wrap_that_does_not_decrypt_gives_the_other_secret(wrapped: bytes, label: bytes) -> None:
    assert person("alice").unwrap(wrapped, label, otherwise=RANDOM) == RANDOM


def test_a_file_that_holds_no_identity_is_refused() -> None:
    strangers = (
        generate_private_key(65537, 2048),
        generate_private_key(3, 3072),
        generate_ec_key(SECP256R1()),
    )
    files = [key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()) for key in strangers]
    for der in (b"", b"nonsense", person("alice").to_der()[:-10], *files):
        with pytest.raises(LocalProtocolError):
            load_identity(der)


def test_a_wrap_that_opens_and_one_that_does_not_cost_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has one success and one failure inside the library (scripts/timing measures what is left)."""
    outcomes: list[bool] = []

    class Scales:
        def exchange(self, point: X25519PublicKey) -> bytes:
            outcomes.append(point.public_bytes_raw() != bytes(32))
            return real.exchange(point)

    real = identity._SCALES
    monkeypatch.setattr(identity, "_SCALES", Scales())
    alice = person("alice")
    assert alice.unwrap(wrap(alice.modulus, SECRET, b"label"), b"label", otherwise=RANDOM) == SECRET
    assert alice.unwrap(bytes(384), b"label", otherwise=RANDOM) == RANDOM
    assert outcomes == [False, True]
