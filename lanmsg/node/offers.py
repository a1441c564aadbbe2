"""What peers say about transfers: their offers to us, and their answers to ours."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from typing import Protocol

from lanmsg.model import (
    Address,
    Direction,
    FileRule,
    OfferedFile,
    Peer,
    PeerId,
    Transfer,
    TransferId,
    TransferState,
    Trust,
)
from lanmsg.node.bulk import BulkRuns
from lanmsg.node.bulk_channel import PEER_REASONS
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.connection import Connection
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.disk import Disk
from lanmsg.node.file_pump import failed
from lanmsg.node.file_rules import NO_FILES, rule_for
from lanmsg.node.sessions import Sessions
from lanmsg.node.tasks import Tasks
from lanmsg.node.telling import AGAIN, clipped
from lanmsg.node.transfer_rows import TransferRows
from lanmsg.protocol import payload as wire
from lanmsg.protocol.admission import StrangerOffers
from lanmsg.protocol.constants import (
    MESSAGE_ID_BYTES,
    NEW_PEER_OFFERS_MAX,
    NEW_PEER_OFFERS_WINDOW_S,
    OFFER_EXPIRES_MAX_S,
    OFFER_LIFETIME_S,
    PENDING_OFFERS_MAX,
    PENDING_OFFERS_NEW_PEERS_MAX,
    PENDING_OFFERS_PER_NEW_PEER_MAX,
    PENDING_OFFERS_PER_PEER_MAX,
)
from lanmsg.storage.errors import StorageError

ACTIVE = frozenset({TransferState.ACCEPTED, TransferState.PAUSED, TransferState.RUNNING})
AGREED = ACTIVE | {TransferState.FAILED}
"""Only what somebody here has said yes to can fail: an offer made again goes on from these."""

UNDECIDED = frozenset({TransferState.QUEUED, TransferState.OFFERED})
WITHDRAWN = frozenset({TransferState.CANCELLED, TransferState.EXPIRED})
EXPIRY_SLACK_S = 5.0
"""Both sides count for themselves, and one of them is the first."""

AFTER_RUN = frozenset({TransferState.PAUSED, TransferState.DONE, TransferState.FAILED})
OVER = WITHDRAWN | {TransferState.FAILED}


class People(Protocol):
    """What is asked about peers."""

    def is_present(self, peer: PeerId) -> bool: ...
    def get(self, peer: PeerId) -> Peer | None: ...
    def one(self, who: str) -> Peer | None: ...
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
        self._strangers = StrangerOffers()
        self.notice: Callable[[str, str], None] = ignore
        self._not_stored = b""
        self._waiting: set[int] = set()
        """Offered again while they run: answered when the run has ended."""

    async def receive(self, connection: Connection, peer: PeerId, payload: wire.Payload) -> None:
        match payload:
            case wire.Offer():
                await self._offered(connection, peer, payload)
            case wire.Accept():
                await self._accepted(connection, peer, payload)
            case wire.Done():
                await self._answered(peer, payload.id, TransferState.DONE)
            case wire.Callback():
                await self._called_back(peer, payload)
            case wire.Decline() | wire.Cancel() | wire.Failed() | wire.Pause() | wire.Resume():
                with contextlib.suppress(StorageError):  # a full disk: not acknowledged, and so said again
                    await self._decided(connection, peer, payload)
                    of = str(payload.__struct_config__.tag)
                    connection.answer(wire.Ack(id=payload.id, of=of))
            case _:
                return

    async def _decided(self, connection: Connection, peer: PeerId, decision: wire.Decision) -> None:
        match decision:
            case wire.Decline():
                await self._answered(peer, decision.id, TransferState.DECLINED, decision.reason)
            case wire.Cancel():
                await self._cancelled(connection, peer, decision)
            case wire.Failed():
                await self._failed(peer, decision)
            case wire.Pause() | wire.Resume():
                await self._held(peer, decision.id, held=isinstance(decision, wire.Pause))

    async def _offered(self, connection: Connection, peer: PeerId, offer: wire.Offer) -> None:
        known = await self._rows.find(offer.id, peer, Direction.IN)
        if known is not None:
            connection.answer(wire.Ack(id=offer.id))
            await self._offered_again(connection, known)
        elif await self._too_many(peer, connection.remote.host):
            connection.answer(wire.Refused(id=offer.id, code=wire.RefusedCode.BUSY))
        else:
            try:
                await self._store(peer, offer)
            except StorageError as error:
                connection.answer(wire.Refused(id=offer.id, code=wire.RefusedCode.FULL))
                if offer.id != self._not_stored:  # it is offered again and again
                    self._not_stored = offer.id
                    self.notice(f"an offer cannot be stored: {error}", error.hint)
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
        if known.held_there:  # whoever offers it again has let it go on
            known = await self._rows.hold(number, here=False, held=False) or known
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
        elif known.held_here:
            connection.answer(wire.Pause(id=known.id))
        elif known.state is TransferState.FAILED and await self._rows.told(number) != known.state.value:
            connection.answer(failed(known.id, known.code))
        elif known.state is TransferState.FAILED and self._is_refused(known):
            await self._rows.move(number, TransferState.DECLINED, reason=NO_FILES, only_from={known.state})
            connection.answer(wire.Decline(id=known.id, reason=NO_FILES))
        elif known.state is not TransferState.OFFERED and self._runs.may_try(known):
            await self._rows.reopen(number, TransferState.ACCEPTED, only_from=AGREED, unless_held=True)

    def _is_refused(self, known: Transfer) -> bool:
        """By a rule that is newer than the yes."""
        peer = self._people.get(known.peer)
        return peer is not None and rule_for(peer, known) is FileRule.REFUSE

    async def _answer_after_run(self, connection: Connection, number: int) -> None:
        """The sender saw the run break before we did."""
        try:
            await self._runs.ended(number)
            known = await self._rows.get(number)
            is_over = known is not None and known.state in AFTER_RUN
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
        if state is TransferState.DONE:  # even if we have called it off: it was too late
            live = live - {TransferState.QUEUED} | {TransferState.CANCELLED}
        moved = await self._rows.move(
            transfer.number,
            state,
            reason=reason,
            only_from=live,
            unless_held=state is TransferState.ACCEPTED,
        )
        if state is TransferState.DECLINED and moved is not None:
            await self._rows.set_told(transfer.number, state)  # it knows
        return transfer.state

    async def _accepted(self, connection: Connection, peer: PeerId, accept: wire.Accept) -> None:
        transfer = await self._rows.find(accept.id, peer, Direction.OUT)
        if transfer is not None and transfer.held_there:  # whoever accepts it again has let it go on
            await self._rows.hold(transfer.number, here=False, held=False)
        if transfer is not None and transfer.held_here:
            connection.answer(wire.Pause(id=accept.id))
        elif await self._answered(peer, accept.id, TransferState.ACCEPTED) in OVER:
            connection.answer(wire.Cancel(id=accept.id, reason="it is over on this side"))

    async def _failed(self, peer: PeerId, said: wire.Failed) -> None:
        """A run failed there, and we saw no more of it than that it broke. What nobody has said yes to here
        has none: as failed it would pass for agreed.
        """
        for direction in Direction:
            transfer = await self._rows.find(said.id, peer, direction)
            if transfer is None:
                continue
            why = PEER_REASONS.get(said.code, "something went wrong on the other side")
            if await self._rows.move(
                transfer.number,
                TransferState.FAILED,
                reason=why,
                code=said.code,
                only_from=ACTIVE if direction is Direction.IN else ACTIVE | {TransferState.OFFERED},
            ):
                await self._rows.set_told(transfer.number, TransferState.FAILED)

    async def _held(self, peer: PeerId, transfer_id: bytes, *, held: bool) -> None:
        for direction in Direction:
            transfer = await self._rows.find(transfer_id, peer, direction)
            if (
                transfer is not None
                and await self._rows.hold(transfer.number, here=False, held=held)
                and held
            ):
                self._runs.pause(transfer.number)

    async def _cancelled(self, connection: Connection, peer: PeerId, cancel: wire.Cancel) -> None:
        for direction in Direction:
            transfer = await self._rows.find(cancel.id, peer, direction)
            if transfer is None:
                continue
            if direction is Direction.IN and not self._may_be_cancelled(transfer):
                self._tasks.start(self.say_done(transfer.number, connection))
            elif direction is Direction.OUT and await self._was_withdrawn_before(transfer):
                # What it says is over is what we had taken back ourselves: it is asked anew.
                await self._rows.reopen(
                    transfer.number,
                    TransferState.QUEUED,
                    only_from=UNDECIDED,
                    new_id=TransferId(os.urandom(MESSAGE_ID_BYTES)),
                )
            elif await self._rows.move(
                transfer.number, _end_of(transfer), reason=cancel.reason or "cancelled by the other side"
            ):
                await self._rows.set_told(transfer.number, _end_of(transfer))
                self._runs.stop(transfer.number)
                await asyncio.to_thread(self._runs.discard_part, transfer)

    async def _was_withdrawn_before(self, transfer: Transfer) -> bool:
        """Under this id, before it was offered again."""
        return transfer.state in UNDECIDED and await self._rows.told(transfer.number) == AGAIN

    def _may_be_cancelled(self, transfer: Transfer) -> bool:
        """What is being published, is done."""
        return transfer.state is not TransferState.DONE and self._runs.cancel(transfer.number)

    async def say_done(self, number: int, connection: Connection | None = None) -> None:
        """To a peer that takes it for cancelled: it was too late. Best effort; the files are here."""
        with contextlib.suppress(ConnectionError, StorageError, TimeoutError, UnreachableError):
            await self._runs.ended(number)
            known = await self._rows.get(number)
            if known is not None and known.state is TransferState.DONE:
                connection = connection or await self._sessions.to(known.peer)
                connection.answer(wire.Done(id=known.id, entries=known.count, bytes=known.done))

    async def _called_back(self, peer: PeerId, callback: wire.Callback) -> None:
        transfer = await self._rows.find(callback.id, peer, Direction.IN)
        if transfer is None or transfer.state not in ACTIVE or self._runs.is_running(transfer.number):
            return
        if transfer.held_here or not self._runs.may_try(transfer):
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
        await self._runs.serve(connection, transfer, dialled=True)

    async def _too_many(self, peer: PeerId, host: str) -> bool:
        pending = [
            each
            for each in await self._disk.read(lambda store: store.transfers.open())
            if each.direction is Direction.IN and each.state is TransferState.OFFERED
        ]
        stranger = self._is_stranger(peer)
        # One that is withdrawn at once waits for nobody, and still is a row that stays.
        if stranger and await self._disk.read(
            lambda store: (
                store.transfers.undecided_since(peer, wall_clock() - NEW_PEER_OFFERS_WINDOW_S)
                >= NEW_PEER_OFFERS_MAX
            )
        ):
            return True
        by_strangers = sum(self._is_stranger(each.peer) for each in pending) if stranger else 0
        if by_strangers >= PENDING_OFFERS_NEW_PEERS_MAX:
            return True
        own_limit = PENDING_OFFERS_PER_NEW_PEER_MAX if stranger else PENDING_OFFERS_PER_PEER_MAX
        if len(pending) >= PENDING_OFFERS_MAX or sum(each.peer == peer for each in pending) >= own_limit:
            return True
        return stranger and not self._strangers.may_ask(host, steady_clock())

    def _is_stranger(self, peer: PeerId) -> bool:
        return self._people.trust_of(peer) in {Trust.NEW, Trust.CHANGED}


def ignore(text: str, hint: str) -> None:
    """Nobody is told."""


def _end_of(transfer: Transfer) -> TransferState:
    """How the other side's `cancel` ends it: an offer that nobody answered in time has expired for both."""
    out = transfer.direction is Direction.OUT
    expires_at = transfer.updated_at + OFFER_LIFETIME_S if out else transfer.expires_at
    is_expired = transfer.state is TransferState.OFFERED and wall_clock() + EXPIRY_SLACK_S > expires_at
    return TransferState.EXPIRED if is_expired else TransferState.CANCELLED
