"""What a person named to be sent: its names for the peer, what an offer says of it, and where to go on."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from lanmsg.model import OfferedFile
from lanmsg.node.file_walk import (
    Found,
    LeftOut,
    Opened,
    Source,
    Stream,
    read_into,
    reason,
    sendable,
    visit,
    walk,
)
from lanmsg.protocol.entry import NO_ENTRIES, chained, encode_entry, position_hash
from lanmsg.storage.names import numbered_names

DEFAULT_STREAM_NAME = "stdin"
HASH_CHUNK_BYTES = 1 << 18


class SourceListing(Struct, frozen=True):
    """What an offer says. `total` is None when a stream is among it."""

    files: tuple[OfferedFile, ...]
    count: int
    total: int | None
    left_out: LeftOut


class Start(Struct, frozen=True):
    """Where a run begins: `entry` entries of `size` bytes in all are with the sink, and `offset` bytes of the
    next one; `chain` stands for those entries.
    """

    entry: int = 0
    offset: int = 0
    size: int = 0
    chain: bytes = NO_ENTRIES


FROM_THE_BEGINNING = Start()


def sources_of(
    paths: Sequence[Path], *, stream: BinaryIO | None = None, stream_name: str = ""
) -> tuple[Source, ...]:
    """The same paths have the same names each time. Two of one name are told apart by a number."""
    taken: set[str] = set()
    sources = []
    for path in paths:
        name = path.name if path.name not in ("", "..") else path.resolve().name or "root"
        sources.append(Source(_untaken(sendable(name), taken, is_folder=path.is_dir()), path))
    if stream is not None:
        name = sendable(stream_name or DEFAULT_STREAM_NAME)
        sources.append(Source(_untaken(name, taken, is_folder=False), Path("-"), Stream(stream)))
    return tuple(sources)


def _untaken(name: str, taken: set[str], *, is_folder: bool) -> str:
    for candidate in numbered_names(name, folder=is_folder):
        if candidate.casefold() not in taken:
            taken.add(candidate.casefold())
            return candidate
    raise AssertionError("numbers do not end")


def scan(sources: Sequence[Source], *, is_stopped: Callable[[], bool] = lambda: False) -> SourceListing:
    """Count what there is to send, without opening a file. Stopped, it returns what it has."""
    left_out = LeftOut()
    sizes: dict[str, int | None] = {}
    folders: dict[str, bool] = {}
    count, total, has_stream = 0, 0, False
    for found in visit(sources, left_out):
        if is_stopped():
            break
        size = _size(found, left_out)
        if size is None and found.stream is None:
            continue
        has_stream |= size is None
        count, total = count + 1, total + (size or 0)
        top, slash, _ = found.path.partition("/")
        if not slash:
            sizes[top], folders[top] = size, found.kind == "folder"
        else:
            sizes[top] = (sizes[top] or 0) + (size or 0)
    files = tuple(OfferedFile(top, size, folders[top]) for top, size in sizes.items())
    return SourceListing(files, count, None if has_stream else total, left_out)


def _size(found: Found, left_out: LeftOut) -> int | None:
    """None: a stream, or it cannot be sent."""
    if found.kind != "file":
        return None if found.stream else 0
    try:
        if found.folder is None:
            path = Path(found.name)
            size, is_readable = path.stat().st_size, os.access(path, os.R_OK)
        else:
            status = found.folder.status(found.name)
            if status is None:
                return None  # gone since its folder was read
            size, is_readable = status.st_size, found.folder.is_readable(found.name)
    except OSError as error:
        left_out.add(found.path, reason(error))
        return None
    if not is_readable:
        left_out.add(found.path, "permission denied")
        return None
    return size


def locate(
    sources: Sequence[Source],
    entry: int,
    offset: int,
    digest: bytes | None,
    *,
    is_stopped: Callable[[], bool],
) -> Start:
    """Where to begin, so that a sink which is there and has what `digest` stands for gets the rest.

    FROM_THE_BEGINNING when anything of what it has is not what is here now.
    """
    if digest is None:
        return FROM_THE_BEGINNING
    passed, size, chain = 0, 0, NO_ENTRIES
    for opened in walk(sources, LeftOut(), now=0):
        if passed == entry:
            found = _digest(opened, offset, chain, is_stopped)
            return Start(entry, offset, size, chain) if found == digest else FROM_THE_BEGINNING
        if opened.stream is not None or is_stopped():
            return FROM_THE_BEGINNING
        passed += 1
        size += opened.header.size or 0
        chain = chained(chain, encode_entry(opened.header))
    # Nothing more to send: the sink has it all, but for the last block.
    if passed == entry and not offset and position_hash(chain, "").digest() == digest:
        return Start(entry, 0, size, chain)
    return FROM_THE_BEGINNING


def _digest(opened: Opened, offset: int, chain: bytes, is_stopped: Callable[[], bool]) -> bytes | None:
    """Accept's digest, of what is here; None when there is no such thing."""
    hashed = position_hash(chain, opened.header.path if offset else "")
    if offset > (opened.header.size or 0):
        return None
    buffer = memoryview(bytearray(HASH_CHUNK_BYTES))
    left = offset
    try:
        while left and not is_stopped():
            size = read_into(opened.descriptor, buffer[:left])
            if not size:
                return None
            hashed.update(buffer[:size])
            left -= size
    except OSError:
        return None
    return hashed.digest()
