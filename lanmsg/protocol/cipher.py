"""Key schedule of a handshake, key and counter of a direction (protocol.md, Handshake and Records)."""

from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.utils import Buffer

from lanmsg.protocol.constants import (
    HANDSHAKE_NAME,
    KEY_BYTES,
    NONCE_BYTES,
    REKEY_INTERVAL_S,
    REKEY_LABEL,
    REKEY_RECORDS,
)
from lanmsg.protocol.errors import RemoteProtocolError

_PREFIX: Final = b"lanmsg/1 "
_ZERO_NONCE: Final = bytes(NONCE_BYTES)


def hkdf(*, salt: bytes, ikm: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(ikm)


class Role(Enum):
    """Who dialled, who accepted."""

    INITIATOR = "initiator"
    RESPONDER = "responder"


@dataclass(frozen=True, slots=True)
class TrafficKeys:
    """What a finished handshake leaves behind."""

    initiator_to_responder: bytes = field(repr=False)
    responder_to_initiator: bytes = field(repr=False)
    verification: bytes = field(repr=False)
    session_id: bytes


class KeySchedule:
    """The transcript hash `h`, the chaining key `ck`, and the two keys that each derivation yields."""

    def __init__(self) -> None:
        self.h = self.ck = sha256(HANDSHAKE_NAME).digest()
        self._keys: dict[Role, bytes] = {}

    def mix(self, data: bytes) -> None:
        self.h = sha256(self.h + data).digest()

    def derive(self, label: bytes, ikm: bytes) -> None:
        """key(label, ikm) of the specification: a new chaining key, and a key for each role's next seal."""
        self.ck, initiator, responder = self._expand(label, ikm)
        self._keys = {Role.INITIATOR: initiator, Role.RESPONDER: responder}

    def seal(self, role: Role, plaintext: bytes) -> bytes:
        """`plaintext` under the key of `role`, which is gone afterwards: its nonce is always zero."""
        sealed = AESGCM(self._keys.pop(role)).encrypt(_ZERO_NONCE, plaintext, self.h)
        self.mix(sealed)
        return sealed

    def open(self, role: Role, sealed: bytes) -> bytes:
        """What the peer, being `role`, sealed. Raises RemoteProtocolError."""
        try:
            plaintext = AESGCM(self._keys.pop(role)).decrypt(_ZERO_NONCE, sealed, self.h)
        except InvalidTag:
            raise RemoteProtocolError("a part of the handshake does not decrypt") from None
        self.mix(sealed)
        return plaintext

    def wrap_label(self, direction: bytes) -> bytes:
        """Binds a wrap to its direction and to all that was said before."""
        return _PREFIX + direction + self.h

    def split(self) -> TrafficKeys:
        return TrafficKeys(*self._expand(b"traffic", b""), session_id=self.h)

    def _expand(self, label: bytes, ikm: bytes) -> tuple[bytes, bytes, bytes]:
        info = _PREFIX + label + b"\0" + self.h
        keys = hkdf(salt=self.ck, ikm=ikm, info=info, length=3 * KEY_BYTES)
        return keys[:KEY_BYTES], keys[KEY_BYTES:-KEY_BYTES], keys[-KEY_BYTES:]


class DirectionKey:
    """The key of one direction of a session, and the number of the next record under it.

    The `_into` forms write to a buffer of exactly the right size; the bulk path reuses its buffers.
    """

    __slots__ = ("_aead", "_key", "_since", "sequence")

    def __init__(self, key: bytes, now: float) -> None:
        self._use(key, now)

    def _use(self, key: bytes, now: float) -> None:
        self._key = key
        self._aead = AESGCM(key)
        self._since = now
        self.sequence = 0

    def seal(self, header: Buffer, plaintext: Buffer) -> bytes:
        return self._aead.encrypt(self._next_nonce(), plaintext, header)

    def seal_into(self, header: Buffer, plaintext: Buffer, buffer: Buffer) -> int:
        return self._aead.encrypt_into(self._next_nonce(), plaintext, header, buffer)

    def open(self, header: Buffer, sealed: Buffer) -> bytes:
        """Raises RemoteProtocolError for a record that is not the next one under this key."""
        try:
            return self._aead.decrypt(self._next_nonce(), sealed, header)
        except InvalidTag:
            raise RemoteProtocolError("a record does not decrypt") from None

    def open_into(self, header: Buffer, sealed: Buffer, buffer: Buffer) -> int:
        """Like `open`; on failure the buffer's content means nothing."""
        try:
            return self._aead.decrypt_into(self._next_nonce(), sealed, header, buffer)
        except InvalidTag:
            raise RemoteProtocolError("a record does not decrypt") from None

    def _next_nonce(self) -> bytes:
        nonce = self.sequence.to_bytes(NONCE_BYTES)
        self.sequence += 1
        return nonce

    @property
    def is_full(self) -> bool:
        """Whether only a REKEY may follow."""
        return self.sequence >= REKEY_RECORDS

    def is_spent(self, now: float) -> bool:
        """Whether the sender has to go to the next key before its next record."""
        return self.is_full or now - self._since >= REKEY_INTERVAL_S

    def rekey(self, now: float) -> None:
        """Go to the next key; there is no way back to the old one."""
        self._use(hkdf(salt=b"", ikm=self._key, info=REKEY_LABEL, length=KEY_BYTES), now)
