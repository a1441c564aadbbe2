"""Received files: written where nobody sees them, published complete, and never over something else.

`<folder>/.lanmsg-part/<transfer>/tree` becomes what is in it, under the names that were made safe, by a step
that cannot overwrite. Everything there is reached by descriptors from the folder that the person chose.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from lanmsg.storage.disk_space import free_bytes, sync_tree
from lanmsg.storage.errors import StorageError
from lanmsg.storage.folder import Folder, disk_errors
from lanmsg.storage.names import UnsafeNameError, safe_path
from lanmsg.storage.part_folder import part_folders, private_folder
from lanmsg.storage.part_journal import PartJournal, Recorded
from lanmsg.storage.part_tree import Parts, PartTree
from lanmsg.storage.publish import publish_tree
from lanmsg.terminal import human_size

TREE = "tree"

SPACE_CHECK_BYTES = 64 << 20
"""How much may be written before free space is looked at again: others write to the same disk."""

ENTRY_BYTES = 4096
"""What an entry takes besides its bytes: a million empty files fill a disk too."""


class Position(Struct, frozen=True):
    """How far a transfer has come.

    `entry` entries of `size` bytes in all are whole, and `offset` bytes of the one at `path` (the peer's
    words) are there. `chain` is what `end_entry` was last given.
    """

    entry: int
    offset: int
    size: int
    chain: bytes
    path: str

    @property
    def done(self) -> int:
        return self.size + self.offset


class PartialTransfer:
    """One incoming transfer on the disk, taken up where it was left. Raises StorageError.

    `root` is the person's choice: it is made if need be, links in its path are followed, and others may be
    able to write there, since what is not published yet is in a folder of ours alone. `reserve` bytes of the
    disk stay free. `origin` is what files are marked with. `now` tells the seconds since 1970.
    """

    def __init__(
        self,
        root: Path,
        name: str,
        *,
        now: Callable[[], float],
        reserve: int = 0,
        origin: str = "",
        keep_executable: bool = False,
    ) -> None:
        self.kept = 0
        """Whole entries, of earlier runs as well; fewer than have passed where the source voided some."""
        self.renamed = 0
        """Entries of this run that could not have the name that the peer gave them."""
        self.is_complete = False
        """All of it has come; only `publish` is left to do."""
        self._name = name
        self._reserve = reserve
        self._keep_executable = keep_executable
        self._planned: deque[Parts] = deque()
        self._times: list[str] = []
        """Lines for the journal: a folder gets its time when nothing is put into it any more."""
        self._entries = self._size = self._offset = 0
        self._chain = b""
        self._stored: Parts = ()
        """Where the file in progress is; () when none is."""
        self._path = ""
        """The peer's words for it."""
        self._resuming = False
        """It is there from an earlier run, and has not been announced again yet."""
        self._started = self._unmarked = False
        self._mtime = 0
        self._unchecked = 0
        with ExitStack() as opened:
            self._open_folders(root, opened)
            self._files = PartTree(self._tree, self._root.path, now=now, origin=origin)
            opened.callback(self._files.close)
            self._journal = PartJournal(self._part)
            opened.callback(self._journal.close)
            self._recover(self._journal.recorded)
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_folders(self, root: Path, opened: ExitStack) -> None:
        def kept(folder: Folder) -> Folder:
            opened.callback(folder.close)
            return folder

        with disk_errors("save into", root):
            root.mkdir(parents=True, exist_ok=True)
            self._root = kept(Folder.open(root.resolve()))
            parts, part = part_folders(self._root, self._name)
            self._parts, self._part = kept(parts), kept(part)
            self._tree = kept(private_folder(self._part, TREE))

    # What is there ------------------------------------------------------------------------------------

    def _recover(self, recorded: Recorded) -> None:
        # After a power cut only bytes that are hashed before they are continued can be relied upon.
        if recorded.entries and not recorded.is_trusted:
            self.restart()
            return
        whole = self._journal.whole_among(recorded.leftovers)
        for path in reversed(recorded.leftovers):
            if path not in whole:
                self._files.remove(tuple(path.split("/")))
        self._journal.start_run()
        self._adopt(recorded)
        if not self._stored:
            return
        self._offset = self._files.size_of(self._stored) or 0
        if self._offset:
            self._resuming = True
        else:
            self._drop()

    def _drop(self) -> None:
        """The entry in progress is not there any more, or never was."""
        self._files.remove(self._stored)
        self._journal.append("-" + "/".join(self._stored))
        self._stored, self._path = (), ""

    def _adopt(self, recorded: Recorded) -> None:
        self.is_complete, self.kept = recorded.is_complete, recorded.kept
        self._entries, self._size, self._chain = recorded.entries, recorded.size, recorded.chain
        self._stored = tuple(recorded.stored_path.split("/")) if recorded.stored_path else ()
        self._path = recorded.wire_path
        self._offset = 0
        self._resuming = self._unmarked = self._started = False

    def position(self) -> Position:
        offset = self._offset if self._resuming else self._files.written if self._stored else 0
        return Position(self._entries, offset, self._size, self._chain, self._path if offset else "")

    def at(self) -> tuple[int, str, int]:
        """For the eye: how many entries are whole, and path and bytes of the one in progress, if any."""
        return self._entries, self._path if self._stored else "", self._files.written

    def prefix(self) -> Iterator[bytes]:
        """What is there of the entry in progress."""
        return self._files.read(self._stored) if self._stored else iter(())

    def restart(self) -> None:
        """Nothing of it has come: what was there is deleted."""
        self._files.clear()
        self._times.clear()
        self._journal.restart()
        self._adopt(self._journal.recorded)

    def require(self, size: int) -> None:
        """Raises StorageError when there is no room for `size` more bytes and the reserve."""
        self._unchecked = 0
        with disk_errors("look at", self._root.path):
            free = max(0, free_bytes(self._root) - self._reserve)
        if free < size or free == 0:
            raise StorageError(
                f"not enough space in {self._root.path}: {human_size(size)} needed, {human_size(free)} free",
                code="no_space",
                hint="free some space, or save it elsewhere with --to",
            )

    # What comes ---------------------------------------------------------------------------------------

    def begin_record(self, paths: Sequence[str]) -> None:
        """Before anything of a record is written: the paths of the entries that start in it."""
        if not paths:
            return
        planned = [safe_path(path) for path in paths]
        self._planned.extend(planned)
        new = planned[1:] if self._resuming else planned  # what is continued is there, and stays
        self._journal.append(*self._mark(), *("?" + "/".join(parts) for parts in new))

    def start_entry(self, path: str, kind: str, size: int | None, mtime: int, *, executable: bool) -> None:
        """The next of those that `begin_record` was told of; `kind` is file, folder or stream."""
        parts = self._planned.popleft()
        self._mtime = mtime
        self.renamed += "/".join(parts) != path
        self._claim(ENTRY_BYTES)
        if self._resuming:
            self._continue(path)
        elif kind == "folder":
            self._files.make_folder(parts)
            self._times.append(f"t{mtime} {'/'.join(parts)}")
        else:
            self._claim(size or 0)
            self._stored = self._files.make_file(
                parts, executable=executable and self._keep_executable, announce=self._announce
            )
        self._path, self._started = path, True

    def _continue(self, path: str) -> None:
        self._resuming = False
        if path != self._path:
            raise UnsafeNameError("another file goes on than the one that broke off")
        self._files.continue_file(self._stored)

    def _announce(self, stored: Parts) -> None:
        self._journal.append("?" + "/".join(stored))

    def write(self, data: memoryview) -> None:
        self._claim(len(data))
        self._files.write(data)

    def _claim(self, size: int) -> None:
        self._unchecked += size
        if self._unchecked > SPACE_CHECK_BYTES:
            self.require(size)

    def end_entry(self, chain: bytes) -> None:
        """The entry is whole; `chain` stands for it and all before it (32 bytes, given back on resume)."""
        if self._stored:
            self._files.finish_file(self._mtime)
        self._size += self._files.written
        self.kept += 1
        self._close_entry(chain)

    def void_entry(self, chain: bytes) -> None:
        """The entry will never be whole: what has come of it is deleted."""
        self._files.close()
        self._drop()
        self._close_entry(chain)

    def _close_entry(self, chain: bytes) -> None:
        self._entries += 1
        self._chain = chain
        self._stored, self._path = (), ""
        self._started, self._unmarked = False, True

    def end_record(self) -> None:
        """All of a record has been acted upon.

        What ended in it is marked together with the names of the next one; only an entry that goes on needs
        its mark now, as records without names may follow for hours.
        """
        if self._started and self._stored:
            self._unmarked, self._started = True, False
            self._journal.append(*self._mark())

    def _mark(self) -> list[str]:
        if not self._unmarked:
            return []
        self._unmarked = False
        lines = [*self._times, f"={self._entries} {self.kept} {self._size} {self._chain.hex()}"]
        self._times.clear()
        if self._stored:
            lines.append(">" + json.dumps(["/".join(self._stored), self._path]))
        return lines

    # The end of a run ---------------------------------------------------------------------------------

    def pause(self) -> None:
        """Put what has come on the disk, to be continued even after a power cut."""
        self._files.close()
        self._unmarked |= self._started
        self._journal.append(*self._mark())
        self._sync()

    def publish(self) -> list[Path]:
        """Everything gets its name among the person's files; returns the top-level ones.

        What had none when a crash came gets it when this is called again. The journal stays, so that a crash
        before the caller has noted the end does not start the transfer again; then `discard`.
        """
        if not self.is_complete:
            self._files.close()
            self._journal.append(*self._mark())
            with disk_errors("read", self._root.path):
                for path, mtime in self._journal.folder_times():
                    self._files.set_folder_time(tuple(path.split("/")), mtime)
            self._sync()
            self._require_place()
            self._journal.append(".")
            self.is_complete = True
        published = self._journal.recorded.published
        with disk_errors("save into", self._root.path):
            for name in publish_tree(self._tree, self._root):
                self._journal.append("*" + name)
                published.append(name)
            self._root.sync()
        if not published:
            raise StorageError(f"what had come into {self._root.path} was deleted meanwhile", code="disk")
        return [self._root.path / name for name in published]

    def _require_place(self) -> None:
        """Raises StorageError when what is held open is not the person's folder any more: it was deleted."""
        if not self._root.is_at_its_path():
            raise StorageError(f"the folder {self._root.path} was deleted meanwhile", code="disk")

    def _sync(self) -> None:
        with disk_errors("sync", self._root.path):
            sync_tree(self._tree, self._entries)
        self._journal.append("~")
        self._journal.sync()

    def discard(self) -> None:
        """Delete all of it but what was published. Nothing else than what we made is touched."""
        self._files.close()
        self._journal.close()
        with disk_errors("clear", self._parts.path):
            self._parts.remove_all(self._name)
        with suppress(OSError):  # others may be in it
            self._root.remove_folder(self._parts.path.name)
        self.close()

    def close(self) -> None:
        """What has come stays. May be called again."""
        self._opened.close()
