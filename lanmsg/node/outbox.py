"""Delivery: rows that wait, sent in order to whoever is there, done when the peer has them on disk."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Protocol

from lanmsg.model import ConversationKind, Delivery, MessageId, PeerId, Trust
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.connection import Connection
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.disk import Disk
from lanmsg.node.sessions import Sessions
from lanmsg.node.tasks import Tasks
from lanmsg.node.trouble import Trouble
from lanmsg.protocol.errors import LocalProtocolError
from lanmsg.protocol.payload import CloseCode, RefusedCode
from lanmsg.protocol.payload import Message as MessagePayload
from lanmsg.storage.errors import StorageError
from lanmsg.storage.outbox import Pending
from lanmsg.storage.store import Store

BATCH = 100
"""Messages sent before their acknowledgements are awaited: the peer stores a batch with one sync."""

ACK_TIMEOUT_S = 30.0
"""A peer that takes bytes and acknowledges nothing for so long gets a new session."""

DOUBT_AFTER_S = 5.0
"""Then the session is asked whether it lives: its other end may have changed its address, without a word."""

RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses between attempts at a peer that is announced and cannot be reached."""

NO_ROOM = "no space over there: tried again later"

TRY_LATER = {
    RefusedCode.BUSY: "the other side is busy: tried again later",
    RefusedCode.FULL: NO_ROOM,
}
NEVER = {
    RefusedCode.BLOCKED: "the other side does not take messages from you",
    RefusedCode.UNKNOWN: "the other side's program does not know messages",
}
"""Our words for a peer's codes: its own could be made to look like ours."""


class PutOffError(Exception):
    """The peer takes nothing for now; the message says why."""


class Reachability(Protocol):
    def is_present(self, peer: PeerId) -> bool: ...
    def trust_of(self, peer: PeerId) -> Trust: ...


class Outbox:
    """One courier for each peer that has messages waiting. `owner` is this process's lease name.

    `drains_all`: this process is the listener, and so also delivers what nobody else is delivering.
    """

    def __init__(self, disk: Disk, sessions: Sessions, roster: Reachability, tasks: Tasks, owner: bytes):
        self._disk = disk
        self._sessions = sessions
        self._roster = roster
        self._tasks = tasks
        self._owner = owner
        self.drains_all = False
        self._wake = asyncio.Event()
        self._couriers: set[PeerId] = set()
        self._not_before: dict[PeerId, float] = {}
        self._attempts: dict[PeerId, int] = {}
        self._awaited: dict[tuple[PeerId, MessageId], int] = {}
        self._progress: dict[PeerId, asyncio.Event] = {}
        self._put_off: dict[PeerId, str] = {}

    def wake(self, peer: PeerId | None = None) -> None:
        """Something changed: a row, or `peer` is reachable now, so that its pause is over."""
        if peer is not None:
            self._not_before.pop(peer, None)
        self._wake.set()

    def appeared(self, peer: PeerId) -> None:
        """It was away: what failed before says nothing about now."""
        self._attempts.pop(peer, None)
        self.wake(peer)

    async def run(self, trouble: Trouble) -> None:
        """For ever. Raises StorageError for a store that will not be well again."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            waiting = await trouble.outlast(lambda: self._disk.read(self._waiting_peers))
            now = steady_clock()
            for peer in waiting:
                if peer not in self._couriers and self._may_try(peer, now):
                    self._couriers.add(peer)
                    self._tasks.start(self._serve(peer))

    def _waiting_peers(self, store: Store) -> list[PeerId]:
        now = wall_clock()
        return store.history.waiting_peers(
            owner=self._owner,
            now=now,
            only_own=not self.drains_all,
            listener_lives=store.presence.is_live(now),
        )

    async def acknowledged(self, peer: PeerId, ids: Sequence[MessageId]) -> None:
        """The peer has these on its disk. An id that we never sent to it changes nothing."""
        await self._settle(peer, ids, Delivery.DELIVERED, "")

    async def refused(self, peer: PeerId, message_id: MessageId, code: str) -> None:
        if (reason := _words_for(TRY_LATER, code)) is not None:
            self._put_off[peer] = reason
            await self._settle(peer, [message_id], Delivery.QUEUED, reason)
        else:
            reason = _words_for(NEVER, code) or "refused by the other side"
            await self._settle(peer, [message_id], Delivery.FAILED, reason)

    def _may_try(self, peer: PeerId, now: float) -> bool:
        reachable = self._sessions.live(peer) is not None or self._roster.is_present(peer)
        wanted = self._roster.trust_of(peer) not in {Trust.BLOCKED, Trust.CHANGED}
        return reachable and wanted and self._not_before.get(peer, 0.0) <= now

    async def _serve(self, peer: PeerId) -> None:
        try:
            while self._may_try(peer, steady_clock()) and (rows := await self._waiting(peer)):
                connection = await self._sessions.to(peer)
                try:
                    await self._deliver(connection, peer, rows)
                except ConnectionError:
                    if not connection.is_unwelcome:
                        raise
                    await self._give_up(peer)
                self._attempts.pop(peer, None)
        except UnreachableError as error:
            if not await self._handed_over(peer, str(error)):
                await self._postpone(peer, str(error))
        except (ConnectionError, TimeoutError, PutOffError, StorageError) as error:
            await self._postpone(peer, str(error) or "the connection broke")
        finally:
            self._couriers.discard(peer)
            self._wake.set()

    async def _handed_over(self, peer: PeerId, reason: str) -> bool:
        """A dialer cannot reach the peer: the home's listener may have a session that goes the other way."""
        if self.drains_all:
            return False

        def give(store: Store) -> bool:
            now = wall_clock()
            if is_live := store.presence.is_live(now):
                store.history.hand_over(peer, self._owner, reason=reason, now=now)
            return is_live

        with contextlib.suppress(StorageError):  # a full disk: it stays ours
            return await self._disk.write(give)
        return False

    async def _waiting(self, peer: PeerId) -> list[Pending]:
        def look(store: Store) -> list[Pending]:
            now = wall_clock()
            return store.history.outbox(
                owner=self._owner,
                now=now,
                peer=peer,
                limit=BATCH,
                only_own=not self.drains_all,
                listener_lives=store.presence.is_live(now),
            )

        return await self._disk.read(look)

    async def _deliver(self, connection: Connection, peer: PeerId, rows: Sequence[Pending]) -> None:
        progress = self._progress[peer] = asyncio.Event()
        connection.on_end.append(progress.set)
        awaited = {(peer, row.message.id): row.message.number for row in rows}
        self._awaited.update(awaited)
        self._put_off.pop(peer, None)
        try:
            await self._send_all(connection, peer, rows)
            while not self._awaited.keys().isdisjoint(awaited):
                if connection.closed:
                    raise ConnectionError("the connection broke")
                progress.clear()
                doubt = asyncio.get_running_loop().call_later(DOUBT_AFTER_S, connection.ask_if_alive)
                try:
                    async with asyncio.timeout(ACK_TIMEOUT_S):
                        await progress.wait()
                finally:
                    doubt.cancel()
        except TimeoutError:
            connection.close(CloseCode.INTERNAL)
            raise ConnectionError("the other side took it and did not answer") from None
        finally:
            connection.on_end.remove(progress.set)
            for key in awaited:
                self._awaited.pop(key, None)
        if (reason := self._put_off.pop(peer, None)) is not None:
            raise PutOffError(reason)

    async def _send_all(self, connection: Connection, peer: PeerId, rows: Sequence[Pending]) -> None:
        """But for what was taken back a moment ago. What is sent is marked first: it cannot be any more."""
        try:
            taken_back = await self._disk.write(
                lambda store: store.history.mark_sent(
                    [row.message.number for row in rows], peer, wall_clock()
                )
            )
        except StorageError:  # a full disk here is no reason why the peer should not have them
            for row in rows:
                await self._send(connection, row)
            raise
        for row in rows:
            if row.message.number in taken_back:
                self._awaited.pop((peer, row.message.id), None)
            else:
                await self._send(connection, row)

    async def _send(self, connection: Connection, row: Pending) -> None:
        try:
            connection.send(_payload(row))
        except LocalProtocolError as error:
            # Written by another program, or before a rule was made: it must not hold up the others.
            await self._settle(row.peer, [row.message.id], Delivery.FAILED, f"it cannot be sent: {error}")
        await connection.room()

    async def _settle(self, peer: PeerId, ids: Sequence[MessageId], state: Delivery, reason: str) -> None:
        numbers = [self._awaited.pop((peer, each), None) for each in ids]
        known = [number for number in numbers if number is not None]
        strays = [each for each, number in zip(ids, numbers, strict=True) if number is None]
        await self._disk.write(
            lambda store: store.history.set_deliveries(
                [(number, peer) for number in known]
                + [(sent.number, peer) for each in strays if (sent := store.history.find(each, None))],
                state,
                now=wall_clock(),
                reason=reason,
            )
        )
        if (progress := self._progress.get(peer)) is not None:
            progress.set()

    async def _give_up(self, peer: PeerId) -> None:
        """Its person has blocked us. Whoever does not believe it says retry."""
        while rows := await self._waiting(peer):
            await self._move(peer, rows, Delivery.FAILED, NEVER[RefusedCode.BLOCKED])

    async def _postpone(self, peer: PeerId, reason: str) -> None:
        """Say on each row why it still waits, and try again after a pause."""
        attempt = self._attempts.get(peer, 0)
        self._attempts[peer] = attempt + 1
        pause = RETRY_S[min(attempt, len(RETRY_S) - 1)]
        self._not_before[peer] = steady_clock() + pause
        asyncio.get_running_loop().call_later(pause + 0.01, self._wake.set)
        with contextlib.suppress(StorageError):  # a full disk; that they wait is true all the same
            await self._move(peer, await self._waiting(peer), Delivery.QUEUED, reason)

    async def _move(self, peer: PeerId, rows: Sequence[Pending], state: Delivery, reason: str) -> None:
        moves = [(row.message.number, peer) for row in rows]
        await self._disk.write(
            lambda store: store.history.set_deliveries(moves, state, now=wall_clock(), reason=reason)
        )


def _words_for(words: Mapping[RefusedCode, str], code: str) -> str | None:
    return words.get(RefusedCode(code)) if code in set(RefusedCode) else None


def _payload(row: Pending) -> MessagePayload:
    message = row.message
    everyone = message.conversation.kind is ConversationKind.EVERYONE
    return MessagePayload(
        id=message.id,
        to="everyone" if everyone else "private",
        text=message.text,
        time=int(message.sent_at * 1000),
        reply=message.reply_to,
    )
