"""What the slash commands about files do."""

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

from lanmsg.api import (
    EVERYONE,
    Conversation,
    Delivery,
    Direction,
    LanmsgError,
    Peer,
    Transfer,
    TransferState,
)
from lanmsg.terminal import folded, plural
from lanmsg.tui import opening
from lanmsg.tui.commands import take_word, words
from lanmsg.tui.desk import Desk, is_everyone, is_person, meant, peer_or_open, transfer_of
from lanmsg.tui.state import Page


async def send(desk: Desk, rest: str) -> None:
    """[PEER|everyone] PATH…: a first word that is somebody's name is the person."""
    given = words(rest)
    if not given:
        raise LanmsgError("which file?", code="usage", hint="/send PATH, or /send NAME PATH")
    first, named = given[0], len(given) > 1 and _is_somebody(desk, given[0])
    paths = [typed_path(word) for word in given[1 if named else 0 :]]
    missing = await _missing(paths)
    looks_like_a_name = len(given) > 1 and not named and not set(first) & set("/\\~.")
    if looks_like_a_name and paths[0] in missing:
        raise LanmsgError(
            f"nobody here is called {first}, and no file is", code="not_found", hint="/who lists people"
        )
    people = _receivers(desk, first if named else "")
    if missing:
        raise LanmsgError(f"there is no {missing[0]}", code="data")
    if len(people) == 1:
        meant(desk.state, Conversation.with_peer(people[0].id), "offers it")
    await _offer_to(desk, people, lambda peer: desk.node.offer(peer.id, paths))


def _is_somebody(desk: Desk, word: str) -> bool:
    return is_everyone(word) or is_person(desk.state, word)


async def _missing(paths: list[Path]) -> list[Path]:
    try:
        return await asyncio.to_thread(lambda: [path for path in paths if not path.exists()])
    except OSError as error:  # too long, or in a folder that is closed to us
        raise LanmsgError(f"{error.filename}: {error.strerror}", code="data") from None


def _receivers(desk: Desk, word: str) -> list[Peer]:
    """The person that is named or whose conversation is open; for everyone all who are here and known.

    Raises LanmsgError.
    """
    state = desk.state
    if not word and desk.open is None:
        raise LanmsgError("to whom?", code="usage", hint="/send NAME FILE, or open a conversation first")
    if not is_everyone(word) and (word or desk.open != EVERYONE):
        peer = peer_or_open(desk, word)
        if refusal := state.may_not_send(Conversation.with_peer(peer.id)):
            raise LanmsgError(refusal, code="security")
        return [peer]
    people = [peer for peer in state.peers.values() if peer.present and state.is_pinned(peer.id)]
    if not people:
        raise LanmsgError(
            "nobody whom you have dealt with is here",
            code="not_found",
            hint="/send NAME FILE is for one person",
        )
    return sorted(people, key=lambda peer: folded(peer.name))


async def _offer_to(desk: Desk, people: list[Peer], offer: Callable[[Peer], Awaitable[Transfer]]) -> None:
    """A transfer each; what fails with one person is said, and the others get their offer all the same."""
    if len(people) == 1:
        await offer(people[0])
        return
    failed = [
        f"{desk.state.label(peer.id)}: {error}" for peer in people if (error := await _tried(offer(peer)))
    ]
    others = desk.state.here - len(people)
    done = f"offered to {plural(len(people) - len(failed), 'person', 'people')}, a transfer each"
    rest = f"; not to {others} whose key is new or changed" if others > 0 else ""
    desk.state.say("; ".join([f"{done}{rest}", *failed]), seconds=15)


async def _tried(work: Awaitable[object]) -> LanmsgError | None:
    try:
        await work
    except LanmsgError as error:
        return error
    return None


def typed_path(word: str) -> Path:
    """Raises LanmsgError for ~somebody who is not there."""
    try:
        return Path(word).expanduser().absolute()
    except RuntimeError:
        raise LanmsgError(f"{word}: there is no such user here", code="usage") from None


async def send_as_file(desk: Desk, text: str) -> None:
    """A paste too long to say."""
    data = text.encode("utf-8", "replace")

    def offer(peer: Peer) -> Awaitable[Transfer]:
        return desk.node.offer(peer.id, [], stdin=BytesIO(data), stdin_name="pasted.txt")

    await _offer_to(desk, _receivers(desk, ""), offer)


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
    desk.turn_to(Page("transfers"))


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
    talk = desk.state.talk(desk.open) if desk.open is not None else None
    waiting = [each for each in talk.messages() if each.state is Delivery.QUEUED] if talk else []
    if waiting:
        await desk.node.cancel_message(waiting[-1].number)
        return
    states = (TransferState.RUNNING, TransferState.ACCEPTED, TransferState.PAUSED)
    ours = (TransferState.QUEUED, TransferState.OFFERED)
    transfers_ = [each.transfer for each in desk.state.transfers.values()]
    open_ = [
        each
        for each in transfers_
        if each.state in states or (each.state in ours and each.direction is Direction.OUT)
    ]
    if not open_:
        raise LanmsgError("nothing waits or moves here", code="usage", hint="/transfers lists what there was")
    await desk.node.cancel(_only(open_).number)


def _only(found: list[Transfer]) -> Transfer:
    """Raises LanmsgError, with the numbers, where there are several."""
    if len(found) > 1:
        numbers = " or ".join(str(transfer.number) for transfer in found[:5])
        raise LanmsgError(f"which transfer? {numbers}", code="usage", hint="/transfers lists them")
    return found[0]


def _the_one(desk: Desk, word: str, doing: str, *states: TransferState) -> Transfer:
    """The numbered transfer, or the only one in such a state. Raises LanmsgError."""
    if word:
        return transfer_of(desk.state, word)
    found = [each.transfer for each in desk.state.transfers.values() if each.transfer.state in states]
    if not found:
        raise LanmsgError(f"no transfer {doing}", code="usage", hint="/transfers lists them")
    return _only([each for each in found if each.held_here] or found)


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
        here = [each for each in done if desk.open == Conversation.with_peer(each.peer)] or done
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
