from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interop.program import ROOT, Listening, Program
from tests.interop.stranger import Stranger
from tests.interop.stranger_crypto import Identity

DOCUMENT = (ROOT / "protocol.md").read_text(encoding="utf-8")


def identity(who: str) -> Identity:
    """A key of chapter 18.2: to make one takes seconds."""
    p, q = (re.search(rf"^{who}, {part}\n((?:[0-9a-f]+\n)+)", DOCUMENT, re.MULTILINE) for part in "pq")
    assert p is not None
    assert q is not None
    return Identity(int(p[1].replace("\n", ""), 16), int(q[1].replace("\n", ""), 16))


@pytest.fixture(scope="package")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a key: to make one for each test would take most of the time."""
    home = tmp_path_factory.mktemp("made") / "home"
    with Program(home, "made", "127.0.0.1", 1024, "id") as program:
        assert program.exit_code(15) == 0
    return home


@pytest.fixture
def ben_home(tmp_path: Path, made_home: Path) -> Path:
    shutil.copytree(made_home, tmp_path / "ben")
    return tmp_path / "ben"


@pytest.fixture
def anna(tmp_path: Path, made_home: Path, loopback: Callable[[], str], free_port: int) -> Iterator[Listening]:
    shutil.copytree(made_home, tmp_path / "anna")
    with Listening(tmp_path / "anna", loopback(), free_port) as program:
        yield program


@pytest.fixture
def stranger(loopback: Callable[[], str], free_port: int) -> Iterator[Stranger]:
    with Stranger(identity("alice"), "stranger", loopback(), free_port) as peer:
        yield peer
