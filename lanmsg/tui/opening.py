"""Opens a folder in the desktop's own program, where there is a desktop."""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

SECONDS = 10.0
"""A program that opens folders hands them on and ends; one that does not is left alone."""


def opener(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> str:
    """The program that opens folders here, or "" where nobody would see a window."""
    if platform == "darwin":
        return "" if "SSH_CONNECTION" in environment else shutil.which("open") or ""
    if platform == "win32":
        return shutil.which("explorer") or ""
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return ""
    return shutil.which("xdg-open") or ""


async def open_folder(folder: Path, program: str | None = None) -> bool:
    """False when there is no desktop, no such folder, or the program says that it failed.

    The folder is one that we saved into, absolute, and never a name that a peer chose alone.
    """
    program = opener() if program is None else program
    if not program or not folder.is_absolute() or not await asyncio.to_thread(folder.is_dir):
        return False
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            str(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(SECONDS):
            # The Windows explorer answers 1 whether it opened something or not.
            return await process.wait() == 0 or sys.platform == "win32"
    except TimeoutError:
        return True
