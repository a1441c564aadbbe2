"""Homes that cannot be one: each command says which, why and what to do, and leaves with 8 (or 2)."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lanmsg.storage.home import DATABASE_FILE
from lanmsg.storage.store import Store

COMMANDS = ("id", "history", "listen --timeout 0")
LANMSG = [sys.executable, "-m", "lanmsg"]
SOMEBODY = 54321


def run(home: Path, words: str, inside: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    """`inside`: a command that runs the rest of its words somewhere else."""
    return subprocess.run(
        [*inside, *LANMSG, "--home", str(home), "--interface", "127.0.0.1", *words.split()],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": os.environ["PATH"]},
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def refused(done: "subprocess.CompletedProcess[str]", said: str, code: int = 8) -> None:
    assert done.returncode == code, done.stderr
    lines = done.stderr.splitlines()
    assert lines[0].startswith("lanmsg: ")
    assert said in lines[0]
    assert [line for line in lines[1:] if not line.startswith("hint: ")] == []
    assert len(lines) == 2
    assert done.stdout == ""


def on_a_disk(folder: Path, options: str, then: str = "true") -> tuple[str, ...]:
    """What makes `folder` a disk of its own, for the one command."""
    script = f'mount -t tmpfs -o mode=700,{options} none "$0" && cd / && {then}; exec "$@"'
    return ("unshare", "--mount", "--user", "--map-root-user", "sh", "-c", script, str(folder))


def no_own_disks() -> bool:
    if not shutil.which("unshare"):
        return True
    probe = ["unshare", "--mount", "--user", "--map-root-user", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode != 0


needs_own_disks = pytest.mark.skipif(no_own_disks(), reason="no mounts of our own here")


@pytest.mark.parametrize("words", COMMANDS)
def test_a_file(words: str, home: Path) -> None:
    home.write_text("not a folder")
    refused(run(home, words), f"the home {home} is not a folder", 2)  # it is found when config.toml is read


@pytest.mark.parametrize("words", COMMANDS)
def test_a_newer_lanmsg_was_here(words: str, home: Path) -> None:
    Store.open(home).close()
    connection = sqlite3.connect(home / DATABASE_FILE)
    connection.execute("PRAGMA user_version = 999")
    connection.commit()
    connection.close()
    if words == "id":
        assert run(home, words).returncode == 0  # needs the key alone
    else:
        refused(run(home, words), "was written by a newer lanmsg")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("words", COMMANDS)
def test_somebody_elses(words: str, home: Path) -> None:
    home.mkdir(mode=0o700)
    os.chown(home, SOMEBODY, SOMEBODY)
    refused(run(home, words), f"belongs to another user (uid {SOMEBODY})")


@needs_own_disks
@pytest.mark.parametrize("words", COMMANDS)
def test_a_disk_that_can_only_be_read(words: str, home: Path) -> None:
    home.mkdir(mode=0o700)
    read_only = on_a_disk(home, "size=1m", f'mount -o remount,ro "{home}"')
    refused(run(home, words, read_only), "cannot be written")


@needs_own_disks
@pytest.mark.parametrize("words", COMMANDS)
def test_a_disk_that_is_full(words: str, home: Path) -> None:
    home.mkdir(mode=0o700)
    full = on_a_disk(home, "size=1m", f'head -c 2000000 /dev/zero >"{home}/fill" 2>/dev/null')
    refused(run(home, words, full), "no space left on the disk")
