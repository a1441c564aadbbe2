"""Room on a disk, and what was written being on it."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lanmsg.storage import disk_space, downloads
from lanmsg.storage.disk_space import free_bytes, free_space, sync_file_system, sync_tree
from lanmsg.storage.errors import StorageError
from lanmsg.storage.folder import Folder
from tests.storage.incoming import Entry, feed, opened


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    (tmp_path / "d" / "e").mkdir(parents=True)
    for name in ("a", "b", "d/c", "d/e/f"):
        (tmp_path / name).write_text(name)
    opened = Folder.open(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of what was synced."""
    found: list[str] = []

    def fsync(descriptor: int) -> None:
        found.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def test_space_is_that_of_where_the_folder_will_be(tmp_path: Path) -> None:
    free, total = free_space(tmp_path / "not" / "there" / "yet")
    assert 0 < free <= total


def test_free_bytes_are_those_of_the_disk(folder: Folder, tmp_path: Path) -> None:
    status = os.statvfs(tmp_path)
    assert abs(free_bytes(folder) - status.f_bavail * status.f_frsize) < 1 << 30


def test_a_few_entries_are_synced_one_by_one(folder: Folder, synced: list[str], tmp_path: Path) -> None:
    sync_tree(folder, 6)
    assert sorted(synced) == sorted(["a", "b", "c", "f", "e", "d", tmp_path.name])


def test_many_are_synced_with_their_disk(
    folder: Folder, synced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Folder] = []

    def sync(disk: Folder) -> bool:
        asked.append(disk)
        return True

    monkeypatch.setattr(disk_space, "sync_file_system", sync)
    sync_tree(folder, 65)
    assert asked == [folder]
    assert synced == []


def test_or_one_by_one_where_a_disk_cannot_be_synced(
    folder: Folder, synced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space, "sync_file_system", lambda _: False)
    sync_tree(folder, 65)
    assert len(synced) == 7


def test_this_system_can_sync_a_disk(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sync", lambda: None)
    assert sync_file_system(folder)


def test_a_disk_that_cannot_write_says_so(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Any) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="broken"):
        sync_tree(folder, 6)


def test_a_million_empty_folders_take_room_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "SPACE_CHECK_BYTES", 10 * downloads.ENTRY_BYTES)
    entries = [Entry(f"folder{number}", None) for number in range(20)]
    with opened(tmp_path, reserve=1 << 60) as partial, pytest.raises(StorageError) as caught:
        feed(partial, entries)
    assert caught.value.code == "no_space"
