"""Nodes on loopback for the tests of this room."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.node.neighbours import Neighbours


@pytest.fixture
def neighbours(tmp_path: Path, free_port: int, loopback: Callable[[], str]) -> Neighbours:
    return Neighbours(tmp_path, free_port, loopback)
