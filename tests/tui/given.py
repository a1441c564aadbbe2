"""States to look at, without a terminal."""

from typing import Any

from lanmsg.api import Conversation, MessageAdded, PeerAppeared, TransferAdded
from lanmsg.tui import moves, view
from lanmsg.tui.rows import Row
from lanmsg.tui.state import State
from lanmsg.tui.update import loaded, update
from tests.tui.double import NOON, Double, peer_id

BEN = Conversation.with_peer(peer_id("ben"))
ANNA = Conversation.with_peer(peer_id("anna"))


def state_of(node: Double | None = None, **values: Any) -> State:
    """What the screen would know of that node."""
    state = State(name="mira", id=peer_id("mira"), ready=True, listening=True, wall=NOON, tick=1000.0)
    for name, value in values.items():
        setattr(state, name, value)
    if node is not None:
        state.interfaces = node.interfaces
        for peer in node.known.values():
            update(state, PeerAppeared(peer))
        for message in node.said:
            update(state, MessageAdded(message))
        for conversation, number in node.read_up_to.items():
            talk = state.talk(conversation)
            inside = [
                each for each in node.said if each.conversation == conversation and each.number > number
            ]
            unread = [each.number for each in inside if each.sender is not None]
            talk.read, talk.unread, talk.first_unread = number, len(unread), unread[0] if unread else None
        for transfer in node.moving.values():
            update(state, TransferAdded(transfer))
    return state


def open_talk(state: State, node: Double, conversation: Conversation = BEN) -> None:
    """Open it with all that was said in it."""
    moves.open_conversation(state, conversation)
    said = [message for message in node.said if message.conversation == conversation]
    loaded(state, state.talk(conversation), said, older=False, newer=False)


def text(rows: list[Row]) -> str:
    return "\n".join("".join(part for _, part in row).rstrip() for row in rows)


def picture(state: State, columns: int = 80, rows: int = 24) -> str:
    """The text of the rows above the input."""
    return text(view.paint(state, columns, rows - 2, rows=rows))


def styles(rows: list[Row], containing: str) -> str:
    """Style of the first fragment that holds a text."""
    return next((style for row in rows for style, part in row if containing in part), "")
