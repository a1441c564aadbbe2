"""What is typed and not entered, where there is only one line."""

import asyncio

from lanmsg.tui.plain_drafts import PlainDrafts
from tests.tui.double import Double
from tests.tui.given import ANNA, BEN
from tests.tui.test_plain import Typed


class Line(Typed):
    """One line, in which something may be typed already."""

    def __init__(self, draft: str = "", *, is_script: bool = False) -> None:
        super().__init__([])
        self.draft, self.is_script = draft, is_script


def drafts_of(line: Line, stored: str = "half a") -> tuple[PlainDrafts, Double]:
    node = Double(drafts={BEN: stored})
    drafts = PlainDrafts(line)
    drafts.known(node.drafts)
    return drafts, node


def test_it_comes_into_the_line_and_what_became_of_it_is_kept() -> None:
    line = Line()
    drafts, node = drafts_of(line)
    drafts.opened(BEN)
    assert line.draft == "half a"
    line.draft = "half a thought"
    drafts.left(BEN)
    asyncio.run(drafts.store(node))
    assert node.drafts == {BEN: "half a thought"}


def test_one_that_was_erased_is_gone_and_one_that_was_left_behind_is_not() -> None:
    for last, kept in ((BEN, ""), (ANNA, "half a")):
        line = Line()
        drafts, node = drafts_of(line)
        drafts.opened(BEN)
        line.draft = ""
        drafts.took("/who")
        if last is ANNA:
            drafts.opened(ANNA)
        drafts.left(last)
        asyncio.run(drafts.store(node))
        assert node.drafts[BEN] == kept


def test_one_that_was_sent_is_gone_at_once_wherever_one_is_at_the_end() -> None:
    line = Line()
    drafts, node = drafts_of(line)
    drafts.opened(BEN)
    line.draft = ""
    drafts.took("half a thought")
    asyncio.run(drafts.store(node))
    assert node.drafts[BEN] == ""
    drafts.opened(BEN)
    assert line.draft == ""


def test_one_that_found_no_room_is_kept_before_what_was_typed() -> None:
    line = Line("something")
    drafts, node = drafts_of(line)
    drafts.opened(BEN)
    assert line.draft == "something"
    line.draft = ""
    drafts.took("something")
    drafts.left(BEN)
    asyncio.run(drafts.store(node))
    assert node.drafts[BEN] == "half a"
    line.draft = "else"
    drafts.left(BEN)
    asyncio.run(drafts.store(node))
    assert node.drafts[BEN] == "half a\nelse"


def test_a_command_is_no_draft_and_a_script_has_none() -> None:
    line = Line("/msg an")
    drafts, node = drafts_of(line)
    drafts.left(BEN)
    asyncio.run(drafts.store(node))
    assert node.drafts[BEN] == "half a"
    drafts, node = drafts_of(Line("other", is_script=True))
    drafts.left(BEN)
    asyncio.run(drafts.store(node))
    assert node.drafts[BEN] == "half a"
