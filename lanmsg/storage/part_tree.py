"""The files of a partial transfer while they are written: one after the other, each made new."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from lanmsg.storage.folder import FILE_MODE, Folder, disk_error, disk_errors
from lanmsg.storage.names import UnsafeNameError, numbered_names
from lanmsg.storage.origin_mark import MARKS_EVERY_FILE, mark_origin

EXECUTABLE_MODE = 0o777

FLUSH_BYTES = 8 << 20
"""The system is asked to start writing this much out while more is on its way, so that the sync at the end
finds little left to do."""

READ_BYTES = 1 << 18
SHOWN_MAX = 60

SETS_TIME_OF_OPEN = os.utime in os.supports_fd

Parts = tuple[str, ...]
"""The names of a path, from the top folder down, after `safe_path`."""


class PartTree:
    """Writes into `folder`. `now` and `origin` as for PartialTransfer. Raises StorageError, about `root`:
    the folder that the person knows.
    """

    def __init__(self, folder: Folder, root: Path, *, now: Callable[[], float], origin: str) -> None:
        self.written = 0
        """Bytes of the file in progress, those of earlier runs included."""
        self._folder = folder
        self._root = root
        self._now = now
        self._origin = origin
        self._file = -1
        self._stored: Parts = ()
        self._parent: Folder | None = None
        self._parent_parts: Parts = ()

    # One entry after the other ------------------------------------------------------------------------

    def make_folder(self, parts: Parts) -> None:
        """Two folders of the peer whose names became the same are one; nothing in them is overwritten."""
        self.written = 0
        with disk_errors(f"make the folder {_shown(parts)} in", self._root):
            parent = self._announced(parts[:-1])
            try:
                parent.make_folder(parts[-1])
            except FileExistsError:
                status = parent.status(parts[-1])
                if status is None or not stat.S_ISDIR(status.st_mode):
                    raise UnsafeNameError("a file has the name of a folder") from None
        if MARKS_EVERY_FILE or len(parts) == 1:
            self._mark_origin(None, parts)

    def make_file(self, parts: Parts, *, executable: bool, announce: Callable[[Parts], None]) -> Parts:
        """Make the file and go on with it; returns where. Another name than asked for is announced first."""
        mode = EXECUTABLE_MODE if executable else FILE_MODE
        try:
            parent = self._announced(parts[:-1])
            for name in numbered_names(parts[-1], folder=False):
                self._stored = (*parts[:-1], name)
                if name != parts[-1]:
                    announce(self._stored)
                try:
                    self._file = parent.make_file(name, mode)
                except FileExistsError:
                    continue
                break
        except OSError as error:
            raise disk_error(f"make {_shown(parts)} in", self._root, error) from error
        self.written = 0
        return self._stored

    def continue_file(self, stored: Parts) -> None:
        """Go on at its end."""
        with disk_errors("open a file in", self._root):
            self._file = self._reach(stored[:-1]).open_file(stored[-1])
            self.written = os.lseek(self._file, 0, os.SEEK_END)
        self._stored = stored

    def write(self, data: memoryview) -> None:
        size = len(data)
        try:
            done = os.write(self._file, data)
            while done < size:
                done += os.write(self._file, data[done:])
        except OSError as error:
            raise disk_error("write to", self._root, error) from error
        before, self.written = self.written, self.written + size
        if before // FLUSH_BYTES != self.written // FLUSH_BYTES:
            _start_flush(self._file, self.written)

    def finish_file(self, mtime: int) -> None:
        """Its time is the peer's, but never in the future: programs that compare times would go wrong."""
        seconds = min(mtime, int(self._now()))
        try:
            if MARKS_EVERY_FILE or len(self._stored) == 1:
                self._mark_origin(self._file, self._stored)
            if not os.fstat(self._file).st_nlink:
                raise FileNotFoundError(errno.ENOENT, "it was deleted while it was written")
            if SETS_TIME_OF_OPEN:
                os.utime(self._file, (seconds, seconds))
            self.close_file()
            if not SETS_TIME_OF_OPEN:
                os.utime(self._folder.path.joinpath(*self._stored), (seconds, seconds))
        except OverflowError:
            self.close_file()  # a time that this system cannot count keeps nobody from the file
        except OSError as error:
            raise disk_error("finish a file in", self._root, error) from error

    def set_folder_time(self, parts: Parts, mtime: int) -> None:
        """As for files. It is the last that happens to a folder: whatever is put into it changes its time."""
        with disk_errors("finish a folder in", self._root), suppress(OverflowError, FileNotFoundError):
            self._reach(parts).set_modified(min(mtime, int(self._now())))

    def close_file(self) -> None:
        if self._file >= 0:
            descriptor, self._file = self._file, -1
            os.close(descriptor)

    # What is there ------------------------------------------------------------------------------------

    def size_of(self, stored: Parts) -> int | None:
        """None when it is no file."""
        with disk_errors("look at", self._root):
            status = self._reach(stored[:-1]).status(stored[-1])
        return status.st_size if status is not None and stat.S_ISREG(status.st_mode) else None

    def read(self, stored: Parts) -> Iterator[bytes]:
        with disk_errors("read", self._root):
            descriptor = self._reach(stored[:-1]).open_file(stored[-1])
            try:
                while data := os.read(descriptor, READ_BYTES):
                    yield data
            finally:
                os.close(descriptor)

    def remove(self, stored: Parts) -> None:
        """The file or empty folder, if it is there."""
        with disk_errors("clear", self._root):
            try:
                parent = self._reach(stored[:-1])
            except FileNotFoundError:
                return
            status = parent.status(stored[-1])
            if status is not None and stat.S_ISDIR(status.st_mode):
                parent.remove_folder(stored[-1])
                self._leave()  # it may be the one that is kept open
            elif status is not None:
                parent.remove(stored[-1])

    def clear(self) -> None:
        self.close()
        with disk_errors("clear", self._root):
            for name in self._folder.names():
                status = self._folder.status(name)
                if status is not None and stat.S_ISDIR(status.st_mode):
                    self._folder.remove_all(name)
                else:
                    self._folder.remove(name)

    def close(self) -> None:
        """The file and the folders in use; `folder` itself belongs to whoever gave it."""
        self.close_file()
        self._leave()

    # Folders ------------------------------------------------------------------------------------------

    def _announced(self, parts: Parts) -> Folder:
        """The folder for a new entry; the peer has to have sent it before."""
        try:
            return self._reach(parts)
        except FileNotFoundError:
            raise UnsafeNameError("its folder did not come before it") from None

    def _reach(self, parts: Parts) -> Folder:
        """The folder at `parts`, kept open for the next entry: neighbours come one after the other."""
        if not parts:
            return self._folder
        if parts == self._parent_parts and self._parent is not None:
            return self._parent
        if self._parent is not None and parts[:-1] == self._parent_parts:
            reached = self._parent.child(parts[-1])
        else:
            reached = self._descend(parts)
        self._leave()
        self._parent, self._parent_parts = reached, parts
        return reached

    def _descend(self, parts: Parts) -> Folder:
        folder = self._folder.child(parts[0])
        for part in parts[1:]:
            try:
                child = folder.child(part)
            finally:
                folder.close()
            folder = child
        return folder

    def _leave(self) -> None:
        if self._parent is not None:
            self._parent.close()
            self._parent, self._parent_parts = None, ()

    def _mark_origin(self, descriptor: int | None, parts: Parts) -> None:
        mark_origin(descriptor, self._folder.path.joinpath(*parts), self._origin, self._now())


def _shown(parts: Parts) -> str:
    """Enough of the path to know it by; what hides or forges is out of its names already."""
    path = "/".join(parts)
    return path if len(path) <= SHOWN_MAX else f"{path[: SHOWN_MAX // 2]}…{path[-SHOWN_MAX // 2 :]}"


def _start_flush(descriptor: int, end: int) -> None:
    """Pages that are still to be written are not dropped by this advice: their writing starts (Linux)."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, end - FLUSH_BYTES, FLUSH_BYTES, os.POSIX_FADV_DONTNEED)
