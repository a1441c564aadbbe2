"""Files offered, and the transfers they become."""

from enum import Enum
from typing import NewType

from msgspec import Struct

from lanmsg.model.people import PeerId

TransferId = NewType("TransferId", bytes)
"""16 random bytes, chosen by the side that offers."""


class Direction(Enum):
    IN = "in"
    OUT = "out"


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

HELD = "held"

HELD_THERE = "held_there"

HELD_BOTH = "held_both"
"""`code` of a PAUSED transfer that a person has paused: the one here, the one there, both."""


class OfferedFile(Struct, frozen=True):
    """One top-level name of an offer; a folder's `size` is that of all in it. None: not known (a stream)."""

    name: str
    size: int | None
    is_folder: bool = False


class FileProgress(Struct, frozen=True):
    """The file that a running transfer is at: the `number`-th entry, by the sender's path."""

    number: int
    path: str
    done: int
    size: int | None


class Transfer(Struct, frozen=True):
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
    def saved_name(self) -> str:
        """What it is called on this disk, where it was saved: a name that was taken got a number."""
        is_saved = self.direction is Direction.IN and self.state is TransferState.DONE
        # A name that was saved holds neither separator.
        return self.paths[0].replace("\\", "/").rpartition("/")[2] if is_saved and self.paths else ""

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
