"""One process of a home listens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lanmsg.storage.errors import StorageError
from lanmsg.storage.home import LISTENER_LOCK_FILE
from lanmsg.storage.listener_lock import ListenerLock

HOLD = """
import sys
from pathlib import Path
from lanmsg.storage.listener_lock import ListenerLock
lock = ListenerLock(Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.read()
"""


def test_the_second_one_does_not_get_it_until_the_first_lets_go(home: Path) -> None:
    first, second = ListenerLock(home), ListenerLock(home)
    assert first.acquire()
    assert first.acquire()
    assert first.held
    assert not second.acquire()
    assert not second.held
    assert second.holder() == os.getpid()
    first.release()
    assert second.holder() is None
    assert second.acquire()
    second.release()
    second.release()


def test_the_lock_of_a_killed_process_is_free(home: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        lock = ListenerLock(home)
        assert not lock.acquire()
        assert lock.holder() == process.pid
        process.kill()
        process.wait()
        assert lock.holder() is None
        assert lock.acquire()
        lock.release()


def test_nobody_holds_what_is_not_there(home: Path) -> None:
    assert ListenerLock(home).holder() is None


@pytest.mark.parametrize("content", [b"", b"nonsense", b"0", b"-5", b"99999999999999999999999"])
def test_nonsense_in_the_file_is_nobody_or_at_least_no_crash(home: Path, content: bytes) -> None:
    lock = ListenerLock(home)
    assert lock.acquire()
    lock.release()
    (home / LISTENER_LOCK_FILE).write_bytes(content)
    assert lock.holder() in {None, 99999999999999999999}
    assert lock.acquire()
    lock.release()


def test_a_process_of_another_user_is_alive(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(process: int, signal: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "kill", forbidden)
    home.mkdir()
    (home / LISTENER_LOCK_FILE).write_text("4711\n")
    assert ListenerLock(home).holder() == 4711


def test_a_full_disk_keeps_nobody_from_listening(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    lock = ListenerLock(home)
    monkeypatch.setattr(os, "write", full)
    assert lock.acquire()
    assert not ListenerLock(home).acquire()
    lock.release()


def test_a_lock_that_cannot_be_had_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(descriptor: int, how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(StorageError, match="No locks") as caught:
        ListenerLock(home).acquire()
    assert caught.value.code == "disk"
