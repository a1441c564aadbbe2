"""The encrypted conversation with one peer: handshake, records, payloads (protocol.md, Sessions).

Bytes and the time go in, bytes and events come out. What the peer does wrong is never raised here: it ends
the session, and is an event. The driver writes `data_to_send()` after every call; at SessionClosed it writes
that and hangs up. While its writes are stuck it stops reading, since some of what is read has to be answered.
"""

from enum import Enum
from typing import Self

from msgspec import Struct

from lanmsg.model import PeerId
from lanmsg.protocol.cipher import DirectionKey, Role
from lanmsg.protocol.constants import (
    BULK_PENDING_MAX_BYTES,
    DEAD_AFTER_SILENCE_S,
    FIRST_BYTE_TIMEOUT_S,
    HANDSHAKE_TIMEOUT_S,
    PING_AFTER_SILENCE_S,
    PROTOCOL_VERSION,
    SESSION_PROBE_TIMEOUT_S,
)
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError
from lanmsg.protocol.events import (
    PayloadReceived,
    SessionClosed,
    SessionEnd,
    SessionEstablished,
    SessionEvent,
)
from lanmsg.protocol.handshake import (
    Handshake,
    InitiatorHandshake,
    Proven,
    ResponderHandshake,
    UnexpectedPeerError,
)
from lanmsg.protocol.identity import LocalIdentity
from lanmsg.protocol.payload import (
    Bulk,
    Close,
    CloseCode,
    Payload,
    Ping,
    Pong,
    Profile,
    Refused,
    RefusedCode,
    UnknownPayload,
    decode,
    encode,
)
from lanmsg.protocol.record import Record, RecordKind, RecordReader, seal_record


class SessionState(Enum):
    HANDSHAKE = "handshake"
    OPEN = "open"
    BULK = "bulk"
    """A connection for one transfer's data, waiting for `detach`: nothing more is read here."""
    DETACHED = "detached"
    CLOSED = "closed"


class BulkKeys(Struct, frozen=True):
    """What the bulk path needs, to go on here; `pending` was received, and not consumed."""

    send: DirectionKey
    receive: DirectionKey
    pending: bytes


class Session:
    """One connection. Made by `Session.initiator` or `Session.responder`."""

    def __init__(self, role: Role, handshake: Handshake, now: float) -> None:
        self.state = SessionState.HANDSHAKE
        self.peer: PeerId | None = None
        """Whose session it is; None until the handshake has proven it."""
        self.session_id = b""
        """The final transcript hash: the same on both sides, and on no other session."""
        self.verification_key = b""
        """Shared, for the short words that two people compare."""
        self.version = PROTOCOL_VERSION
        """What both sides agreed to speak; there is one so far."""
        self._role = role
        self._peer_role = Role.RESPONDER if role is Role.INITIATOR else Role.INITIATOR
        self._handshake: Handshake | None = handshake
        self._outbox = bytearray(handshake.data_to_send())
        self._events: list[SessionEvent] = []
        self._spoken: set[Role] = set()
        self._pings = 0
        self._held_pongs: list[int] = []
        """The first payload of a message session is a Profile: answers wait for ours."""
        # While the handshake lasts either is its end; afterwards the first is when to ask for a sign of life.
        self._wake_at = now + (FIRST_BYTE_TIMEOUT_S if role is Role.RESPONDER else HANDSHAKE_TIMEOUT_S)
        self._dead_at = now + HANDSHAKE_TIMEOUT_S

    @classmethod
    def initiator(
        cls, identity: LocalIdentity, *, expected: PeerId | None, entropy: Entropy, now: float
    ) -> Self:
        """The side that dialled. `expected`: whom we mean; nobody else learns who we are."""
        return cls(Role.INITIATOR, InitiatorHandshake(identity, entropy, expected=expected), now)

    @classmethod
    def responder(cls, identity: LocalIdentity, *, entropy: Entropy, now: float) -> Self:
        """The side that accepted. Pins and blocks are the node's to consult, at SessionEstablished."""
        return cls(Role.RESPONDER, ResponderHandshake(identity, entropy), now)

    # ---------- what the driver takes

    def data_to_send(self) -> bytes:
        data = bytes(self._outbox)
        self._outbox.clear()
        return data

    def events(self) -> list[SessionEvent]:
        events, self._events = self._events, []
        return events

    def next_deadline(self) -> float | None:
        if self.state in (SessionState.HANDSHAKE, SessionState.OPEN):
            return min(self._wake_at, self._dead_at)
        return None

    # ---------- what the driver brings

    def receive_data(self, data: bytes, now: float) -> None:
        if self.state is SessionState.DETACHED:
            raise LocalProtocolError("this connection belongs to its transfer now")
        if self.state is SessionState.CLOSED or not data:
            return
        try:
            if self.state is SessionState.HANDSHAKE:
                data = self._receive_handshake(data, now)
            if self.state is not SessionState.HANDSHAKE:
                self._receive_records(data, now)
        except RemoteProtocolError as error:
            self._fail(error, now)

    def receive_eof(self, now: float) -> None:  # noqa: ARG002  (one shape for all machines)
        """The peer's stream has ended: fine after a CLOSE, otherwise somebody cut it."""
        if self.state is SessionState.HANDSHAKE:
            self._end(SessionEnd.HANDSHAKE, "the connection ended during the handshake")
        elif self.state in (SessionState.OPEN, SessionState.BULK):
            self._end(SessionEnd.TRUNCATED, "the connection ended without a close")

    def handle_deadline(self, now: float) -> None:
        deadline = self.next_deadline()
        if deadline is None or now < deadline:
            return
        if self.state is SessionState.HANDSHAKE:
            self._abort_handshake()
            self._end(SessionEnd.TIMEOUT, "the handshake took too long")
        elif now >= self._dead_at:
            self._end(SessionEnd.TIMEOUT, "the peer has gone silent")
        else:
            self._pings += 1
            self._wake_at = now + PING_AFTER_SILENCE_S
            self._transmit(Ping(self._pings), now)

    def send(self, payload: Payload, now: float) -> None:
        """Raises LocalProtocolError for a payload that breaks its rules, or has no place here."""
        if self.state not in (SessionState.OPEN, SessionState.BULK):
            raise LocalProtocolError("the session is not open")
        if isinstance(payload, Close | Ping | Pong):
            raise LocalProtocolError(f"{type(payload).__name__} is the session's own to send")
        if not self._is_in_place(payload, self._role):
            raise LocalProtocolError(f"{type(payload).__name__} has no place here")
        self._transmit(payload, now)
        self._note_spoken(payload, self._role, now)
        for token in self._held_pongs:
            self._transmit(Pong(token), now)
        self._held_pongs.clear()

    def ask_if_alive(self, now: float) -> None:
        """There is doubt: unless anything comes within SESSION_PROBE_TIMEOUT_S, the peer is gone."""
        if self.state is SessionState.OPEN and self._spoken:
            self._pings += 1
            self._transmit(Ping(self._pings), now)
            self._dead_at = min(self._dead_at, now + SESSION_PROBE_TIMEOUT_S)

    def close(self, code: CloseCode, now: float) -> None:
        """End the session, telling the peer why. Nothing happens if it has ended, or is detached."""
        if self.state is SessionState.HANDSHAKE:
            self._abort_handshake()
            self._end(code, "closed by this side during the handshake")
        elif self.state in (SessionState.OPEN, SessionState.BULK):
            self._transmit(Close(code), now)
            self._end(code, "closed by this side", clean=True)

    def detach(self) -> BulkKeys:
        """Give the connection to the bulk path. Everything in `data_to_send()` has to be taken before."""
        if self.state is not SessionState.BULK:
            raise LocalProtocolError("this is not a connection for file data")
        if self._outbox:
            raise LocalProtocolError("there are records that have to be sent first")
        self.state = SessionState.DETACHED
        return BulkKeys(self._send_key, self._reader.key, self._reader.take_pending())

    # ---------- inside

    def _receive_handshake(self, data: bytes, now: float) -> bytes:
        """Returns what came after the handshake."""
        self._wake_at = self._dead_at
        handshake = self._handshake
        if handshake is None:
            return b""
        try:
            handshake.receive_data(data)
        finally:
            self._outbox += handshake.data_to_send()
        if handshake.proven is None:
            return b""
        self._establish(handshake.proven, now)
        # With it go the chaining key and the first traffic keys, from which all later ones could be derived.
        self._handshake = None
        return handshake.take_pending()

    def _establish(self, proven: Proven, now: float) -> None:
        to_responder = DirectionKey(proven.keys.initiator_to_responder, now)
        to_initiator = DirectionKey(proven.keys.responder_to_initiator, now)
        ours, theirs = (
            (to_responder, to_initiator) if self._role is Role.INITIATOR else (to_initiator, to_responder)
        )
        self._send_key = ours
        self._reader = RecordReader(theirs, (RecordKind.PAYLOAD, RecordKind.CLOSE))
        self.peer = proven.peer
        self.session_id = proven.keys.session_id
        self.verification_key = proven.keys.verification
        self.state = SessionState.OPEN
        self._heard(now)
        self._events.append(SessionEstablished(proven.peer, proven.modulus))

    def _receive_records(self, data: bytes, now: float) -> None:
        self._reader.receive_data(data)
        while self.state is SessionState.OPEN and (record := self._reader.next_record(now)) is not None:
            self._heard(now)
            self._receive_record(record, now)
        if self.state is SessionState.BULK and self._reader.pending_bytes > BULK_PENDING_MAX_BYTES:
            raise LocalProtocolError("a connection for file data has to be detached before it is read on")

    def _heard(self, now: float) -> None:
        self._dead_at = now + DEAD_AFTER_SILENCE_S
        # No Ping before our first payload: this may become a connection for file data, which knows none.
        self._wake_at = now + PING_AFTER_SILENCE_S if self._role in self._spoken else self._dead_at

    def _receive_record(self, record: Record, now: float) -> None:
        payload = decode(record.plaintext)
        if isinstance(payload, Close) is not (record.kind is RecordKind.CLOSE):
            raise RemoteProtocolError("a Close outside of a CLOSE record, or something else inside one")
        match payload:
            case Close(code):
                self._end(code, "closed by the peer", clean=True)
            case _:
                self._receive_payload(payload, now)

    def _receive_payload(self, payload: Payload | UnknownPayload, now: float) -> None:
        if not self._is_in_place(payload, self._peer_role):
            raise RemoteProtocolError(f"a {type(payload).__name__} has no place here")
        match payload:
            case UnknownPayload():
                self._transmit(Refused(payload.id, RefusedCode.UNKNOWN), now)
            case Ping(token) if self._role not in self._spoken:
                self._held_pongs.append(token)
            case Ping(token):
                self._transmit(Pong(token), now)
            case Pong():
                pass
            case _:
                self._events.append(PayloadReceived(payload))
                self._note_spoken(payload, self._peer_role, now)

    def _is_in_place(self, payload: Payload | UnknownPayload, sender: Role) -> bool:
        """The initiator speaks first, and says what this connection is for: messages, or one transfer."""
        is_first = sender not in self._spoken
        if isinstance(payload, Bulk):
            return is_first and sender is Role.INITIATOR
        if self.state is SessionState.BULK:
            return not isinstance(payload, Profile)
        if is_first:
            may_begin = sender is Role.INITIATOR or Role.INITIATOR in self._spoken
            return may_begin and isinstance(payload, Profile)
        return True

    def _note_spoken(self, payload: Payload, sender: Role, now: float) -> None:
        if sender is self._role and sender not in self._spoken:
            self._wake_at = now + PING_AFTER_SILENCE_S
        self._spoken.add(sender)
        if isinstance(payload, Bulk):
            # What follows is for the bulk path to read.
            self.state = SessionState.BULK

    def _transmit(self, payload: Payload, now: float) -> None:
        kind = RecordKind.CLOSE if isinstance(payload, Close) else RecordKind.PAYLOAD
        self._outbox += seal_record(self._send_key, kind, encode(payload), now)

    def _fail(self, error: RemoteProtocolError, now: float) -> None:
        if isinstance(error, UnexpectedPeerError):
            self._end(SessionEnd.UNEXPECTED_PEER, str(error), claimed=error.claimed)
        elif self.state is SessionState.HANDSHAKE:
            self._end(SessionEnd.HANDSHAKE, str(error))
        else:
            self._transmit(Close(error.code), now)
            self._end(error.code, str(error))

    def _abort_handshake(self) -> None:
        if self._handshake is not None:
            self._handshake.abort()
            self._outbox += self._handshake.data_to_send()

    def _end(self, code: str, reason: str, *, clean: bool = False, claimed: PeerId | None = None) -> None:
        self.state = SessionState.CLOSED
        self._events.append(SessionClosed(code, clean, reason, claimed))
