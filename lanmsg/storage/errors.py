"""How the disk can fail, as one sentence for a person and a code for scripts.

Codes: `store` (the database itself), `disk` (files and permissions), `no_space`, `invalid` (a value that
cannot be kept), `exists`.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lanmsg.model import LanmsgError


class StorageError(LanmsgError):
    """Something of the home could not be read or written."""

    def __init__(self, message: str, *, code: str = "store", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)


class DamagedStoreError(StorageError):
    """The database file is not one, or its pages contradict each other."""


class LostStoreError(StorageError):
    """The database file was moved, deleted or replaced under a process that has it open."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the store {path} was moved, deleted or replaced while lanmsg was running",
            hint="put it back, or start lanmsg again to begin with what is there now",
        )


_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_REFUSED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turns what sqlite3 raises about the database at `path` into StorageError."""
    try:
        yield
    except sqlite3.Error as error:
        raise _from_sqlite(error, path) from error
    except UnicodeEncodeError as error:
        # Half a surrogate pair: neither SQLite nor the wire (UTF-8) can carry it.
        raise StorageError(
            "the text holds a broken character (half a surrogate pair)", code="invalid"
        ) from error
    except OverflowError as error:
        raise StorageError("a number is too large to be stored (64 bits)", code="invalid") from error


@contextmanager
def file_errors(what: str, path: Path, *, hint: str = "") -> Iterator[None]:
    """Turns OSError into StorageError: `what` says what could not be done to `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise no_space(path) from error
        raise StorageError(
            f"cannot {what} {path}: {error.strerror or error}", code="disk", hint=hint
        ) from error


def no_space(path: Path) -> StorageError:
    return StorageError(
        f"no space left on the disk that holds {path.parent}",
        code="no_space",
        hint="free some space, then try again",
    )


def _from_sqlite(error: sqlite3.Error, path: Path) -> StorageError:
    code = getattr(error, "sqlite_errorcode", 0)
    primary = code & 0xFF
    # The shared index beside the log is extended with plain writes: that it fails means a full disk.
    if primary == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return no_space(path)
    if primary in _DAMAGED:
        return DamagedStoreError(
            f"the store {path} is damaged",
            hint="end every lanmsg of this home and start one again: it sets the damaged file aside",
        )
    if primary in _LOCKED:
        return StorageError(
            f"another process has kept the store {path} locked for too long",
            hint="end the lanmsg that hangs, then try again",
        )
    if primary in _REFUSED:
        return StorageError(
            f"the store {path} cannot be used: {error}", code="disk", hint="see `lanmsg doctor`"
        )
    if primary == sqlite3.SQLITE_TOOBIG or isinstance(error, (sqlite3.DataError, sqlite3.IntegrityError)):
        return StorageError(f"a value cannot be stored: {error}", code="invalid")
    return StorageError(f"the store {path} failed: {error}")
