"""What peers say about transfers: their offers to us, and their answers to ours."""

from collections.abc import Sequence
from typing import Protocol

from lanmsg.model import (
    Address,
    Direction,
    OfferedFile,
    PeerId,
    Transfer,
    TransferId,
    TransferState,
    Trust,
)
from lanmsg.node.bulk import BulkRuns
from lanmsg.node.clock import wall_clock
from lanmsg.node.connection import Connection
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.disk import Disk
from lanmsg.node.sessions import Sessions
from lanmsg.node.tasks import Tasks
from lanmsg.node.transfer_rows import TransferRows
from lanmsg.protocol import payload as wire
from lanmsg.protocol.constants import (
    NEW_PEER_OFFERS_MAX,
    NEW_PEER_OFFERS_WINDOW_S,
    OFFER_EXPIRES_MAX_S,
    PENDING_OFFERS_MAX,
    PENDING_OFFERS_PER_NEW_PEER_MAX,
    PENDING_OFFERS_PER_PEER_MAX,
    REASON_MAX_BYTES,
)
from lanmsg.storage.errors import StorageError

ACTIVE = frozenset({TransferState.ACCEPTED, TransferState.PAUSED, TransferState.RUNNING})
UNDECIDED = frozenset({TransferState.QUEUED, TransferState.OFFERED})
WITHDRAWN = frozenset({TransferState.CANCELLED, TransferState.EXPIRED})
OVER = WITHDRAWN | {TransferState.FAILED}


class People(Protocol):
    """What is asked about peers."""

    def is_present(self, peer: PeerId) -> bool: ...
    def trust_of(self, peer: PeerId) -> Trust: ...
    def addresses_of(self, peer: PeerId) -> Sequence[Address]: ...


class Offers:
    """Each is judged by the row it names: of this very peer, in this direction, in a state that allows it."""

    def __init__(
        self,
        disk: Disk,
        rows: TransferRows,
        runs: BulkRuns,
        *,
        sessions: Sessions,
        people: People,
        tasks: Tasks,
    ):
        self._disk = disk
        self._rows = rows
        self._runs = runs
        self._sessions = sessions
        self._people = people
        self._tasks = tasks
        self._waiting: set[int] = set()
        """Offered again while they run: answered when the run has ended."""

    async def receive(self, connection: Connection, peer: PeerId, payload: wire.Payload) -> None:
        match payload:
            case wire.Offer():
                await self._offered(connection, peer, payload)
            case wire.Accept():
                if await self._answered(peer, payload.id, TransferState.ACCEPTED) in OVER:
                    connection.answer(wire.Cancel(id=payload.id, reason="it is over on this side"))
            case wire.Decline():
                await self._answered(peer, payload.id, TransferState.DECLINED, payload.reason)
            case wire.Done():
                await self._answered(peer, payload.id, TransferState.DONE)
            case wire.Cancel():
                await self._cancelled(peer, payload)
            case wire.Callback():
                await self._called_back(peer, payload)
            case _:
                return

    async def _offered(self, connection: Connection, peer: PeerId, offer: wire.Offer) -> None:
        known = await self._rows.find(offer.id, peer, Direction.IN)
        if known is not None:
            connection.answer(wire.Ack(id=offer.id))
            await self._offered_again(connection, known)
        elif await self._too_many(peer):
            connection.answer(wire.Refused(id=offer.id, code=wire.RefusedCode.BUSY))
        else:
            try:
                await self._store(peer, offer)
            except StorageError:
                connection.answer(wire.Refused(id=offer.id, code=wire.RefusedCode.FULL))
            else:
                connection.answer(wire.Ack(id=offer.id))

    async def _store(self, peer: PeerId, offer: wire.Offer) -> None:
        now = wall_clock()
        await self._disk.write(
            lambda store: store.transfers.add(
                id=TransferId(offer.id),
                direction=Direction.IN,
                peer=peer,
                files=tuple(OfferedFile(each.name, each.size, each.folder) for each in offer.files),
                count=offer.count,
                total=offer.total,
                text=offer.text,
                expires_at=now + min(offer.expires, OFFER_EXPIRES_MAX_S),
                now=now,
                state=TransferState.OFFERED,
            )
        )

    async def _offered_again(self, connection: Connection, known: Transfer) -> None:
        """The sender starts over after a broken run: what was decided then still holds."""
        number = known.number
        if known.state is TransferState.DONE:
            connection.answer(wire.Done(id=known.id, entries=known.count, bytes=known.done))
        elif known.state is TransferState.DECLINED:
            connection.answer(wire.Decline(id=known.id, reason=clipped(known.reason)))
        elif known.state in WITHDRAWN:
            connection.answer(wire.Cancel(id=known.id, reason=clipped(known.reason)))
        elif self._runs.is_stopping:
            pass  # it is paused, and offered again when we are back
        elif self._runs.is_running(number):
            if number not in self._waiting:
                self._waiting.add(number)
                self._tasks.start(self._answer_after_run(connection, number))
        elif known.state is not TransferState.OFFERED:
            await self._rows.reopen(number, TransferState.ACCEPTED)

    async def _answer_after_run(self, connection: Connection, number: int) -> None:
        """The sender saw the run break before we did."""
        try:
            await self._runs.ended(number)
            known = await self._rows.get(number)
            is_over = known is not None and known.state in {TransferState.PAUSED, TransferState.DONE}
            if known is not None and is_over and not connection.closed:
                await self._offered_again(connection, known)
        except (ConnectionError, StorageError):
            pass  # it offers again
        finally:
            self._waiting.discard(number)

    async def _answered(
        self, peer: PeerId, transfer_id: bytes, state: TransferState, reason: str = ""
    ) -> TransferState | None:
        """An answer counts only for a live offer of ours to this very peer. The state before it, if any."""
        transfer = await self._rows.find(transfer_id, peer, Direction.OUT)
        if transfer is None:
            return None
        live = UNDECIDED | {TransferState.PAUSED, TransferState.ACCEPTED}
        if state is TransferState.DONE:
            live -= {TransferState.QUEUED}
        await self._rows.move(transfer.number, state, reason=reason, only_from=live)
        if state is TransferState.DECLINED:
            await self._rows.set_told(transfer.number, state)  # it knows
        return transfer.state

    async def _cancelled(self, peer: PeerId, cancel: wire.Cancel) -> None:
        for direction in Direction:
            transfer = await self._rows.find(cancel.id, peer, direction)
            if transfer is not None:
                await self._rows.move(
                    transfer.number,
                    TransferState.CANCELLED,
                    reason=cancel.reason or "cancelled by the other side",
                )
                await self._rows.set_told(transfer.number, TransferState.CANCELLED)
                self._runs.stop(transfer.number)

    async def _called_back(self, peer: PeerId, callback: wire.Callback) -> None:
        transfer = await self._rows.find(callback.id, peer, Direction.IN)
        if transfer is None or transfer.state not in ACTIVE or self._runs.is_running(transfer.number):
            return
        self._tasks.start(self._dial_back(transfer))

    async def _dial_back(self, transfer: Transfer) -> None:
        try:
            connection = await self._sessions.open(
                self._people.addresses_of(transfer.peer), transfer.peer, bulk=True
            )
            connection.send(wire.Bulk(id=transfer.id, role="sink"))
        except (UnreachableError, ConnectionError, TimeoutError):
            return  # the sender asks again as long as its row stands
        await self._runs.serve(connection, transfer)

    async def _too_many(self, peer: PeerId) -> bool:
        pending = [
            each
            for each in await self._disk.read(lambda store: store.transfers.open())
            if each.direction is Direction.IN and each.state is TransferState.OFFERED
        ]
        stranger = self._people.trust_of(peer) in {Trust.NEW, Trust.CHANGED}
        # One that is withdrawn at once waits for nobody, and still is a row that stays.
        if stranger and await self._disk.read(
            lambda store: (
                store.transfers.undecided_since(peer, wall_clock() - NEW_PEER_OFFERS_WINDOW_S)
                >= NEW_PEER_OFFERS_MAX
            )
        ):
            return True
        own_limit = PENDING_OFFERS_PER_NEW_PEER_MAX if stranger else PENDING_OFFERS_PER_PEER_MAX
        return len(pending) >= PENDING_OFFERS_MAX or sum(each.peer == peer for each in pending) >= own_limit


def clipped(reason: str) -> str:
    """As much of it as a peer takes."""
    return reason.encode("utf-8", "replace")[:REASON_MAX_BYTES].decode("utf-8", "ignore").replace("\0", "")
