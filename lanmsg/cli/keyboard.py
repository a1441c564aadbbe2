"""Lines typed while the network goes on: read by a thread that holds nothing back when the program ends."""

import os
import queue
import threading
from contextlib import suppress
from typing import TextIO

READ_BYTES = 1024


class Typing:
    """What is typed from now on. A line that was typed before is no answer to what is asked now."""

    def __init__(self, stream: TextIO):
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        forget_typed(stream)
        # Past the stream's own buffer, whose lock a thread that waits would keep when the program ends.
        threading.Thread(target=self._read, args=(stream.fileno(),), daemon=True).start()

    def line(self) -> str | None:
        """The next line, "" when there will be no more, None when none has come yet."""
        try:
            return self._lines.get_nowait()
        except queue.Empty:
            return None

    def _read(self, descriptor: int) -> None:
        begun = b""
        with suppress(OSError):
            while data := os.read(descriptor, READ_BYTES):
                *lines, begun = (begun + data).split(b"\n")
                for line in lines:
                    self._lines.put(line.decode("utf-8", "replace") + "\n")
        if begun:
            self._lines.put(begun.decode("utf-8", "replace"))
        self._lines.put("")


def forget_typed(stream: TextIO) -> None:
    """Only a terminal keeps what was typed for nobody; where there is no termios, it stays."""
    with suppress(ImportError):
        import termios

        with suppress(termios.error):
            termios.tcflush(stream.fileno(), termios.TCIFLUSH)
