"""A store in a home of its own, closed when its test ends."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lanmsg.storage.database import Database
from lanmsg.storage.folder import Folder
from lanmsg.storage.store import Store


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = Store.open(home)
    yield opened
    opened.close()


@pytest.fixture
def folder_at(tmp_path: Path) -> Iterator[Callable[[str], Folder]]:
    """Each call makes one of that name, and holds it open."""
    opened: list[Folder] = []

    def make(name: str) -> Folder:
        (tmp_path / name).mkdir()
        opened.append(Folder.open(tmp_path / name))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


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
