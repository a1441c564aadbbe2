"""Walking what is to be sent: all of it, in one order, following nothing."""

import os
import resource
import tracemalloc
from io import BytesIO
from pathlib import Path

import pytest

from lanmsg.node.file_walk import (
    LISTED_MAX,
    LeftOut,
    Source,
    Stream,
    read_into,
    reason,
    sendable,
    visit,
    walk,
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    (top / "b" / "deep").mkdir(parents=True)
    (top / "empty").mkdir()
    (top / "a.txt").write_text("a")
    (top / "b" / "x").write_text("xx")
    (top / "b" / "deep" / "y").write_text("yyy")
    (top / "z").write_text("")
    return top


def paths(source: Source) -> tuple[list[str], list[tuple[str, str]]]:
    left_out = LeftOut()
    return [found.path for found in visit([source], left_out)], left_out.listed


def test_a_folder_comes_before_what_is_in_it_and_names_in_their_order(tree: Path) -> None:
    found, left_out = paths(Source("top", tree))
    expected = ["", "/a.txt", "/b", "/b/deep", "/b/deep/y", "/b/x", "/empty", "/z"]
    assert found == ["top" + each for each in expected]
    assert left_out == []


def test_headers_say_what_is_there(tree: Path) -> None:
    os.utime(tree / "a.txt", (5, 1_600_000_000))
    (tree / "z").chmod(0o700)
    headers = {each.header.path: each.header for each in walk([Source("top", tree)], LeftOut(), now=0)}
    text, script, folder = headers["top/a.txt"], headers["top/z"], headers["top/b"]
    assert (text.kind, text.size, text.mtime, text.executable) == ("file", 1, 1_600_000_000, False)
    assert script.executable
    assert (folder.kind, folder.size) == ("folder", 0)


def test_two_walks_say_the_same(tree: Path) -> None:
    one, two = ([each.header for each in walk([Source("top", tree)], LeftOut(), now=0)] for _ in range(2))
    assert one == two


def test_links_and_special_files_are_left_out_and_listed(tree: Path) -> None:
    (tree / "link").symlink_to("a.txt")
    (tree / "loop").symlink_to(tree)
    (tree / "gone").symlink_to("nowhere")
    os.mkfifo(tree / "pipe")
    found, left_out = paths(Source("top", tree))
    assert len(found) == 8
    assert [path for path, _ in left_out] == ["top/gone", "top/link", "top/loop", "top/pipe"]


def test_a_link_that_the_person_named_is_followed(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tree / "a.txt")
    (tmp_path / "way").symlink_to(tree)
    opened = next(walk([Source("link", tmp_path / "link")], LeftOut(), now=0))
    assert opened.header.size == 1
    assert paths(Source("way", tmp_path / "way"))[0][:2] == ["way", "way/a.txt"]


@pytest.mark.parametrize("kind", ["missing", "circle", "pipe"])
def test_what_is_neither_file_nor_folder_is_left_out(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "circle":
        path.symlink_to(path)
    elif kind == "pipe":
        os.mkfifo(path)
    found, left_out = paths(Source(kind, path))
    assert found == []
    assert len(left_out) == 1


def test_what_may_not_be_read_is_left_out_and_the_rest_goes(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's refusal is made up: tests may run as root, whom nothing is refused."""
    really_open = os.open

    def refusing(path: str, *arguments: int, **options: int) -> int:
        if path in ("x", "deep"):
            raise PermissionError(13, "Permission denied")
        return really_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refusing)
    left_out = LeftOut()
    found = [each.header.path for each in walk([Source("top", tree)], left_out, now=0)]
    assert found == ["top", "top/a.txt", "top/b", "top/empty", "top/z"]
    assert left_out.listed == [("top/b/deep", "permission denied"), ("top/b/x", "permission denied")]


def test_a_file_that_became_a_link_or_pipe_meanwhile_is_left_out(tree: Path, tmp_path: Path) -> None:
    left_out = LeftOut()
    found = []
    for each in walk([Source("top", tree)], left_out, now=0):
        found.append(each.header.path)
        if each.header.path == "top/b":
            (tree / "b" / "x").unlink()
            (tree / "b" / "x").symlink_to("/etc/passwd")
            (tree / "z").unlink()
            os.mkfifo(tree / "z")
    assert "top/b/x" not in found
    assert "top/z" not in found
    assert left_out.count == 2


def test_a_folder_swapped_for_a_link_meanwhile_leads_nowhere_else(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("s")
    found = []
    for each in walk([Source("top", tree)], LeftOut(), now=0):
        found.append(each.header.path)
        if each.header.path == "top/a.txt":
            (tree / "b").rename(tmp_path / "moved")
            (tree / "b").symlink_to(tmp_path / "secret")
    assert not any("key" in path for path in found)


def test_names_that_no_sink_would_take_are_mended_or_left_out(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    for name in ("1234.host:2,S", "back\\slash", "\udcff.txt"):
        (top / name).touch()
    deep = top / "deep"
    for _ in range(80):
        deep = deep / "d"
    deep.mkdir(parents=True)
    found, left_out = paths(Source("top", top))
    assert {"top/1234.host_2,S", "top/back_slash", "top/\ufffd.txt"} < set(found)
    assert max(path.count("/") for path in found) == 63
    assert left_out[0][1] == "it lies too many folders deep"


def test_a_path_that_is_too_long_is_left_out(tmp_path: Path) -> None:
    (tmp_path / ("a" * 200) / ("b" * 200) / ("c" * 200) / ("d" * 200)).mkdir(parents=True)
    found, left_out = paths(Source("x" * 255, tmp_path / ("a" * 200)))
    assert len(found) == 4
    assert left_out == []
    _, left_out = paths(Source("x" * 255 + "/" + "y" * 250, tmp_path / ("a" * 200)))
    assert left_out[0][1] == "its path is too long"


def test_only_the_first_names_are_kept_of_what_is_left_out() -> None:
    left_out = LeftOut()
    for number in range(LISTED_MAX + 5):
        left_out.add(str(number), "why")
    assert len(left_out.listed) == LISTED_MAX
    assert left_out.count == LISTED_MAX + 5


def test_a_stream_is_one_entry(tmp_path: Path) -> None:
    stream = Stream(BytesIO(b"x"))
    (opened,) = walk([Source("dump.sql", Path("-"), stream)], LeftOut(), now=7.9)
    assert (opened.header.kind, opened.header.size, opened.header.mtime) == ("stream", None, 7)
    assert opened.stream is stream


def test_a_walk_that_is_broken_off_leaves_nothing_open(tree: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a path per descriptor is not needed
    for source in (Source("top", tree), Source("a.txt", tree / "a.txt")):
        walking = walk([source], LeftOut(), now=0)
        next(walking)
        walking.close()  # type: ignore[attr-defined] # an Iterator by its type, a generator in truth
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_a_deep_tree_needs_few_descriptors(tmp_path: Path) -> None:
    deep = tmp_path / "top"
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "file").touch()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 70, hard))  # noqa: PTH208
    try:
        found, left_out = paths(Source("top", tmp_path / "top"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(found) == 62
    assert left_out == []


def test_memory_is_that_of_one_folder(tmp_path: Path) -> None:
    for folder in range(20):
        (tmp_path / "top" / f"{folder:02}").mkdir(parents=True)
        for number in range(100):
            (tmp_path / "top" / f"{folder:02}" / f"{number:03}").touch()
    tracemalloc.start()
    count = sum(1 for _ in walk([Source("top", tmp_path / "top")], LeftOut(), now=0))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 2021
    assert peak < 200_000


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.txt", "a.txt"), ("a:b\\c", "a_b_c"), ("\u00fc:", "\u00fc_"), ("\udc80", "\ufffd")],
)
def test_names_for_the_wire(name: str, expected: str) -> None:
    assert sendable(name) == expected


def test_reasons_are_words() -> None:
    assert reason(OSError(13, "Permission denied")) == "permission denied"
    assert reason(RuntimeError("Symlink loop from '/home/anna'")) == "cannot be read"


def test_reading_fills_what_it_can(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345")
    room = memoryview(bytearray(8))
    descriptor = os.open(tmp_path / "x", os.O_RDONLY)
    assert (read_into(descriptor, room), bytes(room[:5])) == (5, b"12345")
    assert read_into(descriptor, room) == 0
    os.close(descriptor)
