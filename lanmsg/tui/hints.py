"""What explains itself the first time: a message, a file, a key; one line each."""

from lanmsg.api import Conversation, Direction, Message, Peer, Transfer, TransferState, Trust
from lanmsg.terminal import fingerprint
from lanmsg.tui.commands import quoted
from lanmsg.tui.state import State

STYLE = "class:note"


def first_words(state: State, message: Message) -> None:
    """The first message that somebody sends with lanmsg: what the signs behind it mean."""
    if not state.newcomer or message.conversation.peer is None:
        return
    state.newcomer = False
    label, glyphs = state.label(message.conversation.peer), state.glyphs
    words = (
        f"{glyphs.delivered} means that {label} has it; {glyphs.queued} that it waits until {label} is here."
    )
    state.jot(words, conversation=message.conversation, style=STYLE)


def first_pin(state: State, before: Peer | None, now: Peer) -> None:
    """A name has a key from here on."""
    conversation = Conversation.with_peer(now.id)
    if before is None or (before.trust, now.trust) != (Trust.NEW, Trust.PINNED):
        return
    if conversation not in state.talks:
        return
    label = state.label(now.id)
    words = (
        f"{label} is this key from now on: {fingerprint(now.id, 2)}.\n"
        f"Another key by that name is not {label}.\n"
        f"/verify {quoted(label)} makes sure."
    )
    state.jot(words, conversation=conversation, style=STYLE)


def first_file(state: State, transfer: Transfer) -> None:
    """The first file that anybody offers to this home."""
    asks = transfer.direction is Direction.IN and transfer.state is TransferState.OFFERED
    if not asks or len(state.transfers) != 1 or not state.ready:
        return
    answers = f"/accept {transfer.number}, /decline {transfer.number}, or the keys below"
    words = f"A file is written only after your yes: {answers}."
    state.jot(words, conversation=Conversation.with_peer(transfer.peer), style=STYLE)
