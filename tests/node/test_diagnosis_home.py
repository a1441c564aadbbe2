"""What the facts about the home, the disk, the clock and the terminal are taken for."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from lanmsg.node.diagnosis import judge
from lanmsg.node.diagnosis_facts import Facts
from lanmsg.storage.health import FileHealth
from tests.node.facts import FOLDER, HOME, KEY, NOW, WELL, home, store

HOUR = 3600.0


def files(*found: FileHealth) -> Facts:
    return home(files=found)


@pytest.mark.parametrize(
    ("facts", "code", "says", "types"),
    [
        (home(folder=replace(FOLDER, writable=False)), "home-unwritable", "/home/anna/lanmsg", ""),
        (home(folder=replace(FOLDER, free=0)), "home-full", "full (0 B left)", ""),
        (home(folder=replace(FOLDER, free=20_000_000)), "home-full", "only 20 MB", ""),
        (files(replace(KEY, mode=0o644, is_open=True)), "key-open", "mode 0644", "chmod 600"),
        (files(FileHealth(HOME, 0o755, is_open=True, is_ours=True)), "home-open", "mode 0755", "chmod 700"),
        (files(replace(KEY, is_ours=False)), "home-owner", "another user", "chown"),
        (replace(WELL, key_failure="no key"), "key-damaged", "no key", ""),
        (store(damage="row 3 missing"), "store-damaged", "row 3 missing", ""),
        (store(failure="locked"), "store-unread", "locked", ""),
        (store(log_bytes=1 << 30), "store-log", "1.1 GB", ""),
        (store(newest=NOW + 2 * HOUR), "clock-behind", "behind", "timedatectl"),
        (replace(WELL, now=1_000_000_000.0), "clock-behind", "2001", "timedatectl"),
        (store(offsets=((600.0, 3),)), "clock-apart", "10 minutes behind", "timedatectl"),
        (store(offsets=((-600.0, 2), (-900.0, 2))), "clock-apart", "10 minutes ahead of", "timedatectl"),
        (replace(WELL, downloads=replace(FOLDER, writable=False)), "downloads-unwritable", "", "downloads"),
        (replace(WELL, downloads=replace(FOLDER, free=1_000_000)), "downloads-full", "1.0 MB", "downloads"),
    ],
)
def test_a_cause_is_named_with_what_to_do(facts: Facts, code: str, says: str, types: str) -> None:
    wrong = [each for each in judge(facts).findings if not each.ok]
    assert [each.code for each in wrong] == [code]
    assert says in wrong[0].message
    assert wrong[0].hint
    assert any(types in command for command in wrong[0].commands) or not types, wrong[0].commands


@pytest.mark.parametrize(
    "offsets",
    [
        (),
        ((600.0, 1),),  # one message may have a wrong time for reasons of its own
        ((-7200.0, 50),),  # one person's mail may have waited
        ((600.0, 3), (0.1, 1)),  # they do not agree
        ((-0.5, 20), (-7200.0, 1)),
    ],
)
def test_a_clock_is_not_called_wrong_on_one_person_s_word(offsets: tuple[tuple[float, int], ...]) -> None:
    assert judge(store(offsets=offsets)).ok


def test_a_home_that_is_not_there_yet_is_no_fault() -> None:
    facts = home(files=(), has_key=False, store=replace(WELL.home.store, exists=False))
    assert judge(facts).ok


def test_a_terminal_without_utf_8_is_told_and_no_fault() -> None:
    diagnosis = judge(replace(WELL, encoding="ISO-8859-1"))
    found = next(each for each in diagnosis.findings if each.code == "locale")
    assert diagnosis.ok
    assert "ISO-8859-1" in found.message
    assert "LANG" in found.hint


def test_the_line_to_type_names_the_file() -> None:
    facts = files(FileHealth(Path("/home/anna/lanmsg/lanmsg.db"), 0o664, is_open=True, is_ours=True))
    wrong = [each for each in judge(facts).findings if not each.ok]
    assert wrong[0].commands == ("chmod 600 /home/anna/lanmsg/lanmsg.db",)
