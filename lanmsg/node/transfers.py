"""Transfers, ours and theirs: each step follows from a row, whichever process of the home moved it."""

import asyncio
import contextlib
from collections.abc import Sequence, Set

from msgspec import Struct

from lanmsg.config import Settings
from lanmsg.model import Direction, MessageId, PeerId, Transfer, TransferState, Trust
from lanmsg.node.bulk import BulkRuns
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.connection import Connection
from lanmsg.node.decisions import Decisions
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.disk import Disk
from lanmsg.node.offers import ACTIVE, WITHDRAWN, Offers, People
from lanmsg.node.outcomes import KEY_CHANGED
from lanmsg.node.receivers import Receivers
from lanmsg.node.sessions import Sessions
from lanmsg.node.stream_relay import pass_on, take_back
from lanmsg.node.tasks import Tasks
from lanmsg.node.telling import Telling
from lanmsg.node.transfer_rows import TransferRows
from lanmsg.node.trouble import Trouble
from lanmsg.protocol import payload as wire
from lanmsg.protocol.constants import (
    CALLBACK_INTERVAL_S,
    OFFER_AGAIN_S,
    OFFER_LIFETIME_S,
    OFFER_NAMES_MAX,
)
from lanmsg.protocol.errors import LocalProtocolError
from lanmsg.storage.errors import StorageError
from lanmsg.storage.leases import LEASE_MAX_SECONDS
from lanmsg.storage.store import Store

LEASE_S = 20.0
"""How long a row stays this process's after its last sign of life; then the listener takes it over."""

TICK_S = 1.0

TRY_LATER = {
    wire.RefusedCode.BUSY: "too many offers wait there: offered again later",
    wire.RefusedCode.FULL: "there is no room on that disk: offered again later",
}


REFUSED = "refused by the other side"


class Asked(Struct):
    """An offer that was made: in which session, and when to make it again in the same one."""

    number: int
    connection: Connection
    again_at: float


class TransferDesk:
    """`serves_all`: this process is the listener: it also serves the rows that no other process holds."""

    def __init__(
        self,
        me: PeerId,
        disk: Disk,
        sessions: Sessions,
        people: People,
        *,
        settings: Settings,
        tasks: Tasks,
        owner: bytes,
    ):
        self._disk = disk
        self._sessions = sessions
        self._people = people
        self._tasks = tasks
        self._owner = owner
        self._home = settings.home
        self.serves_all = False
        self.runs = BulkRuns(me, disk, settings, self._claim)
        self._own: set[int] = set()
        self._leases: dict[int, float] = {}
        self._cleared: set[int] = set()
        self._asked: dict[tuple[PeerId, bytes], Asked] = {}
        self._call_back_at: dict[int, float] = {}
        self._unreached: set[int] = set()
        self._passed_on: set[int] = set()
        self._stepping: set[int] = set()
        self._wake = asyncio.Event()
        self._rows = TransferRows(disk, self._wake.set)
        self.telling = Telling(self._rows, sessions)
        self.offers = Offers(disk, self._rows, self.runs, sessions=sessions, people=people, tasks=tasks)
        self.receivers = Receivers(settings.home, owner, people)
        self.decisions = Decisions(self._rows, self.runs, self.adopt, self.receivers.is_awaited)
        self.runs.published_late = self._published_late

    def adopt(self, number: int) -> None:
        """This process made the row, holds its lease, and so serves it."""
        self._own.add(number)
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    async def run(self, trouble: Trouble) -> None:
        """For ever: whenever something changed, and once a second for what only time changes.

        Raises StorageError for a store that will not be well again.
        """
        if self.serves_all:
            with contextlib.suppress(StorageError):
                await self.runs.sweep()
        while True:
            try:
                async with asyncio.timeout(TICK_S):
                    await self._wake.wait()
            except TimeoutError:
                pass  # the tick
            self._wake.clear()
            rows = await trouble.outlast(
                lambda: self._disk.read(lambda store: store.transfers.needing_work(wall_clock()))
            )
            await self._take_back()
            self._forget_all_but({row.number for row in rows})
            for transfer in rows:
                with contextlib.suppress(StorageError):  # a full disk: it is looked at again at the next tick
                    await self._step(transfer)

    def _forget_all_but(self, numbers: Set[int]) -> None:
        """What was asked and said of the others keeps sessions in memory that are over."""
        self._asked = {key: asked for key, asked in self._asked.items() if asked.number in numbers}
        self.telling.forget_all_but(numbers)

    # What peers say -------------------------------------------------------------------------------------

    async def offers_acknowledged(self, peer: PeerId, ids: Sequence[MessageId]) -> None:
        for each in ids:
            if (asked := self._asked.get((peer, each))) is not None:
                await self._rows.move(asked.number, TransferState.OFFERED, only_from={TransferState.QUEUED})

    async def offer_refused(self, peer: PeerId, transfer_id: bytes, code: str) -> None:
        asked = self._asked.get((peer, transfer_id))
        if asked is None:
            return
        if reason := {each.value: words for each, words in TRY_LATER.items()}.get(code, ""):
            await self._rows.move(
                asked.number, TransferState.QUEUED, reason=reason, only_from={TransferState.QUEUED}
            )
        else:
            del self._asked[peer, transfer_id]
            await self._rows.move(asked.number, TransferState.FAILED, reason=REFUSED, code="refused")
            await self._rows.set_told(asked.number, TransferState.FAILED)

    async def bulk_opened(self, connection: Connection, bulk: wire.Bulk) -> None:
        """A peer dialled for one transfer: go on with it if it is one that was agreed with this very peer."""
        peer = connection.peer
        direction = Direction.IN if bulk.role == "source" else Direction.OUT
        transfer = None if peer is None else await self._rows.find(bulk.id, peer, direction)
        if transfer is None or transfer.state not in ACTIVE:
            connection.close(wire.CloseCode.PROTOCOL)
        elif self.runs.is_running(transfer.number) and not self._gives_way(transfer):
            connection.close(wire.CloseCode.DUPLICATE)
        elif transfer.is_held or self._is_changed(transfer.peer) or not self.runs.may_begin(transfer.peer):
            connection.close(wire.CloseCode.BUSY)
        else:
            self._tasks.start(self._serve(connection, transfer))

    def _gives_way(self, transfer: Transfer) -> bool:
        """Both sides dialled: of the two connections, the one that the source dialled goes on."""
        return transfer.direction is Direction.IN and self.runs.is_idle_dial(transfer.number)

    async def _serve(self, connection: Connection, transfer: Transfer) -> None:
        if self.runs.is_running(transfer.number):
            self.runs.pause(transfer.number)
            await self.runs.ended(transfer.number)
        await self.runs.serve(connection, transfer)

    def _published_late(self, transfer: Transfer) -> None:
        """The peer was told that it is off: another process of this home cancelled it while we saved it."""
        self._tasks.start(self.offers.say_done(transfer.number))

    async def stop(self) -> None:
        await self.runs.stop_all()
        with contextlib.suppress(StorageError):  # the next listener sweeps them up
            for number in self._passed_on:
                if (transfer := await self._rows.get(number)) is not None:
                    take_back(self._home, transfer.id)

    # Steps ----------------------------------------------------------------------------------------------

    async def _step(self, transfer: Transfer) -> None:
        is_blocked = self._people.trust_of(transfer.peer) is Trust.BLOCKED
        is_changed = self._is_changed(transfer.peer)
        if transfer.state in WITHDRAWN or is_blocked:
            self.runs.stop(transfer.number)
        elif transfer.is_held or is_changed:
            self.runs.pause(transfer.number, other_key=_other_key(transfer.peer) if is_changed else "")
        if not await self._serves(transfer):
            return
        if is_changed and transfer.state is TransferState.PAUSED and transfer.code != KEY_CHANGED:
            await self._rows.move(
                transfer.number,
                TransferState.PAUSED,
                reason=_other_key(transfer.peer),
                code=KEY_CHANGED,
                only_from={TransferState.PAUSED},
                unless_held=True,
            )
        is_running = self.runs.is_running(transfer.number)
        if transfer.state in WITHDRAWN and not is_running:
            await self._clear(transfer)
        if transfer.state is TransferState.RUNNING and not is_running:
            await self._recover(transfer.number)
        elif self._is_overdue(transfer):
            await self._rows.move(transfer.number, TransferState.EXPIRED, reason="nobody answered in time")
        elif (
            not is_blocked
            and (transfer.state.is_final or not is_changed)
            and transfer.number not in self._stepping
            and self._reaches(transfer.peer)
        ):
            self._stepping.add(transfer.number)
            self._tasks.start(self._advance(transfer))

    async def _recover(self, number: int) -> None:
        """Nobody runs it: the process that did is dead, or could not note the end of the run."""
        if await self._lease(number, wall_clock()) and not self.runs.is_running(number):
            await self._rows.move(
                number, TransferState.PAUSED, reason="interrupted", only_from={TransferState.RUNNING}
            )

    def _is_changed(self, peer: PeerId) -> bool:
        """Then nothing goes either way, whatever was agreed before; when its key is trusted, it goes on."""
        return self._people.trust_of(peer) is Trust.CHANGED

    def _reaches(self, peer: PeerId) -> bool:
        """Here, or on the line: a dialer that offers something is not on any list."""
        return self._sessions.live(peer) is not None or self._people.is_present(peer)

    async def _serves(self, transfer: Transfer) -> bool:
        """Whether this process holds the row's lease, taking or renewing it where it may."""
        number, now = transfer.number, wall_clock()
        if not self.serves_all and number not in self._own:
            return False
        if LEASE_S / 2 < self._leases.get(number, 0.0) - now <= LEASE_S:
            return True
        return await self._lease(number, now)

    async def _claim(self, number: int) -> None:
        """For a run of ours: the row is ours from now on, whoever served it until now."""
        self._own.add(number)
        self._call_back_at.pop(number, None)
        await self._lease(number, wall_clock(), as_of=wall_clock() + LEASE_MAX_SECONDS)

    async def _lease(self, number: int, now: float, *, as_of: float | None = None) -> bool:
        """Ask the store for the row; `as_of` a time when every lease has ended, it is taken from anybody."""
        until, when = now + LEASE_S, now if as_of is None else as_of
        self._leases.pop(number, None)
        if await self._disk.read(
            lambda store: store.transfers.take_lease(number, self._owner, until, now=when)
        ):
            self._leases[number] = until
        return number in self._leases

    async def _clear(self, transfer: Transfer) -> None:
        if transfer.direction is Direction.IN and transfer.number not in self._cleared:
            self._cleared.add(transfer.number)
            await asyncio.to_thread(self.runs.discard_part, transfer)

    def _is_overdue(self, transfer: Transfer) -> bool:
        if transfer.state is not TransferState.OFFERED:
            return False
        out = transfer.direction is Direction.OUT
        return wall_clock() > (transfer.updated_at + OFFER_LIFETIME_S if out else transfer.expires_at)

    async def _advance(self, transfer: Transfer) -> None:
        """Do for one row what its state asks for. A peer that cannot be reached is tried at the next tick."""
        try:
            await self.telling.tell(transfer)
            match transfer.state:
                case TransferState.QUEUED | TransferState.PAUSED if transfer.direction is Direction.OUT:
                    if not transfer.is_held:
                        await self._offer(transfer)
                case TransferState.ACCEPTED if transfer.direction is Direction.OUT:
                    await self._run_out(transfer)
                case TransferState.OFFERED if transfer.direction is Direction.IN:
                    await self.decisions.by_rule(transfer, self._people.get(transfer.peer))
                case _:
                    pass  # waiting for somebody's answer, or over
        except UnreachableError:
            if not await self._handed_over(transfer) and not await self._given_up(transfer):
                await asyncio.sleep(TICK_S)
        except (ConnectionError, TimeoutError, StorageError):
            await asyncio.sleep(TICK_S)
        except LocalProtocolError as error:
            reason = f"it cannot be offered: {error}"
            await self._rows.move(transfer.number, TransferState.FAILED, reason=reason, code="invalid")
        finally:
            self._stepping.discard(transfer.number)

    async def _handed_over(self, transfer: Transfer) -> bool:
        """A dialer cannot reach the peer: the home's listener can be dialled back, and reads our pipe."""
        number = transfer.number
        if self.serves_all or number in self._passed_on or not await self._is_listened():
            return False
        if (stream := self.runs.streams.get(number)) is not None:
            self._passed_on.add(number)
            if not pass_on(self._home, transfer.id, stream):
                return False

        def give(store: Store) -> bool:
            now = wall_clock()
            live = store.presence.is_live(now)
            return live and store.transfers.hand_over(transfer.number, self._owner, now)

        given = False
        with contextlib.suppress(StorageError):  # a full disk: it stays ours
            given = await self._disk.write(give)
        if given:
            self._own.discard(transfer.number)
            self._leases.pop(transfer.number, None)
        return given

    async def _is_listened(self) -> bool:
        """By another process of this home."""
        return await self._disk.read(lambda store: store.presence.is_live(wall_clock()))

    async def _take_back(self) -> None:
        """Pipes that were passed on to a listener that has died are this process's again, if only to fail."""
        if self._passed_on - self._own and not await self._is_listened():
            self._own |= self._passed_on

    async def _given_up(self, transfer: Transfer) -> bool:
        """A pipe cannot be handed over, and nobody dials a dialer: the second time, whoever pipes is told."""
        number = transfer.number
        if self.serves_all or transfer.total is not None or number not in self._own:
            return False
        if number not in self._unreached:
            self._unreached.add(number)
            return False
        reason = "its host lets nobody in, or is gone, and what is piped in cannot wait for it to call back"
        await self._rows.move(number, TransferState.FAILED, reason=reason, code="network")
        return True

    async def _offer(self, transfer: Transfer) -> None:
        """Once in each session, and again when it is not answered as it should."""
        key, now = (transfer.peer, bytes(transfer.id)), steady_clock()
        asked = self._asked.get(key)
        if asked is not None and not asked.connection.closed and now < asked.again_at:
            return
        if asked is not None and asked.connection.is_unwelcome:
            # Its person has blocked us, and is not dialled again by itself.
            await self.offer_refused(transfer.peer, bytes(transfer.id), wire.RefusedCode.BLOCKED)
            return
        if self.runs.is_stopping:
            return  # what has just paused goes on when we are back
        connection = await self._sessions.to(transfer.peer)
        self._asked[key] = Asked(transfer.number, connection, now + OFFER_AGAIN_S)
        connection.send(
            wire.Offer(
                id=transfer.id,
                files=tuple(
                    wire.OfferedItem(each.name, each.size, each.is_folder)
                    for each in transfer.files[:OFFER_NAMES_MAX]
                ),
                count=transfer.count,
                total=transfer.total,
                text=transfer.text,
                expires=OFFER_LIFETIME_S,
            )
        )

    async def _run_out(self, transfer: Transfer) -> None:
        """Dial the receiver for this transfer; if its host lets nobody in, ask it to dial us."""
        self._asked.pop((transfer.peer, bytes(transfer.id)), None)
        if self.runs.is_running(transfer.number) or not self.runs.may_begin(transfer.peer):
            return
        try:
            connection = await self._sessions.open(
                self._people.addresses_of(transfer.peer), transfer.peer, bulk=True
            )
        except (UnreachableError, TimeoutError):
            await self._ask_to_dial(transfer)
            raise
        connection.send(wire.Bulk(id=transfer.id, role="source"))
        # A task of its own: while it runs, the row may ask for other things, such as telling that it is over.
        self._tasks.start(self.runs.serve(connection, transfer, dialled=True))

    async def _ask_to_dial(self, transfer: Transfer) -> None:
        if (now := steady_clock()) >= self._call_back_at.get(transfer.number, now):
            connection = await self._sessions.to(transfer.peer)
            self._call_back_at[transfer.number] = now + CALLBACK_INTERVAL_S
            connection.send(wire.Callback(id=transfer.id))


def _other_key(peer: PeerId) -> str:
    return f"its key {peer.hex()[:8].upper()} is not the one that you trust"
