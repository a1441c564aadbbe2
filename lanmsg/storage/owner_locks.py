"""Which processes of a home live: each locks a file that is named as the owner of its leases is.

The system takes the lock back from a process that was killed, and whoever looks next serves its rows at once.
Where that cannot be told, nobody is found dead, and leases end by their time.
"""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from lanmsg.storage.home import FILE_MODE, FOLDER_MODE
from lanmsg.storage.locking import try_lock

OWNERS_FOLDER = "owners"

TRIES = 100
"""Somebody who has just found the new file, and not yet the lock on it, removes it in a moment."""


class OwnerLocks:
    def __init__(self, home: Path, owner: bytes) -> None:
        self._folder = home / OWNERS_FOLDER
        self._own = self._folder / owner.hex()
        self._descriptor = -1

    def hold(self) -> None:
        """This process lives from now on, until it ends. It must have no lease before."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
            for _ in range(TRIES):
                self._descriptor = os.open(self._own, os.O_RDWR | os.O_CREAT, FILE_MODE)
                if try_lock(self._descriptor) and self._own.exists():
                    return
                self._close()
                time.sleep(0.01)

    def release(self, free: Callable[[bytes], None]) -> None:
        """The same as dying, and being buried at once. Where `free` raises, somebody else does that later."""
        self._close()
        free(bytes.fromhex(self._own.name))
        _remove(self._own)

    def bury(self, free: Callable[[bytes], None]) -> int:
        """Calls `free` for the owner of each process that has died; how many that were."""
        with contextlib.suppress(OSError):
            return sum(self._bury(path, free) for path in self._folder.iterdir() if path != self._own)
        return 0

    def _bury(self, path: Path, free: Callable[[bytes], None]) -> bool:
        with contextlib.suppress(OSError, ValueError):  # it has just ended by itself; no file of ours
            owner = bytes.fromhex(path.name)
            descriptor = os.open(path, os.O_RDWR)
            try:
                if not try_lock(descriptor):
                    return False
                free(owner)
                _remove(path)  # while it is locked: it may be one that is being made
            finally:
                os.close(descriptor)
            _remove(path)  # Windows removes nothing that is open
            return True
        return False

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def say(home: Path, owner: bytes, words: bytes) -> None:
    """Beside its lock: what the other processes of the home may know of this one as long as it lives."""
    with contextlib.suppress(OSError):  # a full disk: nothing is known
        descriptor = os.open(home / OWNERS_FOLDER / owner.hex(), os.O_RDWR)
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, words)
        finally:
            os.close(descriptor)


def said_by_others(home: Path, owner: bytes) -> list[bytes]:
    """What of processes that died is there until they are buried."""
    said = []
    with contextlib.suppress(OSError):
        for path in (home / OWNERS_FOLDER).iterdir():
            if path.name != owner.hex():
                with contextlib.suppress(OSError):
                    said.append(path.read_bytes())
    return [words for words in said if words]


def _remove(path: Path) -> None:
    """An owner's name is never used again."""
    with contextlib.suppress(OSError):
        path.unlink()
