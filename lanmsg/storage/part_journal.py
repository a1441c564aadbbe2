"""What a partial transfer knows of itself after a crash: a text file that only grows, beside its data.

One line each, written before or after what it speaks of, so that every moment of a kill can be told:
  run BOOT            a process took the transfer up
  ?PATH               this name is about to be made (before the first write of its record)
  -PATH               it is gone again
  =SEEN KEPT SIZE CHAIN  so many entries have passed; every ?PATH of this run above belongs to them
  >["STORED","WIRE"]  and this entry is in progress: its file holds what has come of it
  tMTIME PATH         this folder's time, in seconds since 1970, to be set when all of it is there
  ~                   all of it is on the disk, not only in the system's memory
  .                   the last block has come: what is left is to publish
  *NAME               published under this name
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, field

from lanmsg.storage.errors import StorageError
from lanmsg.storage.folder import Folder, disk_errors
from lanmsg.storage.locking import try_lock

JOURNAL_FILE = "journal"
FILE_MODE = 0o600
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
CHAIN_BYTES = 32


class Recorded(Struct):
    """What the lines say, read from the first to the last."""

    entries: int = 0
    kept: int = 0
    size: int = 0
    chain: bytes = bytes(CHAIN_BYTES)
    stored_path: str = ""
    wire_path: str = ""
    leftovers: list[str] = field(default_factory=list)
    """Names that were about to be made after the last mark: they may be there, and belong to nothing."""
    boot: str = ""
    is_synced: bool = False
    is_complete: bool = False
    published: list[str] = field(default_factory=list)

    def read(self, line: str) -> None:
        kind, rest = line[:1], line[1:]
        self.is_synced = kind == "~" or (self.is_synced and (kind in ".*" or self.is_complete))
        match kind:
            case "?":
                self.leftovers.append(rest)
            case "=":
                seen, kept, size, chain = rest.split(" ")
                self.entries, self.kept, self.size = int(seen), int(kept), int(size)
                self.chain = bytes.fromhex(chain)
                self.stored_path = self.wire_path = ""
                self.leftovers.clear()
            case ">":
                self.stored_path, self.wire_path = json.loads(rest)
            case ".":
                self.is_complete = True
            case "*":
                self.published.append(rest)
            case "r":
                self.boot = rest.partition(" ")[2]
                self.leftovers.clear()  # a run starts by removing them
            case _:
                pass

    @property
    def is_trusted(self) -> bool:
        """Whether a power cut can have taken from the disk what the lines call whole."""
        return self.is_synced or (self.boot == boot_id() != "")


class PartJournal:
    """Open while a process works on the transfer, and locked: there is one at a time."""

    def __init__(self, folder: Folder) -> None:
        self._path = folder.path / JOURNAL_FILE
        with disk_errors("open", self._path):
            try:
                self._file = folder.make_file(JOURNAL_FILE, FILE_MODE)
            except FileExistsError:
                self._file = folder.open_file(JOURNAL_FILE)
        try:
            self._lock()
            self.recorded = self._load()
        except BaseException:
            os.close(self._file)
            raise

    def append(self, *lines: str) -> None:
        """In one write, so that what belongs together is there together."""
        data = "".join(f"{line}\n" for line in lines).encode()
        with disk_errors("write", self._path):
            while data:
                data = data[os.write(self._file, data) :]

    def start_run(self) -> None:
        self.append(f"run {boot_id()}")

    def sync(self) -> None:
        with disk_errors("sync", self._path):
            os.fsync(self._file)

    def restart(self) -> None:
        """Nothing has come yet."""
        with disk_errors("write", self._path):
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
        self.recorded = Recorded()
        self.start_run()

    def folder_times(self) -> Iterator[tuple[str, int]]:
        """Path and time of each folder that came."""
        for line in self._lines():
            if line[:1] == "t":
                mtime, _, path = line[1:].partition(" ")
                yield path, int(mtime)

    def whole_among(self, paths: Iterable[str]) -> set[str]:
        """Those of `paths` that an earlier mark calls whole: an entry of the same name came before."""
        wanted, waiting, whole = set(paths), set[str](), set[str]()
        for line in self._lines() if wanted else ():
            if line[:1] == "?" and line[1:] in wanted:
                waiting.add(line[1:])
            elif line[:1] == "-":
                whole.discard(line[1:])
            elif line[:1] == "=":
                whole |= waiting
                waiting.clear()
            elif line[:1] == "r":
                waiting.clear()
        return whole

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _lock(self) -> None:
        with suppress(OSError):  # no locks there: the row's lease still says whose transfer it is
            if not try_lock(self._file):
                raise StorageError("another process is receiving this transfer", code="busy")

    def _load(self) -> Recorded:
        recorded = Recorded()
        with disk_errors("read", self._path):
            try:
                for line in self._lines():
                    recorded.read(line)
            except (ValueError, TypeError, RecursionError):
                # Not ours, or damaged: what cannot be trusted is not continued.
                os.ftruncate(self._file, 0)
                recorded = Recorded()
            os.lseek(self._file, 0, os.SEEK_END)
        return recorded

    def _lines(self) -> Iterator[str]:
        """The whole lines. A last one that a crash cut short goes, so that the next is not glued to it."""
        end = 0
        with open(self._file, "rb", closefd=False) as stream:
            stream.seek(0)
            for line in stream:
                if line.endswith(b"\n"):
                    end += len(line)
                    yield line[:-1].decode()
        os.ftruncate(self._file, end)
        os.lseek(self._file, end, os.SEEK_SET)


def boot_id() -> str:
    """Changes when the system starts; "" where there is none."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
