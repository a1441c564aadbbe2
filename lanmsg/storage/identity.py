"""The private key on disk: PKCS #8 DER, or sealed by a passphrase; readable by its owner only.

It is a file of its own, so that whatever happens to the store, the person stays the same to others.
"""

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from lanmsg.storage.errors import StorageError, file_errors
from lanmsg.storage.home import FILE_MODE, IDENTITY_FILE, prepare_home, sync_folder, tighten_file

if sys.platform != "win32":
    import fcntl

KEY_BYTES_MAX = 16 * 1024
"""An RSA-3072 key takes 1.8 kB; anything much larger is not one."""

SEALED_MAGIC = b"LMSGKEY\x01"
"""A sealed key begins with it; DER begins with 30."""

PASSPHRASE_BYTES_MAX = 4096
DRAFT_FILE = f".{IDENTITY_FILE}.new"
"""What is to replace the key file. One name, so that what a power cut left behind is found and removed."""

RESTORE = "restore it from a backup, or move it away to start as somebody new"


def load_key(home: Path) -> bytes | None:
    """The key's DER bytes, or None when this home has none yet. Raises StorageError."""
    path = home / IDENTITY_FILE
    if not os.path.lexists(path):
        return None
    tighten_file(path)
    with file_errors("read the identity", path, hint=RESTORE), path.open("rb") as file:
        der = file.read(KEY_BYTES_MAX + 1)
    if not der or len(der) > KEY_BYTES_MAX:
        raise StorageError(f"the identity {path} is damaged ({len(der)} bytes)", code="disk", hint=RESTORE)
    return der


def save_key(home: Path, der: bytes) -> None:
    """Writes the key, complete or not at all, and never over another: code `exists` when one is there.

    Two first starts at once: the loser loads what the winner saved.
    """
    prepare_home(home)
    path = home / IDENTITY_FILE
    draft = home / f".{IDENTITY_FILE}.{os.urandom(8).hex()}"
    with file_errors("save the identity", path):
        try:
            _write(draft, der)
            _publish(draft, path, der)
        finally:
            draft.unlink(missing_ok=True)
    sync_folder(home)


def replace_key(home: Path, data: bytes) -> None:
    """Puts `data` in the place of the key: whenever it is interrupted, one of the two is there whole."""
    path, draft = home / IDENTITY_FILE, home / DRAFT_FILE
    with _alone(home), file_errors("save the identity", path):
        draft.unlink(missing_ok=True)
        try:
            _write(draft, data)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(home)


def clear_drafts(home: Path) -> None:
    """Removes what somebody left who was killed while replacing the key: it may be open, and that sealed."""
    draft = home / DRAFT_FILE
    if not os.path.lexists(draft):
        return
    with _alone(home), file_errors("remove", draft):
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Of the processes of this home that replace the key, one at a time."""
    if sys.platform == "win32":  # an open draft cannot be removed there
        yield
        return
    with file_errors("lock", home):
        descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_sealed(stored: bytes) -> bool:
    return stored.startswith(SEALED_MAGIC)


def has_sealed_key(home: Path) -> bool:
    """Whether a passphrase is needed; what cannot be read is for load_key to complain of."""
    try:
        with (home / IDENTITY_FILE).open("rb") as file:
            return is_sealed(file.read(len(SEALED_MAGIC)))
    except OSError:
        return False


def read_passphrase(path: Path) -> str:
    """The first line of a file that others cannot read. Raises StorageError."""
    with file_errors("read the passphrase", path), path.open("rb") as file:
        if sys.platform != "win32" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o007:
            raise StorageError(
                f"the passphrase file {path} is open to other users", code="disk", hint=f"chmod 600 {path}"
            )
        content = file.read(PASSPHRASE_BYTES_MAX + 1)
    line = content.partition(b"\n")[0].removesuffix(b"\r")
    if not line or len(content) > PASSPHRASE_BYTES_MAX:
        raise StorageError(
            f"there is no passphrase in the first line of {path}",
            code="disk",
            hint=f"one line, at most {PASSPHRASE_BYTES_MAX} bytes in all",
        )
    return line.decode("utf-8", "surrogateescape")


def _write(path: Path, der: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(der)
        file.flush()
        os.fsync(file.fileno())


def _publish(draft: Path, path: Path, der: bytes) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # a file system without links: O_EXCL still keeps a second one out
        try:
            _write(path, der)
        except FileExistsError:
            raise _exists(path) from None
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            raise


def _exists(path: Path) -> StorageError:
    return StorageError(f"there is an identity already: {path}", code="exists", hint="load that one")
