"""What peers say in a session: stored first, acknowledged after the commit, shown by way of the store."""

from collections.abc import Awaitable, Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

from lanmsg.model import EVERYONE, Conversation, MessageId, Peer, PeerId, Status
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.connection import Connection
from lanmsg.node.disk import Disk
from lanmsg.node.outbox import Outbox
from lanmsg.node.transfers import TransferDesk
from lanmsg.node.trouble import Seldom
from lanmsg.protocol import payload as wire
from lanmsg.protocol.admission import StrangerTalk
from lanmsg.protocol.constants import NEW_PEER_STORED_MESSAGES_MAX
from lanmsg.protocol.turns import Turns
from lanmsg.storage.errors import StorageError
from lanmsg.storage.history import Incoming
from lanmsg.storage.store import Store


class Host(Protocol):
    """Who is told: the node."""

    def notice(self, text: str, hint: str = "") -> None: ...
    def met(self, peer: Peer) -> None: ...
    def knows(self, peer: PeerId) -> bool: ...


class Inbox:
    """Sorts payloads. Messages of one read are one transaction, so a flood costs one sync a batch."""

    def __init__(self, disk: Disk, outbox: Outbox, desk: TransferDesk, host: Host):
        self._disk = disk
        self._outbox = outbox
        self._desk = desk
        self._host = host
        self._notice = Seldom(host.notice)
        desk.offers.notice = self._notice
        self._strangers = StrangerTalk()
        self._turns = WeakKeyDictionary[Connection, Turns]()

    async def receive(self, connection: Connection, peer: PeerId, payloads: Sequence[wire.Payload]) -> None:
        messages = [each for each in payloads if isinstance(each, wire.Message)]
        acks = [MessageId(each.id) for each in payloads if isinstance(each, wire.Ack) and not each.of]
        if messages:
            await self._store(connection, peer, messages)
        if acks:
            await self._outbox.acknowledged(peer, acks)
            await self._desk.offers_acknowledged(peer, acks)
        for each in payloads:
            if (step := self._other(connection, peer, each)) is not None:
                await step

    def _other(self, connection: Connection, peer: PeerId, payload: wire.Payload) -> Awaitable[None] | None:
        match payload:
            case wire.Profile():
                return self._profile(connection, peer, payload)
            case wire.Refused():
                return self._refused(peer, payload)
            case (
                wire.Offer() | wire.Accept() | wire.Decline() | wire.Cancel() | wire.Callback() | wire.Done()
            ):
                return self._desk.offers.receive(connection, peer, payload)
            case wire.Failed() | wire.Pause() | wire.Resume():
                return self._desk.offers.receive(connection, peer, payload)
            case wire.Ack() if payload.of:
                return self._desk.telling.acknowledged(peer, payload)
            case _:
                return None  # messages and acks were taken together; the rest belongs to bulk connections

    async def _store(self, connection: Connection, peer: PeerId, messages: Sequence[wire.Message]) -> None:
        messages = await self._bearable(connection, peer, await self._unknown(connection, peer, messages))
        if not messages:
            return
        now = wall_clock()
        incoming = [
            Incoming(
                sender=peer,
                message_id=MessageId(each.id),
                conversation=EVERYONE if each.to == "everyone" else Conversation.with_peer(peer),
                text=each.text,
                sent_at=each.time / 1000,
                reply_to=None if each.reply is None else MessageId(each.reply),
            )
            for each in messages
        ]
        try:
            await self._disk.write(lambda store: store.history.add_incoming_many(incoming, now=now))
        except StorageError as error:
            self._notice(f"messages cannot be stored: {error}", error.hint)
            for each in messages:
                self._put_off(connection, each, wire.RefusedCode.FULL)
            return
        for each in messages:
            connection.answer(wire.Ack(id=each.id))

    async def _unknown(
        self, connection: Connection, peer: PeerId, messages: Sequence[wire.Message]
    ) -> Sequence[wire.Message]:
        """Those that are not in the history; when some have to wait, those that are need not."""
        if connection not in self._turns:
            return messages  # storing tells them apart, at no cost

        def known(store: Store) -> set[bytes]:
            return {each.id for each in messages if store.history.find(MessageId(each.id), peer)}

        there = await self._disk.read(known)
        for each in messages:
            if each.id in there:
                connection.answer(wire.Ack(id=each.id))
        return [each for each in messages if each.id not in there]

    async def _bearable(
        self, connection: Connection, peer: PeerId, messages: Sequence[wire.Message]
    ) -> Sequence[wire.Message]:
        """What may be stored now, in its turn; of a stranger what the limits leave. A word about the rest."""
        is_known, host = self._host.knows(peer), connection.remote.host
        unread = 0 if is_known else await self._disk.read(lambda store: store.history.unread_from(peer))
        taken: list[wire.Message] = []
        for each in messages:
            if (code := self._held_up(connection, each)) is not None:
                self._put_off(connection, each, code)
            elif not is_known and unread + len(taken) >= NEW_PEER_STORED_MESSAGES_MAX:
                self._put_off(connection, each, wire.RefusedCode.FULL)
            elif not is_known and not self._strangers.may_say(peer, host, steady_clock()):
                self._put_off(connection, each, wire.RefusedCode.BUSY)
            elif not is_known and not self._strangers.may_fill(host, len(each.text.encode()), steady_clock()):
                self._put_off(connection, each, wire.RefusedCode.FULL)
            else:
                taken.append(each)
        return taken

    def _held_up(self, connection: Connection, message: wire.Message) -> wire.RefusedCode | None:
        turns = self._turns.get(connection)
        return None if turns is None else turns.held_up(message.id, steady_clock())

    def _put_off(self, connection: Connection, message: wire.Message, code: wire.RefusedCode) -> None:
        self._turns.setdefault(connection, Turns()).put_off(message.id, code, steady_clock())
        connection.answer(wire.Refused(id=message.id, code=code))

    async def _profile(self, connection: Connection, peer: PeerId, profile: wire.Profile) -> None:
        connection.peer_port = profile.port
        address = connection.peer_address

        def note(store: Store) -> Peer:
            known = store.peers.get(peer)
            if address is None and known is not None and known.proven:
                # A command of that home visits: who its listener is, how and where, is for that one to say.
                name, status, remark, addresses = known.nickname, known.status, known.note, known.addresses
            else:
                name, status, remark = profile.name, _status(profile), profile.note
                addresses = (address,) if address else ()
            met = store.peers.saw(
                peer,
                nickname=name,
                status=status,
                note=remark,
                addresses=addresses,
                now=wall_clock(),
                public_key=connection.public_key,
                proven=True,
            )
            store.peers.raise_version(peer, connection.session.version)
            return met

        try:
            met = await self._disk.write(note)
        except StorageError as error:
            # The session goes on: what it brings is refused with the reason, and what we have to say is said.
            self._notice(f"who is there cannot be noted: {error}", error.hint)
            known = await self._disk.read(lambda store: store.peers.get(peer))
            met = Peer(peer, profile.name) if known is None else known
        self._host.met(met)
        connection.introduced.set()

    async def _refused(self, peer: PeerId, refused: wire.Refused) -> None:
        if refused.id is not None:
            await self._outbox.refused(peer, MessageId(refused.id), refused.code)
            await self._desk.offer_refused(peer, refused.id, refused.code)


def _status(profile: wire.Profile) -> Status:
    return Status(profile.status) if profile.status in set(Status) else Status.AVAILABLE
