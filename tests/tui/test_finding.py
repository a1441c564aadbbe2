"""Ctrl-F looks anew in every conversation and after every message; /search is a page of rows."""

from lanmsg.api import EVERYONE
from lanmsg.tui.finding import found_page
from tests.tui.double import Double, person
from tests.tui.given import BEN, text
from tests.tui.screen import Screen, play
from tests.tui.table import Table


def crowd() -> Double:
    node = Double()
    node.meet(person("anna"), person("ben"))
    node.hear("ben", "the sea is calm")
    node.hear("anna", "waves everywhere")
    return node


def test_each_conversation_is_searched_for_itself() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter><c-f>waves<enter>")
        await screen.shows("find (not said here): waves")
        await screen.type("<esc><c-k>anna<enter><c-f>waves<enter>")
        await screen.shows("find (1 of 1): waves")

    play(scene, crowd())


def test_what_is_said_meanwhile_is_found() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter><c-f>waves<enter>")
        await screen.shows("not said here")
        screen.node.clock += 1
        screen.node.hear("ben", "now there are waves")
        await screen.draw()
        await screen.type("<enter>")
        await screen.shows("find (1 of 1): waves")
        await screen.type("<esc>")
        assert "1 of 1" not in screen.text

    play(scene, crowd())


def test_search_is_a_page_of_rows() -> None:
    table = Table()
    table.node.hear("anna", "first of all, everyone", everyone=True)
    table.node.tell("ben", "FIRST come\nfirst served")
    table.enter("/search first")
    page = table.state.page
    assert page is not None
    assert [message.conversation for message in page.found] == [BEN, EVERYONE, BEN]
    rows = text(found_page(table.state, page, 80)).split("\n")
    assert rows[0] == " FOUND   3 messages with “first”"
    assert rows[1].endswith("you to ben: FIRST come first served")
    assert rows[2].endswith("anna to everyone: first of all, everyone")
    assert rows[3].endswith("ben: first")
    assert "for what" in str(table.fails("/search"))


def test_a_narrow_row_shows_the_words_that_were_looked_for() -> None:
    table = Table()
    table.node.hear("ben", f"{'well ' * 20}the stapler was in the drawer")
    table.enter("/search stapler")
    assert table.state.page is not None
    row = text(found_page(table.state, table.state.page, 50)).split("\n")[1]
    assert "the stapler" in row
    assert len(row) <= 50
