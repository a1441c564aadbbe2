"""Standard streams that are closed, full, or go away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LANMSG = f"{sys.executable} -m lanmsg"


def shell(home: Path, line: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "-c", line],
        env={
            "PYTHONPATH": ":".join(sys.path),
            "LANMSG_HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("words", ["peers --wait 0 --json", "--version", "help"])
def test_data_for_a_closed_stdout_is_not_done(words: str, home: Path) -> None:
    done = shell(home, f"{LANMSG} {words} >&-")
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("words", ["peers --wait 0 --json", "--version", "id"])
def test_a_reader_that_is_gone_ends_it_quietly(words: str, home: Path) -> None:
    done = shell(home, f"({LANMSG} {words}; echo $? >&2) | true")
    assert done.stderr == "141\n"


def test_a_closed_stdout_does_not_matter_to_those_who_print_nothing(home: Path) -> None:
    assert shell(home, f"{LANMSG} config set name anna >&-").returncode == 0


@pytest.mark.parametrize(("words", "code"), [("peers --wait 0", 0), ("mgs", 2), ("accept 7", 3)])
def test_a_closed_stderr_changes_nothing(words: str, code: int, home: Path) -> None:
    assert shell(home, f"{LANMSG} {words} 2>&-").returncode == code


def test_with_all_three_closed_the_store_does_not_become_one_of_them(home: Path) -> None:
    shell(home, f"{LANMSG} history <&- >&- 2>&-")
    again = shell(home, f"{LANMSG} history")
    assert (again.returncode, again.stderr) == (0, "lanmsg: no messages\n")


@pytest.mark.parametrize(
    ("words", "said"), [("msg ben", "there is no text to send"), ("send ben -", "there is no stdin to send")]
)
def test_a_closed_stdin_has_nothing_to_send(words: str, said: str, home: Path) -> None:
    done = shell(home, f"{LANMSG} {words} <&-")
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("words", ["help", "--version"])
def test_a_full_disk_behind_stdout_is_not_success(words: str, home: Path) -> None:
    done = shell(home, f"{LANMSG} {words} >/dev/full")
    assert done.returncode == 8
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr
