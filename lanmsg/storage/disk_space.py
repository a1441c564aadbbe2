"""How much room a disk has, and that what was written is on it."""

import os
import shutil
import stat
import sys
from pathlib import Path

from lanmsg.storage.folder import Folder

SYNC_EACH_MAX = 64
"""So many entries are synced one by one; with more, one sync of the whole file system is cheaper."""


def free_space(path: Path) -> tuple[int, int]:
    """Free bytes and all bytes of the disk that holds `path`, or will when it is made. Raises OSError."""
    while not path.exists() and path != path.parent:
        path = path.parent
    usage = shutil.disk_usage(path)
    return usage.free, usage.total


def free_bytes(folder: Folder) -> int:
    """What we may still write. Raises OSError."""
    descriptor = folder.descriptor()
    if descriptor is None or not hasattr(os, "fstatvfs"):
        return shutil.disk_usage(folder.path).free
    status = os.fstatvfs(descriptor)
    return status.f_bavail * status.f_frsize


def sync_tree(folder: Folder, entries: int) -> None:
    """Return when the `entries` files and folders below `folder` are on the disk. Raises OSError."""
    if entries > SYNC_EACH_MAX and sync_file_system(folder):
        return
    for name in folder.names():
        status = folder.status(name)
        if status is not None and stat.S_ISDIR(status.st_mode):
            child = folder.child(name)
            try:
                sync_tree(child, 0)
            finally:
                child.close()
        elif status is not None:
            _sync_file(folder, name)
    folder.sync()


def _sync_file(folder: Folder, name: str) -> None:
    descriptor = folder.open_file(name)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file_system(folder: Folder) -> bool:
    """Sync the disk that holds `folder`; False where that cannot be asked for. Raises OSError."""
    descriptor = folder.descriptor()
    if sys.platform.startswith("linux") and descriptor is not None:
        import ctypes

        # os.sync() would wait for every disk of the machine, and tell of no error.
        library = ctypes.CDLL(None, use_errno=True)
        if hasattr(library, "syncfs"):
            if library.syncfs(descriptor) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
            return True
    if hasattr(os, "sync"):
        os.sync()
        return True
    return False
