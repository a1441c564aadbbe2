"""Start-up: a command pays only for what it needs."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("asyncio", "cryptography", "prompt_toolkit", "ifaddr", "platformdirs", "logging")
PROGRAM = """
import sys
from lanmsg.__main__ import main
code = main(sys.argv[1:])
sys.stderr.write(" ".join(sorted(sys.modules)))
sys.exit(code)
"""


def imported_by(home: Path, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={"LANMSG_HOME": str(home), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_the_version_is_told_before_anything_is_read(home: Path) -> None:
    modules = imported_by(home, "--version")
    assert modules.isdisjoint({*HEAVY, "argparse", "json", "dataclasses", "lanmsg.model", "sqlite3"})
    assert not home.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("peers", "--wait", "0", "--json"),
        ("history",),
        ("offers",),
        ("help",),
        ("config", "get"),
        ("completion", "bash"),
        ("service", "show"),
        ("help", "--man"),
    ],
    ids=" ".join,
)
def test_what_the_store_knows_needs_no_network_and_no_keys(home: Path, words: tuple[str, ...]) -> None:
    assert imported_by(home, *words).isdisjoint(HEAVY)


def test_who_needs_a_key_needs_no_network(home: Path) -> None:
    modules = imported_by(home, "id")
    assert "cryptography" in modules
    assert modules.isdisjoint({"prompt_toolkit", "asyncio", "ifaddr"})


def test_who_needs_a_node_draws_no_screen(home: Path) -> None:
    modules = imported_by(home, "--interface", "127.0.0.1", "peers", "--wait", "0.01")
    assert "asyncio" in modules
    assert modules.isdisjoint({"prompt_toolkit", "platformdirs", "segno", "difflib", "lanmsg.tui"})
