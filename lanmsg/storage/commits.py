"""Whether anybody has written to the store, cheap enough to be asked from an event loop many times a second.

A connection of its own, as SQLite's data_version says what others than the asking connection have committed.
"""

import contextlib
import sqlite3
from pathlib import Path


class Commits:
    """Reads the few bytes that all processes of the home share in memory; it waits for nobody."""

    def __init__(self, path: Path) -> None:
        # Made in one thread and asked in another, never in two at once.
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        self._last = -1

    def any_new(self) -> bool:
        """True when there was a commit since the last call, by whomever, or when that cannot be told now."""
        try:
            latest = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:  # whoever looks closer will hear what is wrong
            return True
        before, self._last = self._last, latest
        return latest != before

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
