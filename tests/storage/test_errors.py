"""What sqlite3 and the file system raise, as one sentence and a code."""

import errno
import sqlite3
from pathlib import Path

import pytest

from lanmsg.model import LanmsgError
from lanmsg.storage.errors import DamagedStoreError, StorageError, file_errors, sqlite_errors

PATH = Path("/home/anna/lanmsg/lanmsg.db")


def raised(error: BaseException) -> StorageError:
    with pytest.raises(StorageError) as caught, sqlite_errors(PATH):
        raise error
    return caught.value


def sqlite_error(kind: type[sqlite3.Error], code: int) -> sqlite3.Error:
    error = kind("what SQLite says")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("kind", "number", "code"),
    [
        (sqlite3.OperationalError, sqlite3.SQLITE_FULL, "no_space"),
        (sqlite3.OperationalError, sqlite3.SQLITE_IOERR_SHMSIZE, "no_space"),
        (sqlite3.OperationalError, sqlite3.SQLITE_IOERR_WRITE, "disk"),
        (sqlite3.OperationalError, sqlite3.SQLITE_CANTOPEN, "disk"),
        (sqlite3.OperationalError, sqlite3.SQLITE_READONLY, "disk"),
        (sqlite3.OperationalError, sqlite3.SQLITE_BUSY, "store"),
        (sqlite3.OperationalError, sqlite3.SQLITE_BUSY_SNAPSHOT, "store"),
        (sqlite3.DatabaseError, sqlite3.SQLITE_CORRUPT, "store"),
        (sqlite3.DatabaseError, sqlite3.SQLITE_NOTADB, "store"),
        (sqlite3.DataError, sqlite3.SQLITE_TOOBIG, "invalid"),
        (sqlite3.IntegrityError, sqlite3.SQLITE_CONSTRAINT_NOTNULL, "invalid"),
        (sqlite3.OperationalError, sqlite3.SQLITE_ERROR, "store"),
    ],
)
def test_every_failure_of_sqlite_has_a_code(kind: type[sqlite3.Error], number: int, code: str) -> None:
    error = raised(sqlite_error(kind, number))
    assert error.code == code
    assert "\n" not in str(error)


def test_an_error_of_the_module_itself_carries_no_code_and_is_still_told() -> None:
    assert raised(sqlite3.ProgrammingError("closed")).code == "store"


def test_damage_can_be_told_from_other_failures() -> None:
    assert isinstance(raised(sqlite_error(sqlite3.DatabaseError, sqlite3.SQLITE_CORRUPT)), DamagedStoreError)


def test_values_that_cannot_be_stored_are_invalid() -> None:
    assert raised(UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates")).code == "invalid"
    assert raised(OverflowError()).code == "invalid"


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "no_space"), (errno.EDQUOT, "no_space"), (errno.EACCES, "disk")]
)
def test_a_file_that_cannot_be_written_is_named(number: int, code: str) -> None:
    with pytest.raises(StorageError) as caught, file_errors("make", PATH, hint="try elsewhere"):
        raise OSError(number, "why")
    assert caught.value.code == code
    assert str(PATH.parent) in str(caught.value)


def test_it_is_an_error_that_screens_know() -> None:
    assert isinstance(StorageError("no"), LanmsgError)
