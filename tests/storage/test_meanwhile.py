"""What others do to the folders while files come into them: links in their place, or nothing at all."""

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from lanmsg.storage.errors import StorageError
from lanmsg.storage.folder import HAS_FOLDER_DESCRIPTORS
from tests.storage.incoming import MTIME, NAME, Entry, chain_after, feed, opened, tree
from tests.storage.swapping import race
from tests.storage.test_downloads import SOME, SOME_TREE


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "downloads"


def test_a_folder_swapped_for_a_link_meanwhile_leads_nowhere(root: Path, tmp_path: Path) -> None:
    (tmp_path / "trap").mkdir()
    with opened(root) as partial:
        partial.begin_record(["d", "d/e"])
        partial.start_entry("d", "folder", 0, 0, executable=False)
        partial.end_entry(bytes(32))
        inside = root / ".lanmsg-part" / NAME / "tree" / "d"
        inside.rmdir()
        inside.symlink_to(tmp_path / "trap")
        with pytest.raises(StorageError):
            partial.start_entry("d/e", "file", 1, 0, executable=False)
    assert list((tmp_path / "trap").iterdir()) == []


def test_whoever_swaps_folders_for_links_all_the_time_gets_nothing(root: Path, tmp_path: Path) -> None:
    trap, real, name = tmp_path / "trap", tmp_path / "real", root / ".lanmsg-part" / NAME / "tree" / "d"
    trap.mkdir()
    ended = threading.Event()

    def swap() -> None:
        while not ended.is_set():
            name.rename(real)
            name.symlink_to(trap)
            name.unlink()
            real.rename(name)

    written = 0
    with opened(root) as partial:
        partial.begin_record(["d", *(f"d/{number}" for number in range(500))])
        partial.start_entry("d", "folder", 0, 0, executable=False)
        partial.end_entry(bytes(32))
        swapping = threading.Thread(target=swap)
        swapping.start()
        for number in range(500):
            with suppress(StorageError):
                partial._files.close()  # what is open already cannot be led astray
                partial.start_entry(f"d/{number}", "file", 1, 0, executable=False)
                partial.write(memoryview(b"x"))
                written += 1
        ended.set()
        swapping.join()
    assert list(trap.iterdir()) == []
    assert len(list(name.iterdir())) == written


@pytest.mark.skipif(not HAS_FOLDER_DESCRIPTORS, reason="folders cannot be held open there")
def test_another_process_that_swaps_folders_for_links_gets_nothing(tmp_path: Path) -> None:
    tally = race(tmp_path, 1500)
    assert tally.escaped == 0
    assert tally.swaps >= 1500
    assert tally.written > 0


@pytest.mark.parametrize("is_made_again", [False, True])
def test_what_is_deleted_meanwhile_is_not_called_saved(root: Path, is_made_again: bool) -> None:
    with opened(root) as partial:
        feed(partial, SOME)
        shutil.rmtree(root)
        if is_made_again:
            root.mkdir()
        with pytest.raises(StorageError, match="deleted meanwhile") as caught:
            partial.publish()
    assert caught.value.code == "disk"
    with opened(root) as partial:
        feed(partial, SOME)
        partial.publish()
        partial.discard()
    assert tree(root) == SOME_TREE


def test_a_file_that_is_deleted_while_it_is_written_is_not_called_whole(root: Path) -> None:
    with opened(root) as partial:
        partial.begin_record(["a"])
        partial.start_entry("a", "file", 3, MTIME, executable=False)
        partial.write(memoryview(b"abc"))
        for path in root.rglob("a"):
            path.unlink()
        with pytest.raises(StorageError, match="it was deleted"):
            partial.end_entry(chain_after([Entry("a", b"abc")]))
