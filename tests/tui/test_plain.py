"""`--plain`: lines only, of a real run over a node double; and one of the real program between pipes."""

import asyncio
import calendar
import errno
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lanmsg.api import (
    EVERYONE,
    Conversation,
    Notice,
    Settings,
    Status,
    TransferState,
    Trust,
    Verification,
    VerificationStage,
    Wish,
)
from lanmsg.tui.console import Complete, Pipe, nothing
from lanmsg.tui.ending import BROKEN_PIPE, TERMINATED
from lanmsg.tui.plain import Plain
from tests.tui import scenes
from tests.tui.double import NOON, Double, peer_id, person
from tests.tui.given import BEN
from tests.tui.real_terminal import ROOT, home_with_key, lanmsg

WAIT = "until it says: "
PATIENCE = 20.0
SETTINGS = Settings(Path("/nowhere/home"), Path("/nowhere/files"), "mira")


class Typed:
    """A console on which these lines are typed, one after the other; what is said stands between them."""

    is_script = False
    draft = ""

    def __init__(self, lines: list[str]) -> None:
        self.took: Callable[[str], None] = lambda _: None
        self.complete: Complete = nothing
        self.said: list[str] = []
        self._rest = iter(lines)
        self._prompts: asyncio.Queue[str] = asyncio.Queue()

    async def run(self) -> None:
        for line in self._rest:
            if line.startswith(WAIT):
                await self._hear(line.removeprefix(WAIT))
                continue
            prompt = await self._prompts.get()
            await asyncio.sleep(0.01)
            self.said.append(f"{prompt}{line}")
            self.took(line)
        await self._prompts.get()

    async def _hear(self, words: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while not any(words in line for line in self.said):
                await asyncio.sleep(0.01)

    def write(self, text: str) -> None:
        self.said.append(text)

    def ask(self, prompt: str) -> None:
        self._prompts.put_nowait(prompt)

    def put(self, text: str) -> None:
        self.draft = self.draft or text

    async def keep_up(self) -> None: ...
    def stop(self) -> None: ...
    def end(self, *, patient: bool = True) -> None: ...


def play(lines: list[str], node: Double | None = None) -> tuple[int, str, Double]:
    """The exit code and everything that was written, when these lines are typed."""
    node = node or Double()
    console = Typed(lines)
    code = asyncio.run(Plain(SETTINGS, console).run(node.opened))
    return code, "\n".join(console.said), node


def crowd() -> Double:
    node = Double()
    node.meet(person("anna"), person("ben"))
    return node


def test_it_says_who_is_here_and_what_is_unread() -> None:
    _, said, _ = play([], scenes.office())
    assert said.startswith("You are mira-laptop. anna, ben, carla here. /help lists commands.")
    assert "2 unread: ben. /" in said
    assert "Nobody here" in play([])[1]


def test_a_talk() -> None:
    node = crowd()
    node.hear("ben", "are you there?\nhello?")
    code, said, node = play(["hello", "/msg ben", "yes", "/nonsense", "", "/quit", "never"], node)
    assert code == 0
    assert "no conversation is open; /msg NAME opens one" in said
    assert "Conversation with ben (known).\n10:00 ben: are you there?\n    hello?" in said
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
    _, said, _ = play(["", f"{WAIT}carla is here", ""], node)
    for line in (
        "carla is here",
        "ben: one\\x1b[2J",
        "ben (known) offers a.exe, 10 B, a program: /accept 1",
    ):
        assert line in said
    assert "transfer 1, a.exe: saved 10:00\n    /home/a.exe" in said


def test_pages_are_printed_as_text() -> None:
    _, said, _ = play(["/who", "/help", "/transfers", "/copy"], crowd())
    assert "2 here, 0 not here. /1 opens the first, and so on.\n1. anna: here, known" in said
    assert "/msg PEER [TEXT]: open a conversation, or send to it" in said
    assert "No transfers yet" in said
    assert said.isascii()


def test_offers_are_answered_by_commands() -> None:
    node = crowd()
    node.offered("ben", "a", 1)
    _, _, node = play(["/accept"], node)
    assert ("accept", 1, None) in node.calls


def test_a_number_chooses_from_the_list_that_was_said_last() -> None:
    node = crowd()
    node.meet(person("ben", key="ben two"))
    _, said, _ = play(["/who", "/1", "/msg ben", "/2 ", "/9", "/everyone", "/1 x"], node)
    assert "> /1\nConversation with anna (known)." in said
    assert "/1: ben~" in said
    assert "anna> /2 \nConversation with ben~" in said
    assert "/9\nthere is no /9" in said
    assert "/1 x\nthere is no /1" in said


def test_the_number_of_a_person_called_everyone_is_not_the_room() -> None:
    node = Double()
    node.meet(person("everyone", trust=Trust.NEW, key="mallory"), person("zoe"))
    _, said, node = play(["/who", "/1", "for one", "/msg everyone", "for all", "/quit"], node)
    label = f"everyone~{peer_id('mallory').hex()[:4].upper()}"
    assert f"1. {label}: here, new" in said
    assert f"Conversation with {label} (" in said
    sent = [call[1:3] for call in node.calls if call[0] == "send_text"]
    assert sent == [(Conversation.with_peer(peer_id("mallory")), "for one"), (EVERYONE, "for all")]


def test_a_command_without_an_answer_says_ok_and_one_that_copies_says_what() -> None:
    node = crowd()
    node.hear("ben", "take this")
    _, said, _ = play(["/msg ben", "/copy", "/unblock anna", "/rename anna", f"{WAIT}ok", "/close"], node)
    assert "/copy\ntake this\n" in said
    assert "copied" not in said
    assert "/unblock anna\nanna is not blocked" in said
    _, said, _ = play(["/rename ben bernd", f"{WAIT}ok", "hello"], crowd())
    assert "\nok\n" in said


def test_what_was_passed_over_is_known_all_the_same() -> None:
    class Overrun(Double):
        async def set_status(self, status: Status, note: str = "") -> None:
            self.known[peer_id("carla")] = person("carla")
            self.emit(Notice("3 events were passed over", missed=3))

    _, said, _ = play(["/away", f"{WAIT}3 events were passed over", "/who"], Overrun())
    assert "1. carla: here" in said


def test_a_half_typed_line_is_kept_for_the_next_time() -> None:
    node = crowd()
    node.drafts[BEN] = "half a"
    console = Typed(["/msg ben"])
    assert asyncio.run(Plain(SETTINGS, console).run(node.opened)) == 0
    assert console.draft == "half a"
    console.draft += " line"
    assert node.drafts[BEN] == "half a"
    console = Typed(["/msg ben", f"{WAIT}Conversation with ben"])
    console.draft = "half a line"
    asyncio.run(Plain(SETTINGS, console).run(node.opened))
    assert node.drafts[BEN] == "half a line"


def test_a_script_leaves_drafts_alone_and_a_draft_that_was_sent_is_gone() -> None:
    node = crowd()
    node.drafts[BEN] = "half a"
    source, target = io.StringIO("/msg ben\n/msg anna\n/msg ben\n"), io.StringIO()
    assert asyncio.run(Plain(SETTINGS, Pipe(source, target)).run(node.opened)) == 0
    assert "Conversation with ben" in target.getvalue()
    assert node.drafts[BEN] == "half a"
    play(["/msg ben", "half a thought, whole", "/msg anna", "/quit"], node)
    assert node.drafts[BEN] == ""


def test_tab_opens_what_is_unread_and_completes_commands() -> None:
    node = crowd()
    node.hear("ben", "over here")
    console = Typed(["/away", f"{WAIT}ok"])
    plain = Plain(SETTINGS, console)

    async def scene() -> None:
        running = asyncio.create_task(plain.run(node.opened))
        while "ok" not in console.said:
            await asyncio.sleep(0.01)
        assert [each.text for each in console.complete("/msg b")] == ["ben "]
        assert console.complete("") == []
        await running

    asyncio.run(scene())
    assert any(line.startswith("Conversation with ben") for line in console.said)


def test_what_breaks_ends_it_with_a_word_and_a_hang_up_without() -> None:
    class Broken(Typed):
        fault: Exception = KeyError("a secret")

        def write(self, text: str) -> None:
            super().write(text)
            if "is called" in text:
                raise self.fault

    def ended(fault: Exception, *, is_script: bool) -> int:
        console = Broken(["/msg nobody"])
        console.fault, console.is_script = fault, is_script
        return asyncio.run(Plain(SETTINGS, console).run(crowd().opened))

    with pytest.raises(KeyError):
        ended(KeyError("a secret"), is_script=False)
    assert ended(OSError(errno.EIO, "the terminal is gone"), is_script=False) == TERMINATED
    assert ended(BrokenPipeError(errno.EPIPE, "nobody reads"), is_script=True) == BROKEN_PIPE


def test_files_on_their_way_are_asked_about_before_the_end() -> None:
    node = crowd()
    node.offered("ben", "a", 10, state=TransferState.RUNNING)
    _, said, _ = play(["/quit", "/quit", "never"], node)
    assert "1 transfer runs; they go on at the next start. /yes or /no" in said
    assert "never" not in said


def test_the_real_program_between_pipes(tmp_path: Path, free_port: int, loopback: Callable[[], str]) -> None:
    """A script's message to everybody, what it hears, and the end of its input."""
    home = home_with_key(tmp_path / "home")
    done = subprocess.run(
        [sys.executable, *map(str, lanmsg(home, free_port, loopback(), "mira", "--plain"))],
        input="/name zoe\n/name\n/everyone hello?\n/msg nobody\n",
        capture_output=True,
        text=True,
        timeout=40,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("You are mira. Nobody here.")
    assert "you are zoe" in done.stdout
    assert done.stdout.endswith("nobody here is called nobody; /who lists people\n")
    assert "> " not in done.stdout


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


def test_days_are_those_of_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    node = crowd()
    before_midnight = calendar.timegm((2026, 11, 20, 14, 30, 0))
    for text, hours in (("late", 0), ("later", 1), ("at noon", 12)):
        node.hear("ben", text, at=before_midnight + hours * 3600)
    node.read_up_to[BEN] = 3
    _, said, _ = play(["/msg ben", "/history 2026-11-20", "/quit"], node)
    rows = said.split("/history 2026-11-20\n")[1].split("\n")[:5]
    assert rows == [
        "Fri 20 Nov 2026:",
        "23:30 ben: late",
        "Sat 21 Nov 2026:",
        "00:30 ben: later",
        "11:30 ben: at noon",
    ]


def test_questions_are_answered_by_commands() -> None:
    node = crowd()
    node.hear("ben", "delete me")
    _, said, _ = play(["/msg ben", "/delete", "/no", "/delete", "/yes", "/set theme"], node)
    assert said.count('delete "delete me", on this computer only? /yes or /no') == 2
    assert [call for call in node.calls if call[0] == "delete_message"] == [("delete_message", 1)]
    assert "tui.theme is auto" in said


def test_words_are_compared_in_lines() -> None:
    node = crowd()
    node.compared[peer_id("ben")] = Verification(
        peer_id("ben"),
        VerificationStage.COMPARING,
        ours=True,
        words=("acme", "bravo"),
        wish=Wish.COMPARE,
        until=4e9,
    )
    _, said, _ = play(["/yes", "/who ben"], node)
    assert ("answer_verification", peer_id("ben"), True) in node.calls
    assert "safety number" in said


def test_a_yes_is_for_the_question_that_was_said_last() -> None:
    class Both(Double):
        async def conversations(self) -> list[object]:  # type: ignore[override]  # empty, but late enough
            asyncio.get_running_loop().call_soon(self.news)
            return []

        def news(self) -> None:
            self.compare("anna", VerificationStage.ASKED)
            self.compare("anna", VerificationStage.COMPARING, words="acme bravo tango zulu")
            self.compare("ben", VerificationStage.ASKED, ours=False)

    node = Both()
    node.meet(person("anna"), person("ben"))
    _, said, _ = play([f"{WAIT}ben wants to compare", "", "/yes"], node)
    calls = [call for call in node.calls if call[0] in ("verify", "answer_verification")]
    assert calls == [("verify", peer_id("ben"))]
    assert said.split("/yes\n")[-1].startswith("words to compare: acme, bravo, tango, zulu\ndoes anna see")


def test_who_goes_on_without_an_answer_is_not_asked_any_more() -> None:
    class Sudden(Double):
        async def set_status(self, status: Status, note: str = "") -> None:
            self.compare("anna", VerificationStage.ASKED, ours=False)

    node = Sudden()
    node.meet(person("anna"), person("ben"))
    node.hear("ben", "precious")
    play(["/msg ben", "/forget ben", "/away", f"{WAIT}anna wants to compare", "/yes"], node)
    assert not [call for call in node.calls if call[0] == "delete_conversation"]
    assert ("verify", peer_id("anna")) in node.calls


def test_every_command_that_is_a_page_is_lines_of_ascii() -> None:
    for line in ("/help", "/help verify", "/who", "/transfers", "/status", "/set", "/search first"):
        _, said, _ = play([line], scenes.busy(scenes.office()))
        assert said.isascii(), line
        assert len(said.split("\n")) > 3
