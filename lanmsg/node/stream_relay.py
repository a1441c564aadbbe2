"""What is piped into a command, read by the listener of its home: where only that one can be dialled back.

Through a named pipe in the home, which is its person's alone. It can be opened once, so that no second reader
takes the rest for the whole; and its name goes when the input has ended, so that the end of a killed command
does not pass for that.
"""

import os
import select
import sys
import threading
from collections.abc import Set
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO
from weakref import WeakSet

from lanmsg.model import TransferId
from lanmsg.storage.home import FILE_MODE, FOLDER_MODE

FOLDER = "streams"
TAKEN = ".taken"
CHUNK_BYTES = 1 << 16

ALIVE = b"\0"
"""Comes first: by it whoever opens the pipe knows that there is somebody to write."""

ALIVE_S = 10.0


_TAKEN: WeakSet[BinaryIO] = WeakSet()
"""Readers from which something was read: a second run that began in the middle of a pipe would look like a
whole file to its sink."""


def take(reader: BinaryIO) -> bool:
    """Whether it is still whole; from now on it is not."""
    if reader in _TAKEN:
        return False
    _TAKEN.add(reader)
    return True


class Relay(FileIO):
    """The reader's end of one that was passed on."""

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(descriptor, "rb")
        self._path = path

    def is_whole(self) -> bool:
        """At its end: whether that is the end of the input as well."""
        return not self._path.exists()

    def close(self) -> None:
        super().close()
        self._path.unlink(missing_ok=True)


def pass_on(home: Path, transfer: TransferId, stream: BinaryIO) -> bool:
    """From now on somebody else of this home can read it. False: not on this system."""
    if not sys.platform.startswith("linux"):  # elsewhere one that nobody writes to yet may look ended
        return False
    path = _path(home, transfer)
    try:
        path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
        os.mkfifo(path, FILE_MODE)
    except OSError:
        return False
    # It may wait for a reader for ever, and then ends with the process.
    threading.Thread(target=_pass, args=(path, stream), name="lanmsg-relay", daemon=True).start()
    return True


def take_back(home: Path, transfer: TransferId) -> None:
    """Nobody can open it any more; who has opened it already reads on."""
    with suppress(OSError):
        _path(home, transfer).unlink(missing_ok=True)


def open_relay(home: Path, transfer: TransferId) -> Relay | None:
    """None where nothing was passed on, or whoever did so has ended."""
    path = _path(home, transfer)
    taken = path.with_suffix(TAKEN)
    try:
        path.rename(taken)
        relay = Relay(os.open(taken, os.O_RDONLY | os.O_NONBLOCK), taken)
    except OSError:
        return None
    poll = select.poll()
    poll.register(relay, select.POLLIN)
    if poll.poll(ALIVE_S * 1000) and relay.read(1) == ALIVE:
        os.set_blocking(relay.fileno(), True)
        return relay
    relay.close()
    return None


def sweep(home: Path, keep: Set[TransferId]) -> None:
    """What killed commands have left behind goes, but for transfers that have not ended."""
    kept = {each.hex() for each in keep}
    with suppress(OSError):
        for path in (home / FOLDER).iterdir():
            if path.stem not in kept:
                path.unlink(missing_ok=True)


def _path(home: Path, transfer: TransferId) -> Path:
    return home / FOLDER / transfer.hex()


def _pass(path: Path, stream: BinaryIO) -> None:
    """In a thread of its own. A reader that leaves ends it, and so does an input that cannot be read."""
    taken = path.with_suffix(TAKEN)
    read = getattr(stream, "read1", stream.read)
    with suppress(OSError), _writing_end(path, taken) as pipe:
        _write(pipe, ALIVE)
        if not take(stream):
            return
        while data := read(CHUNK_BYTES):
            _write(pipe, data)
        taken.unlink()


def _writing_end(path: Path, taken: Path) -> FileIO:
    """Once somebody reads. Whoever opened it before we came to that has renamed it."""
    try:
        return FileIO(os.open(path, os.O_WRONLY), "wb")
    except FileNotFoundError:
        return FileIO(os.open(taken, os.O_WRONLY), "wb")


def _write(pipe: FileIO, data: bytes) -> None:
    while data:
        data = data[pipe.write(data) :]
