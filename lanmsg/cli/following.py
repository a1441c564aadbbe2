"""Tells of transfers while they run: JSON events, or progress and notices on stderr."""

from typing import TYPE_CHECKING, Protocol

from lanmsg.api import Peer, PeerId, Transfer, TransferState, steady_clock
from lanmsg.cli.fields import (
    done_fields,
    failed_fields,
    failure_code,
    offer_fields,
    progress_fields,
    stranger,
)
from lanmsg.cli.output import Output
from lanmsg.cli.progress import Progress
from lanmsg.cli.wording import name_of, title_of
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

    def peer(self, peer: PeerId) -> Peer:
        return self._node.peer(peer) or stranger(peer)

    def offered(self, transfer: Transfer) -> None:
        self._event("offer", **offer_fields(transfer, self.peer(transfer.peer)))

    def changed(self, transfer: Transfer, rate: float) -> None:
        """Every change of a transfer that is not its end."""
        self._progress.update(transfer, self.peer(transfer.peer), rate)
        now = steady_clock()
        if transfer.state is TransferState.RUNNING and now >= self._next.get(transfer.number, 0.0):
            self._next[transfer.number] = now + EVENT_S
            self._event("transfer_progress", **progress_fields(transfer, rate))

    def ended(self, transfer: Transfer) -> LanmsgError | None:
        """The end of a transfer is told; what is returned is what went wrong, and still has to be said."""
        peer = self.peer(transfer.peer)
        self._progress.end(transfer, peer)
        if transfer.state is TransferState.DONE:
            self._event("transfer_done", **done_fields(transfer, peer, self._progress.seconds(transfer)))
            return None
        self._event("transfer_failed", **failed_fields(transfer, peer))
        return failure(transfer, peer)


def ignore(kind: str, /, **fields: object) -> None:
    """Nobody asked for events."""


def failure(transfer: Transfer, peer: Peer) -> LanmsgError:
    """A transfer that ended in another way than DONE, as a sentence."""
    name, title = name_of(peer), title_of(transfer)
    reason = f": {transfer.reason}" if transfer.reason else ""
    match transfer.state:
        case TransferState.DECLINED:
            who = name if transfer.direction is Direction.OUT else "you"
            return LanmsgError(f"{who} declined {title}{reason}", code="declined")
        case TransferState.EXPIRED:
            who = name if transfer.direction is Direction.OUT else "nobody"
            return LanmsgError(f"{who} did not answer the offer of {title} in time", code="expired")
        case TransferState.CANCELLED:
            return LanmsgError(f"{title} was cancelled{reason}", code="cancelled")
        case _:
            way = f"to {name}" if transfer.direction is Direction.OUT else f"from {name}"
            return LanmsgError(f"{title} {way} failed{reason}", code=failure_code(transfer))
