"""Tells of transfers while they run: JSON events, or progress and notices on stderr."""

from typing import TYPE_CHECKING, Protocol

from lanmsg.api import (
    LISTENER_TAKES_NONE,
    NO_FILES,
    Peer,
    PeerId,
    Transfer,
    TransferState,
    steady_clock,
)
from lanmsg.cli.fields import (
    done_fields,
    failed_fields,
    failure_code,
    offer_fields,
    paused_fields,
    progress_fields,
    stranger,
)
from lanmsg.cli.output import Output
from lanmsg.cli.progress import Progress
from lanmsg.cli.wording import name_of, pause_of, title_of
from lanmsg.model import Direction, LanmsgError

if TYPE_CHECKING:
    from lanmsg.api import Node

EVENT_S = 1.0
"""`transfer_progress` comes at most this often for one transfer."""


class Sink(Protocol):
    """Takes an event: what kind it is, and its JSON fields."""

    def __call__(self, kind: str, /, **fields: object) -> None: ...


class TransferReport:
    """`sink` takes the events; without one they are printed if JSON was asked for."""

    def __init__(self, node: "Node", output: Output, progress: Progress, sink: Sink | None = None):
        self._node = node
        self._progress = progress
        self._event: Sink = sink or (output.event if output.json else ignore)
        self._next: dict[int, float] = {}
        self._pauses: dict[int, str] = {}
        self._notice = None if sink or output.json else output.notice

    def peer(self, peer: PeerId) -> Peer:
        return self._node.peer(peer) or stranger(peer)

    def offered(self, transfer: Transfer) -> None:
        self._event("offer", **offer_fields(transfer, self.peer(transfer.peer)))

    def changed(self, transfer: Transfer, rate: float) -> str:
        """Every change of a transfer that is not its end. What is news, as a sentence: it has paused, or goes
        on after that.
        """
        file = self._node.file_in_progress(transfer.number)
        self._progress.update(transfer, self.peer(transfer.peer), rate, file)
        now = steady_clock()
        if transfer.state is TransferState.RUNNING and now >= self._next.get(transfer.number, 0.0):
            self._next[transfer.number] = now + EVENT_S
            self._event("transfer_progress", **progress_fields(transfer, rate, file))
        return self._paused(transfer)

    def _paused(self, transfer: Transfer) -> str:
        """Once for each reason; what waits for the other side after that is no news."""
        if transfer.state is not TransferState.PAUSED:
            if transfer.state is not TransferState.RUNNING or not self._pauses.pop(transfer.number, ""):
                return ""
            peer = self.peer(transfer.peer)
            return f"{title_of(transfer)} {way(transfer)} {name_of(peer)} goes on"
        if not transfer.code or self._pauses.get(transfer.number) == transfer.code:
            return ""
        self._pauses[transfer.number] = transfer.code
        peer = self.peer(transfer.peer)
        self._event("transfer_paused", **paused_fields(transfer, peer))
        sentence = pause_sentence(transfer, peer)
        if self._notice is not None:
            self._progress.clear()
            self._notice(sentence, pause_hint(transfer))
        return f"{sentence} ({pause_hint(transfer)})"

    def ended(self, transfer: Transfer) -> LanmsgError | None:
        """The end of a transfer is told; what is returned is what went wrong, and still has to be said."""
        peer = self.peer(transfer.peer)
        self._progress.end(transfer, peer)
        if transfer.state is TransferState.DONE:
            self._event("transfer_done", **done_fields(transfer, peer, self._progress.seconds(transfer)))
            return None
        self._event("transfer_failed", **failed_fields(transfer, peer))
        return failure(transfer, peer)


DISK_FAULTS = frozenset({"disk_full", "disk"})

FAILURE_HINTS = {
    (Direction.OUT, "permission"): "they can choose another folder with --to; then: lanmsg retry {}",
    (Direction.IN, "permission"): "choose a folder of yours with --to, and ask for it again",
    (Direction.OUT, "too_large"): "send it in pieces, or to another disk of theirs",
    (Direction.IN, "too_large"): "save it on another disk with --to, and ask for it again",
    (Direction.OUT, "unreadable"): "see to it that the files can be read; then: lanmsg retry {}",
    (Direction.IN, "unreadable"): "ask for it again",
    (Direction.OUT, "changed"): "lanmsg retry {} sends them as they are now",
    (Direction.IN, "changed"): "ask for it again",
    (Direction.OUT, "network"): "let lanmsg listen run here, and send it again, best from a file",
    (Direction.OUT, "disk_full"): "send it again when they have made room",
    (Direction.IN, "disk_full"): "make room, and ask for it again",
    (Direction.OUT, "name"): "they see which one; rename it, then: lanmsg send",
    (Direction.IN, "name"): "save it on another disk with --to, and ask for it again",
}
"""What can be done about a failure, by whom it is told to."""


def ignore(kind: str, /, **fields: object) -> None:
    """Nobody asked for events."""


def failure(transfer: Transfer, peer: Peer) -> LanmsgError:
    """A transfer that ended in another way than DONE, as a sentence."""
    name, title = name_of(peer), title_of(transfer)
    reason = f": {transfer.reason}" if transfer.reason else ""
    match transfer.state:
        case TransferState.DECLINED:
            return LanmsgError(declined_by(transfer, name), code="declined")
        case TransferState.EXPIRED:
            who = name if transfer.direction is Direction.OUT else "nobody"
            return LanmsgError(f"{who} did not answer the offer of {title} in time", code="expired")
        case TransferState.CANCELLED:
            return LanmsgError(f"{title} was cancelled{reason}", code="cancelled")
        case _:
            hint = FAILURE_HINTS.get((transfer.direction, transfer.code), "").format(transfer.number)
            return LanmsgError(
                f"{title} {way(transfer)} {name} failed{reason}", code=failure_code(transfer), hint=hint
            )


def declined_by(transfer: Transfer, name: str) -> str:
    """The person, or what the person has said once for all."""
    title = title_of(transfer)
    if transfer.direction is Direction.OUT:
        return f"{name} declined {title}" + (f": {transfer.reason}" if transfer.reason else "")
    if transfer.reason == NO_FILES:
        return f"{title} from {name} was declined by the rule for {name}"
    if transfer.reason == LISTENER_TAKES_NONE:
        return f"{title} from {name} was declined: this listener takes no files"
    return f"you declined {title}"


def way(transfer: Transfer) -> str:
    return "to" if transfer.direction is Direction.OUT else "from"


def pause_sentence(transfer: Transfer, peer: Peer) -> str:
    return f"{title_of(transfer)} {way(transfer)} {name_of(peer)}: {pause_of(transfer, peer)}"


def pause_hint(transfer: Transfer) -> str:
    """When it goes on, and what makes it go on."""
    if transfer.held_here:
        return f"lanmsg resume {transfer.number} lets it go on"
    if transfer.held_there:
        return "it goes on when they let it"
    if transfer.code in DISK_FAULTS:
        mine = f"make room, or mend it, then: lanmsg retry {transfer.number}"
        return mine if transfer.direction is Direction.IN else "it goes on when they have mended that"
    if transfer.code == "key_changed":
        return f"make sure whose key it is: lanmsg verify {transfer.peer.hex()[:8].upper()}; then it goes on"
    return "it goes on when you are both here"
