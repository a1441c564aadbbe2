"""What a screen or a script can ask of a running node: people, messages, files, and the stream of events."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from lanmsg.config import Settings
from lanmsg.model import (
    EVERYONE,
    Address,
    Conversation,
    Delivery,
    Direction,
    Interface,
    LanmsgError,
    Message,
    MessageId,
    Peer,
    PeerId,
    Status,
    Transfer,
    TransferId,
    TransferState,
    Trust,
)
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.directory import Directory
from lanmsg.node.engine import Engine
from lanmsg.node.file_source import scan, sources_of
from lanmsg.node.identity import home_identity
from lanmsg.node.own_words import absolute, check_size, check_text, checked_name, checked_note, make_folder
from lanmsg.node.subscriptions import Subscription
from lanmsg.node.tasks import Tasks, plainest
from lanmsg.node.transfers import LEASE_S
from lanmsg.protocol.constants import MESSAGE_ID_BYTES
from lanmsg.storage.history import ConversationSummary
from lanmsg.storage.store import Store

T = TypeVar("T")

UNSAFE = {
    Trust.CHANGED: ("key_changed", "{name} has a new key: nothing was sent"),
    Trust.BLOCKED: ("blocked", "{name} is blocked"),
}
WAITING = frozenset({Delivery.QUEUED, Delivery.SENT})


class Node:
    """Use it inside `lanmsg.api.open_node`. Errors for people are LanmsgError, each with its code."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._directory = Directory(engine)
        # Made before the start: whatever comes in meanwhile is for the first who asks for events.
        self._first_events: Subscription | None = engine.subscriptions.new()
        self.started_at = wall_clock()

    @classmethod
    @asynccontextmanager
    async def running(cls, settings: Settings, *, listen: bool) -> AsyncIterator["Node"]:
        """Started on entry, and stopped with a goodbye to everybody on exit. Raises LanmsgError."""
        identity = await asyncio.to_thread(home_identity, settings.home)
        store = await asyncio.to_thread(Store.open, settings.home)
        try:
            async with asyncio.TaskGroup() as group:
                engine = Engine(settings, identity, store, Tasks(group))
                try:
                    node = cls(engine)
                    await engine.start(listen=listen)
                    if store.notice:
                        engine.notice(store.notice)
                    yield node
                finally:
                    await engine.stop()
        except BaseExceptionGroup as group:
            raise plainest(group) from None

    # Who we are --------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        return self._engine.settings

    @property
    def id(self) -> PeerId:
        return self._engine.me

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def status(self) -> Status:
        return self._engine.status

    @property
    def note(self) -> str:
        return self._engine.note

    @property
    def listening(self) -> bool:
        return self._engine.listening

    @property
    def tcp(self) -> tuple[Address, ...]:
        """Where this process takes connections; empty for a dialer."""
        listener = self._engine.air.listener
        return () if listener is None else listener.addresses

    @property
    def udp_port(self) -> int:
        return self.settings.port

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        return self._engine.air.interfaces

    async def set_name(self, name: str) -> None:
        """For this run; `lanmsg config set name` makes it last."""
        self._engine.name = checked_name(name)
        self._tell_profile()

    async def set_status(self, status: Status, note: str = "") -> None:
        self._engine.status, self._engine.note = status, checked_note(note)
        self._tell_profile()

    def _tell_profile(self) -> None:
        engine = self._engine
        engine.air.discovery.set_profile(engine.name, engine.status, steady_clock())
        engine.air.flush()
        engine.sessions.tell_all(engine.own_profile())

    # Events and reading ------------------------------------------------------------------------------------

    def events(self) -> Subscription:
        """Every NodeEvent from now on, for the first caller from the start; it ends when the node stops."""
        first, self._first_events = self._first_events, None
        return first or self._engine.subscriptions.new()

    async def read(self, work: Callable[[Store], T]) -> T:
        """Run `work` on the store, in the storage thread."""
        return await self._engine.disk.read(work)

    async def history(
        self, conversation: Conversation | None, *, before: int | None = None, limit: int = 100
    ) -> list[Message]:
        """The last `limit` messages (before that number), oldest first; None: of all conversations."""
        return await self.read(lambda store: store.history.messages(conversation, before=before, limit=limit))

    async def conversations(self) -> list[ConversationSummary]:
        return await self.read(lambda store: store.history.conversations())

    async def search(self, text: str, conversation: Conversation | None = None) -> list[Message]:
        return await self.read(lambda store: store.history.search(text, conversation=conversation))

    async def transfers(self, *, open_only: bool = False) -> list[Transfer]:
        return await self.read(lambda store: store.transfers.list(open_only=open_only))

    async def mark_read(self, conversation: Conversation, number: int) -> None:
        await self._write(lambda store: store.history.mark_read(conversation, number, wall_clock()))

    async def set_draft(self, conversation: Conversation, text: str) -> None:
        await self._write(lambda store: store.history.set_draft(conversation, text))

    # People ------------------------------------------------------------------------------------------------

    def peers(self, *, absent: bool = False) -> list[Peer]:
        """Who is here, by name; `absent`: also whom this home knows."""
        return self._engine.roster.all() if absent else self._engine.roster.present()

    def peer(self, peer_id: PeerId) -> Peer | None:
        return self._engine.roster.get(peer_id)

    async def find(self, who: str, *, wait: float = 0.0, dial: bool = True) -> Peer:
        """The peer meant by a name, name~HEX, fingerprint prefix or address, as soon as it is here.

        After `wait` seconds a known but absent one is returned as such, and an address is dialled if `dial`.
        Raises LanmsgError: not_found, ambiguous (with candidates), key_changed.
        """
        return await self._directory.find(who, wait, dial=dial)

    async def connect(self, host: str, port: int = 0) -> Peer:
        """Open a session with whoever is at that address. Raises LanmsgError (network): nobody answers."""
        return await self._directory.connect(host, port)

    async def set_trust(self, peer_id: PeerId, trust: Trust) -> Peer:
        """Pinning a key that goes by a pinned name puts it in the place of the old one."""
        known = self.peer(peer_id)
        before = self._engine.roster.pinned_namesake(known) if known is not None else None
        if known is not None and before is not None and trust is Trust.PINNED:
            return await self._write(
                lambda store: store.peers.succeed(before, peer_id, nickname=known.nickname, now=wall_clock())
            )
        if known is not None:
            await self._write(
                lambda store: store.peers.pin(peer_id, nickname=known.nickname, now=wall_clock())
            )
        return await self._write(lambda store: store.peers.set_trust(peer_id, trust, wall_clock()))

    async def rename(self, peer_id: PeerId, petname: str) -> Peer:
        return await self._write(lambda store: store.peers.rename(peer_id, petname, wall_clock()))

    # Messages ----------------------------------------------------------------------------------------------

    async def send_text(
        self, conversation: Conversation, text: str, *, reply_to: MessageId | None = None
    ) -> Message:
        """Store a message as queued, and have it delivered; the first one to somebody pins the key.

        Raises LanmsgError: key_changed, blocked, usage (empty, or over 32 KiB), not_found (nobody here).
        """
        check_text(text)
        recipients = self._recipients(conversation)
        message_id = MessageId(os.urandom(MESSAGE_ID_BYTES))
        now = wall_clock()
        lease = (None, 0.0) if self.listening else (self._engine.owner, now + LEASE_S)

        def store_it(store: Store) -> Message:
            if conversation.peer is not None:
                store.peers.pin(recipients[0].id, nickname=recipients[0].nickname, now=now)
            return store.history.add_outgoing(
                conversation,
                text,
                [peer.id for peer in recipients],
                message_id=message_id,
                now=now,
                reply_to=reply_to,
                lease_owner=lease[0],
                lease_until=lease[1],
            )

        message = await self._write(store_it)
        absent = [peer.id for peer in recipients if not self._engine.roster.is_present(peer.id)]
        if absent:
            await self._write(
                lambda store: store.history.set_deliveries(
                    [(message.number, peer) for peer in absent], Delivery.QUEUED, reason="not here", now=now
                )
            )
        return message

    async def delivered(self, message: Message, *, timeout: float) -> Message:
        """Wait until no recipient is queued or sent, or `timeout` seconds; the message as it is then."""
        events = self.events()
        latest = await self.read(lambda store: store.history.get(message.number)) or message
        try:
            async with asyncio.timeout(timeout):
                while any(recipient.state in WAITING for recipient in latest.recipients):
                    event = await anext(events)
                    changed = getattr(event, "message", None)
                    if changed is not None and changed.number == message.number:
                        latest = changed
        except (TimeoutError, StopAsyncIteration):
            pass  # the caller reads the state
        finally:
            self._engine.subscriptions.drop(events)
        return latest

    async def retry(self, number: int) -> None:
        """Queue a failed message again."""
        await self._write(lambda store: store.history.retry(number, wall_clock()))

    async def cancel_message(self, number: int) -> None:
        """Take back what is still queued."""
        await self._write(lambda store: store.history.cancel(number, wall_clock()))

    def _recipients(self, conversation: Conversation) -> list[Peer]:
        if conversation == EVERYONE:
            everyone = [peer for peer in self.peers() if peer.trust not in UNSAFE]
            if not everyone:
                raise LanmsgError("nobody is here", code="not_found", hint="lanmsg peers shows who is")
            return everyone
        if conversation.peer is None:
            raise LanmsgError("a private message needs a peer", code="usage")
        return [self._safe_peer(conversation.peer)]

    def _safe_peer(self, peer_id: PeerId) -> Peer:
        peer = self.peer(peer_id) or Peer(peer_id, "")
        if peer.trust in UNSAFE:
            code, sentence = UNSAFE[peer.trust]
            raise LanmsgError(sentence.format(name=peer.name), code=code, hint="lanmsg help security")
        return peer

    # Files -------------------------------------------------------------------------------------------------

    async def offer(
        self,
        peer_id: PeerId,
        paths: Sequence[Path],
        *,
        text: str = "",
        stdin: BinaryIO | None = None,
        stdin_name: str = "",
        limit: int | None = None,
    ) -> Transfer:
        """Offer files and folders, or a stream, at most `limit` bytes a second once it runs.

        Raises LanmsgError: unreadable when nothing can be sent.
        """
        check_size(text)
        peer = self._safe_peer(peer_id)
        sources = await asyncio.to_thread(sources_of, paths, stream=stdin, stream_name=stdin_name)
        listing = await asyncio.to_thread(scan, sources)
        if not listing.files:
            why = "; ".join(f"{path}: {reason}" for path, reason in listing.left_out.listed[:3])
            raise LanmsgError(f"nothing can be sent: {why or 'no files'}", code="unreadable")
        now = wall_clock()
        transfer_id = TransferId(os.urandom(MESSAGE_ID_BYTES))

        def store_it(store: Store) -> Transfer | None:
            store.peers.pin(peer_id, nickname=peer.nickname, now=now)
            return store.transfers.add(
                id=transfer_id,
                direction=Direction.OUT,
                peer=peer_id,
                files=listing.files,
                count=listing.count,
                total=listing.total,
                text=text,
                paths=[str(absolute(path)) for path in paths],
                expires_at=0.0,
                now=now,
                state=TransferState.QUEUED,
                lease_owner=self._engine.owner,
                lease_until=now + LEASE_S,
            )

        transfer = await self._write(store_it)
        if transfer is None:
            raise LanmsgError("the same offer exists already")
        if stdin is not None:
            self._engine.desk.runs.streams[transfer.number] = stdin
        if limit is not None:
            self._engine.desk.runs.limits[transfer.number] = limit
        self._engine.desk.adopt(transfer.number)
        return transfer

    async def accept(self, number: int, *, destination: Path | None = None, pin: bool = True) -> Transfer:
        """Take what was offered; from a peer met for the first time this pins its key.

        `pin` is False when a rule like "from anyone" says yes, and no person decided about this peer.
        """
        transfer = await self.read(lambda store: store.transfers.get(number))
        where = absolute(destination) if destination is not None else None
        await asyncio.to_thread(make_folder, where or self.settings.downloads)
        if transfer is not None:
            peer = self._safe_peer(transfer.peer)
            if pin:
                await self._write(
                    lambda store: store.peers.pin(peer.id, nickname=peer.nickname, now=wall_clock())
                )
        return await self._engine.desk.decide(number, TransferState.ACCEPTED, destination=where)

    async def decline(self, number: int, reason: str = "") -> Transfer:
        return await self._engine.desk.decide(number, TransferState.DECLINED, reason=reason)

    async def cancel(self, number: int) -> Transfer:
        """Withdraw an offer, or stop a transfer, of either direction."""
        return await self._engine.desk.decide(number, TransferState.CANCELLED, reason="")

    async def retry_transfer(self, number: int) -> Transfer:
        moved = await self._engine.desk.retry(number)
        self._engine.desk.adopt(number)
        return moved

    async def transfer_ended(self, number: int, *, timeout: float | None) -> Transfer:
        """Wait for a final state, or for `timeout` seconds; the transfer as it is then."""
        events = self.events()
        latest = await self.read(lambda store: store.transfers.get(number))
        if latest is None:
            raise LanmsgError(f"there is no transfer {number}", code="not_found")
        try:
            async with asyncio.timeout(timeout):
                while not latest.state.is_final:
                    event = await anext(events)
                    changed = getattr(event, "transfer", None)
                    if changed is not None and changed.number == number:
                        latest = changed
        except (TimeoutError, StopAsyncIteration):
            pass  # the caller reads the state
        finally:
            self._engine.subscriptions.drop(events)
        return latest

    async def _write(self, work: Callable[[Store], T]) -> T:
        result = await self._engine.disk.write(work)
        self._engine.wake()
        return result
