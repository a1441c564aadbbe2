"""The nouns of lanmsg: frozen values that every room may hold, and that hold no behaviour."""

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum
from typing import NewType

PeerId = NewType("PeerId", bytes)
"""SHA-256 fingerprint of a peer's public key, 32 bytes (protocol.md, Identity)."""

MessageId = NewType("MessageId", bytes)
"""16 random bytes, chosen by the sender."""

TransferId = NewType("TransferId", bytes)
"""16 random bytes, chosen by the side that offers."""


class Trust(Enum):
    """What this person has decided about a key; only the person changes it."""

    NEW = "new"
    PINNED = "pinned"
    VERIFIED = "verified"
    CHANGED = "changed"
    BLOCKED = "blocked"


class FileRule(Enum):
    """What becomes of files that a peer offers. DEFAULT: what the listener does with everybody."""

    DEFAULT = ""
    ASK = "ask"
    ACCEPT = "accept"
    REFUSE = "refuse"


class VerificationStage(StrEnum):
    """Where a live comparison of words with a peer stands.

    ASKED: one side's person wants it, the other's has not said so. COMPARING: the words are there. SAME and
    DIFFERENT: what a person answered. FAILED says why in its reason; EXPIRED: nobody answered in time.
    """

    ASKED = "asked"
    COMPARING = "comparing"
    SAME = "same"
    DIFFERENT = "different"
    FAILED = "failed"
    EXPIRED = "expired"


class Wish(StrEnum):
    """What this person has said in a comparison of words, in whichever process of the home."""

    NONE = ""
    COMPARE = "compare"
    SAME = "same"
    DIFFERENT = "different"
    CANCEL = "cancel"


class Status(IntEnum):
    """What a peer says of itself; the number is the one on the wire."""

    AVAILABLE = 0
    AWAY = 1
    BUSY = 2


class Direction(Enum):
    IN = "in"
    OUT = "out"


class Delivery(Enum):
    """State of a message towards one recipient. DELIVERED: the peer has it on disk and said so."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class TransferState(Enum):
    """State of an offer and the transfer it becomes; both sides walk the same states.

    QUEUED (out only: the peer does not know of it yet) -> OFFERED -> ACCEPTED -> RUNNING -> DONE,
    with PAUSED between runs, and DECLINED, CANCELLED, EXPIRED, FAILED as the other ends.
    """

    QUEUED = "queued"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in FINAL_STATES


FINAL_STATES = frozenset(
    {
        TransferState.DONE,
        TransferState.DECLINED,
        TransferState.CANCELLED,
        TransferState.EXPIRED,
        TransferState.FAILED,
    }
)


class ConversationKind(Enum):
    PRIVATE = "private"
    EVERYONE = "everyone"


HELD = "held"
HELD_THERE = "held_there"
HELD_BOTH = "held_both"
"""`code` of a PAUSED transfer that a person has paused: the one here, the one there, both."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One thread of messages: with one peer, or with everyone who is present."""

    kind: ConversationKind
    peer: PeerId | None = None

    @staticmethod
    def with_peer(peer: PeerId) -> "Conversation":
        return Conversation(ConversationKind.PRIVATE, peer)


EVERYONE = Conversation(ConversationKind.EVERYONE)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a peer's TCP port is. `host` is a literal IP address; IPv6 link-local carries its %scope."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody else's node as this home knows it.

    `nickname` is what the peer calls itself (a hint until `proven`: a handshake has shown its key);
    `petname` is what this person calls it, "" if nothing. `last_seen` and `verified_at` (0: never) are
    seconds since the epoch; `file_rule_max` is in bytes. `muted`: it rings no bell. `lookalike_of`: the
    name of somebody known that a hurried reader would take this one's name for, or "".
    """

    id: PeerId
    nickname: str
    petname: str = ""
    trust: Trust = Trust.NEW
    proven: bool = False
    present: bool = False
    status: Status = Status.AVAILABLE
    note: str = ""
    addresses: tuple[Address, ...] = ()
    first_seen: float = 0.0
    last_seen: float = 0.0
    verified_at: float = 0.0
    file_rule: FileRule = FileRule.DEFAULT
    file_rule_max: int | None = None
    muted: bool = False
    lookalike_of: str = ""

    @property
    def name(self) -> str:
        return self.petname or self.nickname

    @property
    def host(self) -> str:
        return self.addresses[0].host if self.addresses else ""


@dataclass(frozen=True, slots=True)
class Verification:
    """A live comparison of words with one peer, the latest there was.

    `ours`: the stage is this side's doing: we asked, or it is this person's answer. `until`, in seconds
    since the epoch, is when it expires. `reason` is a sentence for a person.
    """

    peer: PeerId
    stage: VerificationStage
    ours: bool
    words: tuple[str, ...] = ()
    wish: Wish = Wish.NONE
    reason: str = ""
    until: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether this person may still join in or answer."""
        if self.stage is VerificationStage.SAME:
            return self.wish is Wish.COMPARE
        return self.stage in (VerificationStage.ASKED, VerificationStage.COMPARING)

    @property
    def awaits_answer(self) -> bool:
        """Whether there are words, and this person has not said whether they are the same."""
        return self.is_open and bool(self.words) and self.wish is Wish.COMPARE


@dataclass(frozen=True, slots=True)
class SafetyNumber:
    """What two people compare without a session: the same number, and the same QR code, on both screens."""

    number: str
    """12 groups of 5 digits."""
    qr_text: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """How one message fared towards one peer. `reason` says why it waits or failed, in a person's words."""

    peer: PeerId
    state: Delivery
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What a person typed. `number` orders the history of this home; times are seconds since the epoch.

    `sender` is None when it is our own. `recipients` is empty for what others sent.
    """

    number: int
    id: MessageId
    conversation: Conversation
    sender: PeerId | None
    text: str
    sent_at: float
    stored_at: float
    reply_to: MessageId | None = None
    recipients: tuple[Recipient, ...] = ()

    @property
    def state(self) -> Delivery:
        """The least advanced recipient decides, a failure counts only when nothing is still under way."""
        states = {recipient.state for recipient in self.recipients}
        for state in (Delivery.QUEUED, Delivery.SENT, Delivery.FAILED):
            if state in states:
                return state
        return Delivery.DELIVERED


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """One top-level name of an offer; a folder's `size` is that of all in it. None: not known (a stream)."""

    name: str
    size: int | None
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class FileProgress:
    """The file that a running transfer is at: the `number`-th entry, by the sender's path."""

    number: int
    path: str
    done: int
    size: int | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """An offer of files and what became of it. `number` is its name in this home (`lanmsg accept 7`).

    `total` is in bytes, None for a stream of unknown length; `done` counts bytes that this side has sent,
    or written. `paths`: sources (out), or what was saved once DONE (in). `destination`: folder to save in.
    """

    number: int
    id: TransferId
    direction: Direction
    peer: PeerId
    state: TransferState
    files: tuple[OfferedFile, ...]
    count: int
    total: int | None
    text: str = ""
    done: int = 0
    reason: str = ""
    code: str = ""
    paths: tuple[str, ...] = ()
    destination: str = ""
    created_at: float = 0.0
    updated_at: float = 0.0
    expires_at: float = 0.0

    @property
    def title(self) -> str:
        """What a row is called: the one name, or the first and how many more."""
        if not self.files:
            return "nothing"
        first = self.files[0].name + ("/" if self.files[0].is_folder else "")
        more = len(self.files) - 1
        return f"{first} and {more} more" if more > 0 else first

    @property
    def held_here(self) -> bool:
        """This person has paused it: it waits until the same person lets it go on."""
        return self.state is TransferState.PAUSED and self.code in {HELD, HELD_BOTH}

    @property
    def held_there(self) -> bool:
        """The peer's person has paused it."""
        return self.state is TransferState.PAUSED and self.code in {HELD_THERE, HELD_BOTH}

    @property
    def is_held(self) -> bool:
        return self.held_here or self.held_there


NEW_NETWORK = "a new network: lanmsg network trust"
KEPT_QUIET = "kept quiet: lanmsg network trust"
NOT_RECOGNISED = "not recognised yet: lanmsg network trust"
UNTRUSTED = frozenset({NEW_NETWORK, KEPT_QUIET, NOT_RECOGNISED})


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface address as the beacon sees it; `skipped` is the reason it is not used, or ""."""

    name: str
    address: str
    prefix: int
    skipped: str = ""
    sent: int = 0
    heard: int = 0

    @property
    def is_untrusted(self) -> bool:
        return self.skipped in UNTRUSTED


class Severity(Enum):
    """How sure it is, and how bad; OK and NOTE are no reason to do anything."""

    OK = "ok"
    NOTE = "note"
    SUSPICION = "suspicion"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `lanmsg doctor` looked at. `code` is stable, for scripts; `commands` can be typed."""

    code: str
    severity: Severity
    message: str
    hint: str = ""
    commands: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.severity in (Severity.OK, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings: what is wrong first, the likeliest cause of "nobody is here" at the top."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)

    @property
    def code(self) -> str:
        wrong = {finding.code for finding in self.findings if not finding.ok}
        return "network" if wrong & {"no-interface", "no-port"} else "failed" if wrong else "done"


class LanmsgError(Exception):
    """A failure to be told to a person: one sentence, what to do next, and a code for scripts.

    `code` is one of the names in EXIT_CODES of `lanmsg help exit-codes`; `candidates` are the names that
    an ambiguous one could have meant.
    """

    def __init__(
        self, message: str, *, code: str = "failed", hint: str = "", candidates: tuple[str, ...] = ()
    ):
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.candidates = candidates
