"""Messages: sent, delivered, looked up, taken back; and what a person is still writing."""

import asyncio
import os
from collections.abc import Mapping

from lanmsg.model import (
    EVERYONE,
    Conversation,
    Delivery,
    LanmsgError,
    Message,
    MessageId,
    Peer,
    PeerId,
)
from lanmsg.node.clock import wall_clock
from lanmsg.node.door import UNSAFE, Door
from lanmsg.node.own_words import check_text
from lanmsg.node.retention import forget
from lanmsg.node.transfers import LEASE_S
from lanmsg.protocol.constants import MESSAGE_ID_BYTES
from lanmsg.storage.forgetting import Extent, Forgotten
from lanmsg.storage.history import ConversationSummary
from lanmsg.storage.store import Store

WAITING = frozenset({Delivery.QUEUED, Delivery.SENT})


class Messages(Door):
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
        lease = (None, 0.0) if self._engine.listening else (self._engine.owner, now + LEASE_S)

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

    async def history(
        self, conversation: Conversation | None, *, before: int | None = None, limit: int = 100
    ) -> list[Message]:
        """The last `limit` messages (before that number), oldest first; None: of all conversations."""
        return await self.read(lambda store: store.history.messages(conversation, before=before, limit=limit))

    async def conversations(self) -> list[ConversationSummary]:
        return await self.read(lambda store: store.history.conversations())

    async def search(self, text: str, conversation: Conversation | None = None) -> list[Message]:
        """The latest ones; it takes a second in a history of a million, and holds up nothing."""
        return await self._engine.disk.search(
            lambda store: store.history.search(text, conversation=conversation)
        )

    async def delete_message(self, number: int) -> None:
        """Out of this home only. Raises LanmsgError: not_found, failed (it still waits: cancel it first)."""
        if not await self._write(lambda store: store.forgetting.forget_message(number)):
            raise LanmsgError("there is no such message", code="not_found")

    async def delete_conversation(
        self, conversation: Conversation | None, *, before: float | None = None
    ) -> Forgotten:
        """All that was said in it, before a time or ever, out of this home only; files that were saved stay.

        What still waits in the outbox stays, and is counted. None: all conversations.
        """
        return await forget(self._engine.disk, Extent(conversation, before))

    async def outbox(self, *, failed: bool = False) -> list[Message]:
        """Ours that have not reached everybody they are for; `failed`: also what never will."""
        return await self.read(lambda store: store.history.waiting_messages(failed=failed))

    async def mark_read(self, conversation: Conversation, number: int) -> None:
        await self._write(lambda store: store.history.mark_read(conversation, number, wall_clock()))

    async def set_draft(self, conversation: Conversation, text: str) -> None:
        await self._write(lambda store: store.history.set_draft(conversation, text))

    async def set_slots(self, slots: Mapping[PeerId, int]) -> None:
        """Numbers under which a screen of this home opens people with one key."""
        await self._write(lambda store: store.slots.put(slots))

    def _recipients(self, conversation: Conversation) -> list[Peer]:
        if conversation == EVERYONE:
            everyone = [peer for peer in self._engine.roster.present() if peer.trust not in UNSAFE]
            if not everyone:
                raise LanmsgError("nobody is here", code="not_found", hint="lanmsg doctor says why")
            return everyone
        if conversation.peer is None:
            raise LanmsgError("a private message needs a peer", code="usage")
        return [self._safe_peer(conversation.peer)]
