"""The home folder itself: made for one person (0700), and the files in it as well (0600)."""

import os
import stat
import sys
import time
from pathlib import Path

from lanmsg.storage.errors import StorageError, file_errors
from lanmsg.storage.locking import try_lock

DATABASE_FILE = "lanmsg.db"
IDENTITY_FILE = "identity.der"
LISTENER_LOCK_FILE = "listener.lock"
STORE_LOCK_FILE = "store.lock"
OWN_FILES = (DATABASE_FILE, IDENTITY_FILE, LISTENER_LOCK_FILE, STORE_LOCK_FILE, "config.toml", "lanmsg.log")

FOLDER_MODE = 0o700
FILE_MODE = 0o600
OPENING_SECONDS = 15.0
"""Longest wait for a process that is checking or migrating the store right now."""

ANOTHER_HOME = "choose another folder with --home or LANMSG_HOME"


def prepare_home(home: Path) -> None:
    """Makes `home` if it is missing and sees to it that only its owner can look inside."""
    with file_errors("make the home", home, hint=ANOTHER_HOME):
        try:
            home.mkdir(mode=FOLDER_MODE, parents=True)
        except FileExistsError:
            if not home.is_dir():
                raise StorageError(
                    f"the home {home} is not a folder", code="disk", hint=ANOTHER_HOME
                ) from None
    if sys.platform == "win32":  # a profile's folders are already closed to others, by lists and not by bits
        return
    _close_to_others(home)
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise StorageError(f"the home {home} cannot be written", code="disk", hint=ANOTHER_HOME)


def _close_to_others(home: Path) -> None:
    with file_errors("look at the home", home, hint=ANOTHER_HOME):
        state = home.stat()
    _require_own(state, f"the home {home}")
    if not stat.S_IMODE(state.st_mode) & 0o077:
        return
    # `--home /tmp` must not lock everybody out of /tmp: only a folder of our own is changed.
    if state.st_mode & stat.S_ISVTX or not _is_ours(home):
        raise StorageError(
            f"the home {home} is open to other users and holds other things",
            code="disk",
            hint=f"choose a folder of its own with --home, or: chmod 700 {home}",
        )
    with file_errors("close to others the home", home, hint=ANOTHER_HOME):
        home.chmod(FOLDER_MODE)
        if stat.S_IMODE(home.stat().st_mode) & 0o077:  # FAT and some network file systems
            raise StorageError(
                f"the home {home} cannot be closed to other users on this file system",
                code="disk",
                hint=ANOTHER_HOME,
            )


def _is_ours(home: Path) -> bool:
    with file_errors("read the home", home, hint=ANOTHER_HOME):
        names = {entry.name for entry in home.iterdir()}
    return not names or not names.isdisjoint(OWN_FILES)


def _require_own(state: os.stat_result, what: str) -> None:
    if state.st_uid != os.geteuid():
        raise StorageError(
            f"{what} belongs to another user (uid {state.st_uid})",
            code="disk",
            hint=f"run lanmsg as that user, or {ANOTHER_HOME}",
        )


def make_private_file(path: Path) -> None:
    """Makes `path` empty and 0600 if it is missing; tightens one that is there.

    By name only: closing a second descriptor of a database would drop SQLite's locks on it (POSIX).
    """
    with file_errors("make", path):
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
        except FileExistsError:
            tighten_file(path)


def tighten_file(path: Path) -> None:
    """Only its owner may read or write `path`. Raises StorageError when that cannot be had."""
    with file_errors("read", path):
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise StorageError(f"{path} is not a file", code="disk", hint="move it away")
        if sys.platform == "win32":
            return
        _require_own(state, str(path))
        if not stat.S_IMODE(state.st_mode) & 0o177:
            return
        path.chmod(FILE_MODE)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise StorageError(f"{path} cannot be closed to other users", code="disk", hint=ANOTHER_HOME)


def sync_folder(folder: Path) -> None:
    """Makes new names in `folder` survive a power cut, where the system has a way to say so."""
    if sys.platform == "win32":
        return
    with file_errors("sync", folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class StoreLock:
    """Shared by all who have the store open; held alone while it is checked, migrated or set aside."""

    def __init__(self, home: Path) -> None:
        self._path = home / STORE_LOCK_FILE
        make_private_file(self._path)
        with file_errors("open", self._path):
            self._descriptor = os.open(self._path, os.O_RDWR)

    def enter(self) -> bool:
        """Waits until nobody holds it alone. True: nobody else has the store open or can, until share()."""
        if sys.platform == "win32":  # no shared locks there; what is in use cannot be renamed anyway
            return True
        deadline = time.monotonic() + OPENING_SECONDS
        while True:
            if self._lock(shared=False):
                return True
            if self._lock(shared=True):
                return False
            if time.monotonic() > deadline:
                raise StorageError(
                    "another process has been opening the store for too long",
                    hint="end the lanmsg that hangs, then try again",
                )
            time.sleep(0.01)

    def share(self) -> None:
        """Lets the others in."""
        if sys.platform != "win32":
            self._lock(shared=True)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _lock(self, *, shared: bool) -> bool:
        if sys.platform == "win32":
            return True
        try:
            return try_lock(self._descriptor, shared=shared)
        except OSError:  # a file system without locks: nobody is ever alone there
            return shared
