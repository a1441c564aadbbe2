"""Rows of the history as values: what the readers of storage/history and storage/outbox share."""

from typing import Any

from lanmsg.model import (
    Conversation,
    ConversationKind,
    Delivery,
    Message,
    MessageId,
    PeerId,
    Recipient,
)
from lanmsg.storage.database import Database

OURS = b""
"""Sender of what we wrote ourselves, in the table."""

# CROSS JOIN: SQLite keeps this order, so that the messages' order (by number) needs no sorting.
SELECT_MESSAGES = (
    "SELECT m.number, m.id, c.kind, c.peer, m.sender, m.text, m.sent_at, m.stored_at, m.reply_to"
    " FROM messages m CROSS JOIN conversations c ON c.key = m.conversation "
)


def conversation_of(kind: str, peer: bytes) -> Conversation:
    return Conversation(ConversationKind(kind), PeerId(peer) if peer else None)


def read_message(database: Database, number: int) -> Message | None:
    row = database.one(SELECT_MESSAGES + "WHERE m.number = ?", (number,))
    return message_of(database, row) if row else None


def message_of(database: Database, row: tuple[Any, ...]) -> Message:
    number, identifier, kind, peer, sender, text, sent_at, stored_at, reply_to = row
    return Message(
        number=number,
        id=MessageId(identifier),
        conversation=conversation_of(kind, peer),
        sender=PeerId(sender) if sender else None,
        text=text,
        sent_at=sent_at,
        stored_at=stored_at,
        reply_to=MessageId(reply_to) if reply_to else None,
        recipients=() if sender else _recipients(database, number),
    )


def _recipients(database: Database, number: int) -> tuple[Recipient, ...]:
    rows = database.all(
        "SELECT peer, state, reason FROM deliveries WHERE message = ? ORDER BY peer", (number,)
    )
    return tuple(Recipient(PeerId(peer), Delivery(state), reason) for peer, state, reason in rows)
