"""Folders are opened where there is a desktop, by a program that gets the path and nothing else."""

import asyncio
import sys
from pathlib import Path

import pytest

from lanmsg.tui.opening import open_folder, opener


def test_without_a_desktop_there_is_nobody_to_open_it() -> None:
    assert opener("linux", {}) == ""
    assert opener("darwin", {"SSH_CONNECTION": "1.2.3.4"}) == ""


def program(folder: Path, code: int) -> str:
    """Writes down what it was given."""
    path = folder / "opener"
    path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$#" "$1" > "{folder}/given"\nexit {code}\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the desktop")
@pytest.mark.parametrize(("code", "worked"), [(0, True), (3, False)])
def test_the_folder_is_one_argument(tmp_path: Path, code: int, worked: bool) -> None:
    folder = tmp_path / "a b; touch c"
    folder.mkdir()
    assert asyncio.run(open_folder(folder, program(tmp_path, code))) is worked
    assert (tmp_path / "given").read_text().splitlines() == ["1", str(folder)]


def test_what_is_not_there_is_not_opened(tmp_path: Path) -> None:
    assert asyncio.run(open_folder(tmp_path / "gone", program(tmp_path, 0))) is False
    assert asyncio.run(open_folder(Path(), program(tmp_path, 0))) is False
    assert asyncio.run(open_folder(tmp_path, str(tmp_path / "no program"))) is False
    assert not (tmp_path / "given").exists()
