"""Somebody who can write where files are received swaps folders for links all the time, in another process.

`python -m tests.storage.swapping COUNT TRAP TARGET…` swaps each target for a link to TRAP and back, until it
has done so COUNT times or its stdin ends, and prints how often it did. The receiver's side is `race`.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lanmsg.storage.downloads import PartialTransfer
from lanmsg.storage.errors import StorageError
from tests.storage.incoming import MTIME, NOW

NAME = "0123456789abcdef"
FILES = 40
REPOSITORY = Path(__file__).parents[2]


@dataclass
class Tally:
    """What came of it. `escaped`: what was found in the trap, or changed there."""

    swaps: int = 0
    written: int = 0
    published: int = 0
    refused: int = 0
    escaped: int = 0


def race(place: Path, swaps: int) -> Tally:
    """Receive transfers below `place` for as long as it takes somebody to swap that often."""
    root, trap = place / "downloads", place / "trap"
    (trap / "d").mkdir(parents=True)
    (trap / "f").write_text("untouched")
    root.mkdir()
    part = root / ".lanmsg-part"
    targets = (part / NAME / "tree" / "d", part / NAME / "tree", part / NAME, root / "d", root / "f", part)
    tally = Tally()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.storage.swapping", str(swaps), str(trap), *map(str, targets)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as swapper:
        while swapper.poll() is None:
            receive(root, tally)
        assert swapper.stdout is not None
        tally.swaps = int(swapper.stdout.read())
    found = {path.relative_to(trap).as_posix(): path for path in trap.rglob("*")}
    is_touched = "f" in found and found["f"].read_text() != "untouched"
    tally.escaped = len(found.keys() ^ {"d", "f"}) + is_touched
    return tally


def receive(root: Path, tally: Tally) -> None:
    """One transfer from start to publishing; each of its steps may fail, and none may lead elsewhere."""
    try:
        with PartialTransfer(root, NAME, now=lambda: NOW) as partial:
            partial.restart()
            fill(partial, tally)
            tally.published += len(partial.publish())
            partial.discard()
    except StorageError:
        tally.refused += 1


def fill(partial: PartialTransfer, tally: Tally) -> None:
    for number, path in enumerate(("d", *(f"d/{each}" for each in range(FILES)), "f")):
        partial.begin_record([path])
        partial.start_entry(path, "file" if number else "folder", 1 if number else 0, MTIME, executable=False)
        if number:
            partial.write(memoryview(b"x"))
            tally.written += 1
        partial.end_entry(bytes(32))


def swap_all(count: int, trap: Path, targets: Sequence[Path]) -> int:
    """How often a target was a link to the trap for a moment."""
    ended = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    swapped = 0
    while swapped < count and not ended.is_set():
        for target in targets:
            swapped += swap(target, trap)
    return swapped


def swap(target: Path, trap: Path) -> bool:
    """A folder of that name is put aside for it; where none is, the link is put into the way."""
    aside = target.with_name(f"{target.name}.aside")
    is_swapped = False
    with suppress(OSError):
        target.rename(aside)
    with suppress(OSError):
        target.symlink_to(trap)
        is_swapped = True
    with suppress(OSError):
        if target.is_symlink():
            target.unlink()
    with suppress(OSError):
        if not os.path.lexists(target):
            aside.rename(target)
    return is_swapped


if __name__ == "__main__":
    print(swap_all(int(sys.argv[1]), Path(sys.argv[2]), [Path(each) for each in sys.argv[3:]]))
