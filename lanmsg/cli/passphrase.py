"""The passphrase of this home's key: asked for on the terminal alone, set, changed and taken away."""

import sys
import warnings
from dataclasses import replace

from lanmsg.api import Settings, change_passphrase, is_locked, own_id, passphrase_of
from lanmsg.cli.output import Result, can_ask
from lanmsg.cli.parser import Invocation
from lanmsg.model import LanmsgError

LASTING = "nothing else opens it, and copies made before, as in backups, still open without it"


def unlocked(settings: Settings) -> Settings:
    """The same, with the passphrase if the key needs one that no file holds, and a person is here to type it.

    Before the network starts: a thread that waits for typing could not be ended by Ctrl-C.
    """
    if settings.passphrase_file is None and settings.passphrase is None and is_locked(settings) and can_ask():
        return replace(settings, passphrase=typed("passphrase of this home's key: "))
    return settings


def set_passphrase(invocation: Invocation) -> Result:
    """`lanmsg id --set-passphrase`: the old one from the file or the terminal, the new one likewise."""
    settings = invocation.settings
    own_id(settings)  # on first use the key is made
    if is_locked(settings):
        settings, new = unlocked(settings), twice()
    else:
        new = passphrase_of(settings) or twice()
    change_passphrase(settings, new)
    invocation.output.notice(f"the key is locked by this passphrase; {LASTING}")
    return Result()


def remove_passphrase(invocation: Invocation) -> Result:
    settings = invocation.settings
    own_id(settings)
    if not is_locked(settings):
        invocation.output.notice("the key has no passphrase")
        return Result()
    change_passphrase(unlocked(settings), None)
    invocation.output.notice("the key opens without a passphrase; its file is still for you alone to read")
    return Result()


def twice() -> str:
    new = typed("new passphrase: ")
    if not new:
        raise LanmsgError(
            "a passphrase cannot be empty", code="usage", hint="lanmsg id --remove-passphrase takes it away"
        )
    if typed("the same again: ") != new:
        raise LanmsgError("the two are not the same; nothing was changed", code="usage")
    return new


def typed(question: str) -> str:
    """A line without echo. Raises LanmsgError where there is no terminal, or echo cannot be turned off."""
    if not can_ask():
        raise nowhere_to_ask()
    from getpass import GetPassWarning, getpass  # only who has a passphrase pays for it

    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)
        try:
            return getpass(question, sys.stderr)
        except GetPassWarning:
            raise nowhere_to_ask() from None
        except EOFError:
            return ""


def nowhere_to_ask() -> LanmsgError:
    return LanmsgError(
        "there is no terminal to type a passphrase on",
        code="locked",
        hint="name a file that holds it, for you alone to read: --passphrase-file PATH",
    )
