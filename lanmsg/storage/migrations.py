"""The schema, as the ordered steps that lead to it; PRAGMA user_version counts the steps taken.

A step is never edited once it was released: a change of the schema is one more function at the end.
Every row that a screen shows carries `revision`, taken from one counter in the same transaction.
"""

import sqlite3
from collections.abc import Callable, Sequence

from lanmsg.storage.errors import StorageError

APPLICATION_ID = 0x4C4D5347
"""`LMSG`, in the file's header, so that `file` and we can tell it from another program's database."""

Migration = Callable[[sqlite3.Connection], None]


def _statements(connection: sqlite3.Connection, script: str) -> None:
    """executescript() would commit first, and a half-made schema would stay behind a crash."""
    for statement in script.split(";"):
        if statement.strip():
            connection.execute(statement)


def _first(connection: sqlite3.Connection) -> None:
    # sender is x'' for what we wrote ourselves: UNIQUE would let NULLs through.
    # by_conversation ends, like every index, in the row's number, so it orders a conversation as well.
    _statements(
        connection,
        """
        CREATE TABLE state (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
        INSERT INTO state VALUES ('revision', 0), ('presence_revision', 0), ('heartbeat', 0.0);

        CREATE TABLE conversations (
            key INTEGER PRIMARY KEY, kind TEXT NOT NULL, peer BLOB NOT NULL,
            last_number INTEGER NOT NULL DEFAULT 0, read_up_to INTEGER NOT NULL DEFAULT 0,
            draft TEXT NOT NULL DEFAULT '', revision INTEGER NOT NULL DEFAULT 0,
            UNIQUE (kind, peer));

        CREATE TABLE messages (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL, sender BLOB NOT NULL,
            conversation INTEGER NOT NULL REFERENCES conversations, text TEXT NOT NULL,
            sent_at REAL NOT NULL, stored_at REAL NOT NULL, reply_to BLOB, revision INTEGER NOT NULL,
            UNIQUE (id, sender));
        CREATE INDEX messages_by_conversation ON messages (conversation);
        CREATE INDEX messages_received ON messages (conversation) WHERE sender <> x'';
        CREATE INDEX messages_by_time ON messages (stored_at);
        CREATE INDEX messages_by_revision ON messages (revision);

        CREATE TABLE deliveries (
            message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE, peer BLOB NOT NULL,
            state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,
            updated_at REAL NOT NULL, lease_owner BLOB, lease_until REAL NOT NULL DEFAULT 0,
            revision INTEGER NOT NULL, PRIMARY KEY (message, peer)) WITHOUT ROWID;
        CREATE INDEX deliveries_waiting ON deliveries (message) WHERE state IN ('queued', 'sent');
        CREATE INDEX deliveries_waiting_of_peer ON deliveries (peer, message)
            WHERE state IN ('queued', 'sent');
        CREATE INDEX deliveries_leased ON deliveries (lease_owner) WHERE lease_owner IS NOT NULL;
        CREATE INDEX deliveries_by_revision ON deliveries (revision);

        CREATE TABLE peers (
            id BLOB PRIMARY KEY, nickname TEXT NOT NULL, petname TEXT NOT NULL DEFAULT '',
            trust TEXT NOT NULL DEFAULT 'new', proven INTEGER NOT NULL DEFAULT 0,
            status INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '',
            addresses TEXT NOT NULL DEFAULT '[]', public_key BLOB, version INTEGER NOT NULL DEFAULT 0,
            first_seen REAL NOT NULL, last_seen REAL NOT NULL, revision INTEGER NOT NULL);
        CREATE INDEX peers_by_revision ON peers (revision);
        CREATE INDEX peers_strangers ON peers (last_seen) WHERE trust = 'new' AND petname = '';

        CREATE TABLE presence (
            id BLOB PRIMARY KEY, nickname TEXT NOT NULL, status INTEGER NOT NULL, note TEXT NOT NULL,
            addresses TEXT NOT NULL, since REAL NOT NULL, seen REAL NOT NULL);

        CREATE TABLE transfers (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL, direction TEXT NOT NULL,
            peer BLOB NOT NULL, state TEXT NOT NULL, files TEXT NOT NULL, count INTEGER NOT NULL,
            total INTEGER, text TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0,
            reason TEXT NOT NULL DEFAULT '', code TEXT NOT NULL DEFAULT '', paths TEXT NOT NULL,
            destination TEXT NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL,
            expires_at REAL NOT NULL, told TEXT NOT NULL DEFAULT '', lease_owner BLOB,
            lease_until REAL NOT NULL DEFAULT 0, revision INTEGER NOT NULL,
            UNIQUE (id, peer, direction));
        CREATE INDEX transfers_open ON transfers (number)
            WHERE state IN ('queued', 'offered', 'accepted', 'running', 'paused');
        CREATE INDEX transfers_untold ON transfers (updated_at)
            WHERE state IN ('declined', 'cancelled', 'expired') AND told <> state;
        CREATE INDEX transfers_leased ON transfers (lease_owner) WHERE lease_owner IS NOT NULL;
        CREATE INDEX transfers_by_revision ON transfers (revision)
        """,
    )
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _verification_rules_networks(connection: sqlite3.Connection) -> None:
    # file_rule '': whatever the listener does with everybody. file_rule_max: bytes, NULL for no limit.
    _statements(
        connection,
        """
        ALTER TABLE peers ADD COLUMN verified_at REAL NOT NULL DEFAULT 0;
        ALTER TABLE peers ADD COLUMN file_rule TEXT NOT NULL DEFAULT '';
        ALTER TABLE peers ADD COLUMN file_rule_max INTEGER;
        ALTER TABLE peers ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE verification_attempts (peer BLOB NOT NULL, at REAL NOT NULL);
        CREATE INDEX verification_attempts_of_peer ON verification_attempts (peer, at);

        DROP INDEX transfers_untold;
        CREATE INDEX transfers_untold ON transfers (updated_at)
            WHERE state IN ('declined', 'cancelled', 'expired', 'failed') AND told <> state;

        CREATE TABLE networks (
            key TEXT PRIMARY KEY, trusted INTEGER NOT NULL, first_seen REAL NOT NULL,
            last_seen REAL NOT NULL) WITHOUT ROWID
        """,
    )


def _live_verifications(connection: sqlite3.Connection) -> None:
    # One comparison of words a peer, the latest: where the processes of a home meet over it.
    _statements(
        connection,
        """
        CREATE TABLE verifications (
            peer BLOB PRIMARY KEY, stage TEXT NOT NULL, ours INTEGER NOT NULL, words TEXT NOT NULL,
            wish TEXT NOT NULL, reason TEXT NOT NULL, until REAL NOT NULL, revision INTEGER NOT NULL)
        """,
    )


def _keys_of_before(connection: sqlite3.Connection) -> None:
    # trust_before, verified_before: what unblock gives back. replaced: another key was given its place.
    _statements(
        connection,
        """
        ALTER TABLE peers ADD COLUMN trust_before TEXT NOT NULL DEFAULT 'new';
        ALTER TABLE peers ADD COLUMN verified_before REAL NOT NULL DEFAULT 0;
        ALTER TABLE peers ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0
        """,
    )


MIGRATIONS: tuple[Migration, ...] = (
    _first,
    _verification_rules_networks,
    _live_verifications,
    _keys_of_before,
)


def schema_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_known(connection: sqlite3.Connection, steps: Sequence[Migration] = MIGRATIONS) -> None:
    """Raises StorageError for a store that this program must not touch. Writes nothing."""
    version = schema_version(connection)
    if version > len(steps):
        raise StorageError(
            f"the store was written by a newer lanmsg (schema {version}, this one knows {len(steps)})",
            hint="update lanmsg, or use another home with --home",
        )
    if version == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise StorageError(
            "the store is another program's database",
            hint="move the file away, or use another home with --home",
        )


def migrate(connection: sqlite3.Connection, steps: Sequence[Migration] = MIGRATIONS) -> None:
    """Takes the steps that are missing, all or none of them; harmless when two processes do it at once."""
    if schema_version(connection) == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[schema_version(connection) :]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
