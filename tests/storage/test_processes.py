"""Several processes on one home: all see each row, and no kill loses a committed one."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from lanmsg.model import Delivery
from lanmsg.storage.home import DATABASE_FILE
from lanmsg.storage.store import Store
from tests.storage.people import BEN, NOW, WITH_BEN, message_id

DEADLINE_SECONDS = 30.0

INSERT = """
import sys
from pathlib import Path
from lanmsg.storage.store import Store
from tests.storage.people import BEN, NOW, WITH_BEN
from lanmsg.model import MessageId
store = Store.open(Path(sys.argv[1]))
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    identifier = MessageId(sys.argv[2].encode() + number.to_bytes(15, "big"))
    store.history.add_outgoing(WITH_BEN, f"{sys.argv[2]} {number}", [BEN], message_id=identifier, now=NOW)
    print(number, flush=True)
store.close()
"""

DIE = """
import os, signal, sys
from pathlib import Path
from lanmsg.storage.store import Store
from tests.storage.people import BEN, NOW, WITH_BEN, message_id
store = Store.open(Path(sys.argv[1]))
for _ in range(50):
    store.history.add_incoming(BEN, message_id(), WITH_BEN, "committed", sent_at=NOW, now=NOW)
with store.database.transaction():
    store.history.add_incoming(BEN, message_id(), WITH_BEN, "half-way", sent_at=NOW, now=NOW)
    os.kill(os.getpid(), signal.SIGKILL)
"""

OPEN = """
import sys
from pathlib import Path
from lanmsg.storage.store import Store
from tests.storage.people import WITH_BEN
sys.stdin.readline()
store = Store.open(Path(sys.argv[1]))
store.history.set_draft(WITH_BEN, sys.argv[2])
print(store.notice)
store.close()
"""


def start(code: str, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def begin(*processes: "subprocess.Popen[str]") -> None:
    """Each of them waits for a line, so that they work at the same time."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def finish(*processes: "subprocess.Popen[str]") -> list[list[str]]:
    """What each of them wrote."""
    outputs = [process.communicate(timeout=DEADLINE_SECONDS)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return outputs


def test_two_that_write_lose_nothing_and_a_third_sees_all(home: Path, store: Store) -> None:
    writers = [start(INSERT, str(home), name, "60") for name in "ab"]
    begin(*writers)
    seen, revision, version = Counter[str](), store.revision(), store.data_version()
    end = time.monotonic() + DEADLINE_SECONDS
    while sum(seen.values()) < 120 and time.monotonic() < end:
        if (latest := store.data_version()) != version:
            version = latest
            changes = store.changes_since(revision)
            revision = changes.revision
            seen.update(each.text for each in changes.messages)
    finish(*writers)
    assert seen == Counter(f"{name} {number}" for name in "ab" for number in range(60))
    assert revision == 120


def test_a_killed_process_loses_only_what_it_had_not_committed(home: Path) -> None:
    process = start(DIE, str(home))
    process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == -9
    assert (home / f"{DATABASE_FILE}-wal").stat().st_size > 0
    store = Store.open(home)
    assert [each.text for each in store.history.messages(None)] == ["committed"] * 50
    assert store.notice == ""
    store.close()


def test_what_a_dead_process_held_is_taken_over(store: Store, another: Callable[[], Store]) -> None:
    store.history.add_outgoing(
        WITH_BEN, "x", [BEN], message_id=message_id(), now=NOW, lease_owner=b"dead", lease_until=NOW + 20
    )
    other = another().history
    assert other.outbox(owner=b"heir", now=NOW + 19) == []
    pending = other.outbox(owner=b"heir", now=NOW + 20)
    assert [(each.peer, each.state) for each in pending] == [(BEN, Delivery.QUEUED)]


def test_processes_that_start_together_make_one_store(home: Path) -> None:
    starters = [start(OPEN, str(home), str(number)) for number in range(4)]
    begin(*starters)
    assert finish(*starters) == [[]] * 4


def test_processes_that_find_a_damaged_store_together_set_it_aside_once(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / DATABASE_FILE).write_bytes(b"junk" * 5000)
    starters = [start(OPEN, str(home), str(number)) for number in range(4)]
    begin(*starters)
    outputs = finish(*starters)
    assert sum(bool(each) for each in outputs) == 1
    assert len(list(home.glob("*.damaged-*Z"))) == 1
