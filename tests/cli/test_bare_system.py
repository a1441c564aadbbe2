"""A container with nothing in it: no environment, home, locale, terminal, or entry in /etc/passwd."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

UNKNOWN = 54321
"""A user id that no passwd knows."""

pytestmark = pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where that user may write; a folder of ours may lie where others have no way to."""
    with tempfile.TemporaryDirectory(prefix="lanmsg-bare-") as name:
        if os.geteuid() == 0:
            os.chown(name, UNKNOWN, UNKNOWN)
        yield Path(name)


def as_nobody() -> list[str]:
    """Of a user without a name, who may read everything: the checkout may be closed to others."""
    if os.geteuid() != 0:
        return []
    capabilities = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", f"--reuid={UNKNOWN}", f"--regid={UNKNOWN}", "--clear-groups", *capabilities]


def run(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    checkout = str(Path(__file__).resolve().parents[2])
    return subprocess.run(
        [*as_nobody(), sys.executable, "-P", "-m", "lanmsg", *words],
        env={"PYTHONPATH": checkout, **environment},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    "environment",
    [{}, {"LANG": "C", "TZ": "Nowhere/Missing", "HOME": ""}, {"HOME": "/nonexistent", "LANMSG_HOME": "home"}],
    ids=["nothing", "C", "a home that is not there"],
)
def test_listen_works(
    environment: dict[str, str], folder: Path, loopback: Callable[[], str], free_port: int
) -> None:
    where = ["--interface", loopback(), "--port", str(free_port)]
    done = run(folder, *where, "listen", "--json", "--timeout", "0.2", **environment)
    assert done.stderr == b""
    assert done.returncode == 0
    ready = json.loads(done.stdout)
    assert ready["type"] == "ready"
    assert ready["name"]


def test_what_a_poor_locale_cannot_write_does_not_end_a_command(folder: Path) -> None:
    assert run(folder, "config", "set", "name", "zo\u00eb").returncode == 0
    done = run(folder, "config", "get", "name", LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (done.returncode, done.stdout) == (0, b"zo\\xeb\n")
