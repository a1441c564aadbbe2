"""Names that a peer chose, made fit for this disk, or refused (protocol.md, Files).

One rule for every name, on every platform: a folder of downloads is copied to sticks, shares and other
systems later, and a rule that differs between them would be tested on one of them only.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import count

from lanmsg.storage.errors import StorageError

NAME_MAX_BYTES = 255
"""What the common file systems take for one name."""

PATH_MAX_BYTES = 1024
"""macOS takes no longer path; the folder that the person chose comes on top."""

DEPTH_MAX = 64
"""Parts of a path; deep enough for real source trees, and an end to a peer's nesting."""

SEPARATORS = frozenset("/\\:\0")
"""Each ends a name, or starts another one, on some system: `C:x`, `file:stream`, a classic Mac path.
A name with one of these is refused: mended, it would be another name than the peer meant."""

UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Controls, marks of direction, joiners, private and unassigned: they hide or forge, in a list or a shell."""

WILD = frozenset('<>"|?*')
"""Not possible on Windows, and patterns or pipes in a shell."""

PORTS = (f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3")
DEVICES = frozenset(("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$", *PORTS))
"""To Windows these are devices, in any folder, any case and with any ending."""

DEVICE_INITIALS = frozenset("".join(device[0] + device[0].lower() for device in DEVICES))

PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .,+=@#%&'()\[\]{}!^;-]{0,198}[A-Za-z0-9_)\]}+=]")
"""Names of two to two hundred characters that no rule below can touch, except that of devices."""

ARCHIVE = re.compile(r"\.tar\.[A-Za-z0-9]{1,4}")
"""Endings of two parts: it is `x (1).tar.gz`, not `x.tar (1).gz`."""


class UnsafeNameError(StorageError):
    """A peer's name that cannot be mended. The message does not quote it: it may forge a terminal."""

    def __init__(self, why: str) -> None:
        super().__init__(f"a file name was refused: {why}", code="unsafe_name")


def safe_path(path: str) -> tuple[str, ...]:
    """The names, from the top folder down, under which a peer's relative `path` may be created.

    Raises UnsafeNameError.
    """
    _require(_utf8_length(path) <= PATH_MAX_BYTES, "its path is too long")
    # Before the first step down: each part is a call, and a peer does not choose how deep they go.
    _require(path.count("/") < DEPTH_MAX, "it lies too many folders deep")
    folder, slash, name = path.rpartition("/")
    if not slash:
        return (safe_name(name),)
    parents = _safe_folder(folder)
    return (*parents, safe_name(name, top=False))


@lru_cache(maxsize=64)
def _safe_folder(folder: str) -> tuple[str, ...]:
    """Neighbours come one after the other, so the same folder is asked for again and again."""
    return safe_path(folder)


def safe_name(name: str, *, top: bool = True) -> str:
    """One name, mended where that is harmless. Raises UnsafeNameError.

    `top`: it appears among the person's own files, where a hidden one could go unnoticed or mean something
    to a program (`.bashrc`). Inside a new folder the dot stays, or a source tree would not survive.
    """
    if PLAIN.fullmatch(name) and not _is_device(name):
        return name
    _require(_utf8_length(name) <= NAME_MAX_BYTES, "it is too long")
    # NFC, not NFKC: that one turns full-width dots and slashes into real ones, after they were looked for.
    name = unicodedata.normalize("NFC", name)
    _require(name not in ("", ".", ".."), "it is no name")
    _require(SEPARATORS.isdisjoint(name), "it holds a separator")
    name = "".join("_" if _is_unfit(character) else character for character in name).rstrip(" .")
    if name.startswith(("-", "~", ".") if top else ("-", "~")) or _is_device(name):
        name = "_" + name
    return _checked(name)


def numbered_names(name: str, *, folder: bool) -> Iterator[str]:
    """`name`, then `name (1).ext`, `name (2).ext` … for when it is taken."""
    yield name
    stem, ending = (name, "") if folder else _split_ending(name)
    for number in count(1):
        mark = f" ({number}){ending}"
        yield _clip(stem, NAME_MAX_BYTES - _utf8_length(mark)) + mark


def _split_ending(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    if not stem or not dot or _utf8_length(ending) > 32:
        return name, ""
    if ARCHIVE.fullmatch(name[-len(ending) - 5 :]) and len(stem) > 4:
        return stem[:-4], f".tar.{ending}"
    return stem, f".{ending}"


def _clip(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore")


def _checked(name: str) -> str:
    """The last step, whatever the steps before did: what leaves here is one plain name."""
    _require(name not in ("", ".", "..") and SEPARATORS.isdisjoint(name), "nothing of it is left")
    _require(_utf8_length(name) <= NAME_MAX_BYTES, "it is too long")
    _require(not name.endswith((" ", ".")) and not _is_device(name), "it is a device")
    return name


def _is_unfit(character: str) -> bool:
    return character in WILD or unicodedata.category(character) in UNSEEN


def _is_device(name: str) -> bool:
    return name[:1] in DEVICE_INITIALS and name.partition(".")[0].rstrip(" ").upper() in DEVICES


def _utf8_length(text: str) -> int:
    try:
        return len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise UnsafeNameError("it is not valid UTF-8") from None


def _require(condition: bool, why: str) -> None:  # noqa: FBT001 - reads as the sentence it is
    if not condition:
        raise UnsafeNameError(why)
