"""A store in a home of its own, closed when its test ends."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lanmsg.storage.database import Database
from lanmsg.storage.store import Store


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = Store.open(home)
    yield opened
    opened.close()


@pytest.fixture
def another(home: Path) -> Iterator[Callable[[], Store]]:
    """Each call opens the same home once more, as another process of it would."""
    opened: list[Store] = []

    def make() -> Store:
        opened.append(Store.open(home))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def database(store: Store) -> Database:
    return store.database
