"""Tab: what is offered where, and what bash, zsh and fish make of it on a real terminal line."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lanmsg.cli.completion import KINDS, candidates
from lanmsg.cli.grammar import Command
from lanmsg.cli.options import GLOBAL_OPTIONS
from lanmsg.cli.table import COMMANDS
from lanmsg.model import PeerId
from lanmsg.storage.store import Store
from tests.cli.shell_line import START, ShellLine
from tests.cli.transcript import transcripts

test_transcript = transcripts("completion")

EVIL = "$(touch owned)`touch owned`;x"


def offered(*words: str) -> list[str]:
    return [value for value, _ in candidates(words).found]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_and_each_of_its_options(command: Command) -> None:
    assert command.name in offered(command.name[:2])
    flags = offered(command.name, "--")
    for option in (*command.options, *GLOBAL_OPTIONS):
        assert max(option.flags, key=len) in flags


def test_every_kind_in_the_table_is_known() -> None:
    options = [*GLOBAL_OPTIONS, *(option for command in COMMANDS for option in command.options)]
    used = {option.completes for option in options}
    used |= {each.completes for command in COMMANDS for each in command.positionals}
    assert used - {""} == {*KINDS, "files", "folders", "events"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), [command.name for command in COMMANDS]),
        (("wh",), ["who"]),
        (("send", "ben", "--progress", "al"), ["always"]),
        (("send", "ben", "--progress=n"), ["--progress=never"]),
        (("--port", "peers", "transfe"), ["transfers"]),
        (("listen", "--events", "message,off"), ["message,offer"]),
        (("listen", "--events=message,mess"), []),
        (("help", "exit"), ["exit-codes"]),
        (("config", "set", "na"), ["name"]),
        (("config", "g"), ["get"]),
        (("--", "pe"), []),
        (("msg", "--", "--q"), []),
        (("send", "ben", "-m", "--no"), []),
        (("nonsense", "x"), []),
    ],
)
def test_what_is_offered(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(*words) == expected


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("send", "ben", "x"), "files"),
        (("send", "ben", "one", "two"), "files"),
        (("--home", "x"), "folders"),
        (("accept", "--to=x"), "folders"),
        (("config", "set", "downloads", "x"), "folders"),
        (("send", "ben", "-m", "x"), "words"),
    ],
)
def test_paths_are_left_to_the_shell(words: tuple[str, ...], kind: str) -> None:
    assert candidates(words).kind == kind


def test_an_option_that_was_given_is_not_offered_again() -> None:
    assert "--port" not in offered("peers", "--port", "2400", "--p")
    assert "--peer" in offered("peers", "--peer", "10.1.1.1", "--p")


def test_a_tab_needs_neither_the_parser_nor_the_network(home: Path) -> None:
    code = (
        "import sys; from lanmsg.__main__ import main; "
        f"main(['completion', '--candidates', '--', '--home', {str(home)!r}, 'msg', 'be']); "
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("words\n")
    heavy = {"asyncio", "argparse", "cryptography", "prompt_toolkit", "ifaddr"}
    assert not heavy & set(done.stdout.split())
    assert not home.exists()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a home that knows some people, a file and a folder."""
    folder = tmp_path_factory.mktemp("shell")
    store = Store.open(folder / "home")
    for number, name in enumerate(["ben@thinkpad", "Eve O'Neil", EVIL]):
        store.peers.pin(PeerId(bytes([number]) * 32), nickname=name, now=1.0)
    store.close()
    (folder / "report one.pdf").touch()
    (folder / "recipes").mkdir()
    return folder


@pytest.fixture(scope="module", params=START)
def line(request: pytest.FixtureRequest, stage: Path) -> Iterator[ShellLine]:
    for program in (request.param, "setsid"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    with ShellLine(request.param, stage) as line:
        yield line


def test_the_shell_completes_commands_options_and_choices(line: ShellLine) -> None:
    assert line.words("lanmsg rec\t") == ["lanmsg", "receive"]
    assert line.words("lanmsg --port 2400 histo\t") == ["lanmsg", "--port", "2400", "history"]
    assert line.words("lanmsg send --prog\tal\t") == ["lanmsg", "send", "--progress", "always"]
    assert line.words("lanmsg send --progress=al\t") == ["lanmsg", "send", "--progress=always"]


def test_the_shell_completes_paths(line: ShellLine) -> None:
    assert line.words("lanmsg send ben rep\t") == ["lanmsg", "send", "ben", "report one.pdf"]
    taken = line.words("lanmsg accept 1 --to re\t")
    assert taken[:4] == ["lanmsg", "accept", "1", "--to"]
    assert taken[4].rstrip("/") == "recipes"
    assert line.words("lanmsg accept --to=re\t")[-1].rstrip("/") == "--to=recipes"


def test_the_shell_completes_people(line: ShellLine) -> None:
    assert line.words("lanmsg msg be\t") == ["lanmsg", "msg", "ben@thinkpad"]
    assert line.words("lanmsg msg ben@th\t") == ["lanmsg", "msg", "ben@thinkpad"]
    assert line.words("lanmsg msg Eve\t") == ["lanmsg", "msg", "Eve O'Neil"]


def test_a_name_made_to_run_something_stays_a_name(line: ShellLine, stage: Path) -> None:
    assert line.words("lanmsg msg \\$\t") == ["lanmsg", "msg", EVIL]
    assert not (stage / "owned").exists()
