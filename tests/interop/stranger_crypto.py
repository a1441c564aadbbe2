"""Chapters 4, 6 and 7 of protocol.md: identities, the stream, the handshake from both ends."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from kyber_py.ml_kem import ML_KEM_768

SUITE = b"lanmsg/1 pqXX RSA3072-OAEP-SHA256 X25519+MLKEM768 HKDF-SHA256 AES256-GCM"
M1, M2, M3, M4, M5, ABORT = 1, 2, 3, 4, 5, 6
BODY = {M1: 1224, M2: 1524, M3: 800, M4: 400, M5: 16}


class AbortedError(Exception):
    """The handshake did not come to its end, on whichever side."""


class StreamEndedError(Exception):
    pass


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hkdf(salt: bytes, ikm: bytes, info: bytes, length: int) -> bytes:
    prk = hmac.digest(salt or bytes(32), ikm, "sha256")
    block, out = b"", b""
    while len(out) < length:
        block = hmac.digest(prk, block + info + bytes([len(out) // 32 + 1]), "sha256")
        out += block
    return out[:length]


def gcm_seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce)
    cipher.update(aad)
    body, tag = cipher.encrypt_and_digest(plaintext)
    return bytes(body + tag)


def gcm_open(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    """ValueError if it does not open."""
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce)
    cipher.update(aad)
    return bytes(cipher.decrypt_and_verify(sealed[:-16], sealed[-16:]))


def fingerprint_of(n: bytes) -> bytes:
    return sha256(b"lanmsg/1 identity\x00" + n)


class Identity:
    def __init__(self, p: int, q: int) -> None:
        d = pow(65537, -1, (p - 1) * (q - 1))
        self.key: Any = RSA.construct((p * q, 65537, d, p, q))
        self.n = (p * q).to_bytes(384, "big")
        self.fingerprint = fingerprint_of(self.n)


class Stream:
    """A TCP connection that gives whole pieces, or says why not."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._come = bytearray()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exactly(self, length: int, seconds: float = 5.0) -> bytes:
        """What has come before a TimeoutError is there for the next call."""
        end = time.monotonic() + seconds
        while len(self._come) < length:
            self.sock.settimeout(max(0.001, end - time.monotonic()))
            try:
                part = self.sock.recv(max(65536, length - len(self._come)))
            except ConnectionError as error:
                raise StreamEndedError("reset") from error
            if not part:
                raise StreamEndedError(f"{len(self._come)} of {length} bytes")
            self._come += part
        whole = bytes(self._come[:length])
        del self._come[:length]
        return whole

    def rest(self, seconds: float = 5.0) -> bytes:
        """All that still comes before the other side ends its half."""
        parts = bytearray()
        end = time.monotonic() + seconds
        while True:
            try:
                parts += self.exactly(1, end - time.monotonic())
            except StreamEndedError:
                return bytes(parts)

    def send(self, data: bytes, seconds: float = 5.0) -> None:
        self.sock.settimeout(seconds)
        self.sock.sendall(data)

    def close(self) -> None:
        self.sock.close()


def _oaep_seed(length: int) -> bytes:
    return secrets.token_bytes(length)


@dataclass
class Draws:
    """All that a handshake takes from chance; a test may put the values of 18.2 here."""

    x25519: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    keygen: Callable[[], tuple[bytes, bytes]] = ML_KEM_768.keygen
    encaps: Callable[[bytes], tuple[bytes, bytes]] = ML_KEM_768.encaps
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    oaep: Callable[[int], bytes] = _oaep_seed


class Symmetric:
    def __init__(self) -> None:
        self.h = self.ck = sha256(SUITE)
        self.ki = self.kr = b""

    def mix(self, data: bytes) -> None:
        self.h = sha256(self.h + data)

    def key(self, label: bytes, ikm: bytes) -> None:
        out = hkdf(self.ck, ikm, b"lanmsg/1 " + label + b"\x00" + self.h, 96)
        self.ck, self.ki, self.kr = out[:32], out[32:64], out[64:]

    def seal(self, key: bytes, plaintext: bytes) -> bytes:
        sealed = gcm_seal(key, bytes(12), plaintext, self.h)
        self.mix(sealed)
        return sealed

    def open(self, key: bytes, sealed: bytes) -> bytes:
        try:
            plaintext = gcm_open(key, bytes(12), sealed, self.h)
        except ValueError as error:
            raise AbortedError("a seal does not open") from error
        self.mix(sealed)
        return plaintext

    def wrap(self, n: bytes, secret: bytes, role: bytes, seed: Callable[[int], bytes]) -> bytes:
        key = RSA.construct((int.from_bytes(n, "big"), 65537))
        label = b"lanmsg/1 " + role + self.h
        return bytes(PKCS1_OAEP.new(key, SHA256, label=label, randfunc=seed).encrypt(secret))

    def unwrap_label(self, role: bytes) -> bytes:
        return b"lanmsg/1 " + role + self.h

    def split(self) -> tuple[bytes, bytes, bytes]:
        out = hkdf(self.ck, b"", b"lanmsg/1 traffic\x00" + self.h, 96)
        return out[:32], out[32:64], out[64:]


def unwrap(me: Identity, label: bytes, wrapped: bytes) -> bytes:
    substitute = secrets.token_bytes(32)
    try:
        secret = bytes(PKCS1_OAEP.new(me.key, SHA256, label=label).decrypt(wrapped))
    except ValueError:
        return substitute
    return secret if len(secret) == 32 else substitute


@dataclass
class Keys:
    sending: bytes
    receiving: bytes
    session_id: bytes
    sas: bytes
    peer: bytes
    """The fingerprint that the other side has proven."""


def _frame(stream: Stream, kind: int) -> bytes:
    header = stream.exactly(3)
    if header != bytes([kind]) + BODY[kind].to_bytes(2, "big"):
        raise AbortedError(f"header {header.hex()} instead of M{kind}")
    return header + stream.exactly(BODY[kind])


def _framed(kind: int, body: bytes) -> bytes:
    assert len(body) == BODY[kind]
    return bytes([kind]) + len(body).to_bytes(2, "big") + body


def _exchange(private: bytes, public: bytes) -> bytes:
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(
            X25519PublicKey.from_public_bytes(public)
        )
    except ValueError as error:
        raise AbortedError("X25519 gives zeros") from error


def _public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _checked(n: bytes, me: Identity) -> bytes:
    if len(n) != 384 or not n[0] & 0x80 or not n[-1] & 1 or n == me.n:
        raise AbortedError("a key that must not be")
    return n


def _same(frame: bytes) -> bytes:
    return frame


def initiate(
    stream: Stream,
    me: Identity,
    expected: bytes | None = None,
    draws: Draws | None = None,
    alter_m3: Callable[[bytes], bytes] = _same,
) -> Keys:
    draws = draws or Draws()
    state = Symmetric()
    public_kem, private_kem = draws.keygen()
    own = _public(draws.x25519)
    m1 = _framed(M1, b"LMSG\x01\x01\x00\x00" + own + public_kem)
    state.mix(m1)
    stream.send(m1)

    m2 = _frame(stream, M2)
    if m2[3:7] != b"\x01\x00\x00\x00" or m2[7:39] == own:
        raise AbortedError("M2 does not fit")
    shared = ML_KEM_768.decaps(private_kem, m2[39:1127])
    state.mix(m2[:1127])
    state.key(b"ephemeral", _exchange(draws.x25519, m2[7:39]) + shared)
    n = _checked(state.open(state.kr, m2[1127:]), me)
    if expected is not None and fingerprint_of(n) != expected:
        raise AbortedError("somebody else's key")

    first = state.seal(state.ki, state.wrap(n, draws.secret, b"i2r", draws.oaep))
    state.key(b"responder-auth", draws.secret)
    second = state.seal(state.ki, me.n)
    stream.send(alter_m3(_framed(M3, first + second)))

    m4 = _frame(stream, M4)
    label = state.unwrap_label(b"r2i")
    secret = unwrap(me, label, state.open(state.kr, m4[3:]))
    state.key(b"initiator-auth", secret)
    stream.send(_framed(M5, state.seal(state.ki, b"")))
    i2r, r2i, sas = state.split()
    return Keys(i2r, r2i, state.h, sas, fingerprint_of(n))


def respond(stream: Stream, me: Identity, draws: Draws | None = None) -> Keys:
    draws = draws or Draws()
    state = Symmetric()
    m1 = _frame(stream, M1)
    if m1[3:7] != b"LMSG" or not m1[7] <= 1 <= m1[8]:
        raise AbortedError("M1 does not fit")
    state.mix(m1)
    own = _public(draws.x25519)
    if own == m1[11:43]:
        raise AbortedError("our own ephemeral key")
    try:
        shared, ciphertext = draws.encaps(m1[43:])
    except ValueError as error:
        raise AbortedError("kI fails its check") from error
    head = b"\x02\x05\xf4\x01\x00\x00\x00" + own + ciphertext
    state.mix(head)
    state.key(b"ephemeral", _exchange(draws.x25519, m1[11:43]) + shared)
    stream.send(head + state.seal(state.kr, me.n))

    m3 = _frame(stream, M3)
    label = state.unwrap_label(b"i2r")
    secret = unwrap(me, label, state.open(state.ki, m3[3:403]))
    state.key(b"responder-auth", secret)
    n = _checked(state.open(state.ki, m3[403:]), me)
    stream.send(_framed(M4, state.seal(state.kr, state.wrap(n, draws.secret, b"r2i", draws.oaep))))
    state.key(b"initiator-auth", draws.secret)
    if state.open(state.ki, _frame(stream, M5)[3:]):
        raise AbortedError("M5 holds something")
    i2r, r2i, sas = state.split()
    return Keys(r2i, i2r, state.h, sas, fingerprint_of(n))


def handshake(stream: Stream, step: Callable[[], Keys]) -> Keys:
    """Run one side; whatever goes wrong, say Abort and close."""
    try:
        return step()
    except (AbortedError, StreamEndedError, TimeoutError):
        with contextlib.suppress(OSError):
            stream.send(bytes([ABORT, 0, 0]))
        stream.close()
        raise
