"""The key of a home: read from its file, or made once."""

from pathlib import Path

from lanmsg.model import LanmsgError
from lanmsg.protocol.errors import LocalProtocolError
from lanmsg.protocol.identity import LocalIdentity, generate_identity, load_identity
from lanmsg.storage.errors import StorageError
from lanmsg.storage.home import IDENTITY_FILE, prepare_home
from lanmsg.storage.identity import load_key, save_key


def home_identity(home: Path) -> LocalIdentity:
    """Raises LanmsgError (store) when the file does not hold a key: a new one is never made in its place."""
    prepare_home(home)
    der = load_key(home)
    if der is None:
        made = generate_identity()
        try:
            save_key(home, made.to_der())
        except StorageError as error:
            if error.code != "exists":
                raise
        else:
            return made
        der = load_key(home) or b""  # another process of this home was first
    try:
        return load_identity(der)
    except LocalProtocolError as error:
        raise LanmsgError(
            f"{home / IDENTITY_FILE}: {error}",
            code="store",
            hint="put back a copy of it; if there is none, move it away and this home gets a new identity",
        ) from None
