"""What an offer says, and where a source goes on."""

import os
from io import BytesIO
from pathlib import Path

import pytest

from lanmsg.model import OfferedFile
from lanmsg.node.file_source import FROM_THE_BEGINNING, Start, locate, scan, sources_of
from lanmsg.node.file_walk import Source
from lanmsg.protocol.entry import position_hash
from tests.node.bulk_pair import chain_of


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "photos" / "raw").mkdir(parents=True)
    (tmp_path / "photos" / "a.jpg").write_bytes(b"a" * 10)
    (tmp_path / "photos" / "raw" / "b.raw").write_bytes(b"b" * 20)
    (tmp_path / "film.mkv").write_bytes(b"f" * 300)
    return tmp_path


def test_an_offer_lists_what_was_named_and_counts_all(tree: Path) -> None:
    listing = scan(sources_of([tree / "photos", tree / "film.mkv"]))
    assert listing.files == (
        OfferedFile("photos", 30, is_folder=True),
        OfferedFile("film.mkv", 300),
    )
    assert (listing.count, listing.total, listing.left_out.count) == (5, 330, 0)


def test_an_empty_folder_is_one_entry(tree: Path) -> None:
    (tree / "empty").mkdir()
    listing = scan(sources_of([tree / "empty"]))
    assert (listing.files, listing.count, listing.total) == ((OfferedFile("empty", 0, is_folder=True),), 1, 0)


def test_a_stream_has_no_total(tree: Path) -> None:
    listing = scan(sources_of([tree / "film.mkv"], stream=BytesIO(b"x"), stream_name="dump.sql"))
    assert listing.files == (OfferedFile("film.mkv", 300), OfferedFile("dump.sql", None))
    assert (listing.count, listing.total) == (2, None)


def test_what_cannot_be_read_is_not_offered(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.access
    unreadable = {"a.jpg", tree / "film.mkv"}
    monkeypatch.setattr(os, "access", lambda path, *a, **o: path not in unreadable and really(path, *a, **o))
    listing = scan(sources_of([tree / "photos", tree / "film.mkv", tree / "none"]))
    assert (listing.count, listing.total) == (3, 20)
    assert listing.left_out.listed == [
        ("photos/a.jpg", "permission denied"),
        ("film.mkv", "permission denied"),
        ("none", "no such file or directory"),
    ]


def test_a_count_can_be_stopped(tree: Path) -> None:
    assert scan(sources_of([tree / "photos"]), is_stopped=lambda: True).count == 0


def test_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("one", "two", "three"):
        (tmp_path / folder / "src").mkdir(parents=True)
        (tmp_path / folder / "x.txt").touch()
    paths = [tmp_path / folder / name for folder in ("one", "two", "three") for name in ("src", "x.txt")]
    names = [source.name for source in sources_of([*paths, tmp_path / "X.TXT"])]
    assert names == ["src", "x.txt", "src (1)", "x (1).txt", "src (2)", "x (2).txt", "X (3).TXT"]
    assert [source.name for source in sources_of(paths)] == names[:-1]


def test_paths_without_a_name_have_one(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "photos")
    names = [source.name for source in sources_of([Path(), Path("/"), Path("raw/..")])]
    assert names == ["photos", "root", "photos (1)"]


def test_what_is_piped_in_has_a_name() -> None:
    (source,) = sources_of([], stream=BytesIO(b""))
    assert source.name == "stdin"


# ---------- going on


def digest(sources: tuple[Source, ...], entry: int, path: str = "", content: bytes = b"") -> bytes:
    hashed = position_hash(chain_of(sources, entry), path)
    hashed.update(content)
    return hashed.digest()


def located(sources: tuple[Source, ...], entry: int, offset: int, wanted: bytes | None) -> Start:
    return locate(sources, entry, offset, wanted, is_stopped=lambda: False)


def test_it_goes_on_inside_a_file(tree: Path) -> None:
    sources = sources_of([tree / "photos", tree / "film.mkv"])
    start = located(sources, 4, 123, digest(sources, 4, "film.mkv", b"f" * 123))
    assert start == Start(4, 123, 30, chain_of(sources, 4))


def test_it_goes_on_between_two_entries_and_at_the_end(tree: Path) -> None:
    sources = sources_of([tree / "photos", tree / "film.mkv"])
    assert located(sources, 2, 0, digest(sources, 2)).entry == 2
    assert located(sources, 5, 0, digest(sources, 5)) == Start(5, 0, 330, chain_of(sources, 5))


def test_a_first_run_begins_at_the_beginning(tree: Path) -> None:
    assert located(sources_of([tree / "photos"]), 0, 0, None) == FROM_THE_BEGINNING


@pytest.mark.parametrize(
    "change",
    ["touched", "longer", "shorter", "other content", "removed", "added", "renamed", "of another name"],
)
def test_any_change_of_what_the_sink_has_starts_over(tree: Path, change: str) -> None:
    sources = sources_of([tree / "photos", tree / "film.mkv"])
    wanted = digest(sources, 4, "film.mkv", b"f" * 123)
    first, film = tree / "photos" / "a.jpg", tree / "film.mkv"
    match change:
        case "touched":
            os.utime(first, (1, 1))
        case "longer":
            first.write_bytes(b"a" * 11)
        case "shorter":
            film.write_bytes(b"f" * 122)
        case "other content":
            film.write_bytes(b"f" * 122 + b"g" * 200)
        case "removed":
            first.unlink()
        case "added":
            (tree / "photos" / "0").touch()
        case "renamed":
            first.rename(tree / "photos" / "a.png")
        case _:
            film.rename(tree / "other.mkv")
            sources = sources_of([tree / "photos", tree / "other.mkv"])
    assert located(sources, 4, 123, wanted) == FROM_THE_BEGINNING


def test_a_change_behind_that_point_does_not_matter(tree: Path) -> None:
    sources = sources_of([tree / "photos", tree / "film.mkv"])
    wanted = digest(sources, 4, "film.mkv", b"f" * 123)
    (tree / "film.mkv").write_bytes(b"f" * 123 + b"new end")
    assert located(sources, 4, 123, wanted).offset == 123


@pytest.mark.parametrize(("entry", "offset"), [(6, 0), (5, 1), (99, 0), (0, 5), (4, 301)])
def test_a_place_that_is_not_there_starts_over(tree: Path, entry: int, offset: int) -> None:
    sources = sources_of([tree / "photos", tree / "film.mkv"])
    assert located(sources, entry, offset, bytes(32)) == FROM_THE_BEGINNING


def test_a_stream_cannot_go_on(tree: Path) -> None:
    sources = sources_of([], stream=BytesIO(b"x"))
    assert located(sources, 1, 0, bytes(32)) == FROM_THE_BEGINNING
    assert located(sources, 0, 1, bytes(32)) == FROM_THE_BEGINNING


def test_looking_can_be_stopped(tree: Path) -> None:
    sources = sources_of([tree / "film.mkv"])
    wanted = digest(sources, 0, "film.mkv", b"f" * 123)
    assert locate(sources, 0, 123, wanted, is_stopped=lambda: True) == FROM_THE_BEGINNING


def test_a_file_that_cannot_be_read_on_starts_over(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = sources_of([tree / "film.mkv"])
    wanted = digest(sources, 0, "film.mkv", b"f" * 123)

    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("lanmsg.node.file_source.read_into", fail)
    assert located(sources, 0, 123, wanted) == FROM_THE_BEGINNING
