"""Somebody else's node, how far its key is trusted, and how two people compare keys."""

from enum import Enum, IntEnum, StrEnum
from typing import NewType

from msgspec import Struct

PeerId = NewType("PeerId", bytes)
"""SHA-256 fingerprint of a peer's public key, 32 bytes (protocol.md, Identity)."""


OLD_KEY = " (old key)"
"""Ends the name of a key whose place another one has taken, by this person's word."""


class Address(Struct, frozen=True):
    """Where a peer's TCP port is. `host` is a literal IP address; IPv6 link-local carries its %scope."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Status(IntEnum):
    """What a peer says of itself; the number is the one on the wire."""

    AVAILABLE = 0
    AWAY = 1
    BUSY = 2


class Trust(Enum):
    """What this person has decided about a key; only the person changes it."""

    NEW = "new"
    PINNED = "pinned"
    VERIFIED = "verified"
    CHANGED = "changed"
    BLOCKED = "blocked"

    @property
    def word(self) -> str:
        """As people read it; a key that was pinned is one that they know."""
        return "known" if self is Trust.PINNED else str(self.value)


class FileRule(Enum):
    """What becomes of files that a peer offers. DEFAULT: what the listener does with everybody."""

    DEFAULT = ""
    ASK = "ask"
    ACCEPT = "accept"
    REFUSE = "refuse"


class Peer(Struct, frozen=True):
    """Somebody else's node as this home knows it.

    `nickname` is what the peer calls itself (a hint until `proven`: a handshake has shown its key);
    `petname` is what this person calls it, "" if nothing. `last_seen` and `verified_at` (0: never) are
    seconds since the epoch; `file_rule_max` is in bytes. `muted`: it rings no bell. `lookalike_of`: the
    name of somebody known, or this person's own, that a hurried reader would take this one's name for, or
    "". `words_differ`: a comparison has shown that the key is not that person's. `replaced`: another key
    was given its place.
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
    words_differ: bool = False
    replaced: bool = False

    @property
    def is_old_key(self) -> bool:
        """Another key has taken its place, by this person's word."""
        return self.trust is Trust.CHANGED and self.replaced

    @property
    def called(self) -> str:
        """The name alone, whatever has become of the key."""
        return self.petname or self.nickname

    @property
    def name(self) -> str:
        return f"{self.called}{OLD_KEY}" if self.is_old_key and self.called else self.called

    @property
    def host(self) -> str:
        return self.addresses[0].host if self.addresses else ""


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


class Verification(Struct, frozen=True):
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


class SafetyNumber(Struct, frozen=True):
    """What two people compare without a session: the same number, and the same QR code, on both screens."""

    number: str
    """12 groups of 5 digits."""
    qr_text: str
