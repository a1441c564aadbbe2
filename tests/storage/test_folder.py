"""Folders held open: nothing is followed, nothing is replaced, and every fault has a name."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lanmsg.storage import folder as module
from lanmsg.storage.errors import StorageError
from lanmsg.storage.folder import Folder, disk_error, disk_errors


@pytest.fixture
def folder(folder_at: Callable[[str], Folder]) -> Folder:
    return folder_at("f")


@pytest.fixture
def other(folder_at: Callable[[str], Folder]) -> Folder:
    return folder_at("other")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "no_space"),
        (errno.EDQUOT, "no_space"),
        (errno.EACCES, "permission"),
        (errno.EROFS, "permission"),
        (errno.EFBIG, "too_large"),
        (errno.EIO, "disk"),
    ],
)
def test_every_fault_has_a_code_and_a_sentence(number: int, code: str) -> None:
    with pytest.raises(StorageError) as caught, disk_errors("write", "x"):
        raise OSError(number, os.strerror(number))
    assert caught.value.code == code
    assert str(caught.value) == f"cannot write x: {os.strerror(number)}"


def test_a_fault_without_a_number_has_words_as_well() -> None:
    assert str(disk_error("write", "x", OSError("odd"))) == "cannot write x: odd"


def test_a_link_is_no_folder(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "f" / "link").symlink_to(tmp_path)
    with pytest.raises(NotADirectoryError):
        folder.child("link")
    with pytest.raises(NotADirectoryError):
        Folder.open(tmp_path / "f" / "link")


def test_it_stays_the_same_folder_when_its_name_becomes_a_link(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "f").rename(tmp_path / "moved")
    (tmp_path / "trap").mkdir()
    (tmp_path / "f").symlink_to(tmp_path / "trap")
    os.close(folder.make_file("x"))
    assert (tmp_path / "moved" / "x").exists()
    assert not (tmp_path / "trap" / "x").exists()


def test_a_link_is_no_file(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (tmp_path / "f" / "link").symlink_to(tmp_path / "secret")
    for open_it in (folder.open_file, folder.open_source):
        with pytest.raises(OSError, match="symbolic links"):
            open_it("link")
    with pytest.raises(FileExistsError):
        folder.make_file("link")


def test_a_pipe_is_no_file_and_nobody_waits_for_it(folder: Folder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f" / "pipe")
    for open_it in (folder.open_file, folder.open_source):
        with pytest.raises(OSError, match="not a file"):
            open_it("pipe")


def test_entries_say_what_is_a_folder_and_what_a_file(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "f" / "b").mkdir()
    (tmp_path / "f" / "a").touch()
    (tmp_path / "f" / "c").symlink_to("a")
    os.mkfifo(tmp_path / "f" / "d")
    expected = [("a", False, True), ("b", True, False), ("c", False, False), ("d", False, False)]
    assert folder.entries() == expected
    assert sorted(folder.names()) == ["a", "b", "c", "d"]
    assert folder.is_readable("a")


def test_status_is_that_of_a_link_itself(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "f" / "c").symlink_to("a")
    status = folder.status("c")
    assert status is not None
    assert stat.S_ISLNK(status.st_mode)
    assert folder.status("none") is None


def test_remove_all_follows_no_link(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "x").touch()
    (tmp_path / "f" / "d" / "e").mkdir(parents=True)
    (tmp_path / "f" / "d" / "e" / "file").touch()
    (tmp_path / "f" / "d" / "link").symlink_to(tmp_path / "precious")
    folder.remove_all("d")
    assert not (tmp_path / "f" / "d").exists()
    assert (tmp_path / "precious" / "x").exists()


def moves(folder: Folder, other: Folder, tmp_path: Path) -> None:
    """A file and a folder move; and none of them over something else."""
    source, target = tmp_path / "f", tmp_path / "other"
    (source / "file").write_text("new")
    (source / "tree").mkdir()
    (source / "tree" / "x").write_text("x")
    (target / "taken").write_text("old")
    (target / "full").mkdir()
    (target / "empty").mkdir()
    (target / "link").symlink_to("nowhere")
    for name in ("taken", "full", "empty", "link"):
        with pytest.raises(FileExistsError):
            folder.move_file("file", other, name)
        with pytest.raises(FileExistsError):
            folder.move_folder("tree", other, name)
    folder.move_file("file", other, "file")
    folder.move_folder("tree", other, "tree")
    assert list(source.iterdir()) == []
    assert (target / "file").read_text() == "new"
    assert (target / "tree" / "x").read_text() == "x"
    assert (target / "taken").read_text() == "old"
    assert sorted(path.name for path in target.iterdir()) == sorted(
        ["taken", "full", "empty", "link", "file", "tree"]
    )


def test_moving_replaces_nothing(folder: Folder, other: Folder, tmp_path: Path) -> None:
    moves(folder, other, tmp_path)


def test_nor_where_there_are_no_hard_links_and_no_exclusive_rename(
    folder: Folder, other: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Folder, "_rename_exclusively", lambda *_: False)
    moves(folder, other, tmp_path)


def test_a_failed_move_leaves_no_empty_folder(
    folder: Folder, other: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.EIO, "broken")

    (tmp_path / "f" / "tree").mkdir()
    monkeypatch.setattr(os, "replace", fail)
    monkeypatch.setattr(Folder, "_rename_exclusively", lambda *_: False)
    with pytest.raises(OSError, match="broken"):
        folder.move_folder("tree", other, "tree")
    assert list((tmp_path / "other").iterdir()) == []


def test_it_works_by_paths_where_folders_have_no_descriptors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HAS_FOLDER_DESCRIPTORS", False)
    monkeypatch.setattr(Folder, "_rename_exclusively", lambda *_: False)
    (tmp_path / "f").mkdir()
    (tmp_path / "other").mkdir()
    folder, other = Folder.open(tmp_path / "f"), Folder.open(tmp_path / "other")
    assert folder.descriptor() is None
    assert folder.modified() == int((tmp_path / "f").stat().st_mtime)
    moves(folder, other, tmp_path)
    folder.make_folder("d")
    os.close(folder.child("d").make_file("x"))
    assert folder.child("d").entries() == [("x", False, True)]
    folder.sync()
    folder.remove_all("d")
    assert folder.names() == []
    (tmp_path / "f" / "link").symlink_to(tmp_path)
    with pytest.raises(NotADirectoryError):
        folder.child("link")
