"""How a home is, found out without touching it."""

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from lanmsg.model import Address, Conversation
from lanmsg.storage import health
from lanmsg.storage.health import examine_folder, examine_home, examine_store
from lanmsg.storage.home import DATABASE_FILE
from lanmsg.storage.store import Store
from tests.storage.people import BEN, CLEO, NOW, WITH_BEN, message_id

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes are for POSIX")


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))  # noqa: PTH208


def test_a_home_that_is_not_there(home: Path) -> None:
    found = examine_home(home)
    assert (found.folder.exists, found.folder.writable, found.has_key, found.files) == (
        False,
        True,
        False,
        (),
    )
    assert (found.store.exists, found.store.failure, found.store.damage) == (False, "", "")
    assert not home.exists()


def test_a_store_that_is_open_elsewhere(store: Store, home: Path) -> None:
    store.presence.begin(b"me", NOW)
    store.peers.saw(CLEO, nickname="cleo", now=NOW + 5)
    store.presence.put_many([(BEN, "ben", 0, "", (Address("10.0.0.7", 2372),), NOW)])  # type: ignore[list-item]
    before = names(home)
    found = examine_store(home)
    assert (found.exists, found.failure, found.damage) == (True, "", "")
    assert found.newest == NOW + 5
    assert found.is_live(NOW + 1)
    assert [(each.id, each.names, each.present) for each in found.known] == [
        (BEN, ("ben",), True),
        (CLEO, ("cleo",), False),
    ]
    assert found.known[0].addresses == (Address("10.0.0.7", 2372),)
    assert names(home) == before


def test_a_store_that_nobody_has_open_is_left_as_it_is(store: Store, home: Path) -> None:
    store.networks.decide("10.0.0.0/24", trusted=False, now=NOW)
    store.close()
    before = (names(home), home.stat().st_mtime_ns)
    assert examine_store(home).networks == {"10.0.0.0/24": False}
    assert (names(home), home.stat().st_mtime_ns) == before


def test_clocks_of_others_by_their_fastest_message(store: Store, home: Path) -> None:
    for sender, sent, stored in ((BEN, 600, 0), (BEN, 100, 100), (CLEO, -50, 40), (CLEO, 30, 50)):
        store.history.add_incoming(
            sender, message_id(), Conversation.with_peer(sender), "x", sent_at=NOW + sent, now=NOW + stored
        )
    store.history.add_outgoing(WITH_BEN, "ours", [BEN], message_id=message_id(), now=NOW)
    assert sorted(examine_store(home).offsets) == [(-20.0, 2), (600.0, 2)]


@pytest.mark.parametrize("content", [b"this is no database at all, and long enough to be looked at" * 20])
def test_another_file_in_its_place_is_damage(home: Path, content: bytes) -> None:
    home.mkdir()
    (home / DATABASE_FILE).write_bytes(content)
    assert "not a database" in examine_store(home).damage


def test_pages_that_contradict_each_other_are_damage(store: Store, home: Path) -> None:
    for number in range(200):
        store.history.add_outgoing(WITH_BEN, "x" * 500, [BEN], message_id=message_id(), now=NOW + number)
    store.close()
    path = home / DATABASE_FILE
    data = bytearray(path.read_bytes())
    root = sqlite3.connect(path).execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages_by_time'")
    page = int(root.fetchone()[0])
    root.connection.close()
    data[(page - 1) * 4096 : (page - 1) * 4096 + 200] = b"\xff" * 200
    path.write_bytes(data)
    assert examine_store(home).damage


def test_a_store_of_an_earlier_lanmsg_has_no_networks(store: Store, home: Path) -> None:
    with store.database.transaction() as write:
        write.run("DROP TABLE networks")
    found = examine_store(home)
    assert (found.networks, found.failure, found.damage) == ({}, "", "")


def test_a_check_that_takes_too_long_is_left(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", -1.0)
    monkeypatch.setattr(health, "CHECK_STEPS", 1)
    assert examine_store(home).damage == ""


@posix_only
def test_modes_are_told_and_not_mended(store: Store, home: Path) -> None:
    path = home / DATABASE_FILE
    path.chmod(0o640)
    found = {each.path.name: each for each in examine_home(home).files}
    assert (found[DATABASE_FILE].mode, found[DATABASE_FILE].is_open) == (0o640, True)
    assert (found[home.name].mode, found[home.name].is_open, found[home.name].is_ours) == (0o700, False, True)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_folder_is_as_good_as_the_one_it_will_be_made_in(tmp_path: Path) -> None:
    found = examine_folder(tmp_path / "a" / "b")
    assert (found.exists, found.writable, found.free > 0) == (False, True, True)
    (tmp_path / "file").touch()
    assert not examine_folder(tmp_path / "file" / "b").writable


@posix_only
def test_a_home_that_is_closed_to_us_or_no_folder_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="ascii")
    found = examine_home(tmp_path / "file")
    assert (found.folder.exists, found.folder.writable, found.store.exists) == (False, False, False)
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "home").mkdir()
    closed.chmod(0)
    try:
        found = examine_home(closed / "home")
    finally:
        closed.chmod(0o700)
    if os.geteuid() != 0:  # root may look everywhere
        assert (found.folder.writable, found.files, found.store.exists) == (False, (), False)
