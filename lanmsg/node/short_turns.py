"""While files move, no thread of this process works for long while others wait for their turn.

A thread that asks for the interpreter waits until the one that has it lets go, by itself or after the switch
interval. A transfer's thread lets go for each call to the system, several times for each record, so a screen
or a search that computes would hold it up by 5 ms each time: a few megabytes a second are left.
"""

import sys
from types import TracebackType
from typing import Final

SHORT_S: Final = 0.0005
"""Shorter gained nothing more, and 5 ms, the usual interval, cost half of the speed and more."""


class ShortTurns:
    """Entered once for each transfer that runs, and left in any order; in one thread."""

    def __init__(self) -> None:
        self._inside = 0
        self._usual = 0.0

    def __enter__(self) -> None:
        if not self._inside:
            self._usual = sys.getswitchinterval()
            sys.setswitchinterval(min(self._usual, SHORT_S))
        self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside -= 1
        if not self._inside:
            sys.setswitchinterval(self._usual)


SHORT_TURNS: Final = ShortTurns()
"""Of the whole process, as the interval is."""
