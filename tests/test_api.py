"""The front door: what it promises is there, and looking through it costs nothing that is not used."""

import subprocess
import sys
from pathlib import Path

import pytest

from lanmsg import api
from lanmsg.config import Settings


def settings(home: Path) -> Settings:
    return Settings(home, home / "downloads", "anna")


@pytest.mark.parametrize("name", api.__all__)
def test_everything_named_is_there(name: str) -> None:
    assert getattr(api, name) is not None


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="manager"):
        getattr(api, "manager")  # noqa: B009 - mypy knows that it is not there


def test_importing_it_brings_no_network_and_no_keys() -> None:
    code = "import sys, lanmsg.api; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"asyncio", "cryptography", "sqlite3", "prompt_toolkit"} & set(done.stdout.split())


def test_a_home_opens_without_a_node(home: Path) -> None:
    store = api.open_home(settings(home))
    assert api.home_roster(store).all() == []
    store.close()


def test_the_key_is_made_once(home: Path) -> None:
    first = api.own_id(settings(home))
    assert len(first) == 32
    assert api.own_id(settings(home)) == first
