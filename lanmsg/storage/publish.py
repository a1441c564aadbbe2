"""A finished tree gets its names among the person's files: each at once, none over another."""

import os
import stat
from collections.abc import Iterator

from lanmsg.storage.folder import Folder
from lanmsg.storage.names import numbered_names


def publish_tree(tree: Folder, root: Folder) -> Iterator[str]:
    """Move what is at the top of `tree` to `root`, yielding each name it got. Raises OSError."""
    for name in sorted(tree.names()):
        status = tree.status(name)
        if status is not None:
            yield _publish(tree, name, status, root)


def _publish(tree: Folder, name: str, status: os.stat_result, root: Folder) -> str:
    is_folder = stat.S_ISDIR(status.st_mode)
    for candidate in numbered_names(name, folder=is_folder):
        # A crash after the new name was given and before the old one was taken away: it is done already.
        if not is_folder and status.st_nlink > 1 and _is_same(root.status(candidate), status):
            tree.remove(name)
            return candidate
        try:
            if is_folder:
                tree.move_folder(name, root, candidate)
            else:
                tree.move_file(name, root, candidate)
        except FileExistsError:
            continue
        return candidate
    raise AssertionError("numbers do not end")


def _is_same(found: os.stat_result | None, status: os.stat_result) -> bool:
    return found is not None and (found.st_dev, found.st_ino) == (status.st_dev, status.st_ino)
