"""`--plain`: lines only, of a real run over a node double; and one of the real program between pipes."""

import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path

from lanmsg.api import Settings, TransferState, Verification, VerificationStage, Wish
from lanmsg.tui.plain import Plain, piped_lines
from tests.tui import scenes
from tests.tui.double import NOON, Double, peer_id, person
from tests.tui.given import BEN

SETTINGS = Settings(Path("/nowhere/home"), Path("/nowhere/files"), "mira")


def play(lines: list[str | None], node: Double | None = None) -> tuple[int, str, Double]:
    """The exit code and everything that was written, when these lines are typed; None is Ctrl-C."""
    node = node or Double()
    written: list[str] = []
    rest = iter(lines)

    async def read_line(prompt: str) -> str | None:
        await asyncio.sleep(0.01)
        line = next(rest, "EOF")
        if line is None:
            raise KeyboardInterrupt
        written.append(f"{prompt}{line}")
        return None if line == "EOF" else line

    plain = Plain(SETTINGS, read_line, written.append)
    code = asyncio.run(plain.run(node.opened))
    return code, "\n".join(written), node


def crowd() -> Double:
    node = Double()
    node.meet(person("anna"), person("ben"))
    return node


def test_it_says_who_is_here_and_what_is_unread() -> None:
    _, said, _ = play([], scenes.office())
    assert said.startswith("You are mira-laptop. anna, ben, carla here. /help lists commands.")
    assert "8 unread" in said
    assert "Nobody here" in play([])[1]


def test_a_talk() -> None:
    node = crowd()
    node.hear("ben", "are you there?\nhello?")
    code, said, node = play(["hello", "/msg ben", "yes", "/nonsense", "", "/quit", "never"], node)
    assert code == 0
    assert "no conversation is open; /msg NAME opens one" in said
    assert "Conversation with ben (pinned).\n10:00 ben: are you there?\n    hello?" in said
    assert ("send_text", BEN, "yes", None) in node.calls
    assert node.read_up_to[BEN] == 2
    assert "ben> /nonsense\nthere is no /nonsense" in said
    assert "never" not in said


def test_news_are_lines() -> None:
    class Lively(Double):
        async def conversations(self) -> list[object]:  # type: ignore[override]  # empty, but late enough
            asyncio.get_running_loop().call_soon(self.news)
            return []

        def news(self) -> None:
            self.meet(person("carla"))
            self.hear("ben", "one\x1b[2J")
            self.offered("ben", "a.exe", 10)
            self.move(1, state=TransferState.DONE, paths=("/home/a.exe",))

    node = Lively()
    node.meet(person("ben"))
    _, said, _ = play(["", ""], node)
    for line in (
        "carla is here",
        "ben: one\\x1b[2J",
        "ben (pinned) offers a.exe, 10 B, a program: /accept 1",
    ):
        assert line in said
    assert "transfer 1, a.exe: ok saved 10:00\n    /home/a.exe" in said


def test_pages_are_printed_as_text() -> None:
    _, said, _ = play(["/who", "/help", "/transfers", "/copy"], crowd())
    assert "PEOPLE   2 here" in said
    assert "/msg PEER [TEXT]" in said
    assert "Nothing yet" in said
    assert said.isascii()


def test_offers_are_answered_by_commands() -> None:
    node = crowd()
    node.offered("ben", "a", 1)
    _, _, node = play(["/accept"], node)
    assert ("accept", 1, None) in node.calls


def test_ctrl_c_twice_leaves_and_files_are_asked_about() -> None:
    _, said, _ = play([None, "still here", None, None, "never"], crowd())
    assert said.count("Ctrl-C again to quit") >= 1
    assert "still here" in said
    assert "never" not in said
    node = crowd()
    node.offered("ben", "a", 10, state=TransferState.RUNNING)
    _, said, _ = play(["/quit", "/quit", "never"], node)
    assert "1 transfer runs; they go on at the next start. /yes or /no" in said
    assert "never" not in said


def test_lines_of_a_pipe() -> None:
    async def scene() -> list[str | None]:
        read_line = piped_lines(io.StringIO("one\ntwo"))
        return [await read_line("> ") for _ in range(3)]

    assert asyncio.run(scene()) == ["one", "two", None]


def test_the_real_program_between_pipes(home: Path, free_port: int, tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from lanmsg.api import load_settings;"
        "from lanmsg.tui.app import run_tui;"
        f"s = load_settings(home=Path({str(home)!r}), name='mira', port={free_port},"
        " interfaces=('127.0.0.1',));"
        "sys.exit(asyncio.run(run_tui(s, plain=True, ascii=False)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="/name zoe\n/name\n/quit\n",
        capture_output=True,
        text=True,
        timeout=20,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "You are mira. Nobody here." in done.stdout
    assert "you are zoe" in done.stdout


def test_what_is_copied_cannot_forge_the_terminal() -> None:
    node = crowd()
    node.hear("ben", "\x1b]0;forged\x07")
    _, said, _ = play(["/msg ben", "/copy"], node)
    assert said.count("forged") == 2
    assert "\x1b" not in said


def test_what_went_wrong_cannot_forge_the_terminal() -> None:
    _, said, _ = play(["/send \x1b[2J"], crowd())
    assert "\x1b" not in said.replace("> /send \x1b[2J", "")


def test_days_and_the_last_messages_are_said_again() -> None:
    node = crowd()
    for number in range(8):
        node.hear("ben", f"line {number + 1}", at=NOON - 86_400 * (8 - number))
    node.read_up_to[BEN] = 8
    _, said, _ = play(["/msg ben", "/last 2", "/history 2026-11-19", "/history"], node)
    last, day, newest = said.split("ben> ")[1:4]
    assert last.count("ben: ") == 2
    assert "line 7" in day
    assert "line 6" not in day
    assert "20 Nov 2026:" in day
    assert newest.count("ben: ") == 5


def test_questions_are_answered_by_commands() -> None:
    node = crowd()
    node.hear("ben", "delete me")
    _, said, _ = play(["/msg ben", "/delete", "/no", "/delete", "/yes", "/set theme"], node)
    assert said.count("delete “delete me”, on this computer only? /yes or /no") == 2
    assert [call for call in node.calls if call[0] == "delete_message"] == [("delete_message", 1)]
    assert "tui.theme is auto" in said


def test_words_are_compared_in_lines() -> None:
    node = crowd()
    node.compared[peer_id("ben")] = Verification(
        peer_id("ben"), VerificationStage.COMPARING, ours=True, words=("acme", "bravo"), wish=Wish.COMPARE
    )
    _, said, _ = play(["/yes", "/who ben"], node)
    assert ("answer_verification", peer_id("ben"), True) in node.calls
    assert "safety number" in said


def test_every_command_that_is_a_page_is_lines_of_ascii() -> None:
    for line in ("/help", "/help verify", "/who", "/transfers", "/status", "/set", "/search first"):
        _, said, _ = play([line], scenes.busy(scenes.office()))
        assert said.isascii(), line
        assert len(said.split("\n")) > 3
