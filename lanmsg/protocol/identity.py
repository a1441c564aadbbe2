"""Who somebody is: an RSA-3072 key that unwraps secrets and does nothing else (protocol.md, Identity)."""

from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    RSAPublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from lanmsg.model import PeerId
from lanmsg.protocol.constants import (
    IDENTITY_DOMAIN,
    MODULUS_BYTES,
    RSA_KEY_BITS,
    RSA_PUBLIC_EXPONENT,
    WRAP_SECRET_BYTES,
    X25519_BYTES,
)
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError

_HASH: Final = SHA256()

# No secrets: an exchange with one of the two points succeeds, with the other it fails.
_SCALES: Final = X25519PrivateKey.from_private_bytes(b"\1" * X25519_BYTES)
_POINT: Final = X25519PublicKey.from_public_bytes(b"\x09".ljust(X25519_BYTES, b"\0"))
_NO_POINT: Final = X25519PublicKey.from_public_bytes(bytes(X25519_BYTES))


def fingerprint(modulus: bytes) -> PeerId:
    """The peer id of the key with this modulus."""
    return PeerId(sha256(IDENTITY_DOMAIN + b"\0" + modulus).digest())


def public_key(modulus: bytes) -> RSAPublicKey:
    """The key with this modulus. Raises RemoteProtocolError unless it is 384 bytes, top bit set, and odd."""
    if len(modulus) != MODULUS_BYTES or not modulus[0] & 0x80 or not modulus[-1] & 1:
        raise RemoteProtocolError("the modulus is not an odd number of 3072 bits")
    try:
        return RSAPublicNumbers(RSA_PUBLIC_EXPONENT, int.from_bytes(modulus)).public_key()
    except ValueError:
        raise RemoteProtocolError("the modulus is no RSA key") from None


def wrap(modulus: bytes, secret: bytes, label: bytes) -> bytes:
    """`secret` so that only the owner of `modulus` reads it, and only where `label` is the same."""
    return public_key(modulus).encrypt(secret, _oaep(label))


def _oaep(label: bytes) -> OAEP:
    return OAEP(mgf=MGF1(_HASH), algorithm=_HASH, label=label)


@dataclass(frozen=True, slots=True)
class LocalIdentity:
    """Our own key. Made by `generate_identity` or `load_identity`."""

    private_key: RSAPrivateKey = field(repr=False)
    modulus: bytes = field(repr=False)
    peer_id: PeerId

    def unwrap(self, wrapped: bytes, label: bytes, *, otherwise: bytes) -> bytes:
        """The secret in `wrapped`, or `otherwise`, random, if it does not decrypt.

        Implicit rejection: the handshake goes on with the random secret and fails at the next seal, as it
        does for a wrong secret, so a sender of crafted wraps learns nothing about the padding (Manger).
        """
        secret, counterweight = otherwise, _POINT
        try:
            secret = self.private_key.decrypt(wrapped, _oaep(label))
            counterweight = _NO_POINT
        except ValueError:
            pass
        # Inside the library a failure takes longer than a success, by a thousandth: here is one of each.
        with suppress(ValueError):
            _SCALES.exchange(counterweight)
        return secret if len(secret) == WRAP_SECRET_BYTES else otherwise

    def to_der(self) -> bytes:
        """PKCS #8, unencrypted: what the home keeps in its identity file."""
        return self.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def generate_identity() -> LocalIdentity:
    """A new identity; takes some tenths of a second."""
    return _identity(generate_private_key(RSA_PUBLIC_EXPONENT, RSA_KEY_BITS))


def load_identity(der: bytes) -> LocalIdentity:
    """The identity in `der`, our own file. Raises LocalProtocolError if it holds no key of ours."""
    try:
        # Checking the primes again takes 137 ms at each start; the file is ours, and 0600.
        key = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError):
        raise LocalProtocolError("the identity file does not hold a key") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size != RSA_KEY_BITS:
        raise LocalProtocolError("the identity file does not hold an RSA key of 3072 bits")
    return _identity(key)


def _identity(key: RSAPrivateKey) -> LocalIdentity:
    numbers = key.public_key().public_numbers()
    if numbers.e != RSA_PUBLIC_EXPONENT:
        raise LocalProtocolError("the identity file holds a key with another public exponent")
    modulus = numbers.n.to_bytes(MODULUS_BYTES)
    return LocalIdentity(key, modulus, fingerprint(modulus))
