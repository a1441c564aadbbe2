"""Schemas: from nothing, from each earlier one, and from one that this program does not know."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanmsg.model import OfferedFile, TransferState, Trust
from lanmsg.storage.database import Database
from lanmsg.storage.errors import StorageError
from lanmsg.storage.home import DATABASE_FILE
from lanmsg.storage.migrations import (
    APPLICATION_ID,
    MIGRATIONS,
    Migration,
    check_known,
    migrate,
    schema_version,
)
from lanmsg.storage.store import Store
from tests.storage.people import BEN, NOW, WITH_BEN, message_id


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    yield opened
    opened.close()


def schema(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}


def add_mood(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE peers ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'")


def break_down(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE half_made (x)")
    raise sqlite3.OperationalError("no more")


@pytest.mark.parametrize("taken", range(len(MIGRATIONS) + 1))
def test_every_earlier_schema_becomes_the_latest(connection: sqlite3.Connection, taken: int) -> None:
    migrate(connection, MIGRATIONS[:taken])
    assert schema_version(connection) == taken
    migrate(connection)
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    migrate(fresh)
    assert schema(connection) == schema(fresh)
    assert schema_version(connection) == len(MIGRATIONS)
    fresh.close()


ROWS = f"""
    INSERT INTO conversations (key, kind, peer, last_number, draft)
        VALUES (1, 'private', x'{BEN.hex()}', 2, 'half');
    INSERT INTO messages (id, sender, conversation, text, sent_at, stored_at, revision)
        VALUES (x'{"01" * 16}', x'{BEN.hex()}', 1, 'theirs', 1.0, 2.0, 1),
        (x'{"02" * 16}', x'', 1, 'ours', 1.0, 2.0, 2);
    INSERT INTO deliveries (message, peer, state, reason, updated_at, revision)
        VALUES (2, x'{BEN.hex()}', 'queued', 'not here', 2.0, 2);
    INSERT INTO peers (id, nickname, petname, trust, proven, first_seen, last_seen, revision)
        VALUES (x'{BEN.hex()}', 'ben', 'Ben', 'verified', 1, 1.0, 2.0, 3);
    INSERT INTO transfers (id, direction, peer, state, files, count, total, text, paths, destination,
        created_at, updated_at, expires_at, revision) VALUES (x'{"03" * 16}', 'in', x'{BEN.hex()}', 'offered',
        '[["a.txt", 12, false]]', 1, 12, 'look', '[]', '""', 1.0, 2.0, 3.0, 4);
    UPDATE state SET value = 4 WHERE name = 'revision'
"""  # noqa: S608


@pytest.mark.parametrize("taken", range(1, len(MIGRATIONS) + 1))
def test_what_an_earlier_program_kept_is_there_in_the_latest(home: Path, taken: int) -> None:
    home.mkdir(mode=0o700)
    old = sqlite3.connect(home / DATABASE_FILE, isolation_level=None)
    migrate(old, MIGRATIONS[:taken])
    old.executescript(ROWS)
    old.close()
    store = Store.open(home)
    assert [each.text for each in store.history.messages(WITH_BEN)] == ["theirs", "ours"]
    assert [each.message.text for each in store.history.outbox(owner=b"us", now=NOW)] == ["ours"]
    assert store.history.draft(WITH_BEN) == "half"
    ben, offer = store.peers.get(BEN), store.transfers.get(1)
    assert ben is not None
    assert (ben.name, ben.trust, ben.verified_at) == ("Ben", Trust.VERIFIED, 0.0)
    assert offer is not None
    assert (offer.files, offer.state) == ((OfferedFile("a.txt", 12),), TransferState.OFFERED)
    store.history.add_outgoing(WITH_BEN, "more", [BEN], message_id=message_id(), now=NOW)
    store.close()


def test_the_file_says_whose_it_is(connection: sqlite3.Connection) -> None:
    migrate(connection)
    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID


def test_one_more_step_is_one_more_function_and_keeps_the_rows(connection: sqlite3.Connection) -> None:
    migrate(connection)
    connection.execute(
        "INSERT INTO peers (id, nickname, first_seen, last_seen, revision) VALUES (x'00', 'ben', 0, 0, 0)"
    )
    migrate(connection, [*MIGRATIONS, add_mood])
    assert connection.execute("SELECT nickname, mood FROM peers").fetchall() == [("ben", "calm")]
    assert schema_version(connection) == len(MIGRATIONS) + 1


def test_a_step_that_fails_takes_all_of_them_back(connection: sqlite3.Connection) -> None:
    migrate(connection)
    before = schema(connection)
    steps: list[Migration] = [*MIGRATIONS, add_mood, break_down]
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, steps)
    assert schema(connection) == before
    assert schema_version(connection) == len(MIGRATIONS)
    assert not connection.in_transaction


def test_a_newer_store_is_refused_and_left_as_it_is(home: Path) -> None:
    Database.open(home).close()
    path = home / DATABASE_FILE
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="newer lanmsg") as caught:
        Database.open(home)
    assert caught.value.code == "store"
    assert "update" in caught.value.hint
    assert path.read_bytes() == before
    assert not list(home.glob("*damaged*"))


def test_another_programs_database_is_refused_and_left_as_it_is(home: Path) -> None:
    home.mkdir(mode=0o700)
    path = home / DATABASE_FILE
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="another program"):
        Database.open(home)
    assert path.read_bytes() == before


def test_a_known_schema_is_no_news(connection: sqlite3.Connection) -> None:
    check_known(connection)
    migrate(connection)
    check_known(connection)
