"""Nodes on loopback for the tests of this room."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lanmsg.node import sessions
from lanmsg.protocol import probes
from tests.node import transfer_story
from tests.node.neighbours import Neighbours

MEMORY_DISK = Path("/dev/shm")


@pytest.fixture
def neighbours(tmp_path: Path, free_port: int, loopback: Callable[[], str]) -> Iterator[Neighbours]:
    """Their homes are in memory where that can be: a busy disk makes each flush take long."""
    if not os.access(MEMORY_DISK, os.W_OK):
        yield Neighbours(tmp_path, free_port, loopback)
        return
    with tempfile.TemporaryDirectory(dir=MEMORY_DISK, prefix="lanmsg-tests-") as folder:
        yield Neighbours(Path(folder), free_port, loopback)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers that do not answer here are not late, they are not there."""
    monkeypatch.setattr(sessions, "GOODBYE_S", 0.1)
    monkeypatch.setattr(probes, "PROBE_OFFSETS_S", (0.0, 0.1, 0.2))
    monkeypatch.setattr(probes, "PROBE_TIMEOUT_S", 0.4)


@pytest.fixture
def quick_transfers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are looked at, and offers made again, much more often."""
    transfer_story.impatience(monkeypatch)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> transfer_story.Disk:
    return transfer_story.Disk(monkeypatch)
