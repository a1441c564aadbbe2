"""Who is on the line: the open message sessions by peer, those that come in, and those we dial."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from lanmsg.model import Address, LanmsgError, PeerId
from lanmsg.node.clock import steady_clock
from lanmsg.node.connection import Connection
from lanmsg.node.dialer import UnreachableError, dial
from lanmsg.node.tasks import Tasks
from lanmsg.node.trouble import Seldom
from lanmsg.protocol.admission import Admission, network_of
from lanmsg.protocol.constants import (
    HANDSHAKE_TIMEOUT_S,
    IDLE_SESSION_S,
    MESSAGE_SESSIONS_PER_PEER_MAX,
    NEW_PEERS_SESSIONS_PER_HOST_MAX,
    SESSIONS_MAX,
    UNAUTHENTICATED_CONNECTIONS_MAX,
    UNAUTHENTICATED_PER_ADDRESS_MAX,
)
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.events import PayloadReceived, SessionEstablished, SessionEvent
from lanmsg.protocol.identity import LocalIdentity
from lanmsg.protocol.payload import Bulk, CloseCode, Payload, Profile
from lanmsg.protocol.session import Session

SWEEP_INTERVAL_S = 10.0
GOODBYE_S = 0.5


class SessionOwner(Protocol):
    """Who is told of sessions: the node."""

    def addresses_of(self, peer: PeerId) -> Sequence[Address]: ...
    def source_for(self, host: str) -> str: ...
    def own_profile(self) -> Profile: ...
    async def may_talk(self, connection: Connection) -> bool: ...
    def knows(self, peer: PeerId) -> bool: ...
    async def payloads_received(self, connection: Connection, payloads: list[Payload]) -> None: ...
    async def bulk_opened(self, connection: Connection, bulk: Bulk) -> None: ...
    async def session_ended(self, connection: Connection) -> None: ...
    def notice(self, text: str, hint: str = "") -> None: ...


class Sessions:
    """Every connection of this process. One session serves both directions, whoever dialled it.

    The initiator speaks first, and its first payload says what the connection is for: a Profile for
    messages, a Bulk for one transfer (protocol.md, Sessions).
    """

    def __init__(self, identity: LocalIdentity, tasks: Tasks, owner: SessionOwner):
        self._identity = identity
        self._tasks = tasks
        self._owner = owner
        self._notice = Seldom(owner.notice)
        self._connections: set[Connection] = set()
        self._by_peer: dict[PeerId, list[Connection]] = {}
        self._admission = Admission()
        self._wanted: dict[PeerId, asyncio.Future[Connection]] = {}

    def live(self, peer: PeerId) -> Connection | None:
        """The open message session to use; one that reaches the peer's listener is the better one."""
        open_ones = [each for each in self._by_peer.get(peer, ()) if not each.closed]
        newest_first = reversed(open_ones)  # an older one may have been left behind at a former address
        return next((each for each in newest_first if each.peer_port), open_ones[-1] if open_ones else None)

    def open_with(self, peer: PeerId) -> list[Connection]:
        return [each for each in self._by_peer.get(peer, ()) if not each.closed]

    def reaches_listener(self, peer: PeerId) -> bool:
        """Whether some open session is with the peer's listener, and not with a command that visits."""
        return any(each.peer_port for each in self._by_peer.get(peer, ()) if not each.closed)

    def peers(self) -> set[PeerId]:
        return {peer for peer in self._by_peer if self.live(peer) is not None}

    async def to(self, peer: PeerId) -> Connection:
        """The message session with `peer`, dialled if there is none. Raises UnreachableError.

        If the peer dials us meanwhile, that is the one: our own attempt may be up against a firewall.
        """
        if (connection := self.live(peer)) is not None:
            return connection
        wanted = self._wanted.get(peer)
        if wanted is None:
            wanted = self._wanted[peer] = asyncio.get_running_loop().create_future()
            self._tasks.start(self._dial_for_messages(peer, wanted))
        # Shielded: one who stops waiting must not hang up on the others.
        return await asyncio.shield(wanted)

    async def meet(self, peer: PeerId) -> None:
        """For its profile, which comes with a session; not to get it is nobody's loss."""
        with contextlib.suppress(UnreachableError):
            await self.to(peer)

    async def open(
        self, addresses: Sequence[Address], expected: PeerId | None, *, bulk: bool = False
    ) -> Connection:
        """A new session with whoever is at one of these addresses. Raises UnreachableError."""
        sock, remote = await dial(addresses, self._owner.source_for)
        now = steady_clock()
        session = Session.initiator(self._identity, expected=expected, entropy=Entropy(os.urandom), now=now)
        connection = self._start(sock, session, remote, "bulk" if bulk else "messages")
        async with asyncio.timeout(HANDSHAKE_TIMEOUT_S + 1):
            await connection.established.wait()
        if connection.peer is None:
            raise UnreachableError(f"{remote}: {connection.close_reason or 'it hung up'}")
        return connection

    def accept(self, sock: socket.socket, remote: Address) -> None:
        """A connection came in: let it prove itself, unless too many are at that already."""
        if not self._may_begin(remote.host):
            sock.close()
            return
        session = Session.responder(self._identity, entropy=Entropy(os.urandom), now=steady_clock())
        self._start(sock, session, remote, "").is_incoming = True

    def _may_begin(self, host: str) -> bool:
        """Limits for strangers; where somebody we know has proven its key, there is a share for it."""
        at, is_known = network_of(host), self._admission.is_known
        # Any key can be proven: that alone is no reason to spend our time on whoever is there.
        begun = [each.remote.host for each in self._connections if each.peer is None or not each.purpose]
        same = sum(each == host if is_known(host) else network_of(each) == at for each in begun)
        elsewhere = sum(not is_known(each) for each in begun)
        if same >= UNAUTHENTICATED_PER_ADDRESS_MAX:
            return False
        if elsewhere >= UNAUTHENTICATED_CONNECTIONS_MAX and not is_known(host):
            return False
        return self._admission.admit(host, steady_clock())

    def expect(self, addresses: Sequence[Address]) -> None:
        """Somebody known was at these the last time."""
        for each in addresses:
            self._admission.remember(each.host)

    def tell_all(self, payload: Payload) -> None:
        """For everyone on the line; those who are not hear it at their next session."""
        for peer in self.peers():
            if (connection := self.live(peer)) is not None:
                connection.send(payload)

    def ask_if_alive(self, peer: PeerId) -> None:
        for connection in self._by_peer.get(peer, ()):
            connection.ask_if_alive()

    def network_changed(self, ours: Collection[str], *, is_better: bool) -> None:
        """A session needs one of `ours` at its end; `is_better`: there may be a way that works better."""
        for connection in self._connections:
            if connection.is_lost(ours):
                connection.abort()
            elif is_better:
                connection.ask_if_alive()

    def close_peer(self, peer: PeerId, code: CloseCode) -> None:
        for connection in self._connections:
            if connection.peer == peer:
                connection.close(code)

    def close_listener(self, peer: PeerId, code: CloseCode) -> None:
        """Only what ends with the peer's listener: a command of the same home may still be talking to us."""
        for connection in self._by_peer.get(peer, ()):
            if connection.peer_port:
                connection.close(code)

    async def sweep(self, keep: Callable[[PeerId], bool]) -> None:
        """Run for ever: close sessions that nobody used for long."""
        while True:
            await asyncio.sleep(SWEEP_INTERVAL_S)
            idle_since = steady_clock() - IDLE_SESSION_S
            for peer, connection in self._least_missed():
                if connection.last_used < idle_since and not keep(peer):
                    connection.close(CloseCode.IDLE)

    def _least_missed(self) -> list[tuple[PeerId, Connection]]:
        """Open message sessions in the order in which they go: strangers first, of each kind the idlest."""
        lines = [(peer, each) for peer, group in self._by_peer.items() for each in group if not each.closed]
        return sorted(lines, key=lambda line: (self._owner.knows(line[0]), line[1].last_used))

    def _make_room(self, newcomer: Connection) -> None:
        """Once it is among them: too many in all, or too many strangers of its host."""
        lines, host = self._least_missed(), network_of(newcomer.remote.host)
        crowd = [
            each
            for peer, each in lines
            if not self._owner.knows(peer) and network_of(each.remote.host) == host
        ]
        spare = [each for _, each in lines[: max(0, len(lines) - SESSIONS_MAX)]]
        for each in {*spare, *crowd[: max(0, len(crowd) - NEW_PEERS_SESSIONS_PER_HOST_MAX)]}:
            each.close(CloseCode.IDLE)

    async def close(self) -> None:
        """Say goodbye on every session, and wait a moment for the words to leave."""
        connections = list(self._connections)
        for connection in connections:
            connection.close(CloseCode.BYE)
        try:
            async with asyncio.timeout(GOODBYE_S):
                for connection in connections:
                    await connection.ended.wait()
        except TimeoutError:
            for connection in connections:
                connection.abort()

    def dispose(self) -> None:
        """Once no task is left: close the sockets of connections whose task was ended before it began."""
        for connection in self._connections:
            connection.dispose()

    async def _dial_for_messages(self, peer: PeerId, wanted: "asyncio.Future[Connection]") -> None:
        try:
            connection = await self.open(self._owner.addresses_of(peer), peer)
            if not wanted.done():
                wanted.set_result(connection)
        except (UnreachableError, TimeoutError) as error:
            if not wanted.done():
                wanted.set_exception(UnreachableError(str(error) or "no answer"))
                wanted.exception()  # looked at, also when nobody waits for it any more
        finally:
            wanted.cancel()
            del self._wanted[peer]

    def _start(self, sock: socket.socket, session: Session, remote: Address, purpose: str) -> Connection:
        connection = Connection(sock, session, remote, self._on_events)
        connection.purpose = purpose
        self._connections.add(connection)
        self._tasks.start(self._run(connection))
        return connection

    async def _run(self, connection: Connection) -> None:
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            self._remove(connection)
        if connection.peer is None and connection.is_incoming:
            self._admission.failed(connection.remote.host, steady_clock())
        if connection.purpose == "messages" and connection.peer is not None:
            await self._owner.session_ended(connection)

    async def _on_events(self, connection: Connection, events: list[SessionEvent]) -> None:
        """What goes wrong with what a peer said ends this session; the peer says it again in the next one."""
        try:
            await self._take(connection, events)
        except ConnectionError:
            pass  # it ended while it was being answered
        except LanmsgError as error:
            self._notice(f"a session was ended: {error}", error.hint)
            connection.close(CloseCode.INTERNAL)
        except Exception as error:  # noqa: BLE001 - whatever a peer finds to trip us up must not end the node
            context = {"message": "what a peer said could not be handled", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
            connection.close(CloseCode.INTERNAL)

    async def _take(self, connection: Connection, events: list[SessionEvent]) -> None:
        payloads: list[Payload] = []
        for event in events:
            if isinstance(event, SessionEstablished):
                if not await self._owner.may_talk(connection):
                    connection.close(CloseCode.BLOCKED)
                    return
                if self._owner.knows(event.peer):
                    (self._admission.proved if connection.is_incoming else self._admission.remember)(
                        connection.remote.host
                    )
                self._on_established(connection, event)
            elif isinstance(event, PayloadReceived):
                if connection.purpose:
                    payloads.append(event.payload)
                else:
                    await self._on_first(connection, event.payload)
        if payloads:
            connection.last_used = steady_clock()
            await self._owner.payloads_received(connection, payloads)

    def _on_established(self, connection: Connection, event: SessionEstablished) -> None:
        connection.public_key = event.public_key
        if connection.purpose == "messages":
            self._open_for_messages(connection)
        elif not connection.purpose:
            asyncio.get_running_loop().call_later(HANDSHAKE_TIMEOUT_S, _close_if_silent, connection)

    async def _on_first(self, connection: Connection, payload: Payload) -> None:
        if isinstance(payload, Profile):
            connection.purpose = "messages"
            self._open_for_messages(connection)
            await self._owner.payloads_received(connection, [payload])
        elif isinstance(payload, Bulk):
            connection.purpose = "bulk"
            await self._owner.bulk_opened(connection, payload)
        else:
            connection.close(CloseCode.PROTOCOL)

    def _open_for_messages(self, connection: Connection) -> None:
        if connection.peer is None or connection.closed:
            return
        group = self._by_peer.setdefault(connection.peer, [])
        if sum(not each.closed for each in group) >= MESSAGE_SESSIONS_PER_PEER_MAX:
            connection.close(CloseCode.DUPLICATE)
            return
        group.append(connection)
        connection.send(self._owner.own_profile())
        self._make_room(connection)
        if (wanted := self._wanted.get(connection.peer)) is not None and not wanted.done():
            wanted.set_result(connection)

    def _remove(self, connection: Connection) -> None:
        if connection.peer is not None and connection in (group := self._by_peer.get(connection.peer, [])):
            group.remove(connection)
            if not group:
                del self._by_peer[connection.peer]


def _close_if_silent(connection: Connection) -> None:
    """Whoever proves a key and then says nothing would hold its socket for 90 s."""
    if not connection.purpose:
        connection.close(CloseCode.IDLE)
