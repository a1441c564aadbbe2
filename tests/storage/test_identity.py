"""The key file: written once, complete, for its owner only."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lanmsg.storage.errors import StorageError
from lanmsg.storage.home import IDENTITY_FILE
from lanmsg.storage.identity import (
    DRAFT_FILE,
    KEY_BYTES_MAX,
    PASSPHRASE_BYTES_MAX,
    SEALED_MAGIC,
    clear_drafts,
    has_sealed_key,
    load_key,
    read_passphrase,
    replace_key,
    save_key,
)

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


def test_others_are_kept_out_whatever_the_umask(home: Path) -> None:
    before = os.umask(0)
    try:
        save_key(home, KEY)
        replace_key(home, KEY)
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / IDENTITY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_replaced_key_is_the_new_one_and_nothing_else_stays(home: Path) -> None:
    save_key(home, KEY)
    (home / DRAFT_FILE).write_bytes(b"half of a k")
    replace_key(home, SEALED_MAGIC + KEY)
    assert load_key(home) == SEALED_MAGIC + KEY
    assert has_sealed_key(home)
    assert os.listdir(home) == [IDENTITY_FILE]  # noqa: PTH208


def test_a_full_disk_leaves_the_key_as_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_key(home, KEY)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError):
        replace_key(home, b"another")
    assert load_key(home) == KEY
    assert os.listdir(home) == [IDENTITY_FILE]  # noqa: PTH208


TO_AND_FRO = """
import pathlib, sys
from lanmsg.storage.identity import replace_key
home = pathlib.Path(sys.argv[1])
for number in range(10**9):
    replace_key(home, bytes((65 + number % 2,)) * 1900)
    print(number, flush=True)
"""


def test_who_is_killed_while_replacing_it_leaves_one_key_whole(home: Path) -> None:
    save_key(home, b"A" * 1900)
    for changes in (1, 2, 7):
        command = [sys.executable, "-c", TO_AND_FRO, str(home)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(changes):
                assert process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        assert load_key(home) in (b"A" * 1900, b"B" * 1900)
        clear_drafts(home)
        assert os.listdir(home) == [IDENTITY_FILE]  # noqa: PTH208


def passphrase_file(folder: Path, content: bytes) -> Path:
    path = folder / "passphrase"
    path.touch(0o600)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [b"open sesame\n", b"open sesame", b"open sesame\r\nsecond line\n"])
def test_a_passphrase_is_the_first_line_of_its_file(tmp_path: Path, content: bytes) -> None:
    assert read_passphrase(passphrase_file(tmp_path, content)) == "open sesame"


@pytest.mark.parametrize("content", [b"", b"\nsesame", b"x" * (PASSPHRASE_BYTES_MAX + 1)])
def test_a_file_without_a_passphrase_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(StorageError, match="no passphrase"):
        read_passphrase(passphrase_file(tmp_path, content))


def test_a_passphrase_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = passphrase_file(tmp_path, b"sesame\n")
    path.chmod(0o644)
    with pytest.raises(StorageError, match="open to other users") as caught:
        read_passphrase(path)
    assert "chmod 600" in caught.value.hint
    with pytest.raises(StorageError, match="cannot read the passphrase"):
        read_passphrase(tmp_path / "nowhere")
