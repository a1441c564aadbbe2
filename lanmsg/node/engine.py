"""The parts of a running node, wired together: what happens on the network and in the store meets here."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from functools import partial

from lanmsg.config import Settings
from lanmsg.model import Address, Conversation, LanmsgError, Message, Peer, PeerId, Trust
from lanmsg.node.air import Air, Ways
from lanmsg.node.appearance import Appearance
from lanmsg.node.changes import ChangeWatch, RateMeter
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.closed_host import ClosedHost
from lanmsg.node.connection import Connection
from lanmsg.node.disk import Disk
from lanmsg.node.events import (
    InterfacesChanged,
    ListeningChanged,
    MessageAdded,
    MessageChanged,
    Notice,
    PeerChanged,
    ReadMarkMoved,
    TransferAdded,
    TransferChanged,
)
from lanmsg.node.inbox import Inbox
from lanmsg.node.leases import Leases
from lanmsg.node.network_watch import NetworkWatch
from lanmsg.node.outbox import Outbox
from lanmsg.node.retention import Retention
from lanmsg.node.roster import PINNED_STATES, Roster
from lanmsg.node.seeking import Seeker
from lanmsg.node.sessions import Sessions
from lanmsg.node.shared_presence import SharedPresence
from lanmsg.node.shown import Shown
from lanmsg.node.static_peers import StaticPeers
from lanmsg.node.subscriptions import Subscriptions
from lanmsg.node.tasks import Tasks
from lanmsg.node.transfers import LEASE_S, TransferDesk
from lanmsg.node.trouble import Trouble
from lanmsg.node.verifications import Verifications
from lanmsg.node.versions import Versions
from lanmsg.protocol.constants import PROTOCOL_VERSION
from lanmsg.protocol.events import PresenceAppeared, PresenceEvent, PresenceLeft, PresenceSilent
from lanmsg.protocol.identity import LocalIdentity
from lanmsg.protocol.payload import Bulk, CloseCode, Payload, Profile
from lanmsg.storage.listener_lock import ListenerLock
from lanmsg.storage.store import Changes, Store

HEARTBEAT_S = 5.0
"""How often the listener says in the store that it lives, and leases are renewed."""

TAKE_OVER_S = 1.0
"""How soon a second screen becomes the listener when the first has ended."""

SETTLE_S = 5.0
"""After taking over: all three questions and their answers have had their time."""


class Engine:
    """Started inside a task group that outlives it; `stop` ends everything that it began."""

    def __init__(self, settings: Settings, identity: LocalIdentity, store: Store, tasks: Tasks):
        self.settings = settings
        self.me = identity.peer_id
        self.disk = Disk(store)
        self._leases = Leases(settings.home, self.disk, self.wake)
        self.owner = self._leases.owner
        self.roster = Roster(self.me, lambda: self.appearance.profile.name)
        self.subscriptions = Subscriptions()
        self.sessions = Sessions(identity, tasks, self)
        self.outbox = Outbox(self.disk, self.sessions, self.roster, tasks, self.owner)
        self.desk = TransferDesk(
            self.me, self.disk, self.sessions, self.roster, settings=settings, tasks=tasks, owner=self.owner
        )
        self.inbox = Inbox(self.disk, self.outbox, self.desk, self)
        self.verifications = Verifications(
            self.roster, self.disk, self.sessions, tasks=tasks, publish=self.subscriptions.publish
        )
        self.air = Air(
            self.me,
            settings,
            on_presence=self._on_presence,
            on_interfaces=self._on_interfaces,
            on_moved=self._on_moved,
            notice=self.notice,
        )
        self.appearance = Appearance(self.disk, self.air, self.sessions, self.subscriptions.publish, settings)
        self._static = StaticPeers(self.air, self.roster, self.sessions, tasks=tasks)
        self._closed = ClosedHost(self.air, self.roster, self.sessions, tasks=tasks)
        self._network = NetworkWatch(
            settings, self.air, self.sessions, self.desk.runs, self._static, tasks=tasks, notice=self.notice
        )
        self._tasks = tasks
        self._lock = ListenerLock(settings.home)
        self._shared = SharedPresence(self.disk, self.roster, self.owner)
        self._seeker = Seeker(self.disk, self.roster, self.air, self.owner)
        self._shown = Shown(self.roster, self._shared, self.subscriptions, ask_name=self._ask_name)
        self._versions = Versions(self.roster, self.notice)
        self._rates = RateMeter()
        self._trouble = Trouble(self.notice)
        self._last_message = 0
        self._last_transfer = 0

    @property
    def listening(self) -> bool:
        return self.air.listener is not None

    async def start(self, *, listen: bool) -> None:
        await self._leases.begin()
        revision = await self.disk.read(self._load)
        self._tasks.start(ChangeWatch(self.disk, self._on_changes, self._trouble).run(revision))
        if listen and self._lock.acquire():
            await self.appearance.begin()
            await self._listen()
        else:
            self.air.ask()
            await self._read_shared()
            if listen:
                await self.appearance.join()
                self._tasks.start(self._take_over())
            self._protect(self.roster.all())
        self._network.check(listening=self.listening)
        self._tasks.start(self.outbox.run(self._trouble))
        self._tasks.start(self.desk.run(self._trouble))
        self._tasks.start(self.verifications.run())
        self._tasks.start(self.sessions.sweep(self._keeps_session))
        self._tasks.start(self.air.watch_interfaces())
        self._tasks.start(self._closed.run())
        self._tasks.start(self._keep_alive())
        self._tasks.start(self._leases.run())
        if self.settings.peers:
            self._tasks.start(self._static.reach_all())
        self.outbox.wake()

    async def stop(self) -> None:
        """Goodbye to everybody, leases back, sockets closed; what waits stays in the store."""
        await self.desk.stop()
        with contextlib.suppress(LanmsgError):  # a full disk: the next listener finds it expired
            await self.verifications.stop()
        await self.sessions.close()
        self.air.close()  # last: a goodbye by datagram would overtake the acknowledgements on their way
        await self._tasks.end()
        self.sessions.dispose()
        with contextlib.suppress(LanmsgError):
            await self.disk.read(self._let_go)
        self._lock.release()
        self.subscriptions.end()
        with contextlib.suppress(LanmsgError):  # what there is to be told about the store has been told
            await self.disk.close()

    def notice(self, text: str, hint: str = "") -> None:
        self.subscriptions.publish(Notice(text, hint))

    def met(self, peer: Peer) -> None:
        """Who somebody is has been proven; the screens hear of it by way of the store."""
        self.roster.load_book([peer])

    def wake(self) -> None:
        """Rows changed by this process: let the couriers look."""
        self.outbox.wake()
        self.desk.wake()

    # What sessions ask and tell ---------------------------------------------------------------------------

    def addresses_of(self, peer: PeerId) -> Sequence[Address]:
        return self.roster.addresses_of(peer)

    def source_for(self, host: str) -> str:
        return self.air.source_for(host)

    def own_profile(self) -> Profile:
        return self.appearance.payload()

    def knows(self, peer: PeerId) -> bool:
        return self.roster.trust_of(peer) in PINNED_STATES

    async def may_talk(self, connection: Connection) -> bool:
        peer = connection.peer
        is_welcome = peer is not None and self.roster.trust_of(peer) is not Trust.BLOCKED
        return is_welcome and self._versions.may_speak(connection)

    async def payloads_received(self, connection: Connection, payloads: list[Payload]) -> None:
        if connection.peer is None:
            return
        await self.inbox.receive(connection, connection.peer, payloads)
        await self.verifications.receive(connection, connection.peer, payloads)
        if any(isinstance(each, Profile) for each in payloads):
            self._on_line(connection, connection.peer)

    async def bulk_opened(self, connection: Connection, bulk: Bulk) -> None:
        await self.desk.bulk_opened(connection, bulk)

    async def session_ended(self, connection: Connection) -> None:
        peer = connection.peer
        if peer is not None:
            await self.verifications.ended(connection, peer)
        if peer is None or not connection.peer_port or self.sessions.reaches_listener(peer):
            return
        self.roster.set_on_line(peer, None)
        tell = (
            self.air.discovery.session_closed if connection.ended_cleanly else self.air.discovery.session_lost
        )
        tell(peer, steady_clock())
        self.air.flush()
        self._shown.show(peer)

    def _on_line(self, connection: Connection, peer: PeerId) -> None:
        """Its profile came: a peer with a listener is here while its session is; a dialer only visits."""
        if (address := connection.peer_address) is not None:
            self._network.suspect(peer, address.host)
            self.air.discovery.session_opened(peer, address, steady_clock())
            self.air.flush()
            self.roster.set_on_line(peer, address)
            self._shown.show(peer)
        self.outbox.wake(peer)
        self.desk.wake()
        self.verifications.wake()

    # What the air tells -----------------------------------------------------------------------------------

    def _on_presence(self, events: list[PresenceEvent]) -> None:
        for event in events:
            peer = event.presence.peer
            if isinstance(event, PresenceSilent):
                self.sessions.ask_if_alive(peer)
                continue
            if isinstance(event, PresenceLeft):
                self.roster.clear_air(peer)
                if self.listening:
                    self.roster.clear_shared(peer)
                self.sessions.close_listener(peer, CloseCode.IDLE)
            else:
                self.roster.set_air(event.presence)
                if isinstance(event, PresenceAppeared):
                    self.outbox.appeared(peer)
                    self._static.look_again()
                elif len(event.presence.addresses) > 1:
                    self.sessions.ask_if_alive(peer)  # it may have moved, and our session may not
                    self._network.suspect(peer)
                self.outbox.wake(peer)
                self.desk.wake()
            self._shown.show(peer)

    def _on_interfaces(self) -> None:
        self.subscriptions.publish(InterfacesChanged(self.air.interfaces))
        self._network.check(listening=self.listening)

    def _on_moved(self, ways: Ways, is_better: bool) -> None:  # noqa: FBT001 - a callback's
        self._network.moved(ways, is_better=is_better)

    def _ask_name(self, peer: PeerId) -> bool:
        """Only a session proves a name. First the endpoint answers: a datagram alone aims no connection."""
        is_there = self.listening and self.roster.is_confirmed(peer)
        if is_there:
            self._tasks.start(self.sessions.meet(peer))
        elif self.listening:
            self.air.confirm(peer)
        return is_there

    # What the store tells -----------------------------------------------------------------------------------

    async def _on_changes(self, changes: Changes) -> None:
        self.appearance.took(changes.own_profile)
        if changes.peers:
            self.roster.load_book(changes.peers)
            for peer in changes.peers:
                self._shown.show(peer.id)
                if (known := self.roster.get(peer.id)) is not None and not known.present:
                    self.subscriptions.publish(PeerChanged(known))
                if known is not None and known.trust is Trust.BLOCKED:
                    self.sessions.close_peer(peer.id, CloseCode.BLOCKED)
            self._protect(changes.peers)
        if changes.own_profile or any(peer.trust in PINNED_STATES for peer in changes.peers):
            for each in self._shown.ids():  # whoever goes by a name that is pinned now, or ours
                self._shown.show(each)
        for message in changes.messages:
            self._publish_message(message)
        for conversation in changes.conversations:
            mark = await self.disk.read(partial(_read_mark, conversation, self._last_message))
            self.subscriptions.publish(ReadMarkMoved(conversation, *mark))
        for transfer in changes.transfers:
            fresh = transfer.number > self._last_transfer
            self._last_transfer = max(self._last_transfer, transfer.number)
            rate = self._rates.rate(transfer)
            self.subscriptions.publish(TransferAdded(transfer) if fresh else TransferChanged(transfer, rate))
        self.verifications.moved(changes.verifications)
        if changes.presence_changed and not self.listening:
            await self._read_shared()
        self.air.decide_networks(changes.networks)
        self.wake()

    def _publish_message(self, message: Message) -> None:
        fresh = message.number > self._last_message
        self._last_message = max(self._last_message, message.number)
        self.subscriptions.publish(MessageAdded(message) if fresh else MessageChanged(message))

    def _load(self, store: Store) -> int:
        """Everything that memory keeps of the store; returns the revision that this is as of."""
        revision = store.revision()
        self.roster.load_book(store.peers.all())
        self._versions.load(store.peers.versions_above(PROTOCOL_VERSION))
        self.air.networks.load(store.networks.decisions())
        last = store.history.messages(None, limit=1)
        self._last_message = last[-1].number if last else 0
        rows = store.transfers.list(limit=1)
        self._last_transfer = rows[0].number if rows else 0
        return revision

    async def _read_shared(self) -> None:
        """As a view: what the home's listener sees is what we see."""
        shared = await self._shared.read()
        if shared is None or self.listening:
            return  # it has ended; what it saw stands until a new one has looked around
        self.roster.set_shared(shared)
        for each in shared:
            self._network.suspect(each.id, each.host)
        for peer in set(self._shown.ids()) | {each.id for each in shared}:
            self._shown.show(peer)
        self.outbox.wake()

    def _let_go(self, store: Store) -> None:
        if self._lock.held:
            store.presence.stop()
            store.history.requeue_sent()
        self._leases.end(store)

    # Background ---------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        await self._shared.begin()
        self.air.listen(self.appearance.profile.name, self.appearance.profile.status)
        self.outbox.drains_all = self.desk.serves_all = True
        await self.verifications.serve()
        self._protect(self.roster.all())
        self._tasks.start(self.air.serve(self.sessions.accept))
        self._tasks.start(self._shared.run())
        self._tasks.start(Retention(self.disk, self.settings.keep_days, self.notice).run())
        self.subscriptions.publish(ListeningChanged(listening=True))
        self.wake()

    async def _take_over(self) -> None:
        """A second screen of the home: become the listener as soon as there is none."""
        failure = ""
        while not self.listening:
            await asyncio.sleep(TAKE_OVER_S)
            if not self._lock.acquire():
                continue
            try:
                await self._listen()
            except LanmsgError as error:
                self._lock.release()
                if str(error) != failure:
                    failure = str(error)
                    self.notice(failure, error.hint)
        self.sessions.tell_all(self.own_profile())
        for peer in self._shown.ids():
            self._shared.note(peer)
        await asyncio.sleep(SETTLE_S)
        self.roster.keep_on_air({presence.peer for presence in self.air.discovery.present()})
        for peer in self._shown.ids():
            self._shown.show(peer)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            for peer in self.roster.on_line_only():
                self.sessions.ask_if_alive(peer)  # nothing else would tell that it has gone
            with contextlib.suppress(LanmsgError):  # a full disk: said where it hurts, tried again here
                await self.disk.read(self._sign_of_life)
                if not self.listening:
                    await self._seeker.seek()
            self.outbox.wake()  # another process's lease may have ended with it

    def _sign_of_life(self, store: Store) -> None:
        now = wall_clock()
        store.history.renew_leases(self.owner, now + LEASE_S)
        if self._lock.held:
            store.presence.heartbeat(now)
            store.networks.saw(self.air.networks.spoken_on, now)

    def _keeps_session(self, peer: PeerId) -> bool:
        """A peer that only its session makes present would leave the list with it."""
        kept = self._static.keeps_session(peer) or self._closed.keeps_session(peer)
        return kept or not self.roster.is_on_air(peer)

    def _protect(self, peers: Iterable[Peer]) -> None:
        """Tell discovery whose rows a flood must not push out."""
        for peer in peers:
            if peer.trust in {Trust.PINNED, Trust.VERIFIED}:
                self.air.discovery.protect(peer.id)
                self.sessions.expect(peer.addresses)
            elif peer.trust is not Trust.CHANGED:
                self.air.discovery.unprotect(peer.id)


def _read_mark(conversation: Conversation, until: int, store: Store) -> tuple[int, int, int | None]:
    return store.history.read_mark(conversation, until)
