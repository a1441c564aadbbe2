"""The five messages after which both sides know whom they talk to (protocol.md, Handshake).

Each side is one class; its states are the messages it waits for. Any fault raises RemoteProtocolError, and
leaves an Abort to be sent that tells nothing about the fault.
"""

from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import Final

from msgspec import Struct

from lanmsg.model import PeerId
from lanmsg.protocol.cipher import KeySchedule, Role, TrafficKeys
from lanmsg.protocol.constants import (
    FRAME_ABORT,
    FRAME_HEADER_BYTES,
    FRAME_M1,
    FRAME_M2,
    FRAME_M3,
    FRAME_M4,
    FRAME_M5,
    M1_BYTES,
    M2_BYTES,
    M3_BYTES,
    M4_BYTES,
    M5_BYTES,
    MODULUS_BYTES,
    PROTOCOL_VERSION,
    SESSION_MAGIC,
    TAG_BYTES,
    WRAP_BYTES,
    X25519_BYTES,
)
from lanmsg.protocol.ephemeral import Entropy, InitiatorKeys, ResponderKeys
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.identity import LocalIdentity, fingerprint, public_key


class Frame(IntEnum):
    M1 = FRAME_M1
    M2 = FRAME_M2
    M3 = FRAME_M3
    M4 = FRAME_M4
    M5 = FRAME_M5
    ABORT = FRAME_ABORT


FRAME_BYTES: Final = {
    Frame.M1: M1_BYTES,
    Frame.M2: M2_BYTES,
    Frame.M3: M3_BYTES,
    Frame.M4: M4_BYTES,
    Frame.M5: M5_BYTES,
    Frame.ABORT: FRAME_HEADER_BYTES,
}
"""Each type has one length, header included."""

_HEADERS: Final = {
    frame: bytes((frame,)) + (size - FRAME_HEADER_BYTES).to_bytes(2) for frame, size in FRAME_BYTES.items()
}
ABORT: Final = _HEADERS[Frame.ABORT]

_SEALED_MODULUS_BYTES: Final = MODULUS_BYTES + TAG_BYTES
_HELLO: Final = SESSION_MAGIC + bytes((PROTOCOL_VERSION, PROTOCOL_VERSION, 0, 0))
_CHOICE: Final = bytes((PROTOCOL_VERSION, 0, 0, 0))


class UnexpectedPeerError(RemoteProtocolError):
    """Somebody else's key where we dialled a certain peer. `claimed` is whose it is, not proven."""

    def __init__(self, claimed: PeerId) -> None:
        super().__init__("the peer at this address has another key than the one expected")
        self.claimed = claimed


class Proven(Struct, frozen=True):
    """A finished handshake: the peer has shown that it owns the key of `peer`."""

    peer: PeerId
    modulus: bytes
    keys: TrafficKeys


class Handshake:
    """What both sides share: cutting frames, failing alike. `proven` is set when it is done."""

    def __init__(self, identity: LocalIdentity, entropy: Entropy) -> None:
        self.proven: Proven | None = None
        self.schedule = KeySchedule()
        self._identity = identity
        self._entropy = entropy
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._next: tuple[Frame, Callable[[bytes], None]] | None = None

    def receive_data(self, data: bytes) -> None:
        """Raises RemoteProtocolError when the handshake has failed; there is nothing to receive then."""
        self._inbox += data
        try:
            while self._next is not None and (body := self._take_frame(self._next[0])) is not None:
                self._next[1](body)
        except RemoteProtocolError:
            if self._next is not None:
                self.abort()
            raise

    def _take_frame(self, expected: Frame) -> bytes | None:
        """The body of the expected frame. A wrong header is a fault before its body is waited for."""
        header = bytes(self._inbox[:FRAME_HEADER_BYTES])
        if header == ABORT:
            self._stop()  # An Abort is not answered.
            raise RemoteProtocolError("the peer broke off the handshake")
        if not _HEADERS[expected].startswith(header) and not ABORT.startswith(header):
            raise RemoteProtocolError(f"a frame that is no {expected.name}")
        size = FRAME_BYTES[expected]
        if len(self._inbox) < size:
            return None
        body = bytes(self._inbox[FRAME_HEADER_BYTES:size])
        del self._inbox[:size]
        return body

    def abort(self) -> None:
        """Break off; says so to the peer, and nothing else."""
        self._stop()
        self._outbox += ABORT

    def _stop(self) -> None:
        self._next = None
        self._inbox.clear()

    def data_to_send(self) -> bytes:
        data = bytes(self._outbox)
        self._outbox.clear()
        return data

    def take_pending(self) -> bytes:
        """What came after the handshake's last frame: records."""
        pending = bytes(self._inbox)
        self._inbox.clear()
        return pending

    def _send(self, frame: Frame, body: bytes) -> None:
        self._outbox += _HEADERS[frame] + body

    def _check_modulus(self, modulus: bytes) -> bytes:
        """Refuses what is no key, and our own: whoever shows it reflects us, or is a copy of this home."""
        public_key(modulus)
        if modulus == self._identity.modulus:
            raise RemoteProtocolError("the peer shows our own key")
        return modulus

    def _wrap_and_seal(self, role: Role, modulus: bytes, direction: bytes, secret: bytes) -> bytes:
        """`secret` wrapped to the owner of `modulus`, under the key of `role`, that is, ours."""
        wrapped = self._entropy.wrap(modulus, secret, self.schedule.wrap_label(direction))
        return self.schedule.seal(role, wrapped)

    def _open_and_unwrap(self, role: Role, sealed: bytes, direction: bytes) -> bytes:
        """The secret that the peer, being `role`, wrapped to our key."""
        label = self.schedule.wrap_label(direction)
        # Drawn in any case, so that a wrap that does not decrypt takes the same path.
        otherwise = self._entropy.rejection_secret()
        return self._identity.unwrap(self.schedule.open(role, sealed), label, otherwise=otherwise)

    def _finish(self, modulus: bytes) -> None:
        self._next = None
        self.proven = Proven(fingerprint(modulus), modulus, self.schedule.split())


class InitiatorHandshake(Handshake):
    """The side that dialled. M1 is ready to be sent at once; `expected`: talk to this peer or to nobody."""

    def __init__(self, identity: LocalIdentity, entropy: Entropy, *, expected: PeerId | None) -> None:
        super().__init__(identity, entropy)
        self._expected = expected
        ours = InitiatorKeys(entropy)
        body = _HELLO + ours.x25519_public + ours.mlkem_public
        self._send(Frame.M1, body)
        self.schedule.mix(_HEADERS[Frame.M1] + body)
        # Held by this step alone: whoever takes our memory after it cannot agree again.
        self._next = (Frame.M2, partial(self._receive_m2, ours))

    def _receive_m2(self, ours: InitiatorKeys, body: bytes) -> None:
        clear, sealed = body[:-_SEALED_MODULUS_BYTES], body[-_SEALED_MODULUS_BYTES:]
        if not clear.startswith(_CHOICE):
            raise RemoteProtocolError("a version that we did not propose")
        point, ciphertext = _divide(clear[len(_CHOICE) :], X25519_BYTES)
        agreed = ours.agree(point, ciphertext)
        self.schedule.mix(_HEADERS[Frame.M2] + clear)
        self.schedule.derive(b"ephemeral", agreed)
        modulus = self._check_modulus(self.schedule.open(Role.RESPONDER, sealed))
        # Before M3: a stranger at a pinned peer's address does not learn who we are.
        claimed = fingerprint(modulus)
        if self._expected is not None and claimed != self._expected:
            raise UnexpectedPeerError(claimed)
        self._send_m3(modulus)

    def _send_m3(self, modulus: bytes) -> None:
        secret = self._entropy.secret()
        challenge = self._wrap_and_seal(Role.INITIATOR, modulus, b"i2r", secret)
        self.schedule.derive(b"responder-auth", secret)
        sealed_identity = self.schedule.seal(Role.INITIATOR, self._identity.modulus)
        self._send(Frame.M3, challenge + sealed_identity)
        self._next = (Frame.M4, partial(self._receive_m4, modulus))

    def _receive_m4(self, modulus: bytes, body: bytes) -> None:
        # That it opens proves the responder: its key comes from the secret wrapped in M3.
        secret = self._open_and_unwrap(Role.RESPONDER, body, b"r2i")
        self.schedule.derive(b"initiator-auth", secret)
        self._send(Frame.M5, self.schedule.seal(Role.INITIATOR, b""))
        self._finish(modulus)


class ResponderHandshake(Handshake):
    """The side that accepted. It says nothing until M1 is whole, and does no RSA before M3."""

    def __init__(self, identity: LocalIdentity, entropy: Entropy) -> None:
        super().__init__(identity, entropy)
        self._next = (Frame.M1, self._receive_m1)

    def _receive_m1(self, body: bytes) -> None:
        hello, shares = _divide(body, len(_HELLO))
        lowest, highest = hello[len(SESSION_MAGIC)], hello[len(SESSION_MAGIC) + 1]
        # The flags are left to later versions; as part of the transcript they cannot be changed unnoticed.
        if not hello.startswith(SESSION_MAGIC) or not lowest <= PROTOCOL_VERSION <= highest:
            raise RemoteProtocolError("no version that we speak")
        point, mlkem_public = _divide(shares, X25519_BYTES)
        ours = ResponderKeys(self._entropy, point, mlkem_public)
        clear = _CHOICE + ours.x25519_public + ours.ciphertext
        self.schedule.mix(_HEADERS[Frame.M1] + body)
        self.schedule.mix(_HEADERS[Frame.M2] + clear)
        self.schedule.derive(b"ephemeral", ours.agreed)
        self._send(Frame.M2, clear + self.schedule.seal(Role.RESPONDER, self._identity.modulus))
        self._next = (Frame.M3, self._receive_m3)

    def _receive_m3(self, body: bytes) -> None:
        challenge, sealed_identity = _divide(body, WRAP_BYTES + TAG_BYTES)
        secret = self._open_and_unwrap(Role.INITIATOR, challenge, b"i2r")
        self.schedule.derive(b"responder-auth", secret)
        modulus = self._check_modulus(self.schedule.open(Role.INITIATOR, sealed_identity))
        secret = self._entropy.secret()
        self._send(Frame.M4, self._wrap_and_seal(Role.RESPONDER, modulus, b"r2i", secret))
        self.schedule.derive(b"initiator-auth", secret)
        self._next = (Frame.M5, partial(self._receive_m5, modulus))

    def _receive_m5(self, modulus: bytes, body: bytes) -> None:
        # That it opens proves the initiator: its key comes from the secret wrapped in M4.
        self.schedule.open(Role.INITIATOR, body)
        self._finish(modulus)


def _divide(data: bytes, at: int) -> tuple[bytes, bytes]:
    return data[:at], data[at:]
