"""The real program in tmux: it comes up, helps, is made smaller, and gives the terminal back."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PATIENCE_S = 60.0


class Tmux:
    """A server of its own, with one window of a given size; nobody else's is touched."""

    def __init__(self, folder: Path):
        self._socket = str(folder / "tmux")

    def run(self, *words: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
        done = subprocess.run(
            ["tmux", "-S", self._socket, "-f", "/dev/null", *words],
            env=environment | {"LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    @property
    def text(self) -> str:
        return self.run("capture-pane", "-p", "-t", "lanmsg")

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)

    def shows(self, text: str) -> None:
        self.until(lambda: text in self.text)

    def keys(self, *names: str) -> None:
        self.run("send-keys", "-t", "lanmsg", *names)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    server = Tmux(tmp_path)
    yield server
    server.run("kill-server")


def test_a_first_look_around(tmux: Tmux, home: Path, loopback: Callable[[], str], free_port: int) -> None:
    options = f"--home {home} --name anna --interface {loopback()} --port {free_port}"
    shell = f"cd {CHECKOUT} && {sys.executable} -P -m lanmsg {options}; echo left with $?; sleep 60"
    tmux.run("new-session", "-d", "-s", "lanmsg", "-x", "100", "-y", "30", shell)
    tmux.shows("PEOPLE")
    tmux.shows("F1 help")
    tmux.keys("F1")
    tmux.shows("yes to the question")
    tmux.keys("Escape")
    tmux.until(lambda: "yes to the question" not in tmux.text)
    tmux.keys("-l", "half a line")
    tmux.shows("half a line")
    tmux.run("resize-window", "-t", "lanmsg", "-x", "50", "-y", "20")
    tmux.until(lambda: "half a line" in tmux.text and max(map(len, tmux.text.splitlines())) <= 50)
    tmux.keys("C-c")
    tmux.until(lambda: "half a line" not in tmux.text)
    tmux.keys("C-c")
    tmux.keys("C-c")
    tmux.shows("left with 0")
    assert tmux.run("display-message", "-p", "-t", "lanmsg", "#{alternate_on}") == "0\n"
