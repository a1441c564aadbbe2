"""Locks on files that are open: the system takes them back from a process that ends, however it ends."""

import os
import sys

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCKED_BYTE = 1 << 20
"""Windows locks bytes, and nobody may read them meanwhile: one far behind whatever the file says."""


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Never waits. `shared`: with all who ask so; Windows has no such locks.

    Raises OSError where the file system has no locks, as some network mounts.
    """
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
