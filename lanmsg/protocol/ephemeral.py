"""What a handshake draws at random and forgets: ephemeral keys, wrapped secrets (protocol.md, Handshake)."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from lanmsg.protocol import identity
from lanmsg.protocol.constants import WRAP_SECRET_BYTES, X25519_BYTES
from lanmsg.protocol.errors import RemoteProtocolError

MLKEM_SEED_BYTES = 64


class Entropy:
    """Everything random in a handshake, one method for each draw; test vectors override them.

    `encapsulate` and `wrap` are here because the library draws their randomness itself.
    """

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes

    def x25519_private(self) -> bytes:
        return self._random_bytes(X25519_BYTES)

    def mlkem_seed(self) -> bytes:
        return self._random_bytes(MLKEM_SEED_BYTES)

    def secret(self) -> bytes:
        """To be wrapped for the peer."""
        return self._random_bytes(WRAP_SECRET_BYTES)

    def rejection_secret(self) -> bytes:
        """Taken for the peer's secret when its wrap does not decrypt."""
        return self._random_bytes(WRAP_SECRET_BYTES)

    def encapsulate(self, public: bytes) -> tuple[bytes, bytes]:
        """Shared secret and ciphertext for the ML-KEM key `public`. Raises ValueError for a bad key."""
        return MLKEM768PublicKey.from_public_bytes(public).encapsulate()

    def wrap(self, modulus: bytes, secret: bytes, label: bytes) -> bytes:
        return identity.wrap(modulus, secret, label)


class InitiatorKeys:
    """The initiator's X25519 and ML-KEM-768 keys for one handshake."""

    def __init__(self, entropy: Entropy) -> None:
        self._x25519 = X25519PrivateKey.from_private_bytes(entropy.x25519_private())
        self._mlkem = MLKEM768PrivateKey.from_seed_bytes(entropy.mlkem_seed())
        self.x25519_public = self._x25519.public_key().public_bytes_raw()
        self.mlkem_public = self._mlkem.public_key().public_bytes_raw()

    def agree(self, x25519_public: bytes, ciphertext: bytes) -> bytes:
        """The secret shared with the responder that answered so."""
        if x25519_public == self.x25519_public:
            raise RemoteProtocolError("our own ephemeral key came back")
        return _exchange(self._x25519, x25519_public) + self._mlkem.decapsulate(ciphertext)


class ResponderKeys:
    """The responder's X25519 key, and what it encapsulated to the initiator's ML-KEM key."""

    def __init__(self, entropy: Entropy, x25519_public: bytes, mlkem_public: bytes) -> None:
        key = X25519PrivateKey.from_private_bytes(entropy.x25519_private())
        self.x25519_public = key.public_key().public_bytes_raw()
        try:
            secret, self.ciphertext = entropy.encapsulate(mlkem_public)
        except ValueError:
            raise RemoteProtocolError("the ML-KEM key is not one") from None
        self.agreed = _exchange(key, x25519_public) + secret


def _exchange(ours: X25519PrivateKey, theirs: bytes) -> bytes:
    """Raises RemoteProtocolError for a point of low order, whose secret anybody knows (RFC 7748, 6.1)."""
    try:
        return ours.exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError:
        raise RemoteProtocolError("the X25519 key is a point of low order") from None
