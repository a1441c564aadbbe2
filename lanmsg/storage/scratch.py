"""A folder for files that pass through to somewhere else: it ends with the process that wanted it.

Killed, such a process leaves the folder behind, and maybe transfers that name it as their place: whoever
meets it then sees that nobody holds it, and saves where everything else goes.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lanmsg.storage.locking import try_lock

PREFIX = ".lanmsg-stdout-"
LOCK = ".held"


@contextmanager
def scratch_folder(downloads: Path) -> Iterator[Path]:
    """In `downloads`, as that is where there is room. Raises OSError."""
    downloads.mkdir(parents=True, exist_ok=True)
    for left in downloads.glob(f"{PREFIX}*"):
        if is_orphaned(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=downloads))
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _hold(lock)
        yield folder
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def is_passing(folder: Path) -> bool:
    """Whether it is such a folder, so that what is in it will soon be somewhere else."""
    return folder.name.startswith(PREFIX)


def is_orphaned(folder: Path) -> bool:
    """Whether it was such a folder, and the process that wanted it is dead."""
    if not is_passing(folder):
        return False
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return True
    try:
        return _hold(lock)
    finally:
        os.close(lock)


def _hold(lock: int) -> bool:
    """Where there are no locks, nobody's folder is taken for an orphan."""
    with suppress(OSError):
        return try_lock(lock)
    return False
