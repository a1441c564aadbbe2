"""The mark of received files: there where a system has one, and never a reason to fail."""

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from lanmsg.storage import origin_mark
from lanmsg.storage.origin_mark import mark_origin, quarantine_value


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is set, on a system that stands for any Linux."""
    found: list[tuple[Any, ...]] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "setxattr", lambda *arguments: found.append(arguments), raising=False)
    return found


def test_a_file_is_marked_by_its_descriptor(marks: list[tuple[Any, ...]], tmp_path: Path) -> None:
    mark_origin(7, tmp_path / "x", "lanmsg:ben", 0.0)
    assert marks == [(7, "user.xdg.origin.url", b"lanmsg:ben")]


def test_a_folder_is_marked_by_its_path(marks: list[tuple[Any, ...]], tmp_path: Path) -> None:
    mark_origin(None, tmp_path, "lanmsg:ben", 0.0)
    assert marks == [(tmp_path, "user.xdg.origin.url", b"lanmsg:ben")]


def test_nothing_is_marked_as_from_nowhere(marks: list[tuple[Any, ...]], tmp_path: Path) -> None:
    mark_origin(7, tmp_path, "", 0.0)
    assert marks == []


def test_a_disk_without_marks_is_no_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOTSUP, "no marks here")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "setxattr", refuse, raising=False)
    mark_origin(7, tmp_path, "lanmsg:ben", 0.0)


def test_windows_has_a_stream_beside_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    (tmp_path / "x").touch()
    mark_origin(None, tmp_path / "x", "lanmsg:ben", 0.0)
    assert (tmp_path / "x:Zone.Identifier").read_bytes().startswith(b"[ZoneTransfer]")


def test_macos_has_a_quarantine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called: list[tuple[Path, float]] = []
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(origin_mark, "_quarantine", lambda path, now: called.append((path, now)))
    mark_origin(3, tmp_path, "lanmsg:ben", 5.0)
    assert called == [(tmp_path, 5.0)]
    assert quarantine_value(1_700_000_000.9) == b"0081;6553f100;lanmsg;"
