"""What a damaged store still gives."""

import sqlite3
from pathlib import Path

import pytest

from lanmsg.model import PeerId, Trust
from lanmsg.storage.home import DATABASE_FILE
from lanmsg.storage.migrations import migrate
from lanmsg.storage.salvage import salvage_peers
from lanmsg.storage.store import Store
from tests.storage.people import BEN, CLEO, NOW, WITH_BEN, message_id

PAGE = 4096


def fill(home: Path) -> None:
    store = Store.open(home)
    with store.database.transaction():
        store.peers.pin(BEN, nickname="ben", now=NOW)
        store.peers.rename(BEN, "Benjamin", NOW)
        store.peers.set_trust(CLEO, Trust.BLOCKED, NOW)
        for number in range(300):
            store.history.add_incoming(BEN, message_id(), WITH_BEN, "x" * 400, sent_at=NOW, now=NOW + number)
    store.close()


def damage_messages(path: Path) -> None:
    """Overwrites the pages of the history, not those of the peers."""
    connection = sqlite3.connect(path)
    pages = connection.execute("SELECT pageno FROM dbstat WHERE name = 'messages'").fetchall()
    connection.close()
    with path.open("r+b") as file:
        for (page,) in pages:
            file.seek((page - 1) * PAGE)
            file.write(b"\xff" * PAGE)


def test_who_is_trusted_survives_a_damaged_history(home: Path) -> None:
    fill(home)
    damage_messages(home / DATABASE_FILE)
    (home / f"{DATABASE_FILE}.suspect").touch()
    store = Store.open(home)
    assert "2 known peers" in store.notice
    ben = store.peers.get(BEN)
    assert ben is not None
    assert (ben.name, ben.trust) == ("Benjamin", Trust.PINNED)
    cleo = store.peers.get(CLEO)
    assert cleo is not None
    assert cleo.trust is Trust.BLOCKED
    assert store.history.messages(None) == []
    store.close()
    assert len(list(home.glob(f"{DATABASE_FILE}.damaged-*Z"))) == 1


def test_rows_that_make_no_sense_are_left_behind(home: Path, tmp_path: Path) -> None:
    fill(home)
    old = sqlite3.connect(home / DATABASE_FILE)
    old.execute("UPDATE peers SET trust = 'divine' WHERE nickname = 'ben'")
    old.commit()
    old.close()
    new = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    migrate(new)
    assert salvage_peers(home / DATABASE_FILE, new) == 1
    assert PeerId(new.execute("SELECT id FROM peers").fetchone()[0]) == CLEO
    assert not new.in_transaction
    new.close()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 300])
def test_nothing_to_save_is_no_failure(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "old.db").write_bytes(content)
    new = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    migrate(new)
    assert salvage_peers(tmp_path / "old.db", new) == 0
    assert not new.in_transaction
    new.close()
