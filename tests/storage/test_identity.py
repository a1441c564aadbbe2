"""The key file: written once, complete, for its owner only."""

import os
import stat
import threading
from pathlib import Path

import pytest

from lanmsg.storage.errors import StorageError
from lanmsg.storage.home import IDENTITY_FILE
from lanmsg.storage.identity import KEY_BYTES_MAX, load_key, save_key

KEY = b"0\x82\x07\x00" + bytes(1800)


def test_a_new_home_has_no_key_and_is_not_made_by_looking(home: Path) -> None:
    assert load_key(home) is None
    assert not home.exists()


def test_a_saved_key_comes_back(home: Path) -> None:
    save_key(home, KEY)
    assert load_key(home) == KEY
    assert stat.S_IMODE((home / IDENTITY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert os.listdir(home) == [IDENTITY_FILE]  # noqa: PTH208


def test_a_second_key_never_replaces_the_first(home: Path) -> None:
    save_key(home, KEY)
    with pytest.raises(StorageError) as caught:
        save_key(home, b"another")
    assert caught.value.code == "exists"
    assert load_key(home) == KEY
    assert os.listdir(home) == [IDENTITY_FILE]  # noqa: PTH208


def test_of_many_first_starts_one_wins(home: Path) -> None:
    outcomes: list[str] = []

    def start(key: bytes) -> None:
        try:
            save_key(home, key)
            outcomes.append("saved")
        except StorageError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=start, args=(bytes([number]) * 100,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["exists"] * 7 + ["saved"]
    assert len(load_key(home) or b"") == 100


def test_a_file_system_without_links_is_as_strict(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    save_key(home, KEY)
    assert load_key(home) == KEY
    with pytest.raises(StorageError) as caught:
        save_key(home, b"another")
    assert caught.value.code == "exists"
    assert load_key(home) == KEY


def test_a_full_disk_leaves_nothing_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError) as caught:
        save_key(home, KEY)
    assert caught.value.code == "no_space"
    assert os.listdir(home) == []  # noqa: PTH208


def test_a_full_disk_without_links_leaves_nothing_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_sync, syncs = os.fsync, []

    def no_links(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    def full_the_second_time(descriptor: int) -> None:
        syncs.append(descriptor)
        if len(syncs) > 1:
            raise OSError(28, "No space left on device")
        real_sync(descriptor)

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(os, "fsync", full_the_second_time)
    with pytest.raises(StorageError):
        save_key(home, KEY)
    assert os.listdir(home) == []  # noqa: PTH208


def test_an_open_key_is_closed_to_others(home: Path) -> None:
    save_key(home, KEY)
    (home / IDENTITY_FILE).chmod(0o644)
    assert load_key(home) == KEY
    assert stat.S_IMODE((home / IDENTITY_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", bytes(KEY_BYTES_MAX + 1)])
def test_what_cannot_be_a_key_is_refused(home: Path, content: bytes) -> None:
    save_key(home, KEY)
    (home / IDENTITY_FILE).write_bytes(content)
    with pytest.raises(StorageError, match="damaged") as caught:
        load_key(home)
    assert "backup" in caught.value.hint


def test_a_folder_or_a_dangling_link_is_refused_and_not_taken_for_a_new_home(home: Path) -> None:
    home.mkdir()
    (home / IDENTITY_FILE).mkdir()
    with pytest.raises(StorageError, match="is not a file"):
        load_key(home)
    (home / IDENTITY_FILE).rmdir()
    (home / IDENTITY_FILE).symlink_to(home / "nowhere")
    with pytest.raises(StorageError):
        load_key(home)
