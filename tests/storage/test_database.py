"""Opening, transactions, full disks, locks, damage."""

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from lanmsg.storage.database import Database
from lanmsg.storage.errors import DamagedStoreError, LostStoreError, StorageError
from lanmsg.storage.home import DATABASE_FILE
from lanmsg.storage.store import Store
from tests.storage.people import BEN, NOW, WITH_BEN, message_id

SUSPECT = f"{DATABASE_FILE}.suspect"


def pragma(database: Database, name: str) -> object:
    row = database.one(f"PRAGMA {name}")
    assert row is not None
    return row[0]


def kept(home: Path) -> list[str]:
    return sorted(path.name for path in home.glob(f"{DATABASE_FILE}.damaged-*"))


def test_it_is_set_up_as_it_must_be(database: Database) -> None:
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "synchronous") == 2
    assert pragma(database, "foreign_keys") == 1
    assert pragma(database, "busy_timeout") == 5000
    assert database.notice == ""


def test_everything_in_the_home_is_for_its_owner(home: Path, store: Store) -> None:
    before = os.umask(0)
    store.history.set_draft(WITH_BEN, "x")
    os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
    assert DATABASE_FILE + "-wal" in modes
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_closing_twice_is_harmless_and_leaves_no_log(home: Path) -> None:
    database = Database.open(home)
    database.close()
    database.close()
    assert sorted(path.name for path in home.iterdir()) == [DATABASE_FILE, "store.lock"]
    with pytest.raises(StorageError):
        database.revision()


def test_a_revision_is_taken_once_and_only_if_asked_for(database: Database) -> None:
    before = database.revision()
    with database.transaction() as write:
        assert write.revision() == write.revision() == before + 1
    with database.transaction():
        pass
    assert database.revision() == before + 1


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as write:
            write.revision()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert database.revision() == 0
    with database.transaction() as write:
        assert write.revision() == 1


def test_a_transaction_inside_another_is_part_of_it(database: Database) -> None:
    def fail() -> None:
        with database.transaction():
            with database.transaction(durable=False) as write:
                write.revision()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert database.revision() == 0


def test_a_promise_to_be_durable_is_not_broken_by_an_outer_transaction(database: Database) -> None:
    with pytest.raises(AssertionError), database.transaction(durable=False), database.transaction():
        pass
    with database.transaction():
        assert pragma(database, "synchronous") == 2


def test_only_durable_transactions_wait_for_the_disk(database: Database) -> None:
    with database.transaction(durable=False):
        assert pragma(database, "synchronous") == 1
    with database.transaction():
        assert pragma(database, "synchronous") == 2


def test_a_snapshot_sees_one_state(store: Store, another: Callable[[], Store]) -> None:
    other = another()
    with store.database.snapshot():
        before = store.revision()
        other.history.add_incoming(BEN, message_id(), WITH_BEN, "hi", sent_at=NOW, now=NOW)
        assert store.revision() == before
        assert store.history.messages(None) == []
    assert len(store.history.messages(None)) == 1


def test_data_version_moves_when_another_has_written(store: Store, another: Callable[[], Store]) -> None:
    other = another()
    before = store.data_version()
    store.history.set_draft(WITH_BEN, "mine")
    assert store.data_version() == before
    other.history.set_draft(WITH_BEN, "theirs")
    assert store.data_version() != before


def test_a_full_disk_is_told_undone_and_survived(store: Store) -> None:
    database = store.database
    text = "x" * 30_000
    database.one(f"PRAGMA max_page_count = {pragma(database, 'page_count')}")

    def fill_it() -> None:
        for _ in range(50):
            store.history.add_incoming(BEN, message_id(), WITH_BEN, text, sent_at=NOW, now=NOW)

    with pytest.raises(StorageError) as caught:
        fill_it()
    assert caught.value.code == "no_space"
    count = len(store.history.messages(None))
    assert store.history.messages(None, limit=count + 1) == store.history.messages(None, limit=count)
    database.one("PRAGMA max_page_count = 1000000")
    assert store.history.add_incoming(BEN, message_id(), WITH_BEN, text, sent_at=NOW, now=NOW) is not None
    assert len(store.history.messages(None)) == count + 1


def test_a_store_locked_for_too_long_is_told(
    store: Store, another: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = another()
    other.database.one("PRAGMA busy_timeout = 1")
    with store.database.transaction() as write:
        write.revision()
        with pytest.raises(StorageError, match="locked") as caught:
            other.history.set_draft(WITH_BEN, "x")
        assert caught.value.code == "store"
        assert other.history.draft(WITH_BEN) == ""  # reading does not wait
    other.history.set_draft(WITH_BEN, "x")
    assert other.history.draft(WITH_BEN) == "x"


@pytest.mark.parametrize(
    "content", [b"this is not a database, it is a letter. " * 200, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database_is_kept_aside_and_said(home: Path, content: bytes) -> None:
    home.mkdir(mode=0o700)
    (home / DATABASE_FILE).write_bytes(content)
    (home / "identity.der").write_bytes(b"key")
    store = Store.open(home)
    names = kept(home)
    assert len(names) == 1
    assert names[0] in store.notice
    assert (home / names[0]).read_bytes() == content
    assert store.history.add_incoming(BEN, message_id(), WITH_BEN, "hi", sent_at=NOW, now=NOW)
    assert (home / "identity.der").read_bytes() == b"key"
    store.close()
    again = Store.open(home)
    assert again.notice == ""
    again.close()


def test_two_damaged_files_of_one_second_are_both_kept(home: Path) -> None:
    home.mkdir(mode=0o700)
    for _ in range(3):
        (home / DATABASE_FILE).write_bytes(b"junk" * 2000)
        Database.open(home).close()
    assert len(kept(home)) == 3


def test_a_damaged_file_in_use_is_not_pulled_away(home: Path, store: Store) -> None:
    store.database.one("PRAGMA wal_checkpoint(TRUNCATE)")
    with (home / DATABASE_FILE).open("r+b") as file:
        file.write(b"\xff" * 4096)
    with pytest.raises(DamagedStoreError) as caught:
        Database.open(home)
    assert "end every lanmsg" in caught.value.hint
    assert kept(home) == []


def damage_last_pages(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-5 * 4096, os.SEEK_END)
        file.write(b"\xff" * 5 * 4096)


def fill(home: Path) -> None:
    store = Store.open(home)
    with store.database.transaction():
        for _ in range(200):
            store.history.add_incoming(BEN, message_id(), WITH_BEN, "x" * 500, sent_at=NOW, now=NOW)
    store.close()


def test_damage_found_at_work_is_looked_into_at_the_next_start(home: Path) -> None:
    fill(home)
    damage_last_pages(home / DATABASE_FILE)
    store = Store.open(home)
    assert store.notice == ""  # the last stop was clean: a start costs no check
    with pytest.raises(DamagedStoreError):
        store.history.search("nothing", limit=1)
    store.close()
    assert (home / SUSPECT).exists()
    again = Store.open(home)
    assert "damaged" in again.notice
    assert not (home / SUSPECT).exists()
    assert len(kept(home)) == 1
    again.close()


def test_a_suspicion_that_was_wrong_is_dropped(home: Path) -> None:
    fill(home)
    (home / SUSPECT).touch()
    store = Store.open(home)
    assert store.notice == ""
    assert len(store.history.messages(None, limit=1000)) == 200
    assert not (home / SUSPECT).exists()
    store.close()


def crash(home: Path) -> None:
    """A log that nobody folded in, as a killed process leaves it."""
    store = Store.open(home)
    store.history.add_incoming(BEN, message_id(), WITH_BEN, "last words", sent_at=NOW, now=NOW)
    log = (home / f"{DATABASE_FILE}-wal").read_bytes()
    database = (home / DATABASE_FILE).read_bytes()
    store.close()
    (home / DATABASE_FILE).write_bytes(database)
    (home / f"{DATABASE_FILE}-wal").write_bytes(log)


def test_after_an_unclean_stop_everything_is_there(home: Path) -> None:
    fill(home)
    crash(home)
    store = Store.open(home)
    assert store.notice == ""
    assert store.history.messages(None)[-1].text == "last words"
    store.close()


def test_after_an_unclean_stop_damage_is_found_at_the_start(home: Path) -> None:
    fill(home)
    crash(home)
    damage_last_pages(home / DATABASE_FILE)
    store = Store.open(home)
    assert "damaged" in store.notice
    assert kept(home)
    store.close()


def test_a_check_that_takes_too_long_is_given_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanmsg.storage.database.CHECK_SECONDS", -1.0)
    monkeypatch.setattr("lanmsg.storage.database.CHECK_STEPS", 1)
    fill(home)
    crash(home)
    store = Store.open(home)
    assert store.notice == ""
    assert len(store.history.messages(None, limit=1000)) == 201
    store.close()


@pytest.mark.parametrize("place", [0, 16, 100, 4096, 0.3, 0.6, 0.9])
def test_damage_anywhere_loses_nothing_without_a_word(home: Path, place: float) -> None:
    """What a start finds is kept aside and told; what it cannot see is the text of some message, at worst."""
    fill(home)
    (home / SUSPECT).touch()
    path = home / DATABASE_FILE
    whole = path.read_bytes()
    start = int(place if place >= 1 else place * len(whole))
    broken = whole[:start] + b"\xff" * 64 + whole[start + 64 :]
    path.write_bytes(broken)
    store = Store.open(home)
    if store.notice:
        assert (home / kept(home)[0]).read_bytes() == broken
    else:
        assert len(store.history.messages(None, limit=1000)) == 200
    assert store.history.add_incoming(BEN, message_id(), WITH_BEN, "hi", sent_at=NOW, now=NOW)
    store.close()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_kept_aside_and_said(home: Path, share: float) -> None:
    fill(home)
    (home / SUSPECT).touch()
    path = home / DATABASE_FILE
    cut = path.read_bytes()[: int(share * path.stat().st_size)]
    path.write_bytes(cut)
    store = Store.open(home)
    assert "damaged" in store.notice
    assert (home / kept(home)[0]).read_bytes() == cut
    store.close()


def replace_it(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.write_bytes(b"")


@pytest.mark.parametrize("lose", [Path.unlink, replace_it])
def test_nothing_is_promised_in_a_file_that_nobody_will_find(
    home: Path, store: Store, lose: Callable[[Path], None]
) -> None:
    lose(home / DATABASE_FILE)
    with pytest.raises(LostStoreError):
        store.history.add_incoming(BEN, message_id(), WITH_BEN, "hi", sent_at=NOW, now=NOW)
    with pytest.raises(LostStoreError):
        store.data_version()


def test_another_one_beside_it_reads_what_is_new_and_writes_nothing(store: Store) -> None:
    beside = store.beside(lambda: False)
    store.history.add_incoming(BEN, message_id(), WITH_BEN, "hi", sent_at=NOW, now=NOW)
    assert [each.text for each in beside.history.messages(None)] == ["hi"]
    with pytest.raises(StorageError):
        beside.history.set_draft(WITH_BEN, "x")
    beside.close()
    store.history.set_draft(WITH_BEN, "x")


def test_an_emptied_database_does_not_take_its_log_with_it(home: Path) -> None:
    fill(home)
    crash(home)
    (home / DATABASE_FILE).write_bytes(b"")
    store = Store.open(home)
    assert "damaged" in store.notice
    assert any(name.endswith("-wal") for name in kept(home))
    store.close()


def test_a_failure_to_open_lets_the_next_one_in(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / DATABASE_FILE).mkdir()
    with pytest.raises(StorageError):
        Database.open(home)
    (home / DATABASE_FILE).rmdir()
    Database.open(home).close()


def test_this_sqlite_has_what_the_statements_need() -> None:
    assert sqlite3.sqlite_version_info >= (3, 32)  # iif(); UPSERT is older
