"""Each conversation keeps its unfinished line, on the screen and in the store."""

import asyncio

from prompt_toolkit.buffer import Buffer

from lanmsg.tui import moves
from lanmsg.tui.drafts import Drafts
from tests.tui.double import Double, person
from tests.tui.given import ANNA, BEN, state_of


def scene(play: "type[Play]") -> None:
    asyncio.run(play().run())


class Play:
    def __init__(self) -> None:
        node = Double()
        node.meet(person("anna"), person("ben"))
        self.state = state_of(node)
        self.line = Buffer()
        self.stored = 0
        self.drafts = Drafts(self.state, self.line, self.store)

    def store(self) -> None:
        self.stored += 1

    def open(self, conversation: object) -> None:
        moves.open_conversation(self.state, conversation)  # type: ignore[arg-type]  # only conversations are given
        self.drafts.follow()

    async def run(self) -> None: ...


def test_lines_belong_to_their_conversation() -> None:
    class Scene(Play):
        async def run(self) -> None:
            self.line.insert_text("to nobody yet")
            self.drafts.follow()
            self.open(BEN)
            assert self.line.text == ""
            self.line.insert_text("hello b")
            self.open(ANNA)
            assert self.line.text == ""
            self.line.insert_text("/who")
            self.open(BEN)
            assert self.line.text == "hello b"
            assert self.drafts.changed() == [(BEN, "hello b")]
            assert self.drafts.changed() == []
            self.drafts.stop()

    scene(Scene)


def test_what_the_store_had_comes_back_and_is_not_written_again() -> None:
    class Scene(Play):
        async def run(self) -> None:
            self.drafts.known(BEN, "unfinished")
            self.open(BEN)
            assert self.line.text == "unfinished"
            assert self.drafts.changed() == []
            self.line.reset()
            self.drafts.keep()
            assert self.drafts.changed() == [(BEN, "")]

    scene(Scene)
