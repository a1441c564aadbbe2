"""The wall clock of one process, set from outside: a file of eight bytes says by how many seconds it is off.

A host's clock cannot be changed for one process alone (time namespaces have the steady clocks only), so the
processes of the torture look at the time through this. The steady clock is never touched.
"""

import mmap
import struct
import time
from pathlib import Path

OFFSET = struct.Struct("<d")


def set_clock(file: Path, seconds: float) -> None:
    """In place, so that whoever has it mapped sees it at once."""
    if not file.exists():
        file.write_bytes(OFFSET.pack(0.0))
    with file.open("r+b") as opened:
        opened.write(OFFSET.pack(seconds))


def follow(file: Path) -> None:
    """From now on time.time() of this process is off by what the file says, at every moment."""
    true_time = time.time
    with file.open("rb") as opened:
        shared = mmap.mmap(opened.fileno(), OFFSET.size, access=mmap.ACCESS_READ)

    def shifted() -> float:
        return true_time() + float(OFFSET.unpack_from(shared)[0])

    time.time = shifted
