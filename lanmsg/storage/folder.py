"""A folder held open: what is done in it cannot be led elsewhere by a link put in its place meanwhile.

Where the system has no descriptors of folders (Windows), paths are used and looked at before.
"""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lanmsg.storage.errors import StorageError

HAS_FOLDER_DESCRIPTORS = os.open in os.supports_dir_fd and os.listdir in os.supports_fd

NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
FOLDER = NO_LINKS | getattr(os, "O_DIRECTORY", 0) | os.O_RDONLY
NEW_FILE = NO_LINKS | getattr(os, "O_BINARY", 0) | os.O_CREAT | os.O_EXCL | os.O_RDWR
OLD_FILE = NO_LINKS | getattr(os, "O_BINARY", 0) | os.O_RDWR

OPTIONS = ("O_NOFOLLOW", "O_BINARY", "O_NONBLOCK", "O_NOCTTY")
SOURCE = os.O_RDONLY | sum(getattr(os, option, 0) for option in OPTIONS)

RENAME_NOREPLACE = 1

FILE_MODE = 0o666
FOLDER_MODE = 0o777
"""Less the umask, as for what any other program saves: the person has said there who may read their files."""

CODES = {
    errno.ENOSPC: "no_space",
    errno.EDQUOT: "no_space",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
    errno.EROFS: "permission",
    errno.EFBIG: "too_large",
    errno.ELOOP: "permission",
    errno.ENAMETOOLONG: "name",
    errno.EILSEQ: "name",
    errno.ENOTDIR: "permission",
}


HINTS = {
    "no_space": "free some space, or save it elsewhere with --to",
    "permission": "choose a folder of yours with --to",
    "name": "save it on another disk with --to",
}


def disk_error(what: str, path: Path | str, error: OSError) -> StorageError:
    """What a person is told when `what` could not be done to `path`."""
    code = CODES.get(error.errno or 0, "disk")
    return StorageError(
        f"cannot {what} {path}: {error.strerror or error}", code=code, hint=HINTS.get(code, "")
    )


@contextmanager
def disk_errors(what: str, path: Path | str) -> Iterator[None]:
    """Turns OSError into StorageError. Not for the hot path: there it costs more than what it guards."""
    try:
        yield
    except OSError as error:
        raise disk_error(what, path, error) from error


class Folder:
    """`path` is for messages, and for systems without folder descriptors. Its methods raise OSError."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> "Folder":
        """The folder at `path`, which itself must not be a link."""
        if HAS_FOLDER_DESCRIPTORS:
            return cls(path, os.open(path, FOLDER))
        _require_folder(path.lstat(), path)
        return cls(path, None)

    def child(self, name: str) -> "Folder":
        if HAS_FOLDER_DESCRIPTORS:
            return Folder(self.path / name, os.open(name, FOLDER, dir_fd=self._descriptor))
        return Folder.open(self.path / name)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def modified(self) -> int:
        """When a name in it last changed, in seconds since 1970."""
        return int((self.path.stat() if self._descriptor is None else os.fstat(self._descriptor)).st_mtime)

    def is_at_its_path(self) -> bool:
        """Whether the path still leads to it: it may have been removed, and another one made."""
        if self._descriptor is None:
            return self.path.is_dir()
        try:
            return os.path.samestat(self.path.stat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def set_modified(self, seconds: int) -> None:
        os.utime(self.path if self._descriptor is None else self._descriptor, (seconds, seconds))

    def descriptor(self) -> int | None:
        """For what a descriptor can be asked and a name cannot; None where folders have none."""
        return self._descriptor

    def make_folder(self, name: str, mode: int = FOLDER_MODE) -> None:
        """Raises FileExistsError when the name is taken."""
        os.mkdir(self._at(name), mode, dir_fd=self._descriptor)

    def make_file(self, name: str, mode: int = FILE_MODE) -> int:
        """Raises FileExistsError when the name is taken."""
        return os.open(self._at(name), NEW_FILE, mode, dir_fd=self._descriptor)

    def open_file(self, name: str) -> int:
        """A file that is there, for reading and writing; only a real one."""
        descriptor = os.open(self._at(name), OLD_FILE, dir_fd=self._descriptor)
        _require_file(descriptor, name)
        return descriptor

    def open_source(self, name: str) -> tuple[int, os.stat_result]:
        """A file to be read and sent: never a link, and no wait for a pipe or device in its place."""
        descriptor = os.open(self._at(name), SOURCE, dir_fd=self._descriptor)
        return descriptor, _require_file(descriptor, name)

    def is_readable(self, name: str) -> bool:
        return os.access(self._at(name), os.R_OK, dir_fd=self._descriptor)

    def entries(self) -> list[tuple[str, bool, bool]]:
        """Name, whether it is a folder, whether it is a file; neither is a link or something special."""
        with os.scandir(self.path if self._descriptor is None else self._descriptor) as found:
            return sorted(
                (each.name, each.is_dir(follow_symlinks=False), each.is_file(follow_symlinks=False))
                for each in found
            )

    def status(self, name: str) -> os.stat_result | None:
        """Of what has this name, a link itself and not what it points to; None when nothing has."""
        try:
            return os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        return os.listdir(self.path if self._descriptor is None else self._descriptor)  # noqa: PTH208 - by fd

    def remove(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self._descriptor)

    def remove_folder(self, name: str) -> None:
        """Only an empty one."""
        os.rmdir(self._at(name), dir_fd=self._descriptor)

    def remove_all(self, name: str) -> None:
        """The folder of that name and all that is in it; links in it are removed, not followed."""
        folder = self.child(name)
        try:
            for each in folder.names():
                status = folder.status(each)
                if status is not None and stat.S_ISDIR(status.st_mode):
                    folder.remove_all(each)
                else:
                    folder.remove(each)
        finally:
            folder.close()
        self.remove_folder(name)

    def move_file(self, name: str, to: "Folder", new_name: str) -> None:
        """Give the file its place in `to`. Raises FileExistsError when the new name is taken."""
        try:
            os.link(
                self._at(name),
                to._at(new_name),  # noqa: SLF001 - another of its own kind
                src_dir_fd=self._descriptor,
                dst_dir_fd=to._descriptor,  # noqa: SLF001
                follow_symlinks=False,
            )
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):  # FAT, some network mounts and sandboxes have no hard links
            os.close(to.make_file(new_name))
            self._replace(name, to, new_name)
        else:
            self.remove(name)

    def move_folder(self, name: str, to: "Folder", new_name: str) -> None:
        """The same for a folder."""
        if self._rename_exclusively(name, to, new_name):
            return
        # Over a new and empty folder, which a rename may replace; killed between the two, it stays empty.
        to.make_folder(new_name)
        if sys.platform == "win32":
            to.remove_folder(new_name)  # there a rename replaces nothing, and fails if somebody was faster
        try:
            self._replace(name, to, new_name)
        except OSError:
            with suppress(OSError):
                to.remove_folder(new_name)
            raise

    def _rename_exclusively(self, name: str, to: "Folder", new_name: str) -> bool:
        """In one step, where system and file system have one; False where not."""
        if not sys.platform.startswith("linux"):
            return False
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        if not hasattr(library, "renameat2"):
            return False
        old, new = os.fsencode(name), os.fsencode(new_name)
        if library.renameat2(self._descriptor, old, to._descriptor, new, RENAME_NOREPLACE) == 0:  # noqa: SLF001
            return True
        number = ctypes.get_errno()
        if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            return False
        raise OSError(number, os.strerror(number), new_name)

    def _replace(self, name: str, to: "Folder", new_name: str) -> None:
        os.replace(
            self._at(name),
            to._at(new_name),  # noqa: SLF001
            src_dir_fd=self._descriptor,
            dst_dir_fd=to._descriptor,  # noqa: SLF001
        )

    def sync(self) -> None:
        """Make the names in it survive a power cut, where the system has a way to say so."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def _at(self, name: str) -> str:
        return name if self._descriptor is not None else str(self.path / name)


def _require_file(descriptor: int, name: str) -> os.stat_result:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(errno.ELOOP, "not a file", name)
    return status


def _require_folder(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(path))
