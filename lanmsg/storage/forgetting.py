"""Deleting what was said and sent, on this computer: one message, a conversation, everything before a date.

What still waits to reach somebody stays: it is taken back by its own command, never by the way.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from lanmsg.model import Conversation
from lanmsg.storage.database import Database, Transaction
from lanmsg.storage.errors import StorageError
from lanmsg.storage.outbox import WAITING
from lanmsg.storage.transfers import TELL_WITHIN_SECONDS, UNTOLD

BATCH = 1000
"""Rows deleted in one transaction: others get their turn between two, a few milliseconds later."""


class Extent(Struct, frozen=True):
    """What is to be forgotten: of one conversation or of all (None), before a time or at any (None)."""

    conversation: Conversation | None = None
    before: float | None = None

    @property
    def values(self) -> dict[str, Any]:
        conversation = self.conversation
        return {
            "kind": conversation.kind.value if conversation else None,
            "peer": (conversation.peer or b"") if conversation else b"",
            "before": self.before,
        }


class Forgotten(Struct, frozen=True):
    """How many messages and finished transfers, and how many messages stay because they still wait."""

    messages: int = 0
    transfers: int = 0
    waiting: int = 0


class Forgetting:
    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, extent: Extent, now: float) -> Forgotten:
        """What forget() would delete, and what it would keep."""
        values = extent.values | {"since": now - TELL_WITHIN_SECONDS}
        with self._database.snapshot():
            messages, waiting, transfers = (
                int((self._database.one(f"SELECT count(*) FROM {what}", values) or (0,))[0])  # noqa: S608
                for what in (
                    f"messages m WHERE {_WITHIN} AND NOT {_WAITS}",
                    f"messages m WHERE {_WITHIN} AND {_WAITS}",
                    f"transfers WHERE {_FINISHED}",
                )
            )
        return Forgotten(messages, transfers, waiting)

    def forget(self, extent: Extent, now: float) -> Forgotten:
        """Deletes it all; how much that was."""
        *_, gone = self.steps(extent, now)
        return gone

    def steps(self, extent: Extent, now: float) -> Iterator[Forgotten]:
        """The same in short transactions, one for each step: how much is gone after it."""
        messages, after, count = 0, 0, BATCH
        while count == BATCH:
            count, after = self._forget_messages(extent, after)
            messages += count
            yield Forgotten(messages)
        yield Forgotten(messages, self._forget_rest(extent, now), self.count(extent, now).waiting)

    def _forget_messages(self, extent: Extent, after: int) -> tuple[int, int]:
        """One batch behind number `after`: how many, and where the next one begins."""
        with self._database.transaction() as write:
            rows = write.all(
                f"SELECT m.number, m.conversation FROM messages m WHERE m.number > :after AND {_WITHIN}"  # noqa: S608
                f" AND NOT {_WAITS} ORDER BY m.number LIMIT {BATCH}",
                extent.values | {"after": after},
            )
            for number, _ in rows:
                write.run("DELETE FROM messages WHERE number = ?", (number,))
            for key in {key for _, key in rows}:
                _find_last(write, key)
        return len(rows), rows[-1][0] if rows else after

    def _forget_rest(self, extent: Extent, now: float) -> int:
        """Finished transfers, and the draft of what is forgotten as a whole; then nothing is left of it on
        the disk that SQLite can reach.
        """
        values = extent.values | {"since": now - TELL_WITHIN_SECONDS}
        with self._database.transaction() as write:
            transfers = write.run(f"DELETE FROM transfers WHERE {_FINISHED}", values)  # noqa: S608
            if extent.before is None:
                write.run(
                    "UPDATE conversations SET draft = '', revision = :revision WHERE draft <> ''"
                    " AND (:kind IS NULL OR (kind = :kind AND peer = :peer))",
                    extent.values | {"revision": write.revision()},
                )
        self._database.wipe()
        return transfers

    def forget_message(self, number: int) -> bool:
        """With its deliveries; False: there is no such message. Raises StorageError when it still waits."""
        with self._database.transaction() as write:
            row = write.one(
                f"SELECT m.conversation, {_WAITS} FROM messages m WHERE m.number = ?",  # noqa: S608
                (number,),
            )
            if row is None:
                return False
            if row[1]:
                raise StorageError(
                    "this message still waits to be delivered", code="failed", hint="cancel it first"
                )
            write.run("DELETE FROM messages WHERE number = ?", (number,))
            _find_last(write, row[0])
        self._database.wipe()
        return True

    def note_rule(self, words: str) -> bool:
        """Which rule deletes from now on; False when that is the one that did so far."""
        with self._database.transaction() as write:
            if write.one("SELECT 1 FROM state WHERE name = 'keeps' AND value = ?", (words,)):
                return False
            write.run("INSERT OR REPLACE INTO state VALUES ('keeps', ?)", (words,))
        return True


_WITHIN = (
    "(:kind IS NULL OR m.conversation = (SELECT key FROM conversations WHERE kind = :kind AND peer = :peer))"
    " AND (:before IS NULL OR m.stored_at < :before)"
)
_WAITS = f"EXISTS (SELECT 1 FROM deliveries d WHERE d.message = m.number AND {WAITING})"  # noqa: S608
_FINISHED = (
    "state IN ('done', 'declined', 'cancelled', 'expired', 'failed')"
    " AND (:kind IS NULL OR (:kind = 'private' AND peer = :peer))"
    " AND (:before IS NULL OR updated_at < :before)"
    f" AND NOT ({UNTOLD} AND updated_at > :since)"
)
"""What a peer has still to be told of is not finished."""


def _find_last(write: Transaction, key: int) -> None:
    """After a deletion: which message is the latest now, and news for the other screens of the home."""
    write.run(
        "UPDATE conversations SET revision = ?, last_number ="
        " (SELECT coalesce(max(number), 0) FROM messages WHERE conversation = conversations.key)"
        " WHERE key = ?",
        (write.revision(), key),
    )
