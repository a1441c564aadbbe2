"""The entries of what is to be sent, one after the other, in the same order each time.

Nothing is remembered but the way to where the walk is, so a folder of a million files costs the memory of its
largest sub-folder's names. What cannot be sent is left out and listed, and the rest goes.
"""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct, field

from lanmsg.node.stream_relay import Relay, take
from lanmsg.protocol.constants import MTIME_MAX_S, PATH_DEPTH_MAX, PATH_MAX_BYTES
from lanmsg.protocol.entry import EntryHeader
from lanmsg.storage.folder import Folder
from lanmsg.storage.names import SEPARATORS

LISTED_MAX = 1000
"""Names kept of what was left out; all are counted."""


class Stream(Struct, frozen=True):
    """Bytes of unknown number, which can be read once: what is piped into a command."""

    reader: BinaryIO

    def take(self) -> bool:
        """Whether it is still whole; from now on it is not."""
        return take(self.reader)

    def is_whole(self) -> bool:
        """At its end: it did not just end with the command that passed it on."""
        return not isinstance(self.reader, Relay) or self.reader.is_whole()


class Source(Struct, frozen=True):
    """One thing that was named: the file, folder or stream, and its name for the peer."""

    name: str
    path: Path
    stream: Stream | None = None


class LeftOut(Struct):
    """What could not be sent, and why: the first names, and how many in all."""

    listed: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0

    def add(self, path: str, why: str) -> None:
        self.count += 1
        if len(self.listed) < LISTED_MAX:
            self.listed.append((path, why))


class Found(Struct, frozen=True):
    """An entry that a walk met. `path` has the names for the peer; `name` in `folder` is where it is.

    Without `folder`, `name` is a file's whole path. The folder is open until the next entry is asked for.
    """

    path: str
    kind: str
    folder: Folder | None
    name: str = ""
    stream: Stream | None = None

    def open_file(self) -> tuple[int, os.stat_result]:
        """Raises OSError."""
        if self.folder is not None:
            return self.folder.open_source(self.name)
        descriptor = os.open(self.name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        return descriptor, os.fstat(descriptor)


class Opened(Struct, frozen=True):
    """An entry to be sent. A file is open until the next entry is asked for; -1 stands for what is none."""

    header: EntryHeader
    descriptor: int = -1
    status: os.stat_result | None = None
    stream: Stream | None = None


def walk(sources: Sequence[Source], left_out: LeftOut, *, now: float) -> Iterator[Opened]:
    """Every entry that can be opened, with what its header says. `now`: the age of a stream."""
    for found in visit(sources, left_out):
        if found.stream is not None:
            header = EntryHeader(found.path, "stream", None, int(now), executable=False)
            yield Opened(header, stream=found.stream)
        elif found.kind == "folder" and found.folder is not None:
            yield Opened(EntryHeader(found.path, "folder", 0, found.folder.modified(), executable=False))
        else:
            yield from _open_file(found, left_out)


def _open_file(found: Found, left_out: LeftOut) -> Iterator[Opened]:
    try:
        descriptor, status = found.open_file()
    except OSError as error:
        left_out.add(found.path, reason(error))
        return
    try:
        executable = bool(status.st_mode & stat.S_IXUSR)
        mtime = max(-MTIME_MAX_S, min(int(status.st_mtime), MTIME_MAX_S))
        header = EntryHeader(found.path, "file", status.st_size, mtime, executable)
        yield Opened(header, descriptor, status)
    finally:
        os.close(descriptor)


def visit(sources: Sequence[Source], left_out: LeftOut) -> Iterator[Found]:
    """Every entry, a folder before what is in it. A link is followed only where the person named one."""
    for source in sources:
        if source.stream is not None:
            yield Found(source.name, "stream", None, stream=source.stream)
            continue
        try:
            path = source.path.resolve(strict=True)
            mode = path.stat().st_mode
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, until Python 3.13
            left_out.add(source.name, reason(error))
            continue
        if stat.S_ISDIR(mode):
            yield from _visit_folder(source.name, path, left_out)
        elif stat.S_ISREG(mode):
            yield Found(source.name, "file", None, str(path))
        else:
            left_out.add(source.name, "neither a file nor a folder")


def _visit_folder(name: str, path: Path, left_out: LeftOut) -> Iterator[Found]:
    levels: list[_Level] = []
    try:
        _enter(levels, None, path, name, left_out)
        if levels:
            yield Found(name, "folder", levels[-1].folder)
        while levels:
            level = levels[-1]
            entry = next(level.entries, None)
            if entry is None:
                levels.pop().folder.close()
                continue
            own_name, is_folder, is_file = entry
            wire = f"{level.path}/{sendable(own_name)}"
            if why := _unsendable(wire, is_something=is_folder or is_file):
                left_out.add(wire, why)
            elif is_file:
                yield Found(wire, "file", level.folder, own_name)
            elif _enter(levels, level.folder, Path(own_name), wire, left_out):
                yield Found(wire, "folder", levels[-1].folder)
    finally:
        while levels:
            levels.pop().folder.close()


class _Level(Struct, frozen=True):
    path: str
    folder: Folder
    entries: Iterator[tuple[str, bool, bool]]


def _enter(levels: list[_Level], parent: Folder | None, path: Path, wire: str, left_out: LeftOut) -> bool:
    folder = None
    try:
        folder = Folder.open(path) if parent is None else parent.child(str(path))
        levels.append(_Level(wire, folder, iter(folder.entries())))
    except OSError as error:
        if folder is not None:
            folder.close()
        left_out.add(wire, reason(error))
        return False
    return True


def _unsendable(wire: str, *, is_something: bool) -> str:
    if not is_something:
        return "a link, device, socket or pipe"
    if (len(wire) if wire.isascii() else len(wire.encode())) > PATH_MAX_BYTES:
        return "its path is too long"
    return "it lies too many folders deep" if wire.count("/") >= PATH_DEPTH_MAX else ""


def sendable(name: str) -> str:
    """A name of this disk as UTF-8, without what some other system takes for a separator."""
    if name.isascii() and SEPARATORS.isdisjoint(name):
        return name
    name = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("_" if character in SEPARATORS else character for character in name)


def reason(error: Exception) -> str:
    """Why something is left out, in a person's words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "cannot be read"


def read_into(descriptor: int, room: memoryview) -> int:
    """As many bytes as there are, at most what fits; 0 at the end. Raises OSError."""
    if sys.platform == "win32":
        data = os.read(descriptor, len(room))
        room[: len(data)] = data
        return len(data)
    return os.readv(descriptor, [room])
