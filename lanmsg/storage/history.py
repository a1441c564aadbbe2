"""What was said: messages in the order of their numbers, conversations with what is unread and drafted.

Exactly once: a message is known by its sender and id, and the first one with that pair stays.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from lanmsg.model import Conversation, Message, MessageId, PeerId
from lanmsg.storage.database import Transaction
from lanmsg.storage.errors import StorageError
from lanmsg.storage.messages import OURS, SELECT_MESSAGES, conversation_of, message_of, read_message
from lanmsg.storage.outbox import Outbox, Pending
from lanmsg.storage.search import text_condition

__all__ = ["ConversationSummary", "History", "Incoming", "Pending"]

NUMBER_MAX = 2**63 - 1
"""SQLite's largest row number."""


class Incoming(Struct, frozen=True):
    """A message from a peer, not yet in the history."""

    sender: PeerId
    message_id: MessageId
    conversation: Conversation
    text: str
    sent_at: float
    reply_to: MessageId | None = None


class ConversationSummary(Struct, frozen=True):
    """A line of the list of conversations. `first_unread` is a message's number."""

    conversation: Conversation
    last: Message | None
    unread: int
    first_unread: int | None
    draft: str


class History(Outbox):
    def add_outgoing(
        self,
        conversation: Conversation,
        text: str,
        recipients: Sequence[PeerId],
        *,
        message_id: MessageId,
        now: float,
        reply_to: MessageId | None = None,
        lease_owner: bytes | None = None,
        lease_until: float = 0.0,
    ) -> Message:
        """A message of ours, queued for each recipient, on the disk when it returns."""
        with self._database.transaction() as write:
            ours = Incoming(PeerId(OURS), message_id, conversation, text, now, reply_to)
            number = _insert(write, ours, now)
            if number is None:
                raise StorageError("a message with that id is in the history already", code="exists")
            states = self._add_deliveries(write, number, recipients, now, (lease_owner, lease_until))
        return Message(number, message_id, conversation, None, text, now, now, reply_to, states)

    def add_incoming(
        self,
        sender: PeerId,
        message_id: MessageId,
        conversation: Conversation,
        text: str,
        *,
        sent_at: float,
        now: float,
        reply_to: MessageId | None = None,
    ) -> Message | None:
        """A peer's message, on the disk when it returns. None: it was there already."""
        received = Incoming(sender, message_id, conversation, text, sent_at, reply_to)
        return self.add_incoming_many([received], now=now)[0]

    def add_incoming_many(self, received: Iterable[Incoming], *, now: float) -> list[Message | None]:
        """The same for many, with one commit: what a disk is slow at."""
        with self._database.transaction() as write:
            return [_insert_incoming(write, message, now) for message in received]

    def get(self, number: int) -> Message | None:
        with self._database.snapshot():
            return read_message(self._database, number)

    def find(self, message_id: MessageId, sender: PeerId | None) -> Message | None:
        """`sender` None: one of ours."""
        found = self._select("WHERE m.id = :id AND m.sender = :sender", id=message_id, sender=sender or OURS)
        return found[0] if found else None

    def messages(
        self,
        conversation: Conversation | None,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 100,
        since: float | None = None,
    ) -> list[Message]:
        """Oldest first: the first `limit` behind number `after`, or else the last `limit` before `before`.

        `since`: only from the first one on that was stored at that time or later. None: all conversations.
        """
        where = ["TRUE"]
        if conversation is not None:
            where.append(_OF_CONVERSATION)
        if before is not None:
            where.append("m.number < :before")
        if after is not None:
            where.append("m.number > :after")
        if since is not None:
            where.append(_SINCE)
        order = "ASC" if after is not None else "DESC"
        found = self._select(
            f"WHERE {' AND '.join(where)} ORDER BY m.number {order} LIMIT :limit",
            **_conversation_values(conversation),
            before=before,
            after=after,
            since=since,
            limit=limit,
        )
        return found if after is not None else found[::-1]

    def search(
        self,
        text: str,
        *,
        conversation: Conversation | None = None,
        limit: int = 50,
        before: int | None = None,
        after: int | None = None,
    ) -> list[Message]:
        """The last `limit` messages that hold `text` in any case, oldest first.

        `before` and `after` are numbers: a window of a long history, so that others get their turn.
        """
        condition, values = text_condition(text)
        where = [condition]
        if after is not None:
            where.append("m.number > :after")
        if conversation is not None:
            where.append(_OF_CONVERSATION)
        if before is not None:
            where.append("m.number < :before")
        found = self._select(
            f"WHERE {' AND '.join(where)} ORDER BY m.number DESC LIMIT :limit",
            **_conversation_values(conversation),
            **values,
            before=before,
            after=after,
            limit=limit,
        )
        return found[::-1]

    def conversations(self) -> list[ConversationSummary]:
        """The one with the latest message first."""
        with self._database.snapshot():
            rows = self._database.all(
                "SELECT key, kind, peer, last_number, read_up_to, draft FROM conversations"
                " WHERE last_number > 0 OR draft <> ''"
                " ORDER BY last_number DESC, key"
            )
            return [self._summary(row) for row in rows]

    def unread(self, conversation: Conversation) -> int:
        row = self._database.one(
            "SELECT key, read_up_to FROM conversations WHERE kind = :kind AND peer = :peer",
            _conversation_values(conversation),
        )
        return self._unread(*row)[0] if row else 0

    def unread_from(self, sender: PeerId) -> int:
        """What this peer wrote that nobody has seen, to us alone or to everyone."""
        row = self._database.one(
            "SELECT count(*) FROM conversations c JOIN messages m INDEXED BY messages_received"
            " ON m.conversation = c.key AND m.sender <> x'' AND m.number > c.read_up_to"
            " WHERE m.sender = :sender"
            " AND ((c.kind = 'private' AND c.peer = :sender) OR (c.kind = 'everyone' AND c.peer = x''))",
            {"sender": sender},
        )
        return int(row[0]) if row else 0

    def mark_read(self, conversation: Conversation, number: int, now: float) -> None:
        """Everything up to `number` was seen; never goes back."""
        del now  # the contract's: kept for a read marker with a time
        self._change(conversation, "read_up_to", "read_up_to < :value", number)

    def read_mark(self, conversation: Conversation, until: int) -> tuple[int, int, int | None]:
        """The number up to which it was read; of those up to `until` how many are unread, and the first."""
        row = self._database.one(
            "SELECT key, read_up_to FROM conversations WHERE kind = :kind AND peer = :peer",
            _conversation_values(conversation),
        )
        if row is None:
            return 0, 0, None
        key, read_up_to = row
        return (int(read_up_to), *self._unread(key, read_up_to, until))

    def set_draft(self, conversation: Conversation, text: str) -> None:
        self._change(conversation, "draft", "draft <> :value", text)

    def draft(self, conversation: Conversation) -> str:
        row = self._database.one(
            "SELECT draft FROM conversations WHERE kind = :kind AND peer = :peer",
            _conversation_values(conversation),
        )
        return str(row[0]) if row else ""

    def changed_messages(self, revision: int) -> list[Message]:
        """Every message that is new or whose delivery moved after `revision`."""
        return self._select(
            "WHERE m.number IN (SELECT number FROM messages WHERE revision > :revision"
            " UNION SELECT message FROM deliveries WHERE revision > :revision) ORDER BY m.number",
            revision=revision,
        )

    def changed_conversations(self, revision: int) -> list[Conversation]:
        """Those whose draft or read mark moved after `revision`."""
        rows = self._database.all("SELECT kind, peer FROM conversations WHERE revision > ?", (revision,))
        return [conversation_of(kind, peer) for kind, peer in rows]

    def _select(self, rest: str, **values: object) -> list[Message]:
        with self._database.snapshot():
            rows = self._database.all(SELECT_MESSAGES + rest, values)
            return [message_of(self._database, row) for row in rows]

    def _summary(self, row: tuple[Any, ...]) -> ConversationSummary:
        key, kind, peer, last_number, read_up_to, draft = row
        unread, first = self._unread(key, read_up_to)
        last = read_message(self._database, last_number)
        return ConversationSummary(conversation_of(kind, peer), last, unread, first, draft)

    def _unread(self, key: int, read_up_to: int, until: int = NUMBER_MAX) -> tuple[int, int | None]:
        row = self._database.one(
            "SELECT count(*), min(number) FROM messages INDEXED BY messages_received"
            " WHERE conversation = ? AND sender <> x'' AND number > ? AND number <= ?",
            (key, read_up_to, until),
        )
        return row if row is not None else (0, None)

    def _change(self, conversation: Conversation, column: str, condition: str, value: str | int) -> None:
        """Draft or read mark; a power cut may undo the last ones, which is cheaper than a sync for each."""
        with self._database.transaction(durable=False) as write:
            key = _conversation_key(write, conversation)
            values = {"key": key, "value": value}
            if write.one(f"SELECT 1 FROM conversations WHERE key = :key AND {condition}", values):  # noqa: S608
                write.run(
                    f"UPDATE conversations SET {column} = :value, revision = :revision WHERE key = :key",  # noqa: S608
                    values | {"revision": write.revision()},
                )


_OF_CONVERSATION = "m.conversation = (SELECT key FROM conversations WHERE kind = :kind AND peer = :peer)"
_SINCE = (
    "m.number >= (SELECT number FROM messages WHERE stored_at >= :since ORDER BY stored_at, number LIMIT 1)"
)


def _conversation_values(conversation: Conversation | None) -> dict[str, Any]:
    if conversation is None:
        return {}
    return {"kind": conversation.kind.value, "peer": conversation.peer or b""}


def _conversation_key(write: Transaction, conversation: Conversation) -> int:
    values = _conversation_values(conversation)
    write.run("INSERT INTO conversations (kind, peer) VALUES (:kind, :peer) ON CONFLICT DO NOTHING", values)
    row = write.one("SELECT key FROM conversations WHERE kind = :kind AND peer = :peer", values)
    return int(row[0]) if row else 0


def _insert_incoming(write: Transaction, received: Incoming, now: float) -> Message | None:
    if not received.sender:
        raise StorageError("a received message needs its sender", code="invalid")
    number = _insert(write, received, now)
    if number is None:
        return None
    return Message(
        number=number,
        id=received.message_id,
        conversation=received.conversation,
        sender=received.sender,
        text=received.text,
        sent_at=received.sent_at,
        stored_at=now,
        reply_to=received.reply_to,
    )


def _insert(write: Transaction, message: Incoming, now: float) -> int | None:
    known = (message.message_id, message.sender)
    if write.one("SELECT 1 FROM messages WHERE id = ? AND sender = ?", known):
        return None
    key = _conversation_key(write, message.conversation)
    number = write.insert(
        "INSERT INTO messages (id, sender, conversation, text, sent_at, stored_at, reply_to, revision)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*known, key, message.text, message.sent_at, now, message.reply_to, write.revision()),
    )
    write.run("UPDATE conversations SET last_number = ? WHERE key = ?", (number, key))
    return number
