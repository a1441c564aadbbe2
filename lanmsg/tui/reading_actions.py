"""What the slash commands that read do: find, go to a day, copy, delete, write into a file."""

import asyncio
import os
from pathlib import Path

from lanmsg.api import EVERYONE, Conversation, Delivery, LanmsgError, Message
from lanmsg.terminal import Kind, clip, clock, date, plural, printable
from lanmsg.tui import moves
from lanmsg.tui.calendar import day_start
from lanmsg.tui.commands import quoted, take_word
from lanmsg.tui.desk import Desk, StoreView, is_everyone, open_talk, person
from lanmsg.tui.entries import FOLD_ROWS
from lanmsg.tui.file_actions import typed_path
from lanmsg.tui.moves import Want
from lanmsg.tui.state import Answer, Asking, Page, State
from lanmsg.tui.talk import Talk
from lanmsg.tui.wrap import wrap

LAST = 50
"""Messages that /last goes back by itself."""

PAGE = 1_000
QUOTED = 40
"""Cells of a message in the question whether to delete it."""


async def history(desk: Desk, rest: str) -> None:
    talk = open_talk(desk)
    if not rest:
        if talk is desk.state.current:
            moves.newest(desk.state)
        desk.hands.want(Want(talk.conversation, "newest"))
        return
    desk.hands.want(Want(talk.conversation, "since", time=day_start(rest, desk.state.wall)))


async def last(desk: Desk, rest: str) -> None:
    """[N]: up to the Nth last message."""
    talk = open_talk(desk)
    if rest and not rest.isdecimal():
        raise LanmsgError(f"{rest} is no number", code="usage", hint="/last 50")
    desk.hands.want(Want(talk.conversation, "last", max(int(rest or LAST), 1)))


async def read(desk: Desk, rest: str) -> None:
    """[N]: the last message that is too long for the conversation, or the Nth last, as a page."""
    talk = open_talk(desk)
    room = moves.look(desk.state).room
    long = [each for each in talk.messages() if len(wrap(printable(each.text, Kind.TEXT), room)) > FOLD_ROWS]
    back = int(rest) if rest.isdecimal() else 1
    if not 1 <= back <= len(long):
        raise LanmsgError(
            "no message here is that long", code="usage", hint="/last N goes back to the Nth last"
        )
    message = long[-back]
    name = "you" if message.sender is None else desk.state.label(message.sender)
    heading = f"{name}, {date(message.stored_at)} {clock(message.stored_at)}"
    lines = printable(message.text, Kind.TEXT).split("\n")
    desk.turn_to(Page("text", lines=(heading, "", *lines)))


async def copy(desk: Desk, rest: str) -> None:
    messages = open_talk(desk).messages()
    back = int(rest) if rest.isdecimal() else 1
    if not 1 <= back <= len(messages):
        raise LanmsgError("there is no such message here", code="usage")
    desk.hands.copy(messages[-back].text)
    desk.state.say("copied, if this terminal lets programs copy")


async def clear(desk: Desk, rest: str) -> None:  # noqa: ARG001 - the signature of a command
    talk = open_talk(desk)
    talk.forget_all()
    talk.loaded, talk.older = True, True


async def close(desk: Desk, rest: str) -> None:  # noqa: ARG001 - the signature of a command
    talk = open_talk(desk)
    title = desk.state.title(talk.conversation)
    moves.close_conversation(desk.state, talk.conversation)
    desk.show(None)
    desk.state.say(f"{title} is off the list until somebody writes; /msg {quoted(title)} opens it again")


# --- out of the screen ---


async def export(desk: Desk, rest: str) -> None:
    """PATH: this conversation as text, into a file that does not exist yet."""
    talk = open_talk(desk)
    word = take_word(rest)[0]
    if not word:
        raise LanmsgError("into which file?", code="usage", hint="/export ~/talk.txt")
    target = typed_path(word)
    messages = await desk.node.read(lambda store: _all(store, talk))
    lines = [_written(desk.state, message) for message in messages]
    await asyncio.to_thread(_write_new, target, "\n".join(lines) + "\n")
    desk.state.say(f"{plural(len(lines), 'message')} written to {target}", seconds=15)


def _written(state: State, message: Message) -> str:
    text = printable(message.text, Kind.TEXT)
    name = "you" if message.sender is None else state.label(message.sender)
    if text.startswith("/me "):
        name, text = "*", f"{state.name if message.sender is None else name} {text[4:]}"
    first, *more = text.split("\n")
    when = f"{date(message.stored_at)} {clock(message.stored_at)}"
    said = f"{name} {first}" if name == "*" else f"{name}: {first}"
    return "\n".join([f"{when}  {said}", *(f"    {line}" for line in more)])


def _all(store: StoreView, talk: Talk) -> list[Message]:
    """Every message of the conversation, oldest first."""
    found: list[Message] = []
    after = 0
    while page := store.history.messages(talk.conversation, after=after, limit=PAGE):
        found += page
        after = page[-1].number
    return found


def _write_new(target: Path, text: str) -> None:
    """For this person alone to read, and never over something."""
    try:
        with os.fdopen(
            os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
    except FileExistsError:
        raise LanmsgError(f"{target} exists already", code="data", hint="choose another name") from None
    except OSError as error:
        raise LanmsgError(f"{target}: {error.strerror}", code="data") from None


async def forget(desk: Desk, rest: str) -> None:
    """[N|PEER|everyone|all]: the Nth last message, or a whole talk; here only, and asked about first."""
    state = desk.state
    if rest == "all":
        words = "delete all that was ever said, with everybody, on this computer only?"
        _ask_to_delete(desk, words, lambda: _delete_everything(desk))
    elif rest and not rest.isdecimal():
        to_all = is_everyone(rest)
        where = EVERYONE if to_all else Conversation.with_peer(person(state, take_word(rest)[0]).id)
        whom = f"{'to' if to_all else 'with'} {state.title(where)}"
        words = f"delete all that was said {whom}, on this computer only?"
        _ask_to_delete(desk, words, lambda: _delete_conversation(desk, state.talk(where)))
    else:
        _forget_message(desk, int(rest or 1))


def _forget_message(desk: Desk, back: int) -> None:
    talk = open_talk(desk)
    messages = talk.messages()
    if not 1 <= back <= len(messages):
        raise LanmsgError("there is no such message here", code="usage")
    message = messages[-back]
    said = clip(printable(message.text, Kind.LINE).replace("\\x0a", " "), QUOTED)
    words = f"delete “{said}”, on this computer only?"
    _ask_to_delete(desk, words, lambda: _delete_message(desk, talk, message))


def _ask_to_delete(desk: Desk, words: str, on_yes: Answer) -> None:
    moves.ask(desk.state, Asking("delete", words, (("yes", "delete"), ("back", "keep")), on_yes=on_yes))


async def _delete_message(desk: Desk, talk: Talk, message: Message) -> None:
    await desk.node.delete_message(message.number)
    talk.drop(message)
    desk.state.say("deleted here; the others still have it")


async def _delete_everything(desk: Desk) -> None:
    await desk.node.delete_conversation(None)
    stay = sum(_emptied(talk) for talk in desk.state.talks.values())
    desk.state.roster_stale = True
    desk.state.say(f"deleted here; the others still have it{_staying(stay)}")


async def _delete_conversation(desk: Desk, talk: Talk) -> None:
    await desk.node.delete_conversation(talk.conversation)
    stay = _emptied(talk)
    desk.state.roster_stale = True
    desk.state.say(f"deleted here; the others still have it{_staying(stay)}")


def _staying(count: int) -> str:
    return f"; {plural(count, 'message')} on the way stay, /cancel takes back" if count else ""


def _emptied(talk: Talk) -> int:
    """A talk with what is on its way, which stays; and how much that is."""
    waiting = [each for each in talk.messages() if each.state in (Delivery.QUEUED, Delivery.SENT)]
    talk.forget_all()
    talk.loaded, talk.unread, talk.first_unread, talk.line = True, 0, None, None
    for message in waiting:
        talk.add(message)
    return len(waiting)
