"""What each slash command does: talking here, the rest by subject. What fails raises LanmsgError."""

from collections.abc import Awaitable, Callable

from lanmsg.api import EVERYONE, Conversation, Delivery, LanmsgError, Message
from lanmsg.terminal import plural
from lanmsg.tui import (
    file_actions,
    finding,
    moves,
    network_actions,
    own_actions,
    people_actions,
    reading_actions,
)
from lanmsg.tui.commands import Call, parse, take_word
from lanmsg.tui.desk import Desk, is_everyone, meant, open_talk, person, transfer_of
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
    talk = open_talk(desk)
    await send_text(desk, talk, text, talk.reply_to if desk.entered is None else desk.entered.reply_to)


async def send_text(desk: Desk, talk: Talk, text: str, reply_to: Message | None = None) -> None:
    if not text.strip():
        return
    if refusal := desk.state.may_not_send(talk.conversation):
        raise LanmsgError(refusal, code="security")
    meant(desk.state, talk.conversation, "sends it")
    if len(text.encode("utf-8", "replace")) > TEXT_MAX_BYTES:
        raise LanmsgError("that is too long for a message", code="usage", hint="/send offers it as a file")
    message = await desk.node.send_text(talk.conversation, text, reply_to=reply_to.id if reply_to else None)
    if desk.entered is None or talk.reply_to is reply_to:
        talk.reply_to = None
    _show_sent(desk, message)


def _show_sent(desk: Desk, message: Message) -> None:
    """Our own words are in sight at once, wherever we had scrolled to."""
    talk = desk.state.talk(message.conversation)
    here = talk.conversation == desk.state.open
    if here and talk.newer and (want := moves.newest(desk.state)):
        desk.hands.want(want)
    talk.anchor = None


async def msg(desk: Desk, rest: str) -> None:
    who, text = take_word(rest)
    conversation = EVERYONE if is_everyone(who) else None
    conversation = conversation or Conversation.with_peer(person(desk.state, who).id)
    desk.show(conversation)
    if text:
        await send_text(desk, desk.state.talk(conversation), text)


async def broadcast(desk: Desk, rest: str) -> None:
    desk.show(EVERYONE)
    if rest:
        await send_text(desk, desk.state.talk(EVERYONE), rest)


async def me(desk: Desk, rest: str) -> None:
    """Travels as the line it was typed as; both screens show it as a deed."""
    await say(desk, f"/me {rest}")


async def reply(desk: Desk, rest: str) -> None:
    talk = open_talk(desk)
    theirs = [message for message in talk.messages() if message.sender is not None]
    word, text = take_word(rest)
    back = int(word) if word.isdecimal() and text else 1
    text = text if word.isdecimal() and text else rest
    if not 1 <= back <= len(theirs):
        raise LanmsgError("there is no such message here", code="usage")
    if not text:
        talk.reply_to = theirs[-back]
        return
    await send_text(desk, talk, text, theirs[-back])


async def retry(desk: Desk, rest: str) -> None:
    if rest:
        await desk.node.retry_transfer(transfer_of(desk.state, rest).number)
        return
    failed = [message for message in open_talk(desk).messages() if message.state is Delivery.FAILED]
    failed = [message for message in failed if message.sender is None]
    if not failed:
        raise LanmsgError("nothing failed here", hint="/retry N tries transfer N again")
    for message in failed:
        await desk.node.retry(message.number)
    desk.state.say(f"{plural(len(failed), 'message')} queued again")


RUN: dict[str, Action] = {
    "msg": msg, "reply": reply, "me": me, "broadcast": broadcast, "retry": retry,
    "send": file_actions.send, "accept": file_actions.accept, "decline": file_actions.decline,
    "transfers": file_actions.transfers, "pause": file_actions.pause, "resume": file_actions.resume,
    "cancel": file_actions.cancel, "open": file_actions.open_, "path": file_actions.path,
    "who": people_actions.who, "verify": people_actions.verify, "trust": people_actions.trust,
    "block": people_actions.block, "unblock": people_actions.unblock, "rename": people_actions.rename,
    "rule": people_actions.rule, "mute": people_actions.mute,
    "search": finding.search, "history": reading_actions.history, "last": reading_actions.last,
    "read": reading_actions.read,
    "copy": reading_actions.copy, "export": reading_actions.export, "forget": reading_actions.forget,
    "clear": reading_actions.clear, "close": reading_actions.close,
    "name": own_actions.name, "away": own_actions.away, "busy": own_actions.busy, "back": own_actions.back,
    "connect": own_actions.connect, "doctor": own_actions.doctor,
    "network": network_actions.network, "status": own_actions.status,
    "set": own_actions.set_, "theme": own_actions.theme, "notify": own_actions.notify,
    "help": own_actions.help_, "quit": own_actions.quit_,
}  # fmt: skip
