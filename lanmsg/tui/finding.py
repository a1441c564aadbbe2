"""Finding what was said: with a key in the open conversation; by command everywhere, as rows to choose."""

from lanmsg.api import LanmsgError, Message
from lanmsg.terminal import Kind, cell_width, clip, clock, date, plural, printable
from lanmsg.tui import moves
from lanmsg.tui.desk import Desk
from lanmsg.tui.reader import Reader
from lanmsg.tui.rows import Row, all_in, clipped
from lanmsg.tui.state import Page, Query, State
from lanmsg.tui.talk import Key

BEFORE = 12
"""Characters in front of the words that were looked for, where a row cannot show all of a message."""

LABEL = "find:"


async def find(desk: Desk, reader: Reader, query: Query, by: int) -> None:
    """The next match of the open conversation: earlier with -1, later with 1."""
    state, talk = desk.state, desk.state.current
    if talk is None:
        return
    # Each time that the line is opened, and again when something was said meanwhile.
    wanted = query.text, talk.last_time
    if query.found_for != wanted:
        messages = await desk.node.search(query.text, talk.conversation)
        if state.query is not query:
            return
        if query.found_for[:1] != wanted[:1]:
            talk.found = None
        query.found_for, query.found = wanted, sorted(message.number for message in messages)
    numbers = query.found
    if not numbers:
        query.label = _label(state, "not said here")
        return
    at = numbers.index(talk.found.number) if talk.found and talk.found.number in numbers else len(numbers)
    at = min(max(at + by, 0), len(numbers) - 1)
    talk.found = Key("m", numbers[at])
    query.label = _label(state, f"{at + 1} of {len(numbers)}")
    want = moves.show_message(state, talk, numbers[at])
    if want is not None:
        await reader.fetch(want)


def _label(state: State, words: str) -> str:
    """Beside what is looked for, and gone with it; on a narrow screen that needs the room."""
    return f"find ({words}):" if state.columns >= 40 else f"{words}:"


async def search(desk: Desk, rest: str) -> None:
    """TEXT: all that was said with it, the latest first."""
    if not rest:
        raise LanmsgError("search for what?", code="usage", hint="/search TEXT")
    found = await desk.node.search(rest)
    newest = sorted(found, key=lambda message: message.number, reverse=True)
    desk.turn_to(Page("search", topic=rest, found=tuple(newest)))


def found_page(state: State, page: Page, columns: int) -> list[Row]:
    """A row a message; the chosen one is opened where it was said."""
    ellipsis = state.glyphs.ellipsis
    words = f" FOUND   {plural(len(page.found), 'message')} with “{printable(page.topic)}”"
    rows: list[Row] = [clipped([("class:heading", words)], columns, ellipsis)]
    for index, message in enumerate(page.found):
        is_chosen = index == page.chosen
        row = [
            ("class:strong", f" {state.glyphs.open if is_chosen else ' '}"),
            *_found(state, message, page.topic, columns - 2),
        ]
        rows.append(clipped(all_in("class:open", row) if is_chosen else row, columns, ellipsis))
    return rows


def _found(state: State, message: Message, words: str, columns: int) -> Row:
    ellipsis = state.glyphs.ellipsis
    when = f"{date(message.stored_at, year=columns >= 70)} {clock(message.stored_at)}"
    name = clip(_who(state, message), max(columns // 3, 12), ellipsis)
    text = printable(message.text, Kind.LINE).replace("\\x0a", " ")
    room = columns - cell_width(when) - cell_width(name) - 4
    at = text.lower().find(words.lower())
    if at > BEFORE and cell_width(text[: at + len(words)]) > room:
        text = ellipsis + text[at - BEFORE :]
    text = clip(text, room, ellipsis)
    return [("class:faint", when), ("", "  "), ("class:strong", f"{name}: "), ("", text)]


def _who(state: State, message: Message) -> str:
    """Who said it, and to whom, unless that was us."""
    where = state.title(message.conversation)
    if message.sender is None:
        return f"you to {where}"
    name = state.label(message.sender)
    return f"{name} to {where}" if message.conversation.peer is None else name
