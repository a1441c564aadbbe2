"""The passphrase of a key: typed unseen on the terminal, or from a file; nowhere else."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanmsg.cli.exit_codes import SECURITY
from lanmsg.cli.main import run
from lanmsg.storage.identity import has_sealed_key, save_key
from tests.cli.givens import key_of

PATIENCE_S = 20.0
SECRET = "correct horse battery"
NOBODY = ("--port", "18", "--interface", "127.0.0.1", "--wait", "0.1", "--peer", "127.0.0.1:9")


@pytest.fixture
def anna(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a key; making one takes a third of a second."""
    save_key(home, key_of("anna").to_der())
    monkeypatch.setenv("LANMSG_HOME", str(home))
    return home


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.touch(0o600)
    path.write_text(SECRET + "\n")
    return path


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *words: str):
        self._ours, theirs = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lanmsg", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env=os.environ | {"LANMSG_DEBUG": "1"},
        )
        os.close(theirs)

    def type(self, question: str, answer: str) -> None:
        """`answer`, once it is asked for; what is shown after it is read by the next step."""
        self._read_until(question)
        os.write(self._ours, answer.encode())

    def ended(self) -> int:
        self._read_until(None)
        os.close(self._ours)
        return self.process.wait(PATIENCE_S)

    def _read_until(self, text: str | None) -> None:
        read, deadline = "", time.monotonic() + PATIENCE_S
        while text is None or text not in read:
            assert time.monotonic() < deadline, f"no {text!r} in {read!r}"
            if not select.select([self._ours], [], [], 1)[0]:
                continue
            try:
                data = os.read(self._ours, 4096).decode()
            except OSError:  # Linux says so at the end
                data = ""
            if not data:
                assert text is None, f"no {text!r} in {read!r}"
                break
            read += data
        self.shown += read


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for each in opened:
        each.process.kill()
        each.process.wait()


def test_it_is_typed_unseen_and_asked_for_from_then_on(anna: Path, terminals: list[Terminal]) -> None:
    first = Terminal("id", "--set-passphrase")
    terminals.append(first)
    first.type("new passphrase:", SECRET + "\n")
    first.type("the same again:", SECRET + "\n")
    assert first.ended() == 0
    assert has_sealed_key(anna)
    second = Terminal("peers", *NOBODY)
    terminals.append(second)
    second.type("passphrase of this home's key:", "wrong " + SECRET + "\n")
    assert second.ended() == SECURITY
    assert "wrong passphrase" in second.shown
    assert "Traceback" in second.shown, "LANMSG_DEBUG shows where, and still not what was typed"
    assert SECRET not in first.shown + second.shown


def test_two_that_differ_change_nothing(anna: Path, terminals: list[Terminal]) -> None:
    before = (anna / "identity.der").read_bytes()
    differing = Terminal("id", "--set-passphrase")
    terminals.append(differing)
    differing.type("new passphrase:", "one\n")
    differing.type("the same again:", "two\n")
    assert differing.ended() == 2
    assert "not the same" in differing.shown
    assert (anna / "identity.der").read_bytes() == before


def test_from_a_file_it_is_set_used_and_taken_away(
    anna: Path, secret_file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = ("--passphrase-file", str(secret_file))
    assert run(["id", "--set-passphrase", *given]) == 0
    assert run(["peers", *NOBODY]) == SECURITY
    assert "--passphrase-file" in capfd.readouterr().err
    assert run(["peers", *NOBODY, *given]) == 0
    assert run(["id"]) == 0
    assert key_of("anna").peer_id.hex().upper()[:4] in capfd.readouterr().out
    assert run(["id", "--remove-passphrase"]) == SECURITY
    assert has_sealed_key(anna)
    assert run(["id", "--remove-passphrase", *given]) == 0
    assert not has_sealed_key(anna)
    assert run(["peers", *NOBODY]) == 0


def test_without_a_terminal_or_a_file_nothing_is_set(anna: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["id", "--set-passphrase"]) == SECURITY
    assert "no terminal" in capfd.readouterr().err
    assert not has_sealed_key(anna)


@pytest.mark.parametrize("given", ["--passphrase", f"--set-passphrase={SECRET}"])
def test_no_argument_takes_a_passphrase(anna: Path, given: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Everybody on the machine can read those of every process."""
    assert run(["id", given]) == 2
    assert not has_sealed_key(anna)
    assert SECRET not in capfd.readouterr().out
