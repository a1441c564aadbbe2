"""What the slash commands about files do."""

import asyncio
from io import BytesIO
from pathlib import Path

from lanmsg.api import Conversation, Delivery, Direction, LanmsgError, Transfer, TransferState
from lanmsg.tui import moves, opening
from lanmsg.tui.commands import take_word, words
from lanmsg.tui.desk import Desk, is_person, open_talk, peer_or_open, person, transfer_of
from lanmsg.tui.state import Page


async def send(desk: Desk, rest: str) -> None:
    """[PEER] PATH…: a first word that is somebody's name, and no file here, is the person."""
    given = words(rest)
    if not given:
        raise LanmsgError("which file?", code="usage", hint="/send PATH, or /send NAME PATH")
    named = len(given) > 1 and is_person(desk.state, given[0])
    peer = person(desk.state, given[0]) if named else peer_or_open(desk, "")
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
    peer = peer_or_open(desk, "")
    data = BytesIO(text.encode("utf-8", "replace"))
    await desk.node.offer(peer.id, [], stdin=data, stdin_name="pasted.txt")


async def accept(desk: Desk, rest: str) -> None:
    """Yes to what is asked: a question of our own, else an offer of files."""
    if (desk.state.asking is not None or desk.state.comparing) and not rest:
        desk.hands.answer("yes")
        return
    first, folder = take_word(rest)
    if first and first != "all" and not first.isdecimal():
        first, folder = "", rest
    folder = take_word(folder)[0]
    destination = typed_path(folder) if folder else None
    for offer in _offers(desk, first):
        await desk.node.accept(offer.number, destination=destination)


async def decline(desk: Desk, rest: str) -> None:
    if (desk.state.asking is not None or desk.state.comparing) and not rest:
        desk.hands.answer("no")
        return
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
    offer = transfer_of(desk.state, word)
    if offer.number not in state.questions:
        raise LanmsgError(f"transfer {offer.number} does not wait for you", code="usage")
    return [offer]


async def transfers(desk: Desk, rest: str) -> None:  # noqa: ARG001 - the signature of a command
    moves.show_page(desk.state, Page("transfers"))


async def pause(desk: Desk, rest: str) -> None:
    transfer = _the_one(desk, rest, "moves", TransferState.RUNNING, TransferState.ACCEPTED)
    await desk.node.pause(transfer.number)


async def resume(desk: Desk, rest: str) -> None:
    transfer = _the_one(desk, rest, "is paused", TransferState.PAUSED)
    await desk.node.resume(transfer.number)


async def cancel(desk: Desk, rest: str) -> None:
    if rest:
        await desk.node.cancel(transfer_of(desk.state, rest).number)
        return
    waiting = [message for message in open_talk(desk).messages() if message.state is Delivery.QUEUED]
    if not waiting:
        raise LanmsgError("no message waits here", code="usage", hint="/cancel N stops transfer N")
    await desk.node.cancel_message(waiting[-1].number)


def _the_one(desk: Desk, word: str, doing: str, *states: TransferState) -> Transfer:
    """The numbered transfer, or the only one in such a state. Raises LanmsgError."""
    if word:
        return transfer_of(desk.state, word)
    found = [each.transfer for each in desk.state.transfers.values() if each.transfer.state in states]
    if len(found) != 1:
        raise LanmsgError(
            "which transfer?" if found else f"no transfer {doing}", code="usage", hint="/transfers lists them"
        )
    return found[0]


# --- what was saved ---


async def open_(desk: Desk, rest: str) -> None:
    """The folder of a file, in the desktop's own program; where there is none, its path."""
    path = saved_path(desk, rest)
    if await opening.open_folder(path.parent):
        desk.state.say(f"opening {path.parent}", seconds=5)
    else:
        desk.state.say(f"there is no desktop here to open it; it is {path}", seconds=30)


async def path(desk: Desk, rest: str) -> None:
    found = saved_path(desk, rest)
    desk.hands.copy(str(found))
    desk.state.say(f"{found}  (copied, if this terminal lets programs copy)", seconds=30)


def saved_path(desk: Desk, word: str) -> Path:
    """Where transfer N is on our disk; without N, the last file saved here. Raises LanmsgError."""
    if word:
        transfer = transfer_of(desk.state, word)
    else:
        done = [each.transfer for each in desk.state.transfers.values() if _is_saved(each.transfer)]
        here = [each for each in done if desk.state.open == Conversation.with_peer(each.peer)] or done
        if not here:
            raise LanmsgError("no file has been saved yet", code="not_found", hint="/transfers lists them")
        transfer = max(here, key=lambda each: each.updated_at)
    if not transfer.paths:
        raise LanmsgError(f"transfer {transfer.number} is not on the disk yet", code="usage")
    return Path(transfer.paths[0])


def _is_saved(transfer: Transfer) -> bool:
    return (
        transfer.direction is Direction.IN and transfer.state is TransferState.DONE and bool(transfer.paths)
    )
