"""The key of a home: read from its file, opened with its passphrase if it has one, or made once."""

from pathlib import Path

from lanmsg.config import Settings
from lanmsg.model import LanmsgError, PeerId
from lanmsg.node.sealed_key import seal, sealed_id, unseal
from lanmsg.protocol.errors import LocalProtocolError
from lanmsg.protocol.identity import LocalIdentity, generate_identity, load_identity
from lanmsg.storage.errors import StorageError
from lanmsg.storage.home import IDENTITY_FILE, prepare_home
from lanmsg.storage.identity import clear_drafts, is_sealed, load_key, read_passphrase, replace_key, save_key


def home_identity(home: Path, passphrase: str | None = None) -> LocalIdentity:
    """Raises LanmsgError (store) when the file does not hold a key: a new one is never made in its place.

    Code `locked` if it needs a passphrase, and none or another one was given.
    """
    stored = _stored_or_made(home)
    if isinstance(stored, LocalIdentity):
        return stored
    try:
        if not is_sealed(stored):
            return load_identity(stored)
        if passphrase is not None:
            return unseal(stored, passphrase)
    except LocalProtocolError as error:
        raise _no_key(home, error) from None
    raise LanmsgError(
        "the key of this home is locked by a passphrase",
        code="locked",
        hint="run it on a terminal, which asks for it, or name a file that holds it: --passphrase-file PATH",
    )


def settings_identity(settings: Settings) -> LocalIdentity:
    """The same, with the passphrase that was typed, or that is in the file which the settings name."""
    return home_identity(settings.home, passphrase_of(settings))


def passphrase_of(settings: Settings) -> str | None:
    if settings.passphrase is not None or settings.passphrase_file is None:
        return settings.passphrase
    return read_passphrase(settings.passphrase_file)


def home_id(home: Path) -> PeerId:
    """Who this home is, for which no passphrase is needed; on first use the key is made."""
    stored = _stored_or_made(home)
    try:
        if isinstance(stored, bytes):
            return sealed_id(stored) if is_sealed(stored) else load_identity(stored).peer_id
    except LocalProtocolError as error:
        raise _no_key(home, error) from None
    return stored.peer_id


def change_passphrase(settings: Settings, passphrase: str | None) -> None:
    """From now on the key file opens with this one; None: with none. All or nothing, whatever happens."""
    if passphrase == "":
        raise LanmsgError("a passphrase cannot be empty", code="usage", hint="--remove-passphrase does that")
    identity = settings_identity(settings)
    replace_key(settings.home, identity.to_der() if passphrase is None else seal(identity, passphrase))


def _stored_or_made(home: Path) -> bytes | LocalIdentity:
    prepare_home(home)
    clear_drafts(home)
    stored = load_key(home)
    if stored is not None:
        return stored
    made = generate_identity()
    try:
        save_key(home, made.to_der())
    except StorageError as error:
        if error.code != "exists":
            raise
        return load_key(home) or b""  # another process of this home was first
    return made


def _no_key(home: Path, error: LocalProtocolError) -> LanmsgError:
    return LanmsgError(
        f"{home / IDENTITY_FILE}: {error}",
        code="store",
        hint="put back a copy of it; if there is none, move it away and this home gets a new identity",
    )
