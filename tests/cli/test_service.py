"""The service: a unit that systemd takes, and a listener that does what the unit promises."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lanmsg.cli.service import MARK, TEMPLATE, quoted
from tests.cli.transcript import transcripts

test_transcript = transcripts("service")

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
EMPTY = {"PYTHONPATH": str(CHECKOUT)}
"""What a service manager's environment may come down to."""


def shown(home: Path, *words: str) -> str:
    command = [sys.executable, "-m", "lanmsg", "--home", str(home), *words, "service", "show"]
    return subprocess.run(command, env=EMPTY, capture_output=True, text=True, check=True).stdout


def exec_start(unit: str) -> list[str]:
    (line,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    return shlex.split(line.partition("=")[2])


def test_a_unit_that_we_wrote_is_known_by_its_first_line() -> None:
    assert TEMPLATE.read_text(encoding="utf-8").startswith(MARK)


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("plain/word-1.2", "plain/word-1.2"),
        ("two words", '"two words"'),
        ("100%", "100%%"),
        ("$HOME", "$$HOME"),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("a;b", '"a;b"'),
        ("", '""'),
    ],
)
def test_words_arrive_as_they_are(word: str, written: str) -> None:
    assert quoted(word) == written


def test_what_was_said_goes_on_the_command_line_of_the_unit(home: Path) -> None:
    words = ["--name", "anna b", "--port", "2400", "--interface", "eth0", "--peer", "10.1.2.3"]
    started = exec_start(shown(home, *words))
    assert started[started.index("--home") :] == ["--home", str(home), *words, "listen", "--accept", "ask"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_has_no_complaint(home: Path, tmp_path: Path) -> None:
    unit = tmp_path / "lanmsg.service"
    unit.write_text(shown(home))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--user", unit],
        env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    about_us = [line for line in done.stderr.splitlines() if "lanmsg.service" in line]
    assert about_us == []


def test_the_unit_is_ready_when_it_says_so_and_stops_when_asked(
    home: Path, tmp_path: Path, loopback: Callable[[], str], free_port: int
) -> None:
    """The unit's own command, in an empty environment, with a socket in the manager's place."""
    command = exec_start(shown(home, "--interface", loopback(), "--port", str(free_port)))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(PATIENCE_S)
        manager.bind(str(tmp_path / "notify"))
        process = subprocess.Popen(
            command,
            env={**EMPTY, "NOTIFY_SOCKET": str(tmp_path / "notify")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert manager.recv(200).startswith(b"READY=1\nSTATUS=")
            process.send_signal(signal.SIGTERM)
            assert manager.recv(200) == b"STOPPING=1"
            _, stderr = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
            process.wait()
    assert stderr == ""
    allowed = TEMPLATE.read_text(encoding="utf-8").partition("SuccessExitStatus=")[2].splitlines()[0]
    assert str(process.returncode) in allowed.split()


def test_a_wrong_setting_ends_with_the_code_that_is_not_tried_again(home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text("port = 'http'\n")
    command = exec_start(TEMPLATE.read_text().replace("@COMMAND@", f"{sys.executable} -m lanmsg listen"))
    done = subprocess.run(
        command, env={**EMPTY, "LANMSG_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert f"RestartPreventExitStatus={done.returncode}" in TEMPLATE.read_text()
