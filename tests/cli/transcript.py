"""Transcripts: what somebody types, and what the program must answer, in one plain text file.

    # A sentence that says what must hold.        starts a scenario, with fresh homes
    given anna knows ben                          a step of tests/cli/givens.py
    file anna/notes.txt first line                makes a file
    anna$ lanmsg msg ben hello                    runs in anna's folder with anna's home, to its end
    < a line of stdin
    > a line of stdout      ! a line of stderr    all of them, in order
    = 3                                           the exit code; 0 when it is not said
    ben& lanmsg listen                            starts and goes on beside the others
    ben?                                          waits for its end; its > ! = lines follow
    ben^C                                         the same after a SIGINT (ben^TERM, ben^HUP: SIGTERM, SIGHUP)
    until ben.2$ lanmsg offers                    again and again until the answer is the expected one
    ben.2$ lanmsg offers                          ben again, beside a program of his that runs

`…` in an expected line stands for anything, an expected line `…` for any number of lines. DIR is the
folder of the scenario. A command with `|` or `>` in it goes through a shell.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.givens import GIVENS, People

FOLDER = Path(__file__).parent / "transcripts"
REPOSITORY = Path(__file__).parents[2]
TIMEOUT_S = 30
SIGNALS = {"^C": signal.SIGINT, "^TERM": signal.SIGTERM, "^HUP": signal.SIGHUP}
SHELL_SIGNS = set("|<>;&*")


@dataclass
class Step:
    """One line that does something, and what is expected of it."""

    line: int
    text: str
    stdin: list[str] = field(default_factory=list)
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    exit: int = 0


@dataclass(eq=False, repr=False)
class Scenario:
    title: str
    file: Path
    line: int
    steps: list[Step] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.file.stem}:{self.line}"


@dataclass
class Outcome:
    stdout: str
    stderr: str
    exit: int


def read_transcript(path: Path) -> list[Scenario]:
    scenarios: list[Scenario] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        mark, _, rest = line.partition(" ")
        if not line.strip():
            continue
        if mark == "#":
            scenarios.append(Scenario(rest, path, number))
            continue
        steps = scenarios[-1].steps
        match mark:
            case "<":
                steps[-1].stdin.append(rest)
            case ">":
                steps[-1].stdout.append(rest)
            case "!":
                steps[-1].stderr.append(rest)
            case "=":
                steps[-1].exit = int(rest)
            case _:
                steps.append(Step(number, line))
    return scenarios


def transcripts(stem: str) -> Callable[..., None]:
    """A test function for every scenario of transcripts/STEM.txt."""

    @pytest.mark.parametrize("scenario", read_transcript(FOLDER / f"{stem}.txt"), ids=str)
    def test_transcript(scenario: Scenario, plays: "dict[Scenario, Future[None]]") -> None:
        plays[scenario].result()

    return test_transcript


def play(scenario: Scenario, port: int) -> None:
    """Raises AssertionError that names the line of the transcript."""
    with tempfile.TemporaryDirectory(prefix="lanmsg-cli-") as folder:
        Stage(scenario, Path(folder).resolve(), port).play()


class Stage:
    """The homes and running programs of one scenario."""

    def __init__(self, scenario: Scenario, folder: Path, port: int):
        self.scenario = scenario
        self.folder = folder
        self.people = People(folder, port)
        self.running: dict[str, subprocess.Popen[str]] = {}
        launcher = folder / "bin" / "lanmsg"
        launcher.parent.mkdir()
        launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -m lanmsg "$@"\n')
        launcher.chmod(0o755)

    def play(self) -> None:
        try:
            for step in self.scenario.steps:
                self.take(step)
        finally:
            for process in self.running.values():
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def take(self, step: Step) -> None:
        if match := re.fullmatch(r"given (.*)", step.text):
            GIVENS[match[1]](self.people)
        elif match := re.fullmatch(r"file (\S+) ?(.*)", step.text):
            path = self.folder / match[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(match[2].replace("\\n", "\n"))
        elif match := re.fullmatch(r"([\w.]*)\$ (.*)", step.text):
            process = self.start(match[1] or "anna", match[2])
            self.compare(step, self.finish(process, step.stdin))
        elif match := re.fullmatch(r"until ([\w.]+)\$ (.*)", step.text):
            self.repeat(step, match[1], match[2])
        elif match := re.fullmatch(r"([\w.]+)& (.*)", step.text):
            self.running[match[1]] = self.start(match[1], match[2])
        elif match := re.fullmatch(r"([\w.]+)(\?|\^C|\^TERM|\^HUP)", step.text):
            process = self.running.pop(match[1])
            if match[2] != "?":
                os.killpg(process.pid, SIGNALS[match[2]])
            self.compare(step, self.finish(process, step.stdin))
        else:
            raise AssertionError(f"{self.where(step)}: not a step: {step.text}")

    def start(self, label: str, command: str) -> "subprocess.Popen[str]":
        who = label.partition(".")[0]
        words = ["sh", "-c", command] if SHELL_SIGNS & set(command) else shlex.split(command)
        return subprocess.Popen(
            words,
            cwd=self.people.folder(who),
            env=self.people.environment(who) | {"PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, process: "subprocess.Popen[str]", stdin: list[str]) -> Outcome:
        try:
            stdout, stderr = process.communicate("".join(f"{line}\n" for line in stdin), TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            stderr += "(killed: it did not end)\n"
        return Outcome(self.cleaned(stdout), self.cleaned(stderr), process.returncode)

    def repeat(self, step: Step, label: str, command: str) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                self.compare(step, self.finish(self.start(label, command), step.stdin))
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def cleaned(self, text: str) -> str:
        """Paths without the folder of this run; a last line without its end counts as a line."""
        text = text.replace(str(self.folder), "DIR")
        return text + "\n" if text and not text.endswith("\n") else text

    def compare(self, step: Step, outcome: Outcome) -> None:
        streams = f"stdout:\n{outcome.stdout}stderr:\n{outcome.stderr}exit: {outcome.exit}"
        seen = f"{self.where(step)}: {step.text}\n{streams}"
        assert outcome.exit == step.exit, f"exit {outcome.exit}, not {step.exit}\n{seen}"
        assert fits(step.stdout, outcome.stdout), f"stdout differs from {step.stdout}\n{seen}"
        assert fits(step.stderr, outcome.stderr), f"stderr differs from {step.stderr}\n{seen}"

    def where(self, step: Step) -> str:
        return f"{self.scenario.file.name}:{step.line}"


def fits(expected: list[str], text: str) -> bool:
    pattern = "".join(
        r"(.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in expected
    )
    return re.fullmatch(pattern, text) is not None
