"""How the home is, found out without changing anything in it: modes, owners, space, the store's pages.

Other than everything else of this room it makes nothing, tightens nothing and takes no lock.
"""

import contextlib
import os
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from lanmsg.model import Address, PeerId
from lanmsg.storage.disk_space import free_space
from lanmsg.storage.home import DATABASE_FILE, IDENTITY_FILE, OWN_FILES
from lanmsg.storage.peers import addresses_from_json
from lanmsg.storage.presence import LIVE_SECONDS

CHECK_SECONDS = 1.0
"""A store that takes longer to check is called well as far as that went."""

CHECK_STEPS = 10_000
KNOWN_MAX = 200
CLOCK_ROWS = 200
"""The latest messages of others, whose times are compared with ours."""


class FolderHealth(Struct, frozen=True):
    """A folder, or the one that it will be made in. `free` is -1 when the system does not say."""

    path: Path
    exists: bool
    writable: bool
    free: int


class FileHealth(Struct, frozen=True):
    """`mode` is what chmod takes; `is_open`: others than its owner may read or write it."""

    path: Path
    mode: int
    is_open: bool
    is_ours: bool


class KnownPeer(Struct, frozen=True):
    """Somebody of the store: `present` when the home's listener wrote that they are here."""

    id: PeerId
    names: tuple[str, ...]
    addresses: tuple[Address, ...]
    present: bool


class StoreHealth(Struct, frozen=True):
    """`failure` says why the store cannot be read, `damage` what its check found; "" is good.

    `newest` is the latest time in it; `offsets` are, for each peer, how far the clock of its messages was
    ahead of ours at the message that was under way for the shortest time, and how many there were.
    """

    exists: bool = False
    failure: str = ""
    damage: str = ""
    bytes: int = 0
    log_bytes: int = 0
    newest: float = 0.0
    heartbeat: float = 0.0
    offsets: tuple[tuple[float, int], ...] = ()
    known: tuple[KnownPeer, ...] = ()
    networks: Mapping[str, bool] = field(default_factory=dict)

    def is_live(self, now: float) -> bool:
        return abs(now - self.heartbeat) <= LIVE_SECONDS


class HomeHealth(Struct, frozen=True):
    """`files` are the folder itself and what lanmsg keeps in it, as far as they are there."""

    folder: FolderHealth
    files: tuple[FileHealth, ...]
    has_key: bool
    store: StoreHealth


def examine_home(home: Path) -> HomeHealth:
    """Never raises; what cannot be found out says so."""
    paths = [home, *(home / name for name in OWN_FILES)]
    files = [found for path in paths if (found := _file(path)) is not None]
    return HomeHealth(
        examine_folder(home), tuple(files), os.path.lexists(home / IDENTITY_FILE), examine_store(home)
    )


def examine_folder(path: Path) -> FolderHealth:
    try:
        free = free_space(path)[0]
    except OSError:
        free = -1
    place = path
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    writable = os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)  # noqa: PTH112 - never raises
    return FolderHealth(path, os.path.isdir(path), writable, free)  # noqa: PTH112


def _file(path: Path) -> FileHealth | None:
    try:
        state = path.stat()
    except OSError:
        return None
    mode = stat.S_IMODE(state.st_mode)
    if sys.platform == "win32":  # closed to others by lists, not by bits
        return FileHealth(path, mode, is_open=False, is_ours=True)
    return FileHealth(path, mode, is_open=bool(mode & 0o077), is_ours=state.st_uid == os.geteuid())


def examine_store(home: Path) -> StoreHealth:
    path = home / DATABASE_FILE
    log = path.with_name(f"{path.name}-wal")
    health = StoreHealth(exists=os.path.lexists(path), bytes=_size(path), log_bytes=_size(log))
    if not health.bytes:
        return health
    try:
        return _read(path, health, immutable=not os.path.lexists(log))
    except sqlite3.Error as error:
        # Whoever opened it since may have changed what was taken for unchanging.
        with contextlib.suppress(sqlite3.Error):
            if os.path.lexists(log):
                return _read(path, health, immutable=False)
        damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF in (
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
        )
        return replace(health, damage=str(error)) if damaged else replace(health, failure=str(error))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@contextmanager
def _opened(path: Path, *, immutable: bool) -> Iterator[sqlite3.Connection]:
    """Without a log nobody writes, and SQLite need not make its own files beside the database."""
    how = "mode=ro&immutable=1" if immutable else "mode=ro"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=1.0)
    try:
        yield connection
    finally:
        connection.close()


def _read(path: Path, health: StoreHealth, *, immutable: bool) -> StoreHealth:
    with _opened(path, immutable=immutable) as connection:
        heartbeat = connection.execute("SELECT value FROM state WHERE name = 'heartbeat'").fetchone()
        newest = connection.execute(
            "SELECT max((SELECT ifnull(max(stored_at), 0) FROM messages),"
            " (SELECT ifnull(max(last_seen), 0) FROM peers),"
            " (SELECT ifnull(max(updated_at), 0) FROM transfers))"
        ).fetchone()
        offsets = connection.execute(
            "SELECT max(sent_at - stored_at), count(*) FROM (SELECT sender, sent_at, stored_at FROM messages"
            " WHERE sender <> x'' ORDER BY number DESC LIMIT ?) GROUP BY sender",
            (CLOCK_ROWS,),
        ).fetchall()
        return replace(
            health,
            damage=_check(connection),
            newest=float(newest[0]),
            heartbeat=float(heartbeat[0]) if heartbeat else 0.0,
            offsets=tuple((float(offset), int(count)) for offset, count in offsets),
            known=_known(connection),
            networks=_networks(connection),
        )


def _networks(connection: sqlite3.Connection) -> dict[str, bool]:
    try:
        rows = connection.execute("SELECT key, trusted FROM networks").fetchall()
    except sqlite3.OperationalError:  # a store of an earlier lanmsg, which the next start migrates
        return {}
    return {str(key): bool(trusted) for key, trusted in rows}


def _known(connection: sqlite3.Connection) -> tuple[KnownPeer, ...]:
    """Whoever is here, then those who were here last."""
    here = connection.execute("SELECT id, nickname, '', addresses, 1 FROM presence").fetchall()
    book = connection.execute(
        "SELECT id, nickname, petname, addresses, 0 FROM peers WHERE trust <> 'blocked'"
        " ORDER BY last_seen DESC LIMIT ?",
        (KNOWN_MAX,),
    ).fetchall()
    found: dict[bytes, KnownPeer] = {}
    for key, nickname, petname, addresses, present in [*here, *book]:
        before = found.get(key) or KnownPeer(PeerId(key), (), addresses_from_json(addresses), bool(present))
        names = dict.fromkeys(name for name in (petname, nickname, *before.names) if name)
        found[key] = replace(before, names=tuple(names))
    return tuple(found.values())


def _check(connection: sqlite3.Connection) -> str:
    """What contradicts itself in the pages, or ""; as far as that goes in CHECK_SECONDS."""
    deadline = time.monotonic() + CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > deadline, CHECK_STEPS)
    try:
        found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return ""
    finally:
        connection.set_progress_handler(None, 0)
    return "" if found == "ok" else found
