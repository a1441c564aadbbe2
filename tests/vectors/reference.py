"""lanmsg/1 a second time, on other libraries (pycryptodome, kyber-py) and sharing no line with lanmsg.

It sees both ends at once, is given every random byte, and writes down each step. Test vectors come from here.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256, shake_256
from struct import pack
from typing import Any

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.Hash import SHA256
from Crypto.Protocol.DH import import_x25519_private_key, import_x25519_public_key, key_agreement
from Crypto.PublicKey import RSA
from Crypto.Signature.pss import MGF1
from Crypto.Util.number import isPrime
from kyber_py.ml_kem import ML_KEM_768

NAME = b"lanmsg/1 pqXX RSA3072-OAEP-SHA256 X25519+MLKEM768 HKDF-SHA256 AES256-GCM"
E = 65537


Json = dict[str, Any]


def hexed(values: Mapping[str, bytes]) -> dict[str, str]:
    return {name: value.hex() for name, value in values.items()}


def changed(data: bytes, at: int, change: bytes) -> bytes:
    return data[:at] + change + data[at + len(change) :]


def drawn(label: str, length: int) -> bytes:
    """Bytes that look random and that anybody can draw again."""
    return shake_256(b"lanmsg/1 test vectors: " + label.encode()).digest(length)


# ---------- Identity


@dataclass(frozen=True)
class Person:
    """An RSA-3072 key from its two primes."""

    p: int
    q: int

    @property
    def modulus(self) -> bytes:
        return (self.p * self.q).to_bytes(384, "big")

    @property
    def fingerprint(self) -> bytes:
        return sha256(b"lanmsg/1 identity\0" + self.modulus).digest()

    def unwrap(self, wrapped: bytes, label: bytes) -> bytes:
        d = pow(E, -1, (self.p - 1) * (self.q - 1))
        key = RSA.construct((self.p * self.q, E, d, self.p, self.q), consistency_check=False)
        return bytes(_oaep(key, label, lambda _: b"").decrypt(wrapped))


@cache
def person(name: str) -> Person:
    return Person(_prime(f"{name} p"), _prime(f"{name} q"))


def _prime(label: str) -> int:
    """The first prime from a drawn start; its two top bits are set, so that the modulus has 3072 bits."""
    candidate = int.from_bytes(drawn(label, 192), "big") | 3 << 1534 | 1
    while candidate % E == 1 or not isPrime(candidate):
        candidate += 2
    return candidate


def wrap(modulus: bytes, secret: bytes, label: bytes, seed: bytes) -> bytes:
    """RSAES-OAEP with SHA-256 and this seed."""
    key = RSA.construct((int.from_bytes(modulus, "big"), E), consistency_check=False)
    return bytes(_oaep(key, label, lambda _: seed).encrypt(secret))


def _oaep(key: RSA.RsaKey, label: bytes, draw: Callable[[int], bytes]) -> PKCS1_OAEP.PKCS1OAEP_Cipher:
    return PKCS1_OAEP.new(key, SHA256, lambda seed, size: MGF1(seed, size, SHA256), label, draw)


# ---------- Primitives


def hkdf(salt: bytes, ikm: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, section 2."""
    prk = hmac.digest(salt, ikm, "sha256")
    block = output = b""
    while len(output) < length:
        block = hmac.digest(prk, block + info + bytes((len(output) // 32 + 1,)), "sha256")
        output += block
    return output[:length]


def seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce)
    cipher.update(aad)
    return b"".join(cipher.encrypt_and_digest(plaintext))


def point(private: bytes) -> bytes:
    return bytes(import_x25519_private_key(private).public_key().export_key(format="raw"))


def x25519(private: bytes, public: bytes) -> bytes:
    ours, theirs = import_x25519_private_key(private), import_x25519_public_key(public)
    return bytes(key_agreement(static_priv=ours, static_pub=theirs, kdf=lambda secret: secret))


def encapsulate(public: bytes, message: bytes) -> tuple[bytes, bytes]:
    """ML-KEM.Encaps_internal: secret and ciphertext for a given 32-byte message."""
    secret, ciphertext = ML_KEM_768._encaps_internal(public, message)
    return secret, ciphertext


# ---------- Handshake


@dataclass(frozen=True)
class Draws:
    """Everything random in one handshake."""

    initiator_x25519: bytes
    mlkem_seed: bytes
    responder_x25519: bytes
    mlkem_message: bytes
    initiator_secret: bytes
    responder_secret: bytes
    i2r_oaep_seed: bytes
    r2i_oaep_seed: bytes


def draws(name: str) -> Draws:
    lengths = {"mlkem_seed": 64}
    return Draws(**{key: drawn(f"{name} {key}", lengths.get(key, 32)) for key in Draws.__annotations__})


@dataclass(frozen=True)
class Twist:
    """What one side does differently from the specification; None: nothing."""

    hello: bytes = b"LMSG\x01\x01\0\0"
    choice: bytes = b"\x01\0\0\0"
    initiator_point: bytes | None = None
    mlkem_public: bytes | None = None
    responder_point: bytes | None = None
    initiator_modulus: bytes | None = None
    responder_modulus: bytes | None = None
    wrap_to_responder: bytes | None = None
    wrap_to_initiator: bytes | None = None
    i2r: bytes = b"i2r"
    r2i: bytes = b"r2i"


HONEST = Twist()


@dataclass
class Transcript:
    """What a handshake looks like from above."""

    frames: dict[str, bytes] = field(default_factory=dict)
    steps: list[dict[str, str]] = field(default_factory=list)
    ephemeral: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    h: bytes = sha256(NAME).digest()
    ck: bytes = sha256(NAME).digest()
    ki: bytes = b""
    kr: bytes = b""

    def mix(self, data: bytes) -> None:
        self.h = sha256(self.h + data).digest()
        self._note("mix", data=data)

    def key(self, label: bytes, ikm: bytes) -> None:
        okm = hkdf(self.ck, ikm, b"lanmsg/1 " + label + b"\0" + self.h, 96)
        self.ck, self.ki, self.kr = okm[:32], okm[32:64], okm[64:]
        self._note("key", label=label, ikm=ikm, ki=self.ki, kr=self.kr)

    def seal(self, key: str, plaintext: bytes) -> bytes:
        sealed = seal(getattr(self, key), bytes(12), plaintext, self.h)
        self.h = sha256(self.h + sealed).digest()
        self._note("seal", key=key.encode(), plaintext=plaintext, sealed=sealed)
        return sealed

    def _note(self, step: str, **values: bytes) -> None:
        texts = {"label", "key"}
        shown = {name: data.decode() if name in texts else data.hex() for name, data in values.items()}
        self.steps.append({"step": step, **shown, "h": self.h.hex(), "ck": self.ck.hex()})

    def frame(self, name: str, body: bytes) -> bytes:
        self.frames[name] = pack(">BH", int(name[1]), len(body)) + body
        return self.frames[name]

    def split(self) -> None:
        okm = hkdf(self.ck, b"", b"lanmsg/1 traffic\0" + self.h, 96)
        self.keys = {"i2r": okm[:32], "r2i": okm[32:64], "sas": okm[64:], "session_id": self.h}


def handshake(initiator: Person, responder: Person, draws: Draws, twist: Twist = HONEST) -> Transcript:
    """All five messages. With a twist they are what the twisting side would send, as far as that goes."""
    seen = Transcript()
    shared = _agree(seen, draws, twist)
    n_r = twist.responder_modulus or responder.modulus
    n_i = twist.initiator_modulus or initiator.modulus
    seen.key(b"ephemeral", shared)
    seen.frames["M2"] = pack(">BH", 2, 1524) + seen.frames["M2"] + seen.seal("kr", n_r)

    label = b"lanmsg/1 " + twist.i2r + seen.h
    wrapped = wrap(
        twist.wrap_to_responder or responder.modulus, draws.initiator_secret, label, draws.i2r_oaep_seed
    )
    if twist == HONEST:
        assert responder.unwrap(wrapped, label) == draws.initiator_secret
    sealed = seen.seal("ki", wrapped)
    seen.key(b"responder-auth", draws.initiator_secret)
    seen.frame("M3", sealed + seen.seal("ki", n_i))

    label = b"lanmsg/1 " + twist.r2i + seen.h
    wrapped = wrap(
        twist.wrap_to_initiator or initiator.modulus, draws.responder_secret, label, draws.r2i_oaep_seed
    )
    if twist == HONEST:
        assert initiator.unwrap(wrapped, label) == draws.responder_secret
    seen.frame("M4", seen.seal("kr", wrapped))
    seen.key(b"initiator-auth", draws.responder_secret)
    seen.frame("M5", seen.seal("ki", b""))
    seen.split()
    return seen


def _agree(seen: Transcript, draws: Draws, twist: Twist) -> bytes:
    """M1, the clear part of M2, and the secret that both ends have after it."""
    mlkem_public, mlkem_private = ML_KEM_768.key_derive(draws.mlkem_seed)
    e_i, e_r = point(draws.initiator_x25519), point(draws.responder_x25519)
    mlkem_secret, ciphertext = encapsulate(mlkem_public, draws.mlkem_message)
    assert ML_KEM_768.decaps(mlkem_private, ciphertext) == mlkem_secret
    dh = x25519(draws.initiator_x25519, e_r)
    assert dh == x25519(draws.responder_x25519, e_i)
    shown_e_i, shown_mlkem = twist.initiator_point or e_i, twist.mlkem_public or mlkem_public
    seen.mix(seen.frame("M1", twist.hello + shown_e_i + shown_mlkem))
    seen.frames["M2"] = twist.choice + (twist.responder_point or e_r) + ciphertext
    seen.mix(pack(">BH", 2, 1524) + seen.frames["M2"])
    seen.ephemeral = {"x25519": dh, "mlkem_secret": mlkem_secret, "mlkem_ciphertext": ciphertext}
    return dh + mlkem_secret


# ---------- Records


@dataclass
class Direction:
    """One direction of a session: its key and the number of its next record."""

    key: bytes
    sequence: int = 0

    def record(self, kind: int, plaintext: bytes) -> bytes:
        header = pack(">I", kind << 24 | len(plaintext) + 16)
        sealed = seal(self.key, pack(">IQ", 0, self.sequence), plaintext, header)
        self.sequence += 1
        return header + sealed

    def rekey(self) -> bytes:
        record = self.record(0x13, b"")
        self.key, self.sequence = hkdf(b"", self.key, b"lanmsg/1 rekey", 32), 0
        return record
