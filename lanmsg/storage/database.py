"""One connection to the home's SQLite file: opening, transactions, and what to do when it is damaged.

Write-ahead log, so that readers and the one writer do not wait for each other; synchronous=FULL, so that
what was committed survives a power cut: a message is acknowledged to its sender after the commit.
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lanmsg.storage.commits import Commits
from lanmsg.storage.errors import DamagedStoreError, LostStoreError, file_errors, sqlite_errors
from lanmsg.storage.home import DATABASE_FILE, StoreLock, make_private_file, prepare_home
from lanmsg.storage.migrations import check_known, migrate
from lanmsg.storage.salvage import salvage_peers

BUSY_SECONDS = 5.0
"""Longest wait for another process's transaction; they last milliseconds."""

CHECK_SECONDS = 1.0
"""A check after an unclean stop is given up after this long: a start must not take minutes."""

CHECK_STEPS = 10_000
"""SQLite's own steps between two looks at the clock; about a millisecond."""

LOOK_STEPS = 100_000
"""The same between two looks whether anybody still waits for a long search."""

LOG_BYTES_KEPT = 16 << 20
"""The write-ahead log is cut back to this after a burst."""

Row = tuple[Any, ...]
Values = Sequence[object] | Mapping[str, object]


class Transaction:
    """What one writing transaction may do; `revision()` stamps the rows that screens care about."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._revision = 0

    def run(self, sql: str, values: Values = ()) -> int:
        """Executes one statement; the number of rows that it changed."""
        return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, values: Values = ()) -> int | None:
        """The new row's number, or None when ON CONFLICT left the table as it was."""
        cursor = self._connection.execute(sql, values)
        return cursor.lastrowid if cursor.rowcount else None

    def all(self, sql: str, values: Values = ()) -> list[Row]:
        return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, values: Values = ()) -> Row | None:
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def revision(self) -> int:
        """The number of this transaction among all that changed something to be seen; taken once."""
        if not self._revision:
            self._connection.execute("UPDATE state SET value = value + 1 WHERE name = 'revision'")
            self._revision = _revision(self._connection)
        return self._revision


class Database:
    """Used by one thread at a time. `notice` is what the person must be told about how it opened, or ""."""

    def __init__(
        self, home: Path, connection: sqlite3.Connection, lock: StoreLock | None, notice: str = ""
    ) -> None:
        self.home = home
        self.path = home / DATABASE_FILE
        self.notice = notice
        self._file = _identity(self.path)
        self._connection = connection
        self._lock = lock
        self._synchronous = True
        self._transaction: Transaction | None = None

    @classmethod
    def open(cls, home: Path) -> "Database":
        """Makes what is missing, migrates what is old, sets a damaged file aside. Raises StorageError."""
        prepare_home(home)
        lock = StoreLock(home)
        try:
            alone = lock.enter()
            connection, notice = _open_or_set_aside(home / DATABASE_FILE, alone=alone)
            lock.share()
        except BaseException:
            lock.close()
            raise
        return cls(home, connection, lock, notice)

    def beside(self, is_over: Callable[[], bool]) -> "Database":
        """Another one of the same store, to read from in another thread; it must not outlive this one.

        What is being read fails as soon as `is_over` says so.
        """
        with sqlite_errors(self.path):
            connection = _connect(self.path)
            connection.execute("PRAGMA query_only = ON")
            connection.set_progress_handler(is_over, LOOK_STEPS)
        return Database(self.home, connection, None)

    def commits(self) -> Commits:
        """It must not outlive this one either."""
        with sqlite_errors(self.path):
            return Commits(self.path)

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Transaction]:
        """All or nothing. `durable`: on the disk when it ends; otherwise a power cut may undo it.

        Inside another transaction it is part of that one.
        """
        if self._transaction is not None:
            if durable and not self._synchronous:
                raise AssertionError("a durable transaction inside one that is not")
            yield self._transaction
            return
        with self._errors():
            self.require_same_file()
            self._set_synchronous(durable)
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                self._transaction = Transaction(self._connection)
                yield self._transaction
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            finally:
                self._transaction = None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads that see one state of the store."""
        if self._connection.in_transaction:
            yield
            return
        with self._errors():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._roll_back()

    def all(self, sql: str, values: Values = ()) -> list[Row]:
        with self._errors():
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, values: Values = ()) -> Row | None:
        with self._errors():
            row: Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def revision(self) -> int:
        with self._errors():
            return _revision(self._connection)

    def data_version(self) -> int:
        """Changes when another connection has committed; costs microseconds."""
        with self._errors():
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def require_same_file(self) -> None:
        """Raises LostStoreError: what is written to a file without a name must not be promised to anybody."""
        if _identity(self.path) != self._file:
            raise LostStoreError(self.path)

    def wipe(self) -> None:
        """After a deletion: what was deleted leaves the log too, unless a reader is in the middle of it."""
        with self._errors():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Idempotent. The last one to close folds the log into the database."""
        try:
            with self._errors():
                self._connection.close()
        finally:
            if self._lock is not None:
                self._lock.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with sqlite_errors(self.path):
                yield
        except DamagedStoreError:
            if self._lock is None:  # the one beside it will find it as well
                raise
            # Found in the middle of work: the next process that opens it alone looks at all of it.
            with contextlib.suppress(OSError):
                _suspicion(self.path).touch(0o600)
            raise

    def _set_synchronous(self, durable: bool) -> None:  # noqa: FBT001 - private, one caller
        if durable != self._synchronous:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._synchronous = durable

    def _roll_back(self) -> None:
        """SQLite has rolled back by itself after some failures (disk full)."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _revision(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT value FROM state WHERE name = 'revision'").fetchone()[0])


def _identity(path: Path) -> tuple[int, int]:
    """Which file goes by this name now; (0, 0): none."""
    try:
        state = path.stat()
    except OSError:
        return (0, 0)
    return (state.st_dev, state.st_ino)


def _suspicion(path: Path) -> Path:
    return path.with_name(f"{path.name}.suspect")


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _has_content(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size > 0
    return False


def _open_or_set_aside(path: Path, *, alone: bool) -> tuple[sqlite3.Connection, str]:
    try:
        return _open_checked(path, alone=alone), ""
    except DamagedStoreError:
        if not alone:
            raise
    kept = _set_aside(path)
    connection = _open_checked(path, alone=alone)
    with sqlite_errors(path):
        peers = salvage_peers(kept, connection)
    return connection, (
        f"the store was damaged and starts anew, with {peers} known peers but without history and outbox;"
        f" the old one is kept as {kept}"
    )


def _open_checked(path: Path, *, alone: bool) -> sqlite3.Connection:
    # SQLite would throw the log of an emptied database away without a word.
    if alone and _has_content(_log(path)) and not _has_content(path):
        raise DamagedStoreError(f"the store {path} is empty beside its log")
    suspect = alone and _suspicion(path).exists()
    unclean = alone and _has_content(_log(path))
    make_private_file(path)
    with sqlite_errors(path):
        connection = _connect(path)
        try:
            check_known(connection)
            if suspect or unclean:
                _check(connection, path, seconds=None if suspect else CHECK_SECONDS)
                _suspicion(path).unlink(missing_ok=True)
            _set_up(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    # A disk that lost some bits of one message must not take its whole conversation out of sight.
    connection.text_factory = _text
    return connection


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _set_up(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES_KEPT}")
    migrate(connection)
    connection.execute("SELECT value FROM state WHERE name = 'revision'").fetchone()


def _check(connection: sqlite3.Connection, path: Path, *, seconds: float | None) -> None:
    """Raises DamagedStoreError if the pages contradict each other. With `seconds`, as far as that goes."""
    if seconds is not None:
        deadline = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > deadline, CHECK_STEPS)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return
    finally:
        connection.set_progress_handler(None, 0)
    if found != "ok":
        raise DamagedStoreError(f"the store {path} is damaged: {found}")


def _set_aside(path: Path) -> Path:
    """Renames the database with its log, so that nothing of it is lost."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.name}.damaged-{stamp}")
    count = 1
    while kept.exists():
        count += 1
        kept = path.with_name(f"{path.name}.damaged-{stamp}-{count}")
    with file_errors("set aside", path):
        for suffix in ("-wal", "-shm", ""):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(kept.with_name(kept.name + suffix))
        _suspicion(path).unlink(missing_ok=True)
    return kept
