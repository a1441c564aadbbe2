"""What a partial transfer remembers, whole, cut short, or not ours at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lanmsg.storage import part_journal
from lanmsg.storage.errors import StorageError
from lanmsg.storage.folder import Folder
from lanmsg.storage.part_journal import JOURNAL_FILE, PartJournal, Recorded

CHAIN = "ab" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    opened = Folder.open(tmp_path)
    yield opened
    opened.close()


def recorded(folder: Folder) -> Recorded:
    journal = PartJournal(folder)
    journal.close()
    return journal.recorded


def written(folder: Folder, *lines: str) -> None:
    journal = PartJournal(folder)
    journal.append(*lines)
    journal.close()


def test_a_new_one_says_that_nothing_has_come(folder: Folder) -> None:
    assert recorded(folder) == Recorded()


def test_it_remembers(folder: Folder) -> None:
    written(folder, "?d", "?d/a", f"=2 1 10 {CHAIN}", '>["d/a (1)", "d/a?"]', "?d/b")
    found = recorded(folder)
    assert (found.entries, found.kept, found.size, found.chain) == (2, 1, 10, bytes.fromhex(CHAIN))
    assert (found.stored_path, found.wire_path, found.leftovers) == ("d/a (1)", "d/a?", ["d/b"])
    assert not found.is_complete


def test_a_mark_closes_what_was_in_progress(folder: Folder) -> None:
    written(folder, "?a", f"=0 0 0 {CHAIN}", '>["a", "a"]', "?b", f"=1 1 10 {CHAIN}")
    found = recorded(folder)
    assert (found.stored_path, found.leftovers, found.entries) == ("", [], 1)


def test_a_line_that_a_crash_cut_short_is_not_there(folder: Folder, tmp_path: Path) -> None:
    written(folder, f"=1 1 10 {CHAIN}")
    with (tmp_path / JOURNAL_FILE).open("a") as file:
        file.write("=2 2 2")
    assert recorded(folder).entries == 1
    written(folder, "?x")
    assert recorded(folder).leftovers == ["x"]


@pytest.mark.parametrize("content", ["=x y z w\n", "=1 1 1\n", '>["one"]\n', ">nonsense\n", "=1 1 1 zz\n"])
def test_nonsense_is_not_continued(folder: Folder, tmp_path: Path, content: str) -> None:
    (tmp_path / JOURNAL_FILE).write_text(content)
    assert recorded(folder) == Recorded()
    assert (tmp_path / JOURNAL_FILE).read_text() == ""


def test_a_line_that_is_nested_deeply_is_not_continued(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / JOURNAL_FILE).write_text(">" + "[" * 100_000 + "\n")
    assert recorded(folder) == Recorded()


def test_bytes_that_are_no_text_are_not_continued(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / JOURNAL_FILE).write_bytes(b"?\xff\xff\n")
    assert recorded(folder) == Recorded()


def test_a_link_in_its_place_is_refused(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / JOURNAL_FILE).symlink_to("elsewhere")
    with pytest.raises(StorageError):
        PartJournal(folder)


def test_there_is_one_at_a_time(folder: Folder) -> None:
    journal = PartJournal(folder)
    with pytest.raises(StorageError, match="another process"):
        PartJournal(folder)
    journal.close()
    PartJournal(folder).close()


def test_restart_empties_it(folder: Folder) -> None:
    journal = PartJournal(folder)
    journal.append(f"=1 1 10 {CHAIN}")
    journal.restart()
    journal.close()
    assert recorded(folder).entries == 0


def test_whole_is_what_a_mark_of_the_same_run_covers(folder: Folder) -> None:
    lines = ["?a", "?b", f"=2 2 0 {CHAIN}", "-b", "?c", "run x", "?d", f"=3 3 0 {CHAIN}", "?a", "?e"]
    written(folder, *lines)
    journal = PartJournal(folder)
    assert journal.whole_among(["a", "b", "c", "d", "e"]) == {"a", "d"}
    assert journal.recorded.leftovers == ["a", "e"]
    journal.append("?f")
    journal.close()
    assert recorded(folder).leftovers == ["a", "e", "f"]


@pytest.mark.parametrize(
    ("lines", "boot", "trusted"),
    [
        (["run one", f"=1 1 0 {CHAIN}"], "one", True),
        (["run one", f"=1 1 0 {CHAIN}"], "two", False),
        (["run one", f"=1 1 0 {CHAIN}", "~"], "two", True),
        (["run one", f"=1 1 0 {CHAIN}", "~", "?x"], "two", False),
        (["run one", f"=1 1 0 {CHAIN}", "~", ".", "*name"], "two", True),
        (["run one", f"=1 1 0 {CHAIN}", "~", ".", "run two"], "three", True),
        (["run ", f"=1 1 0 {CHAIN}"], "", False),
    ],
)
def test_after_a_new_start_of_the_system_only_what_was_synced_is_trusted(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, lines: list[str], boot: str, trusted: bool
) -> None:
    written(folder, *lines)
    monkeypatch.setattr(part_journal, "boot_id", lambda: boot)
    assert recorded(folder).is_trusted == trusted


def test_a_system_without_boot_ids_has_an_empty_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(part_journal, "BOOT_ID", tmp_path / "none")
    assert part_journal.boot_id() == ""


def test_what_was_published_is_told(folder: Folder) -> None:
    written(folder, ".", "*a (1).txt", "*photos")
    found = recorded(folder)
    assert found.is_complete
    assert found.published == ["a (1).txt", "photos"]
