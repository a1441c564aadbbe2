"""The transcripts of running.txt, and a terminal window that is closed."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from lanmsg.cli.running import ending_signals
from tests.cli.transcript import transcripts

test_transcript = transcripts("running")
LIMIT_S = 60


def test_a_terminal_window_that_is_closed_ends_a_listener_with_a_goodbye(
    tmp_path: Path, free_port: int, loopback: Callable[[], str]
) -> None:
    common = [sys.executable, "-m", "lanmsg", "--port", str(free_port)]
    ours = [*common, "--home", str(tmp_path / "a"), "--interface", loopback(), "--name", "anna"]
    theirs = [*common, "--home", str(tmp_path / "b"), "--interface", loopback(), "--name", "ben"]
    window, terminal = pty.openpty()
    watching = ["listen", "--events", "peer_seen,peer_gone", "--count", "2"]
    watcher = subprocess.Popen([*theirs, *watching], stdout=subprocess.PIPE, text=True)
    in_session = ["setsid", "--ctty", *ours, "listen"]  # it owns the terminal, whose end is a hang-up then
    command = subprocess.Popen(in_session, stdin=terminal, stdout=terminal, stderr=terminal)
    try:
        assert watcher.stdout is not None
        assert "anna" in watcher.stdout.readline()
        os.close(terminal)
        os.close(window)
        assert command.wait(LIMIT_S) == 143
        assert "has left" in watcher.communicate(timeout=LIMIT_S)[0]
    finally:
        for process in (command, watcher):
            process.kill()
            process.wait()


def test_a_hang_up_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert ending_signals() == [signal.SIGTERM]
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        assert ending_signals() == [signal.SIGTERM, signal.SIGHUP]
    finally:
        signal.signal(signal.SIGHUP, before)
