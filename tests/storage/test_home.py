"""The home folder: for one person only, or one clear error."""

import os
import stat
from pathlib import Path

import pytest

from lanmsg.storage.errors import StorageError
from lanmsg.storage.home import (
    DATABASE_FILE,
    StoreLock,
    make_private_file,
    prepare_home,
    sync_folder,
    tighten_file,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def loose_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("loose_umask")
def test_a_new_home_is_closed_to_others_whatever_the_umask(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    prepare_home(home)
    assert mode(home) == 0o700


@pytest.mark.usefixtures("loose_umask")
def test_new_files_are_closed_to_others_whatever_the_umask(tmp_path: Path) -> None:
    make_private_file(tmp_path / "file")
    assert mode(tmp_path / "file") == 0o600


def test_an_open_home_of_ours_is_closed(tmp_path: Path) -> None:
    (tmp_path / DATABASE_FILE).touch()
    tmp_path.chmod(0o755)
    prepare_home(tmp_path)
    assert mode(tmp_path) == 0o700


def test_an_open_and_empty_folder_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    prepare_home(tmp_path)
    assert mode(tmp_path) == 0o700


def test_a_folder_with_other_things_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    tmp_path.chmod(0o755)
    with pytest.raises(StorageError, match="other things") as caught:
        prepare_home(tmp_path)
    assert caught.value.code == "disk"
    assert "chmod 700" in caught.value.hint
    assert mode(tmp_path) == 0o755


def test_a_shared_folder_is_never_closed(tmp_path: Path) -> None:
    (tmp_path / DATABASE_FILE).touch()
    tmp_path.chmod(0o1777)
    with pytest.raises(StorageError):
        prepare_home(tmp_path)
    assert mode(tmp_path) == 0o1777


def test_a_home_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(StorageError, match="is not a folder") as caught:
        prepare_home(tmp_path / "home")
    assert caught.value.code == "disk"
    assert "--home" in caught.value.hint


def test_a_home_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot make the home"):
        prepare_home(tmp_path / "file" / "home")


def test_a_dangling_link_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StorageError):
        prepare_home(tmp_path / "home")


def test_a_home_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, how: False)  # a read-only disk; root passes mode bits
    with pytest.raises(StorageError, match="cannot be written"):
        prepare_home(tmp_path / "home")


def test_the_home_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(StorageError, match="belongs to another user") as caught:
        prepare_home(tmp_path)
    assert "as that user" in caught.value.hint


def test_a_file_system_without_modes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", lambda self, mode: None)
    with pytest.raises(StorageError, match="on this file system"):
        prepare_home(tmp_path)


def test_an_open_file_is_tightened(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o644)
    make_private_file(path)
    assert mode(path) == 0o600


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is not a file"):
        tighten_file(tmp_path)


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.touch()
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(StorageError, match="another user"):
        tighten_file(path)


def test_a_file_that_stays_open_to_others_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o640)
    monkeypatch.setattr(Path, "chmod", lambda self, mode: None)
    with pytest.raises(StorageError, match="cannot be closed"):
        tighten_file(path)


def test_a_folder_can_be_synced(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    with pytest.raises(StorageError):
        sync_folder(tmp_path / "missing")


def test_the_first_one_is_alone_until_it_shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = StoreLock(tmp_path), StoreLock(tmp_path)
    try:
        assert first.enter()
        monkeypatch.setattr("lanmsg.storage.home.OPENING_SECONDS", 0.0)
        with pytest.raises(StorageError, match="opening the store"):
            second.enter()
        first.share()
        assert not second.enter()
    finally:
        first.close()
        second.close()
    second.close()  # idempotent


def test_whoever_is_left_is_not_alone_before_the_others_are_gone(tmp_path: Path) -> None:
    first, second = StoreLock(tmp_path), StoreLock(tmp_path)
    first.enter()
    first.share()
    assert not second.enter()
    first.close()
    second.close()
    third = StoreLock(tmp_path)
    assert third.enter()
    third.close()


def test_without_locks_nobody_is_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(descriptor: int, how: int) -> None:
        raise OSError(37, "No locks available")

    lock = StoreLock(tmp_path)
    monkeypatch.setattr("fcntl.flock", no_locks)
    assert not lock.enter()
    lock.close()
