"""What a damaged store can still give: who is known and trusted, so that no key has to be pinned anew.

A store without pins would take a stranger's new key for a first meeting, and say nothing.
"""

import contextlib
import sqlite3
from pathlib import Path

_READ = (
    "SELECT id, nickname, petname, trust, proven, public_key, version, first_seen, last_seen FROM peers"
    " WHERE typeof(id) = 'blob' AND length(id) = 32"
    " AND trust IN ('new', 'pinned', 'verified', 'changed', 'blocked')"
    " AND typeof(nickname) = 'text' AND typeof(petname) = 'text'"
    " AND typeof(first_seen) = 'real' AND typeof(last_seen) = 'real'"
)

_KEEP = (
    "INSERT INTO peers (id, nickname, petname, trust, proven, public_key, version, first_seen, last_seen,"
    " revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING"
)


def salvage_peers(damaged: Path, connection: sqlite3.Connection) -> int:
    """Copies the peers that can still be read from the file `damaged`; how many."""
    saved = 0
    with contextlib.suppress(sqlite3.Error), contextlib.closing(_open(damaged)) as old:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # From both ends: a page that cannot be read stops the way there, not the way back.
            for order in ("ASC", "DESC"):
                with contextlib.suppress(sqlite3.Error):
                    for row in old.execute(f"{_READ} ORDER BY rowid {order}"):
                        saved += connection.execute(_KEEP, row).rowcount
        finally:
            connection.execute("COMMIT")
    return saved


def _open(damaged: Path) -> sqlite3.Connection:
    # Immutable: SQLite then makes no log beside the file that is kept, and throws none away.
    old = sqlite3.connect(f"{damaged.as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    old.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return old
