"""The quick look: it sees every commit of anybody, also right after the log was folded away."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lanmsg.storage.commits import Commits
from lanmsg.storage.home import DATABASE_FILE
from lanmsg.storage.store import Store
from tests.storage.people import WITH_BEN

WRITE = """
import sys
from pathlib import Path
from lanmsg.storage.store import Store
from tests.storage.people import WITH_BEN
store = Store.open(Path(sys.argv[1]))
store.history.set_draft(WITH_BEN, sys.argv[2])
store.close()
"""


@pytest.fixture
def commits(store: Store) -> Iterator[Commits]:
    looking = store.database.commits()
    looking.any_new()
    yield looking
    looking.close()


def test_own_and_others_commits_are_seen_once(
    store: Store, another: Callable[[], Store], commits: Commits
) -> None:
    assert not commits.any_new()
    for writer in (store, another()):
        writer.history.set_draft(WITH_BEN, f"of {writer}")
        assert commits.any_new()
        assert not commits.any_new()


def test_what_another_process_writes_is_seen(home: Path, store: Store, commits: Commits) -> None:
    command = [sys.executable, "-c", WRITE, str(home), "from far"]
    subprocess.run(command, check=True, timeout=60)
    assert commits.any_new()
    assert store.history.draft(WITH_BEN) == "from far"


def test_a_commit_right_after_the_log_was_folded_away_is_seen(
    home: Path, store: Store, another: Callable[[], Store], commits: Commits
) -> None:
    other, log = another(), home / f"{DATABASE_FILE}-wal"
    other.history.set_draft(WITH_BEN, "before")
    commits.any_new()
    for word in ("one", "two"):
        store.database.wipe()
        assert log.stat().st_size == 0
        commits.any_new()
        other.history.set_draft(WITH_BEN, word)
        assert commits.any_new()


def test_a_look_that_fails_says_that_there_may_be_news(commits: Commits) -> None:
    commits.close()
    assert commits.any_new()
    commits.close()
