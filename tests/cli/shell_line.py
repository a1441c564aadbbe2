"""A real shell on a real terminal: what is typed, Tab included, and the words that the shell makes of it."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Self

REPOSITORY = Path(__file__).parents[2]
PATIENCE_S = 60.0

START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(lanmsg completion bash)"),
    "zsh": (
        ["zsh", "-f", "-i"],
        "autoload -U compinit; compinit -u -D; source <(lanmsg completion zsh)",
    ),
    "fish": (["fish", "--no-config", "-i"], "lanmsg completion fish | source"),
}

ARGS = """#!/bin/sh
printf '%s\\0' "$@" >"$HOME/said.part"
mv "$HOME/said.part" "$HOME/said"
"""
"""A program that only notes what it was called with."""


class ShellLine:
    """Use it in a `with` block."""

    def __init__(self, shell: str, folder: Path):
        command, setup = START[shell]
        self._said = folder / "said"
        self.shown = b""
        programs = folder / "bin"
        programs.mkdir(exist_ok=True)
        for name, text in (("args", ARGS), ("lanmsg", launcher())):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self._terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        self._process = subprocess.Popen(
            ["setsid", "-c", *command],
            cwd=folder,
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "HOME": str(folder),
                "LANG": "C.UTF-8",
                "TERM": "xterm",
                "LANMSG_HOME": str(folder / "home"),
            },
            stdin=inner,
            stdout=inner,
            stderr=inner,
        )
        os.close(inner)
        self._type(f"{setup}; args ready\r")
        self._wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def words(self, line: str) -> list[str]:
        """The words of `line` once it was sent. The shell reads on only when it has done its Tab."""
        self._type(line + "\x01args \r")
        return self._wait()

    def _type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def _wait(self) -> list[str]:
        deadline = time.monotonic() + PATIENCE_S
        while not self._said.exists():
            assert time.monotonic() < deadline, f"nothing came of it:\n{self.shown.decode(errors='replace')}"
            readable, _, _ = select.select([self._terminal], [], [], 0.02)
            if readable:
                with contextlib.suppress(OSError):
                    self.shown += os.read(self._terminal, 65536)
        words = self._said.read_text().split("\0")[:-1]
        self._said.unlink()
        return words


def launcher() -> str:
    return f'#!/bin/sh\nPYTHONPATH={REPOSITORY} exec {sys.executable} -m lanmsg "$@"\n'
