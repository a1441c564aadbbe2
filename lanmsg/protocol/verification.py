"""Comparing four words, so that nobody sits in the middle; and the number for those who have no session.

Random bytes enter as arguments (protocol.md, Comparing words). What a peer does out of turn, or a commitment
that it does not keep, is a RemoteProtocolError: the driver ends the session.
"""

import hmac
from enum import Enum
from hashlib import sha256

from msgspec import Struct

from lanmsg.model import PeerId, SafetyNumber
from lanmsg.protocol.constants import VERIFY_CODE_BYTES, VERIFY_COMMIT_DOMAIN, VERIFY_WORDS_DOMAIN
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError
from lanmsg.protocol.payload import Step, Verify
from lanmsg.protocol.words import words_of

NUMBER_GROUPS = 6
GROUP_BYTES = 5


class VerificationState(Enum):
    IDLE = "idle"
    COMMITTED = "committed"
    """Our commitment is out, and binds us; the peer's random bytes are to come."""
    TAKEN = "taken"
    """The peer's commitment is here, and nothing of ours is out."""
    GIVEN = "given"
    """Our random bytes are out; those that the peer has committed itself to are to come."""
    COMPARING = "comparing"
    FAILED = "failed"


class Asked(Struct, frozen=True):
    """The peer's person wants to compare."""


class Ready(Struct, frozen=True):
    """Both persons want to, on this session: `go` when it may begin here."""


class WordsShown(Struct, frozen=True):
    words: tuple[str, ...]


class Answered(Struct, frozen=True):
    """What the peer's person said of the words."""

    same: bool


class Withdrawn(Struct, frozen=True):
    """The peer's person does not want to any more; `state`: how far it had come, IDLE for a mere ask."""

    state: VerificationState


class Declined(Struct, frozen=True):
    """The peer's person does not want what ours has asked for."""


VerificationEvent = Asked | Ready | WordsShown | Answered | Withdrawn | Declined


class Verification:
    """One side of the comparisons on one session. The side with the lower fingerprint commits itself.

    That one sees the other's bytes only after it can change its own no more, and the other has to choose
    before it sees any: so neither side, and nobody between them, steers the words.
    """

    def __init__(self, *, me: PeerId, peer: PeerId, session_id: bytes, key: bytes):
        self.state = VerificationState.IDLE
        self._commits = me < peer
        self._session_id = session_id
        self._key = key
        self._ours = b""
        self._theirs = b""
        self._id = b""
        self._random = b""
        self._commitment = b""
        self._answers: set[str] = set()
        self._payloads: list[Verify] = []
        self._events: list[VerificationEvent] = []

    @property
    def is_asked(self) -> bool:
        """Whether the peer's person wants to compare, and it has not begun."""
        return bool(self._theirs)

    @property
    def is_ready(self) -> bool:
        """Whether it may begin here and now, by `go`."""
        both = self._commits and bool(self._ours) and bool(self._theirs) and not self.is_under_way
        return both or self.state is VerificationState.TAKEN

    @property
    def awaits_answer(self) -> bool:
        """Whether words stand that our person has said nothing about."""
        return self.state is VerificationState.COMPARING and "ours" not in self._answers

    @property
    def is_under_way(self) -> bool:
        """Whether bytes have been exchanged, or are being so, of which no words have come yet."""
        return self.state in (VerificationState.COMMITTED, VerificationState.TAKEN, VerificationState.GIVEN)

    def payloads_to_send(self) -> list[Verify]:
        payloads, self._payloads = self._payloads, []
        return payloads

    def events(self) -> list[VerificationEvent]:
        events, self._events = self._events, []
        return events

    # ---------- what our person wants

    def ask(self, ask_id: bytes) -> None:
        """Our person wants to compare; `ask_id` is new, 16 random bytes. Nothing if it is known already."""
        if not self._ours and not self.is_under_way:
            self._ours = ask_id
            self._say(ask_id, Step.ASK)
            self._meet()

    def go(self, random: bytes) -> None:
        """After Ready: our part of the exchange, with 16 new random bytes."""
        if not self.is_ready:
            raise LocalProtocolError("nothing is ready to begin")
        if self.state is VerificationState.TAKEN:
            self.state, self._random = VerificationState.GIVEN, random
            self._say(self._id, Step.RANDOM, random)
        else:
            self.state, self._random, self._id = VerificationState.COMMITTED, random, self._theirs
            self._ours = self._theirs = b""
            self._say(self._id, Step.COMMIT, self._commitment_to(random))

    def answer(self, *, same: bool) -> None:
        """Our person has looked at the words."""
        if not self.awaits_answer:
            raise LocalProtocolError("there are no words to answer")
        self._answers.add("ours")
        self._say(self._id, Step.SAME if same else Step.DIFFERENT)

    def withdraw(self) -> None:
        """Our person does not want to any more, or compares elsewhere; what has been answered stays so."""
        if self._ours:
            self._say(self._ours, Step.CANCEL)
            self._ours = b""
        if self.is_under_way or self.awaits_answer:
            self._say(self._id, Step.CANCEL)
            self._end()

    def decline(self) -> None:
        """Our person does not want what the peer's has asked for. Nothing if it has not, or has begun."""
        if self._theirs:
            self._say(self._theirs, Step.CANCEL)
            self._theirs = b""

    def refused(self, ask_id: bytes | None) -> bool:
        """Whether it is our ask that the peer does not take; then it is over."""
        is_ours = bool(self._ours) and ask_id == self._ours
        if is_ours:
            self._ours = b""
        return is_ours

    # ---------- what the peer says

    def receive_payload(self, payload: Verify) -> None:
        """Raises RemoteProtocolError for what is out of turn; what is about an old ask is ignored."""
        if self.state is VerificationState.FAILED:
            return
        try:
            self._receive(payload)
        except RemoteProtocolError:
            self.state = VerificationState.FAILED
            raise

    def _receive(self, payload: Verify) -> None:
        match payload.step:
            case Step.ASK:
                self._theirs = payload.id
                self._events.append(Asked())
                self._meet()
            case Step.CANCEL:
                self._withdrawn(payload.id)
            case Step.COMMIT:
                self._committed(payload)
            case Step.RANDOM | Step.REVEAL:
                self._opened(payload)
            case Step.SAME | Step.DIFFERENT:
                self._answered(payload)

    def _meet(self) -> None:
        if self.is_ready:
            self._events.append(Ready())

    def _withdrawn(self, ask_id: bytes) -> None:
        if ask_id == self._theirs:
            self._theirs = b""
            self._events.append(Withdrawn(VerificationState.IDLE))
        elif ask_id == self._ours:
            self._ours = b""
            self._events.append(Declined())
        elif ask_id == self._id and self.state is not VerificationState.IDLE:
            self._events.append(Withdrawn(self.state))
            self._end()

    def _committed(self, payload: Verify) -> None:
        _require(not self._commits, "a commitment of the side that has none to make")
        if payload.id != self._ours:
            _require(payload.id != self._id or not self._id, "a second commitment")
            return
        self.state = VerificationState.TAKEN
        self._id, self._commitment = payload.id, payload.data
        self._ours = self._theirs = b""
        self._events.append(Ready())

    def _opened(self, payload: Verify) -> None:
        wanted = Step.RANDOM if self._commits else Step.REVEAL
        _require(payload.step is wanted, f"a {payload.step} of the other side's")
        if payload.id != self._id:
            return
        if self._commits:
            _require(self.state is VerificationState.COMMITTED, "random bytes out of turn")
            self._say(self._id, Step.REVEAL, self._random)
            self._compare(self._random, payload.data)
        else:
            _require(self.state is VerificationState.GIVEN, "a reveal out of turn")
            kept = hmac.compare_digest(self._commitment_to(payload.data), self._commitment)
            _require(kept, "a commitment that was not kept")
            self._compare(payload.data, self._random)

    def _compare(self, committed: bytes, given: bytes) -> None:
        self.state = VerificationState.COMPARING
        self._answers.clear()
        self._events.append(WordsShown(verification_words(self._key, committed, given)))

    def _answered(self, payload: Verify) -> None:
        if payload.id != self._id:
            return
        in_turn = self.state is VerificationState.COMPARING and "theirs" not in self._answers
        _require(in_turn, "an answer out of turn")
        self._answers.add("theirs")
        self._events.append(Answered(payload.step is Step.SAME))

    def _commitment_to(self, random: bytes) -> bytes:
        return sha256(VERIFY_COMMIT_DOMAIN + self._session_id + random).digest()

    def _end(self) -> None:
        self.state = VerificationState.IDLE
        self._id = b""

    def _say(self, ask_id: bytes, step: Step, data: bytes = b"") -> None:
        self._payloads.append(Verify(ask_id, step, data))


def _require(condition: bool, fault: str) -> None:  # noqa: FBT001 - a fact
    if not condition:
        raise RemoteProtocolError(fault)


def verification_words(key: bytes, committed: bytes, given: bytes) -> tuple[str, ...]:
    """The words of one exchange: `committed` are the random bytes of the side that made the commitment."""
    code = hmac.digest(key, VERIFY_WORDS_DOMAIN + committed + given, "sha256")
    return words_of(code[:VERIFY_CODE_BYTES])


def safety_number(one: PeerId, other: PeerId) -> SafetyNumber:
    """The same whichever of the two asks: 30 digits of each fingerprint, the lower fingerprint first."""
    first, second = sorted((one, other))
    number = " ".join((*_digits(first), *_digits(second)))
    return SafetyNumber(number, f"LANMSG1:{first.hex().upper()}:{second.hex().upper()}")


def _digits(peer: PeerId) -> list[str]:
    groups = (peer[at : at + GROUP_BYTES] for at in range(0, NUMBER_GROUPS * GROUP_BYTES, GROUP_BYTES))
    return [f"{int.from_bytes(group) % 100_000:05}" for group in groups]
