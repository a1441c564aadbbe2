"""One try_lock for all who lock a file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanmsg.storage.locking import try_lock


@pytest.fixture
def openings(tmp_path: Path) -> Iterator[list[int]]:
    """One file, opened three times."""
    path = tmp_path / "file"
    path.touch()
    descriptors = [os.open(path, os.O_RDWR) for _ in range(3)]
    yield descriptors
    for each in descriptors:
        os.close(each)


def test_one_holds_it_or_all_share_it(openings: list[int]) -> None:
    first, second, third = openings
    assert try_lock(first)
    assert not try_lock(second)
    assert not try_lock(second, shared=True)
    assert try_lock(first, shared=True)
    assert try_lock(second, shared=True)
    assert not try_lock(third)
    assert not try_lock(first)
