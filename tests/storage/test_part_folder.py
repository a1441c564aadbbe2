"""Where parts lie: ours alone, whoever else saves there."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanmsg.model import PeerId, TransferId
from lanmsg.storage import part_folder
from lanmsg.storage.errors import StorageError
from lanmsg.storage.folder import Folder
from lanmsg.storage.part_folder import PARTS_FOLDER, part_folders, part_name, parts_folder, private_folder

OWN, BEN, EVE = PeerId(b"o" * 32), PeerId(b"b" * 32), PeerId(b"e" * 32)
ONE = TransferId(b"1" * 16)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Folder]:
    opened = Folder.open(tmp_path)
    yield opened
    opened.close()


def test_no_peer_reaches_the_part_of_another_by_choosing_its_id() -> None:
    names = {part_name(OWN, BEN, ONE), part_name(OWN, EVE, ONE), part_name(BEN, OWN, ONE)}
    assert len(names) == 3
    assert part_name(OWN, BEN, ONE) == part_name(OWN, BEN, ONE)


def test_a_private_folder_is_made_once(root: Folder, tmp_path: Path) -> None:
    for _ in range(2):
        private_folder(root, "x").close()
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o700


def used(root: Folder) -> str:
    folder = parts_folder(root)
    folder.close()
    return folder.path.name


def test_what_another_transfer_removes_as_it_ends_is_made_again(
    root: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    removals = [PARTS_FOLDER] * 3

    def late(parent: Folder, name: str) -> Folder:
        if name == "mine" and removals:
            root.remove_folder(removals.pop())
        return private_folder(parent, name)

    monkeypatch.setattr(part_folder, "private_folder", late)
    parts, mine = part_folders(root, "mine")
    assert parts.names() == ["mine"]
    mine.close()
    parts.close()
    monkeypatch.setattr(part_folder, "ATTEMPTS", 0)
    with pytest.raises(FileNotFoundError):
        part_folders(root, "mine")


def test_it_is_the_same_each_time(root: Folder) -> None:
    assert [used(root), used(root)] == [PARTS_FOLDER, PARTS_FOLDER]


@pytest.mark.parametrize("obstacle", ["file", "link", "open to all"])
def test_what_is_not_ours_alone_is_not_used(root: Folder, tmp_path: Path, obstacle: str) -> None:
    path = tmp_path / PARTS_FOLDER
    if obstacle == "file":
        path.touch()
    elif obstacle == "link":
        path.symlink_to(tmp_path)
    else:
        path.mkdir()
        path.chmod(0o777)
    assert used(root) == f"{PARTS_FOLDER}-{os.geteuid()}"


def test_what_belongs_to_somebody_else_is_not_used(
    root: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used(root)
    real = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: real + 1)
    with pytest.raises(StorageError, match="not a folder of yours alone"):
        used(root)  # the second one is made by us as well, and so belongs to "somebody else"
