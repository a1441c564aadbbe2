"""A process that was killed is known to be dead; one that lives, or of which nothing is known, is not."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lanmsg.storage.owner_locks import OWNERS_FOLDER, OwnerLocks, said_by_others, say

LIVE = """
import sys
from pathlib import Path
from lanmsg.storage.owner_locks import OwnerLocks
locks = OwnerLocks(Path(sys.argv[1]), b"them")
locks.hold()
print("alive", flush=True)
sys.stdin.read()
"""

US, THEM = b"us", b"them"


@pytest.fixture
def ours(home: Path) -> OwnerLocks:
    home.mkdir(mode=0o700)
    return OwnerLocks(home, US)


def files(home: Path) -> list[str]:
    return sorted(path.name for path in (home / OWNERS_FOLDER).iterdir())


def nobody(owner: bytes) -> None:
    """There are no rows here."""


def buried(locks: OwnerLocks) -> list[bytes]:
    found: list[bytes] = []
    assert locks.bury(found.append) == len(found)
    return found


def test_only_who_was_killed_is_dead(home: Path, ours: OwnerLocks) -> None:
    ours.hold()
    process = subprocess.Popen(
        [sys.executable, "-c", LIVE, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "alive\n"
        assert buried(ours) == []
        process.kill()
        process.wait()
    assert buried(ours) == [THEM]
    assert files(home) == [US.hex()]
    assert buried(ours) == []
    ours.release(nobody)


def test_who_ends_leaves_nothing(home: Path, ours: OwnerLocks) -> None:
    ours.hold()
    other = OwnerLocks(home, THEM)
    other.hold()
    assert files(home) == [THEM.hex(), US.hex()]
    freed: list[bytes] = []
    other.release(freed.append)
    assert freed == [THEM]
    assert buried(ours) == []
    ours.release(nobody)
    assert files(home) == []


def test_what_one_says_is_known_to_the_others_until_it_ends(home: Path, ours: OwnerLocks) -> None:
    say(home, US, b"too early")
    ours.hold()
    other = OwnerLocks(home, THEM)
    other.hold()
    say(home, THEM, b"I wait for files")
    say(home, THEM, b"for more")
    assert said_by_others(home, US) == [b"for more"]
    assert said_by_others(home, THEM) == []
    other.release(nobody)
    assert said_by_others(home, US) == []
    ours.release(nobody)


def test_nobody_is_dead_where_nobody_was(ours: OwnerLocks) -> None:
    assert buried(ours) == []


def test_the_dead_whose_rows_could_not_be_freed_is_found_again(home: Path, ours: OwnerLocks) -> None:
    def full(owner: bytes) -> None:
        raise RuntimeError("no room")

    dead = OwnerLocks(home, THEM)
    dead.hold()
    with pytest.raises(RuntimeError):
        dead.release(full)
    with pytest.raises(RuntimeError):
        ours.bury(full)
    assert buried(ours) == [THEM]


def test_a_file_of_somebody_else_is_left_alone(home: Path, ours: OwnerLocks) -> None:
    ours.hold()
    (home / OWNERS_FOLDER / "README").write_text("mine")
    assert buried(ours) == []
    assert "README" in files(home)
    ours.release(nobody)


def test_one_that_is_taken_for_dead_while_it_begins_begins_again(
    home: Path, ours: OwnerLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file was seen before its lock was."""
    opened = os.open
    removed: list[Path] = []

    def watched(path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = opened(path, flags, mode)
        if not removed:
            removed.append(path)
            path.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", watched)
    ours.hold()
    assert removed
    assert files(home) == [US.hex()]
    assert buried(OwnerLocks(home, THEM)) == []
    ours.release(nobody)


def test_where_there_are_no_locks_nobody_is_found_dead(
    home: Path, ours: OwnerLocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    ours.hold()
    assert buried(OwnerLocks(home, THEM)) == []
    ours.release(nobody)


def test_a_home_that_cannot_be_written_hurts_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    locks = OwnerLocks(tmp_path / "file", US)
    locks.hold()
    assert buried(locks) == []
    locks.release(nobody)
