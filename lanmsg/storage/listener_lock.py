"""One process of a home listens: it holds this lock, which the system takes back when the process dies."""

import contextlib
import os
import sys
from pathlib import Path

from lanmsg.storage.errors import file_errors
from lanmsg.storage.home import LISTENER_LOCK_FILE, make_private_file, prepare_home
from lanmsg.storage.locking import try_lock


class ListenerLock:
    def __init__(self, home: Path) -> None:
        self._path = home / LISTENER_LOCK_FILE
        self._home = home
        self._descriptor = -1

    @property
    def held(self) -> bool:
        """By this object."""
        return self._descriptor >= 0

    def acquire(self) -> bool:
        """True when this process listens from now on (or did already). Never waits."""
        if self.held:
            return True
        prepare_home(self._home)
        make_private_file(self._path)
        with file_errors("open", self._path):
            descriptor = os.open(self._path, os.O_RDWR)
            try:
                taken = try_lock(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        if not taken:
            os.close(descriptor)
            return False
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name on it
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Idempotent. The file stays: removing it would let two processes lock two files of one name."""
        if not self.held:
            return
        descriptor, self._descriptor = self._descriptor, -1
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
        os.close(descriptor)

    def holder(self) -> int | None:
        """The process that listens, as far as can be told without touching the lock; for messages only."""
        try:
            text = self._path.read_bytes()[:20]
        except OSError:
            return None
        number = int(text) if text.strip().isdigit() else 0
        return number if number and _is_alive(number) else None


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":  # os.kill() would end it there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
