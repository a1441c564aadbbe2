"""Somewhere to run what the documents say."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.document import Neighbourhood


@pytest.fixture
def neighbourhood(tmp_path: Path, free_port: int) -> Iterator[Neighbourhood]:
    with Neighbourhood(tmp_path, free_port) as neighbourhood:
        yield neighbourhood
