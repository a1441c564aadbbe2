"""Files of a partial transfer while they are written."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanmsg.storage import part_tree
from lanmsg.storage.errors import StorageError
from lanmsg.storage.folder import Folder
from lanmsg.storage.part_tree import FLUSH_BYTES, Parts, PartTree


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[PartTree]:
    folder = Folder.open(tmp_path)
    opened = PartTree(folder, tmp_path / "downloads", now=lambda: 1000.0, origin="lanmsg:ben")
    yield opened
    opened.close()
    folder.close()


def put(tree: PartTree, *parts: str, content: bytes = b"x") -> Parts:
    announced: list[Parts] = []
    stored = tree.make_file(parts, executable=False, announce=announced.append)
    if content:
        tree.write(memoryview(content))
    tree.finish_file(500)
    assert announced == ([] if stored == parts else [announced[0], *announced[1:]])
    return stored


def test_a_file_is_written_and_counted(tree: PartTree, tmp_path: Path) -> None:
    assert put(tree, "a", content=b"hello") == ("a",)
    assert tree.written == 5
    assert (tmp_path / "a").read_bytes() == b"hello"
    assert (tmp_path / "a").stat().st_mtime == 500


def test_a_taken_name_gets_a_number_and_is_announced_first(tree: PartTree, tmp_path: Path) -> None:
    put(tree, "a")
    seen: list[tuple[Parts, bool]] = []
    stored = tree.make_file(
        ("a",), executable=False, announce=lambda parts: seen.append((parts, (tmp_path / parts[-1]).exists()))
    )
    assert stored == ("a (1)",)
    assert seen == [(("a (1)",), False)]


def test_folders_of_one_name_are_one(tree: PartTree, tmp_path: Path) -> None:
    tree.make_folder(("d",))
    tree.make_folder(("d",))
    assert put(tree, "d", "x") == ("d", "x")
    assert put(tree, "d", "x") == ("d", "x (1)")


def test_a_folder_does_not_take_the_place_of_a_file_or_link(tree: PartTree, tmp_path: Path) -> None:
    put(tree, "a")
    (tmp_path / "l").symlink_to(tmp_path)
    for name in ("a", "l"):
        with pytest.raises(StorageError, match="name of a folder"):
            tree.make_folder((name,))


def test_deep_folders_are_reached_from_anywhere(tree: PartTree, tmp_path: Path) -> None:
    chain = tuple("abcdefgh")
    for depth in range(1, len(chain) + 1):
        tree.make_folder(chain[:depth])
    for depth in (8, 1, 7, 2, 8, 8, 3):
        put(tree, *chain[:depth], f"file{depth}")
    assert len(list(tmp_path.rglob("file*"))) == 7
    assert len(list(Path("/proc/self/fd").iterdir())) < 40


def test_a_file_goes_on_at_its_end(tree: PartTree, tmp_path: Path) -> None:
    put(tree, "a", content=b"12345")
    tree.continue_file(("a",))
    assert tree.written == 5
    tree.write(memoryview(b"67"))
    tree.finish_file(1)
    assert (tmp_path / "a").read_bytes() == b"1234567"
    assert b"".join(tree.read(("a",))) == b"1234567"
    assert tree.size_of(("a",)) == 7


def test_what_is_no_file_has_no_size(tree: PartTree) -> None:
    tree.make_folder(("d",))
    assert tree.size_of(("d",)) is None
    assert tree.size_of(("none",)) is None


def test_removing_takes_one_thing_and_misses_nothing(tree: PartTree, tmp_path: Path) -> None:
    tree.make_folder(("d",))
    put(tree, "d", "x")
    for stored in (("d", "x"), ("d", "none"), ("d",), ("d", "y"), ("none", "x")):
        tree.remove(stored)
    assert list(tmp_path.iterdir()) == []
    tree.make_folder(("d",))
    put(tree, "d", "again")


def test_clear_takes_all(tree: PartTree, tmp_path: Path) -> None:
    tree.make_folder(("d",))
    put(tree, "d", "x")
    put(tree, "y")
    tree.clear()
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_takes_a_part_is_continued(
    tree: PartTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    put(tree, "a", content=b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_only_what_stands_alone_is_marked(tree: PartTree, monkeypatch: pytest.MonkeyPatch) -> None:
    marked: list[str] = []
    monkeypatch.setattr(part_tree, "mark_origin", lambda _fd, path, _origin, _now: marked.append(path.name))
    tree.make_folder(("d",))
    put(tree, "d", "x")
    put(tree, "y")
    assert marked == ["d", "y"]
    monkeypatch.setattr(part_tree, "MARKS_EVERY_FILE", True)
    put(tree, "d", "z")
    assert marked == ["d", "y", "z"]


def test_a_large_file_is_written_out_on_the_way(tree: PartTree, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _fd, start, size, _advice: asked.append((start, size)))
    tree.make_file(("a",), executable=False, announce=lambda _: None)
    for _ in range(4):
        tree.write(memoryview(bytes(FLUSH_BYTES // 2)))
    assert asked == [(0, FLUSH_BYTES), (FLUSH_BYTES, FLUSH_BYTES)]


def test_a_time_that_cannot_be_counted_keeps_nobody_from_the_file(
    tree: PartTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overflow(*_: object) -> None:
        raise OverflowError

    monkeypatch.setattr(os, "utime", overflow)
    put(tree, "a")
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_closed_file_takes_nothing_more(tree: PartTree) -> None:
    tree.make_file(("a",), executable=False, announce=lambda _: None)
    tree.close()
    with pytest.raises(StorageError, match=r"cannot write to .*/downloads: "):
        tree.write(memoryview(b"x"))


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_name_that_the_disk_does_not_take_is_told(tree: PartTree, *, is_folder: bool) -> None:
    parts = ("d", "start" + 300 * "n" + "end")
    tree.make_folder(parts[:1])
    with pytest.raises(StorageError, match=r"d/startn+…n+end in .*downloads: File name too long") as error:
        tree.make_folder(parts) if is_folder else put(tree, *parts)
    assert error.value.code == "name"
    assert len(str(error.value)) < 200 + len(str(tree._root))
