"""The mark "this came from somebody else" on received files, where a system has one. Best effort.

Desktops ask before they run what carries it; that it cannot be set never fails a transfer.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

MARKS_EVERY_FILE = sys.platform in ("darwin", "win32")
"""There the system itself acts upon it, for each file. On Linux it only says where a thing is from, so that
what stands among the person's own files is marked and the ten thousand files in it are not."""

WINDOWS_MARK = "[ZoneTransfer]\r\nZoneId=3\r\n"
"""Zone 3: the Internet, which for Windows is whatever is not this machine."""


def mark_origin(descriptor: int | None, path: Path, origin: str, now: float) -> None:
    """Mark the open file, or where there is no descriptor the one at `path`, as coming from `origin`."""
    if not origin:
        return
    with suppress(OSError):
        if sys.platform.startswith("linux"):
            os.setxattr(path if descriptor is None else descriptor, "user.xdg.origin.url", origin.encode())
        elif sys.platform == "darwin":
            _quarantine(path, now)
        elif sys.platform == "win32":
            with open(f"{path}:Zone.Identifier", "w", encoding="ascii") as stream:  # noqa: PTH123 - a stream
                stream.write(WINDOWS_MARK)


def quarantine_value(now: float) -> bytes:
    """0081: downloaded, and not yet agreed to by the person."""
    return f"0081;{int(now):08x};lanmsg;".encode()


def _quarantine(path: Path, now: float) -> None:
    """Python has no setxattr on macOS; the C library has, with two arguments more than on Linux."""
    import ctypes

    value = quarantine_value(now)
    library = ctypes.CDLL(None, use_errno=True)
    library.setxattr(os.fsencode(path), b"com.apple.quarantine", value, len(value), 0, 0)
