"""The fenced blocks of our documents, and a network on loopback to run them in."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.cli.givens import People
from tests.lab.program import Program

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENTS = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Block:
    """One fenced block. `info` is what stands after the fence, `heading` the last one above it."""

    file: Path
    line: int
    heading: str
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}"


def blocks(file: Path) -> list[Block]:
    found: list[Block] = []
    heading, info, start = "", None, 0
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            if info is None:
                info, start = line.removeprefix("```"), number
            else:
                found.append(Block(file, start, heading, info, "\n".join(lines[start : number - 1]) + "\n"))
                info = None
        elif info is None and (match := re.match(r"#+ (.*)", line)):
            heading = match[1]
    assert info is None, f"{file}: a fence is not closed"
    return found


class Neighbourhood:
    """People on loopback, each with a folder, a home with a key, and lanmsg on the PATH."""

    def __init__(self, folder: Path, port: int):
        self.people = People(folder, port)
        self._running: list[Program] = []
        (folder / "bin").mkdir()
        launcher = folder / "bin" / "lanmsg"
        launcher.write_text(f'#!/bin/sh\nPYTHONPATH={CHECKOUT} exec {sys.executable} -P -m lanmsg "$@"\n')
        launcher.chmod(0o755)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for program in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.process.pid, signal.SIGKILL)  # a pipeline of a shell as a whole
            program.close()

    def folder(self, who: str) -> Path:
        return self.people.folder(who)

    def environment(self, who: str) -> dict[str, str]:
        return self.people.environment(who) | {"PYTHONPATH": str(CHECKOUT)}

    def start(self, who: str, command: Sequence[str]) -> Program:
        """Runs beside the test, and is ended with it."""
        program = Program(
            ["setsid", *command],  # a group of its own
            label=f"{who}: {' '.join(command)[:40]}",
            env=self.environment(who),
            cwd=self.folder(who),
        )
        self._running.append(program)
        return program

    def listen(self, who: str, *words: str) -> Program:
        """Somebody who is here and takes everything."""
        program = self.start(who, ["lanmsg", "listen", "--json", *words])
        program.wait_for("ready", within=PATIENCE_S)
        return program

    def run(self, who: str, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=self.folder(who),
            env=self.environment(who),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
