"""What this person writes: as the protocol takes it, or LanmsgError (usage) says why not."""

import os
from pathlib import Path

from lanmsg.config import NAME_MAX_BYTES
from lanmsg.model import LanmsgError
from lanmsg.protocol.constants import NOTE_MAX_BYTES, TEXT_MAX_BYTES


def checked_name(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable() or len(name.encode()) > NAME_MAX_BYTES:
        raise LanmsgError(f"a name has 1 to {NAME_MAX_BYTES} bytes and no control characters", code="usage")
    return name


def checked_note(note: str) -> str:
    if not note.isprintable() or len(note.encode()) > NOTE_MAX_BYTES:
        raise LanmsgError(
            f"a note has at most {NOTE_MAX_BYTES} bytes and no control characters", code="usage"
        )
    return note


def check_text(text: str) -> None:
    if not text.strip():
        raise LanmsgError("an empty message is not sent", code="usage")
    check_size(text)


def check_size(text: str) -> None:
    """For the words of an offer, which may be empty."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise LanmsgError("the text holds half a character (a lone surrogate)", code="usage") from None
    if "\0" in text:
        raise LanmsgError("the text holds U+0000, which no peer takes", code="usage")
    if size > TEXT_MAX_BYTES:
        raise LanmsgError(
            f"the text has {size} bytes, at most {TEXT_MAX_BYTES} go in a message",
            code="usage",
            hint="send it as a file",
        )


def absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _why_not(folder: Path) -> str:
    """What a try to write there would say."""
    is_read_only = hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY
    return "the disk is read-only" if is_read_only else "permission denied"


def make_folder(folder: Path) -> None:
    """Blocking. Raises LanmsgError (disk) when nothing can be saved there, before anybody is told yes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        why = "" if os.access(folder, os.W_OK | os.X_OK) else _why_not(folder)
    except OSError as error:
        why = (error.strerror or "it cannot be made").lower()
    if why:
        raise LanmsgError(
            f"cannot save into {folder}: {why}", code="disk", hint="choose another folder with --to"
        )
