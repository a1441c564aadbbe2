"""Nodes on loopback for the tests of this room."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from lanmsg.node import sessions
from lanmsg.protocol import probes
from lanmsg.storage import database
from tests.node.neighbours import Neighbours


@pytest.fixture
def neighbours(tmp_path: Path, free_port: int, loopback: Callable[[], str]) -> Neighbours:
    return Neighbours(tmp_path, free_port, loopback)


@pytest.fixture(autouse=True)
def no_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store need not survive a power cut here, and a busy disk makes a flush take long."""
    set_up = database._set_up

    def without_flush(connection: sqlite3.Connection) -> None:
        set_up(connection)
        connection.execute("PRAGMA synchronous = OFF")

    monkeypatch.setattr(database, "_set_up", without_flush)
    monkeypatch.setattr(database.Database, "_set_synchronous", lambda *_: None)


@pytest.fixture(autouse=True)
def short_goodbyes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For peers that do not answer: they are not late, they are not there."""
    monkeypatch.setattr(sessions, "GOODBYE_S", 0.1)
    monkeypatch.setattr(probes, "PROBE_OFFSETS_S", (0.0, 0.1, 0.2))
    monkeypatch.setattr(probes, "PROBE_TIMEOUT_S", 0.4)
