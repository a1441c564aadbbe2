"""What each slash command does. One function a command; what fails raises LanmsgError with a sentence."""

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

from lanmsg.api import (
    EVERYONE,
    Conversation,
    Delivery,
    LanmsgError,
    Message,
    Peer,
    Status,
    Transfer,
    TransferState,
    Trust,
)
from lanmsg.terminal import Kind, clip, clock, date, plural, printable
from lanmsg.tui import moves
from lanmsg.tui.calendar import day_start
from lanmsg.tui.commands import Call, find, parse, take_word, words
from lanmsg.tui.desk import Desk, is_person, person
from lanmsg.tui.moves import Want
from lanmsg.tui.state import Asking, Page
from lanmsg.tui.talk import Talk

TEXT_MAX_BYTES = 32_768
"""Of one message (protocol.md, Constants)."""

Action = Callable[[Desk, str], Awaitable[None]]


async def enter(desk: Desk, line: str) -> None:
    """A line was entered: a command, or something to say."""
    parsed = parse(line)
    if isinstance(parsed, Call):
        await RUN[parsed.command.name](desk, parsed.rest)
    else:
        await say(desk, parsed)


async def say(desk: Desk, text: str) -> None:
    """Send to the open conversation."""
    talk = _open_talk(desk)
    await _send(desk, talk, text, talk.reply_to)


async def _send(desk: Desk, talk: Talk, text: str, reply_to: Message | None = None) -> None:
    if not text.strip():
        return
    if refusal := desk.state.may_not_send(talk.conversation):
        raise LanmsgError(refusal, code="security")
    if len(text.encode("utf-8", "replace")) > TEXT_MAX_BYTES:
        raise LanmsgError("that is too long for a message", code="usage", hint="/send offers it as a file")
    message = await desk.node.send_text(talk.conversation, text, reply_to=reply_to.id if reply_to else None)
    talk.reply_to = None
    _show_sent(desk, message)


def _show_sent(desk: Desk, message: Message) -> None:
    """Our own words are in sight at once, wherever we had scrolled to."""
    talk = desk.state.talk(message.conversation)
    if talk.newer and (want := moves.newest(desk.state)):
        desk.hands.want(want)
    talk.anchor = None


def _open_talk(desk: Desk) -> Talk:
    talk = desk.state.current
    if talk is None:
        raise LanmsgError("no conversation is open", code="usage", hint="/msg NAME opens one")
    return talk


def _peer_or_open(desk: Desk, word: str) -> Peer:
    """The named person, or the one whose conversation is open."""
    if word:
        return person(desk.state, word)
    peer = desk.state.peer_of(desk.state.open)
    if peer is None:
        raise LanmsgError("whom? open a conversation or name somebody", code="usage")
    return peer


# --- talking ---


async def msg(desk: Desk, rest: str) -> None:
    who, text = take_word(rest)
    conversation = EVERYONE if who in ("everyone", "#everyone") else None
    conversation = conversation or Conversation.with_peer(person(desk.state, who).id)
    moves.open_conversation(desk.state, conversation)
    if text:
        await _send(desk, desk.state.talk(conversation), text)


async def everyone(desk: Desk, rest: str) -> None:
    moves.open_conversation(desk.state, EVERYONE)
    if rest:
        await _send(desk, desk.state.talk(EVERYONE), rest)


async def me(desk: Desk, rest: str) -> None:
    """Travels as the line it was typed as; both screens show it as a deed."""
    await say(desk, f"/me {rest}")


async def reply(desk: Desk, rest: str) -> None:
    talk = _open_talk(desk)
    theirs = [message for message in talk.messages() if message.sender is not None]
    word, text = take_word(rest)
    back = int(word) if word.isdecimal() and text else 1
    text = text if word.isdecimal() and text else rest
    if not 1 <= back <= len(theirs):
        raise LanmsgError("there is no such message here", code="usage")
    if not text:
        talk.reply_to = theirs[-back]
        return
    await _send(desk, talk, text, theirs[-back])


async def retry(desk: Desk, rest: str) -> None:
    if rest:
        await desk.node.retry_transfer(_transfer(desk, rest).number)
        return
    failed = [message for message in _open_talk(desk).messages() if message.state is Delivery.FAILED]
    failed = [message for message in failed if message.sender is None]
    if not failed:
        raise LanmsgError("nothing failed here", hint="/retry N tries transfer N again")
    for message in failed:
        await desk.node.retry(message.number)
    desk.state.say(f"{plural(len(failed), 'message')} queued again")


# --- files ---


async def send(desk: Desk, rest: str) -> None:
    """[PEER] PATH…: a first word that is somebody's name, and no file here, is the person."""
    given = words(rest)
    if not given:
        raise LanmsgError("which file?", code="usage", hint="/send PATH, or /send NAME PATH")
    named = len(given) > 1 and is_person(desk.state, given[0])
    peer = person(desk.state, given[0]) if named else _peer_or_open(desk, "")
    paths = [typed_path(word) for word in given[1 if named else 0 :]]
    try:
        missing = await asyncio.to_thread(lambda: [path for path in paths if not path.exists()])
    except OSError as error:  # too long, or in a folder that is closed to us
        raise LanmsgError(f"{error.filename}: {error.strerror}", code="data") from None
    if missing:
        raise LanmsgError(f"there is no {missing[0]}", code="data")
    if refusal := desk.state.may_not_send(Conversation.with_peer(peer.id)):
        raise LanmsgError(refusal, code="security")
    await desk.node.offer(peer.id, paths)


def typed_path(word: str) -> Path:
    """Raises LanmsgError for ~somebody who is not there."""
    try:
        return Path(word).expanduser().absolute()
    except RuntimeError:
        raise LanmsgError(f"{word}: there is no such user here", code="usage") from None


async def send_as_file(desk: Desk, text: str) -> None:
    """A paste too long to say."""
    peer = _peer_or_open(desk, "")
    data = BytesIO(text.encode("utf-8", "replace"))
    await desk.node.offer(peer.id, [], stdin=data, stdin_name="pasted.txt")


async def accept(desk: Desk, rest: str) -> None:
    first, folder = take_word(rest)
    if first and first != "all" and not first.isdecimal():
        first, folder = "", rest
    folder = take_word(folder)[0]
    destination = typed_path(folder) if folder else None
    for offer in _offers(desk, first):
        await desk.node.accept(offer.number, destination=destination)


async def reject(desk: Desk, rest: str) -> None:
    for offer in _offers(desk, take_word(rest)[0]):
        await desk.node.decline(offer.number)


def _offers(desk: Desk, word: str) -> list[Transfer]:
    """The offers that are meant: all, one by number, or the one in question."""
    state = desk.state
    if not state.questions:
        raise LanmsgError("nothing is offered to you right now", code="not_found")
    if word == "all":
        return [state.transfers[number].transfer for number in state.questions]
    if not word:
        return [state.transfers[state.questions[0]].transfer]
    offer = _transfer(desk, word)
    if offer.number not in state.questions:
        raise LanmsgError(f"transfer {offer.number} does not wait for you", code="usage")
    return [offer]


def _transfer(desk: Desk, word: str) -> Transfer:
    known = desk.state.transfers.get(int(word)) if word.isdecimal() else None
    if known is None:
        raise LanmsgError(f"there is no transfer {word}", code="not_found", hint="/transfers lists them")
    return known.transfer


async def transfers(desk: Desk, rest: str) -> None:  # noqa: ARG001 - the signature of a command
    moves.show_page(desk.state, Page("transfers"))


async def cancel(desk: Desk, rest: str) -> None:
    if rest:
        await desk.node.cancel(_transfer(desk, rest).number)
        return
    waiting = [message for message in _open_talk(desk).messages() if message.state is Delivery.QUEUED]
    if not waiting:
        raise LanmsgError("no message waits here", code="usage", hint="/cancel N stops transfer N")
    await desk.node.cancel_message(waiting[-1].number)


# --- people ---


async def who(desk: Desk, rest: str) -> None:
    topic = person(desk.state, take_word(rest)[0]).id.hex() if rest else ""
    moves.show_page(desk.state, Page("people", topic=topic))


async def trust(desk: Desk, rest: str) -> None:
    peer = _judged(desk, rest)
    if peer.trust is Trust.BLOCKED:
        raise LanmsgError(f"{desk.state.label(peer.id)} is blocked", code="security", hint="/unblock first")
    await desk.node.set_trust(peer.id, Trust.PINNED)
    desk.state.say(f"{desk.state.label(peer.id)}: this key is pinned from now on")


async def block(desk: Desk, rest: str) -> None:
    peer = _judged(desk, rest)
    label = desk.state.label(peer.id)
    await desk.node.set_trust(peer.id, Trust.BLOCKED)
    desk.state.say(f"{label} is blocked: nothing of that key reaches you; /unblock {label} undoes it")


def _judged(desk: Desk, rest: str) -> Peer:
    """Whose key is meant. With a key that changed in sight, the new key: that is what is being asked."""
    word = take_word(rest)[0]
    peer = _peer_or_open(desk, word)
    rival = desk.state.rival(peer)
    return rival if not word and rival is not None and rival.trust is Trust.CHANGED else peer


async def unblock(desk: Desk, rest: str) -> None:
    peer = _peer_or_open(desk, take_word(rest)[0])
    if peer.trust is not Trust.BLOCKED:
        raise LanmsgError(f"{desk.state.label(peer.id)} is not blocked", code="usage")
    await desk.node.set_trust(peer.id, Trust.NEW)


async def rename(desk: Desk, rest: str) -> None:
    first, following = take_word(rest)
    named = bool(following) and is_person(desk.state, first)
    peer = person(desk.state, first) if named else _peer_or_open(desk, "")
    given = following if named else rest
    name = take_word(given)[0] if given.startswith(('"', "'")) else given
    if not name:
        raise LanmsgError("which name?", code="usage", hint="/rename [PEER] NAME")
    await desk.node.rename(peer.id, name)


# --- reading ---


async def search(desk: Desk, rest: str) -> None:
    if not rest:
        raise LanmsgError("search for what?", code="usage", hint="/search TEXT")
    found = await desk.node.search(rest)
    lines = [f"FOUND   {plural(len(found), 'message')} with “{printable(rest)}”", ""]
    lines += [_found_line(desk, message) for message in reversed(found)]
    moves.show_page(desk.state, Page("text", lines=tuple(lines)))


def _found_line(desk: Desk, message: Message) -> str:
    state = desk.state
    name = "you" if message.sender is None else state.label(message.sender)
    where = state.title(message.conversation)
    text = clip(printable(message.text, Kind.LINE).replace("\\x0a", " "), 200)
    when = f"{date(message.stored_at)} {clock(message.stored_at)}"
    return f"{when}  {where}  {name}: {text}"


async def history(desk: Desk, rest: str) -> None:
    talk = _open_talk(desk)
    if not rest:
        if want := moves.newest(desk.state):
            desk.hands.want(want)
        return
    desk.hands.want(Want(talk.conversation, "since", time=day_start(rest, desk.state.wall)))


async def copy(desk: Desk, rest: str) -> None:
    messages = _open_talk(desk).messages()
    back = int(rest) if rest.isdecimal() else 1
    if not 1 <= back <= len(messages):
        raise LanmsgError("there is no such message here", code="usage")
    desk.hands.copy(messages[-back].text)
    desk.state.say("copied, if this terminal lets programs copy")


async def clear(desk: Desk, rest: str) -> None:  # noqa: ARG001 - the signature of a command
    talk = _open_talk(desk)
    talk.forget_all()
    talk.loaded, talk.older = True, True


async def close(desk: Desk, rest: str) -> None:  # noqa: ARG001 - the signature of a command
    moves.close_conversation(desk.state)


# --- yourself, network, screen ---


async def name(desk: Desk, rest: str) -> None:
    if not rest:
        raise LanmsgError("which name?", code="usage", hint=f"you are {desk.state.name}")
    await desk.node.set_name(rest)
    desk.state.name = desk.node.name
    desk.state.epoch += 1


async def _set_status(desk: Desk, status: Status, note: str) -> None:
    await desk.node.set_status(status, note)
    desk.state.status, desk.state.note = status, note


async def away(desk: Desk, rest: str) -> None:
    await _set_status(desk, Status.AWAY, rest)


async def busy(desk: Desk, rest: str) -> None:
    await _set_status(desk, Status.BUSY, rest)


async def back(desk: Desk, rest: str) -> None:
    await _set_status(desk, Status.AVAILABLE, rest)


async def connect(desk: Desk, rest: str) -> None:
    host, _, port = rest.strip().rpartition(":") if rest.count(":") == 1 else (rest.strip(), "", "")
    if not host or (port and not port.isdecimal()):
        raise LanmsgError("which address?", code="usage", hint="/connect 192.168.1.23")
    desk.state.say(f"asking at {host}", seconds=20)
    peer = await desk.node.connect(host, int(port or desk.state.port))
    desk.state.put_peer(peer)
    desk.state.say(f"{desk.state.label(peer.id)} is at {host}")
    moves.open_conversation(desk.state, Conversation.with_peer(peer.id))


async def status(desk: Desk, rest: str) -> None:  # noqa: ARG001 - the signature of a command
    desk.state.interfaces = desk.node.interfaces
    moves.show_page(desk.state, Page("status"))


async def help_(desk: Desk, rest: str) -> None:
    topic = find(take_word(rest)[0].lstrip("/")).name if rest else ""
    moves.show_page(desk.state, Page("help", topic=topic))


async def quit_(desk: Desk, rest: str) -> None:  # noqa: ARG001 - the signature of a command
    leave(desk)


def leave(desk: Desk) -> None:
    """Quit, but ask when files are on their way."""
    state = desk.state
    running = [each for each in state.transfers.values() if each.transfer.state is TransferState.RUNNING]
    if running and (state.asking is None or state.asking.kind != "quit"):
        words_ = f"{plural(len(running), 'transfer runs', 'transfers run')}; they go on at the next start"
        moves.ask(state, Asking("quit", words_, (("^Y", "quit"), ("Esc", "stay"))))
        return
    desk.hands.quit()


RUN: dict[str, Action] = {
    "msg": msg, "reply": reply, "me": me, "everyone": everyone, "retry": retry,
    "send": send, "accept": accept, "reject": reject, "transfers": transfers, "cancel": cancel,
    "who": who, "trust": trust, "block": block, "unblock": unblock, "rename": rename,
    "search": search, "history": history, "copy": copy, "clear": clear, "close": close,
    "name": name, "away": away, "busy": busy, "back": back,
    "connect": connect, "status": status, "help": help_, "quit": quit_,
}  # fmt: skip
