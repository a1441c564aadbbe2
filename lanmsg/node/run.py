"""One run of a transfer, as its thread and the event loop share it."""

import asyncio
import contextlib
import socket
import struct
import sys

from msgspec import Struct, field

from lanmsg.model import FileProgress, PeerId
from lanmsg.node.bulk_channel import Stop
from lanmsg.node.file_packing import Packing
from lanmsg.storage.downloads import PartialTransfer

RESET = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)
"""So that the other side, if our packets still get there, does not wait for us to read what it sent."""


class Run(Struct):
    """One transfer at work. `done` is written by its thread, and read by the event loop."""

    number: int
    peer: PeerId
    dialled: bool = False
    """By this side."""
    stop: Stop = field(default_factory=Stop)
    done: int = 0
    part: PartialTransfer | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    remote: str = ""
    """Where the peer is, on this connection."""
    sock: socket.socket | None = None
    """From when the run has it; the thread closes it."""
    packing: Packing | None = None

    def progress(self, done: int) -> None:
        self.done = done

    def begun(self, packing: Packing) -> None:
        self.packing = packing

    def cut(self, why: str) -> None:
        """Break the connection: its thread notices at once, and the transfer goes on later."""
        if self.sock is not None:
            self.stop.cut = why
            with contextlib.suppress(OSError):  # it is closed already
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self.sock.shutdown(socket.SHUT_RDWR)

    def file(self) -> FileProgress | None:
        """Read from another thread than the one that moves it on: good enough for the eye."""
        if self.packing is not None:
            path, done, size = self.packing.at
            return FileProgress(self.packing.entries + 1, path, done, size) if path else None
        if self.part is None:
            return None
        entries, path, done = self.part.at()
        return FileProgress(entries + 1, path, done, None) if path else None
