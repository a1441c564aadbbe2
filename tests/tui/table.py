"""A desk to try commands on, without a screen."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import pytest

from lanmsg.api import Diagnosis, Finding, LanmsgError, Settings, Severity
from lanmsg.tui import actions
from lanmsg.tui.desk import Desk
from lanmsg.tui.moves import Want
from tests.tui.double import Double, person
from tests.tui.given import open_talk, state_of


class Hands:
    def __init__(self) -> None:
        self.did: list[object] = []

    def quit(self) -> None:
        self.did.append("quit")

    def copy(self, text: str) -> None:
        self.did.append(("copy", text))

    def want(self, want: Want) -> None:
        self.did.append(want)

    def answer(self, answer: str) -> None:
        self.did.append(("answer", answer))

    def call(self, text: str) -> str:
        self.did.append(("call", text))
        return "bell"


class Table:
    """A desk with Anna and Ben; the conversation with Ben is open."""

    def __init__(self, *, opened: bool = True, home: Path = Path("/nowhere/home")) -> None:
        self.settings = Settings(home, Path("/nowhere/files"), "mira")
        self.node = Double()
        self.node.meet(person("anna"), person("ben"))
        self.node.hear("ben", "first")
        self.node.hear("ben", "second")
        self.refresh()
        self.hands = Hands()
        if opened:
            open_talk(self.state, self.node)

    def refresh(self) -> None:
        self.state = state_of(self.node, port=2372)

    def enter(self, line: str) -> None:
        asyncio.run(actions.enter(self.desk, line))

    @property
    def desk(self) -> Desk:
        return Desk(self.node, self.state, self.hands, self.settings, self.diagnose)

    async def diagnose(self, peer: str) -> Diagnosis:
        """What the doctor finds here."""
        self.hands.did.append(("diagnose", peer))
        return Diagnosis(
            (Finding("no-peers", Severity.SUSPICION, "nobody was heard", "ask them to start it"),)
        )

    def answer_yes(self) -> None:
        """To the question that stands."""
        asking = self.state.asking
        assert asking is not None
        assert asking.on_yes is not None
        asyncio.run(_awaited(asking.on_yes()))

    def fails(self, line: str) -> LanmsgError:
        with pytest.raises(LanmsgError) as caught:
            self.enter(line)
        return caught.value

    def last(self) -> tuple[object, ...]:
        return self.node.calls[-1]


async def _awaited(work: Awaitable[object]) -> None:
    await work
