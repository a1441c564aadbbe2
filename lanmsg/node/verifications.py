"""Comparing words with a peer's person: the process that holds the sessions, rows for the screens of a home.

A person's wish is a row, whichever process it is typed in. The home's listener finds it, asks on every
session with the peer's listener, and writes down what comes of it; so two people can type `lanmsg verify` in
any terminal, with screens open or not. A process without a listener beside it serves its own wishes alone.
"""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable, Sequence
from weakref import WeakKeyDictionary

from lanmsg.model import Peer, PeerId, Verification, VerificationStage, Wish
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.connection import Connection
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.disk import Disk
from lanmsg.node.events import NodeEvent, VerificationChanged
from lanmsg.node.roster import Roster
from lanmsg.node.sessions import Sessions
from lanmsg.node.tasks import Tasks
from lanmsg.protocol.constants import (
    MESSAGE_ID_BYTES,
    VERIFY_ATTEMPTS_MAX,
    VERIFY_ATTEMPTS_WINDOW_S,
    VERIFY_RANDOM_BYTES,
    VERIFY_REQUESTS_ALL_MAX,
    VERIFY_REQUESTS_MAX,
    VERIFY_TIMEOUT_S,
)
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.payload import CloseCode, Payload, Refused, RefusedCode, Step, Verify
from lanmsg.protocol.verification import (
    Answered,
    Asked,
    Declined,
    Ready,
    VerificationEvent,
    VerificationState,
    Withdrawn,
    WordsShown,
)
from lanmsg.protocol.verification import Verification as Machine
from lanmsg.storage.errors import StorageError
from lanmsg.storage.store import Store

LOOK_S = 1.0
"""While something waits: for a peer that appears, a listener that ends, an expiry."""

AFTERWARDS_S = 60.0
"""So long a decision may still have to be told."""

REFUSALS = {
    RefusedCode.UNKNOWN: "the program over there cannot compare words: compare the safety number",
    RefusedCode.BUSY: "too many comparisons over there: try again in an hour, or compare the safety number",
}
BROKEN_OFF = "it was broken off over there"
DECLINED = "not now, says the person over there"
BROKEN_LINE = "the connection broke while the words were being made"
CHEATED = "the other side did not keep to the rules: somebody may be in between"
LEFT = "the other side has left"
CLOSED = "lanmsg was closed"
TOO_MANY = "too many comparisons within an hour: compare the safety number"
EXPIRED = "nobody answered in time"
SAYS_SAME = "says that the words are the same"
SAYS_DIFFERENT = "says that the words are DIFFERENT: look again, or compare the safety number"


class Verifications:
    """`serves`: this process is the home's listener."""

    def __init__(
        self,
        roster: Roster,
        disk: Disk,
        sessions: Sessions,
        *,
        tasks: Tasks,
        publish: Callable[[NodeEvent], None],
    ):
        self.serves = False
        self._is_ending = False
        self._publish = publish
        self._disk = disk
        self._sessions = sessions
        self._roster = roster
        self._tasks = tasks
        self._wake = asyncio.Event()
        self._machines = WeakKeyDictionary[Connection, Machine]()
        self._turn = asyncio.Lock()
        """What a person wishes and what a peer says are taken one by one: each looks at rows and machines."""
        self._dialling: set[PeerId] = set()
        self._mine: set[PeerId] = set()
        self._requests: deque[tuple[float, PeerId]] = deque()

    def wake(self) -> None:
        self._wake.set()

    def mine(self, peer: PeerId) -> None:
        """The wish to compare with `peer` was made in this process."""
        self._mine.add(peer)
        self.wake()

    def moved(self, rows: Sequence[Verification]) -> None:
        """Rows that any process of the home has written: news for the screens, and perhaps for us."""
        for row in rows:
            peer = self._roster.get(row.peer) or Peer(row.peer, "")
            self._publish(VerificationChanged(peer, row.stage, row.words, row.ours, row.reason))
            self.wake()

    async def serve(self) -> None:
        """This process is the listener now: words that the one before it has shown are void."""

        def adopt(store: Store) -> None:
            for row in store.verifications.recent(since=wall_clock()):
                if row.words or row.wish is Wish.NONE:
                    _fail(store, row.peer, CLOSED)

        await self._disk.write(adopt)
        self.serves = True
        self.wake()

    async def settle(self) -> None:
        """This person has just decided: tell it before anything else is written."""
        await self._look()

    async def run(self) -> None:
        while True:
            waits = True
            with contextlib.suppress(StorageError):  # a full disk: it expires, or goes on when there is room
                waits = await self._look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S if waits else None):
                    await self._wake.wait()
            self._wake.clear()

    async def stop(self) -> None:
        """What was decided last is still told; what is open here is over."""
        if not self.serves and not self._mine:
            return
        self._is_ending = True
        await self._look()
        for peer in {connection.peer for connection in self._machines} | self._mine:
            if peer is not None:
                self._withdraw(peer)
        await self._disk.write(self._close)

    async def receive(self, connection: Connection, peer: PeerId, payloads: Sequence[Payload]) -> None:
        for each in payloads:
            if isinstance(each, Verify) and (self.serves or peer in self._mine):
                async with self._turn:
                    await self._said(connection, peer, each)
            elif isinstance(each, Refused) and connection in self._machines:
                async with self._turn:
                    await self._refused(connection, peer, each)

    async def ended(self, connection: Connection, peer: PeerId) -> None:
        """A session is over. Words that stand stay; what had begun does not."""
        if connection not in self._machines:
            return
        async with self._turn:
            machine = self._machines.pop(connection)
            if machine.is_under_way:
                await self._fail(peer, BROKEN_LINE)
            elif machine.is_asked:
                await self._no_more_asked(peer, LEFT)
        self.wake()

    # What the store says ------------------------------------------------------------------------------------

    async def _look(self) -> bool:
        """Does what the rows ask for; whether something waits."""
        async with self._turn:
            return await self._look_in_turn(wall_clock())

    async def _look_in_turn(self, now: float) -> bool:
        rows = await self._disk.read(lambda store: store.verifications.recent(since=now - AFTERWARDS_S))
        serves_own = not self.serves and await self._is_alone()
        served = [row for row in rows if self.serves or (serves_own and row.peer in self._mine)]
        for row in served:
            if row.is_open and row.until <= now:
                await self._end(row.peer, VerificationStage.EXPIRED, EXPIRED)
            else:
                await self._act(row)
        return bool(self._mine) or any(row.is_open for row in served)

    async def _is_alone(self) -> bool:
        if not self._mine:
            return False
        return not await self._disk.read(lambda store: store.presence.is_live(wall_clock()))

    async def _act(self, row: Verification) -> None:
        if row.stage is VerificationStage.ASKED:
            if row.wish is Wish.COMPARE and not self._is_ending:
                await self._ask(row.peer)
        elif row.wish in (Wish.SAME, Wish.DIFFERENT):
            self._answer(row.peer, same=row.wish is Wish.SAME)
        elif not row.is_open:
            self._mine.discard(row.peer)
            if row.wish is Wish.CANCEL and row.ours:
                self._decline(row.peer)
            self._withdraw(row.peer)

    async def _ask(self, peer: PeerId) -> None:
        open_ones = self._sessions.open_with(peer)
        if any(self._machine(each, peer).is_under_way for each in open_ones):
            return
        asked = [each for each in open_ones if each.peer_port or self._machine(each, peer).is_asked]
        for connection in asked:
            self._machine(connection, peer).ask(os.urandom(MESSAGE_ID_BYTES))
            await self._go_on(connection, peer)
        if not asked and peer not in self._dialling and self._roster.is_present(peer):
            self._dialling.add(peer)
            self._tasks.start(self._dial(peer))

    async def _dial(self, peer: PeerId) -> None:
        """Not by way of a command of that home that visits us: its listener is who asks its person."""
        try:
            connection = await self._sessions.open(self._roster.addresses_of(peer), peer)
            await connection.introduced.wait()
        except (UnreachableError, TimeoutError):
            await asyncio.sleep(LOOK_S)
        finally:
            self._dialling.discard(peer)
            self.wake()

    def _answer(self, peer: PeerId, *, same: bool) -> None:
        self._mine.discard(peer)
        for connection, machine in self._of(peer):
            if machine.awaits_answer:
                machine.answer(same=same)
                self._send(connection)
        self._withdraw(peer)
        if not same:
            self._sessions.close_peer(peer, CloseCode.BLOCKED)

    def _withdraw(self, peer: PeerId, *, but: Connection | None = None) -> None:
        for connection, machine in self._of(peer):
            if connection is not but:
                machine.withdraw()
                self._send(connection)

    def _decline(self, peer: PeerId) -> None:
        for connection, machine in self._of(peer):
            machine.decline()
            self._send(connection)

    def _close(self, store: Store) -> None:
        """A wish of another process waits for the next listener."""
        for row in store.verifications.recent(since=wall_clock()):
            if row.peer in self._mine or (self.serves and (row.words or row.wish is Wish.NONE)):
                _fail(store, row.peer, CLOSED)

    # What the peer says -------------------------------------------------------------------------------------

    async def _said(self, connection: Connection, peer: PeerId, payload: Verify) -> None:
        if payload.step is Step.ASK and not await self._may_ask(peer):
            connection.answer(Refused(id=payload.id, code=RefusedCode.BUSY))
            return
        machine = self._machine(connection, peer)
        try:
            machine.receive_payload(payload)
        except RemoteProtocolError:
            await self._fail(peer, CHEATED)
            self._withdraw(peer)
            connection.close(CloseCode.PROTOCOL)
            return
        await self._go_on(connection, peer)

    async def _go_on(self, connection: Connection, peer: PeerId) -> None:
        """What the machine has to tell and to say."""
        machine = self._machine(connection, peer)
        for event in machine.events():
            await self._take(connection, machine, peer, event)
        self._send(connection)

    async def _take(
        self, connection: Connection, machine: Machine, peer: PeerId, event: VerificationEvent
    ) -> None:
        until = wall_clock() + VERIFY_TIMEOUT_S
        match event:
            case Asked():
                await self._disk.write(
                    lambda store: store.verifications.asked(peer, now=wall_clock(), until=until)
                )
            case Ready():
                await self._begin(connection, machine, peer)
            case WordsShown(words):
                await self._disk.write(lambda store: store.verifications.compare(peer, words, until=until))
            case Answered(same):
                reason = SAYS_SAME if same else SAYS_DIFFERENT
                await self._disk.write(
                    lambda store: store.verifications.answered(peer, same=same, reason=reason)
                )
            case Withdrawn(VerificationState.COMMITTED):
                # It crossed our commitment: nothing was seen by anybody, and our person still wants to.
                await self._disk.write(lambda store: store.verifications.return_attempt(peer))
                self.wake()
            case Withdrawn(VerificationState.IDLE):
                await self._no_more_asked(peer, BROKEN_OFF)
            case Declined():
                await self._fail(peer, DECLINED)
            case Withdrawn(state):
                # What had begun is over; an earlier comparison's words are no matter of a new one.
                had_words = state is VerificationState.COMPARING
                await self._end_if(peer, BROKEN_OFF, lambda row: bool(row.words) is had_words)

    async def _begin(self, connection: Connection, machine: Machine, peer: PeerId) -> None:
        """One exchange for one wish: a peer that could begin several would choose among their words."""
        if not machine.is_ready:
            return  # it has begun, or is off
        is_elsewhere = any(other.is_under_way for each, other in self._of(peer) if each is not connection)
        if is_elsewhere or not await self._disk.write(lambda store: _take_attempt(store, peer)):
            machine.withdraw()
        elif not connection.closed:
            machine.go(os.urandom(VERIFY_RANDOM_BYTES))
            self._withdraw(peer, but=connection)

    async def _may_ask(self, peer: PeerId) -> bool:
        """A person is not to be buried in questions."""
        now = steady_clock()
        while self._requests and self._requests[0][0] <= now - VERIFY_ATTEMPTS_WINDOW_S:
            self._requests.popleft()
        of_this = sum(each == peer for _, each in self._requests)
        if of_this >= VERIFY_REQUESTS_MAX or len(self._requests) >= VERIFY_REQUESTS_ALL_MAX:
            return False
        since = wall_clock() - VERIFY_ATTEMPTS_WINDOW_S
        spent = await self._disk.read(lambda store: store.verifications.attempts(peer, since=since))
        if len(spent) >= VERIFY_ATTEMPTS_MAX:
            return False
        self._requests.append((now, peer))
        return True

    async def _refused(self, connection: Connection, peer: PeerId, refused: Refused) -> None:
        if self._machines[connection].refused(refused.id):
            known = RefusedCode(refused.code) if refused.code in set(RefusedCode) else RefusedCode.UNKNOWN
            await self._fail(peer, REFUSALS.get(known, REFUSALS[RefusedCode.UNKNOWN]))

    # Machines -----------------------------------------------------------------------------------------------

    def _machine(self, connection: Connection, peer: PeerId) -> Machine:
        if connection not in self._machines:
            session = connection.session
            self._machines[connection] = Machine(
                me=self._roster.me, peer=peer, session_id=session.session_id, key=session.verification_key
            )
        return self._machines[connection]

    def _of(self, peer: PeerId) -> list[tuple[Connection, Machine]]:
        return [item for item in self._machines.items() if item[0].peer == peer]

    def _is_asked(self, peer: PeerId) -> bool:
        """Whether on some session the peer still wants to, or is at it."""
        return any(
            machine.is_asked or machine.is_under_way or machine.awaits_answer for _, machine in self._of(peer)
        )

    def _send(self, connection: Connection) -> None:
        for payload in self._machines[connection].payloads_to_send():
            connection.answer(payload)

    async def _no_more_asked(self, peer: PeerId, reason: str) -> None:
        """Nobody is there to compare with; a wish of our own person stays."""
        if not self._is_asked(peer):
            asked = VerificationStage.ASKED
            await self._end_if(peer, reason, lambda row: row.stage is asked and row.wish is Wish.NONE)

    async def _end_if(self, peer: PeerId, reason: str, applies: Callable[[Verification], bool]) -> None:
        def end(store: Store) -> None:
            row = store.verifications.get(peer)
            if row is not None and applies(row):
                store.verifications.end(peer, VerificationStage.FAILED, ours=False, reason=reason)

        await self._disk.write(end)

    async def _fail(self, peer: PeerId, reason: str) -> None:
        await self._end(peer, VerificationStage.FAILED, reason)

    async def _end(self, peer: PeerId, stage: VerificationStage, reason: str) -> None:
        await self._disk.write(lambda store: store.verifications.end(peer, stage, ours=False, reason=reason))
        self.wake()


def _fail(store: Store, peer: PeerId, reason: str) -> None:
    store.verifications.end(peer, VerificationStage.FAILED, ours=True, reason=reason)


def _take_attempt(store: Store, peer: PeerId) -> bool:
    """Counts it, if our person still wants to and there is one left; that there is none is written down."""
    row = store.verifications.get(peer)
    if row is None or row.stage is not VerificationStage.ASKED or row.wish is not Wish.COMPARE:
        return False
    taken = store.verifications.take_attempt(
        peer, now=wall_clock(), window=VERIFY_ATTEMPTS_WINDOW_S, most=VERIFY_ATTEMPTS_MAX
    )
    if not taken:
        store.verifications.end(peer, VerificationStage.FAILED, ours=False, reason=TOO_MANY)
    return taken
