"""Where partial transfers lie inside the folder that the person chose: in a folder of ours alone."""

import errno
import os
import stat
import sys
from contextlib import suppress
from hashlib import sha256

from lanmsg.model import PeerId, TransferId
from lanmsg.storage.errors import StorageError
from lanmsg.storage.folder import Folder

PARTS_FOLDER = ".lanmsg-part"
PRIVATE = 0o700

ATTEMPTS = 50
"""To make a folder that others remove; each fails only if somebody ends a transfer in that very moment."""


def part_name(own: PeerId, peer: PeerId, transfer: TransferId) -> str:
    """The folder of one transfer.

    A peer chooses the ids of its transfers, but reaches neither another peer's part by that, nor the part of
    another home that saves into the same folder.
    """
    return sha256(own + peer + transfer).hexdigest()[:32]


def private_folder(parent: Folder, name: str) -> Folder:
    with suppress(FileExistsError):
        parent.make_folder(name, PRIVATE)
    return parent.child(name)


def part_folders(root: Folder, name: str) -> tuple[Folder, Folder]:
    """The folder of all parts, and in it the one of this name.

    Whoever ends a transfer removes the first one if it is empty, maybe right before the second is made.
    """
    for _ in range(ATTEMPTS):
        with suppress(FileNotFoundError):
            parts = parts_folder(root)
            try:
                return parts, private_folder(parts, name)
            except BaseException:
                parts.close()
                raise
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def parts_folder(root: Folder) -> Folder:
    """Where parts are kept: a folder of ours that nobody else can write to.

    Somebody else's may be there already in a folder that several share; then ours has another name.
    """
    for name in (PARTS_FOLDER, f"{PARTS_FOLDER}-{_user()}"):
        status = root.status(name)
        if status is None or _is_ours_alone(status):
            folder = private_folder(root, name)
            if folder.descriptor() is None or _is_ours_alone(os.fstat(folder.descriptor() or 0)):
                return folder
            folder.close()
    raise StorageError(
        f"{root.path / PARTS_FOLDER} is not a folder of yours alone",
        code="permission",
        hint="remove it, or save elsewhere with --to",
    )


def _is_ours_alone(status: os.stat_result) -> bool:
    if not stat.S_ISDIR(status.st_mode):
        return False
    return sys.platform == "win32" or (status.st_uid == _user() and not status.st_mode & 0o022)


def _user() -> int:
    return os.geteuid() if sys.platform != "win32" else 0
