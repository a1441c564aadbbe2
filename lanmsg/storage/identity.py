"""The private key on disk: PKCS #8 DER, written once, readable by its owner only.

It is a file of its own, so that whatever happens to the store, the person stays the same to others.
"""

import contextlib
import os
from pathlib import Path

from lanmsg.storage.errors import StorageError, file_errors
from lanmsg.storage.home import FILE_MODE, IDENTITY_FILE, prepare_home, sync_folder, tighten_file

KEY_BYTES_MAX = 16 * 1024
"""An RSA-3072 key takes 1.8 kB; anything much larger is not one."""

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
