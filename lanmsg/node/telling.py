"""What was decided here about a transfer, told to the peer: once a session, until it says that it knows."""

from collections.abc import Set

from msgspec import Struct

from lanmsg.model import Direction, PeerId, Transfer, TransferState
from lanmsg.node.clock import steady_clock
from lanmsg.node.connection import Connection
from lanmsg.node.file_pump import failed
from lanmsg.node.sessions import Sessions
from lanmsg.node.transfer_rows import TransferRows
from lanmsg.protocol import payload as wire
from lanmsg.protocol.constants import REASON_MAX_BYTES, TELL_AGAIN_S

Word = wire.Accept | wire.Decision

UNSURE = "unsure"
"""`told` of what a person has paused, as long as the peer may have heard of it or not."""

AGAIN = "again"
"""`told` of an offer made again under its id: the peer may have heard that it was withdrawn, or not."""

ENDS = {
    "decline": frozenset({TransferState.DECLINED}),
    "cancel": frozenset({TransferState.CANCELLED, TransferState.EXPIRED}),
    "failed": frozenset({TransferState.FAILED}),
}
"""In which state a row is whose peer acknowledges this."""


class Said(Struct, frozen=True):
    """In which session a word was said, and when to say it again in the same one.

    `moved_at`: of the row then. Moved since, if only to and fro, it asks for its word once more.
    """

    word: Word
    moved_at: float
    connection: Connection
    again_at: float

    def still_counts(self, word: Word, moved_at: float) -> bool:
        is_same = (self.word, self.moved_at) == (word, moved_at)
        return is_same and not self.connection.closed and steady_clock() < self.again_at


class Telling:
    def __init__(self, rows: TransferRows, sessions: Sessions):
        self._rows = rows
        self._sessions = sessions
        self._said: dict[int, Said] = {}

    def forget_all_but(self, numbers: Set[int]) -> None:
        """Nothing is due any more about the others."""
        self._said = {number: said for number, said in self._said.items() if number in numbers}

    async def tell(self, transfer: Transfer) -> None:
        """Raises what a session may: then it is told at the next step."""
        now = await self._rows.get(transfer.number)  # what a step was made for may be past
        word = None if now is None else self.due(now, await self._rows.told(transfer.number))
        said = self._said.get(transfer.number)
        if now is None or word is None or (said is not None and said.still_counts(word, now.updated_at)):
            return
        connection = await self._sessions.to(transfer.peer)
        now = await self._rows.get(transfer.number)  # while we dialled, it may have been offered again
        if now is None or word != self.due(now, await self._rows.told(transfer.number)):
            return
        connection.send(word)
        self._said[transfer.number] = Said(word, now.updated_at, connection, steady_clock() + TELL_AGAIN_S)

    def due(self, transfer: Transfer, told: str) -> Word | None:
        """What the peer does not know yet; a yes, which nobody acknowledges, is due in each session."""
        state = transfer.state
        if state is TransferState.ACCEPTED and transfer.direction is Direction.IN:
            return wire.Accept(transfer.id, entry=0, offset=0, digest=None)
        if state is TransferState.PAUSED:
            return _pause(transfer, told)
        return _end(transfer) if state.is_final and told != state.value else None

    async def acknowledged(self, peer: PeerId, ack: wire.Ack) -> None:
        """It counts for a row of this very peer which is as the peer was told that it is."""
        for direction in Direction:
            transfer = await self._rows.find(ack.id, peer, direction)
            if transfer is None:
                continue
            if transfer.state in ENDS.get(ack.of, ()):
                await self._rows.set_told(transfer.number, transfer.state)
            elif ack.of == "pause" and transfer.held_here:
                await self._rows.set_told(transfer.number, "held")
            elif ack.of == "resume" and not transfer.held_here and not transfer.state.is_final:
                await self._rows.set_told(transfer.number, "")

    async def is_told(self, transfer: Transfer) -> bool:
        """Whether the peer has said that it knows."""
        told = await self._rows.told(transfer.number)
        if transfer.held_here:
            return told == "held"
        return self.due(transfer, told) is None


def _pause(transfer: Transfer, told: str) -> Word | None:
    if transfer.held_here:
        return None if told == "held" else wire.Pause(transfer.id)
    return wire.Resume(transfer.id) if told in {"held", UNSURE} else None


def _end(transfer: Transfer) -> Word | None:
    match transfer.state:
        case TransferState.DECLINED:
            return wire.Decline(transfer.id, clipped(transfer.reason))
        case TransferState.CANCELLED | TransferState.EXPIRED:
            return wire.Cancel(transfer.id, clipped(transfer.reason))
        case TransferState.FAILED:
            return failed(transfer.id, transfer.code)
        case _:
            return None  # done: the other side said so, or has heard it


def clipped(reason: str) -> str:
    """As much of it as a peer takes."""
    return reason.encode("utf-8", "replace")[:REASON_MAX_BYTES].decode("utf-8", "ignore").replace("\0", "")
