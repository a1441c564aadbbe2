"""demo: the screen in a home that is thrown away, and a few lively people on loopback."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import lanmsg
from lanmsg.api import Settings
from lanmsg.cli.demo_people import PERSONAS, loopback
from lanmsg.cli.output import Result
from lanmsg.cli.parser import Invocation, usage_error
from lanmsg.cli.screen import require_terminal, shown
from lanmsg.config import load_settings

GOODBYE_S = 3.0
"""How long the others may take to leave; then they are ended."""


def demo(invocation: Invocation) -> Result:
    options = invocation.options
    if not 1 <= options.peers <= len(PERSONAS):
        raise usage_error(f"--peers: from 1 to {len(PERSONAS)}", invocation.command)
    require_terminal(invocation)
    with tempfile.TemporaryDirectory(prefix="lanmsg-demo-", ignore_cleanup_errors=True) as folder:
        port = free_port()
        with people(Path(folder), port, options.peers):
            result = shown(visitor(Path(folder), port, options.name), invocation)
    invocation.output.notice("the demo and its files are gone; start for real with: lanmsg")
    return result


def visitor(folder: Path, port: int, name: str | None) -> Settings:
    """Settings of a newcomer, whatever this person's environment says."""
    settings = load_settings(home=folder / "you", name=name, environment={})
    return replace(
        settings, port=port, interfaces=(loopback(1),), peers=(), quiet=False, downloads=folder / "downloads"
    )


@contextmanager
def people(folder: Path, port: int, count: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The others, in a process of their own that ends when its stdin does, however we end."""
    environment = os.environ | {"PYTHONPATH": str(Path(lanmsg.__file__).parents[1])}
    with (folder / "people.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "lanmsg.cli.demo_people", str(folder), str(port), str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=environment,
        )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Not 2372, so that no real lanmsg on this machine is met."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
