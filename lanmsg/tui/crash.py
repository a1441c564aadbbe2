"""What is kept of a fault in the screen: where it happened, and no word of what anybody wrote."""

import os
import sys
import time
import traceback
from pathlib import Path

from lanmsg import __version__
from lanmsg.api import LanmsgError

FILE = "crash.log"
MAX_BYTES = 64_000
"""Of the log; the oldest goes first."""


def crashed(error: BaseException, home: Path, now: float) -> LanmsgError:
    """The fault as a sentence for the person, with where to find the rest; it never fails itself."""
    kind = f"{type(error).__name__} at {_place(error)}"
    try:
        path = write(error, home, now)
    except OSError as trouble:
        hint = f"it could not be written down: {trouble.strerror}"
    else:
        hint = f"where it happened is in {path}; nobody's words are in it, so it can be shown around"
    return LanmsgError(f"the screen broke ({kind}); messages and drafts are kept", hint=hint)


def _place(error: BaseException) -> str:
    """The last line of ours that it passed: enough to report it when the home is gone, as the demo's is."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}lanmsg{os.sep}" in frame.filename] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "start"


def write(error: BaseException, home: Path, now: float) -> Path:
    """Adds to the log in the home, readable by this person alone. Raises OSError."""
    path = home / FILE
    text = report(error, now).encode("utf-8", "replace")
    before = path.read_bytes()[-(MAX_BYTES - len(text)) :] if path.exists() else b""
    new = path.with_name(f".{FILE}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(before + text)
    new.replace(path)
    return path


def report(error: BaseException, now: float) -> str:
    """Types, files and lines: neither values nor the errors' own words, which may quote a message."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    python = ".".join(map(str, sys.version_info[:3]))
    lines = [f"--- {when}  lanmsg {__version__}  Python {python}  {sys.platform}"]
    for each in _chain(error):
        lines.append(type(each).__name__)
        frames = traceback.extract_tb(each.__traceback__)[-30:]
        lines += [f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return "\n".join(lines)[: MAX_BYTES // 2] + "\n\n"


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found and len(found) < 5:
        found.append(one)
        one = one.__cause__ or one.__context__
    return found
