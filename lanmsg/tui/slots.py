"""Numbers for Alt-1 to Alt-9: the same key opens the same conversation, today and after a restart.

Whoever writes without looking must not write to somebody else: a number never moves while its conversation
is in the list, and those with whom something was said keep theirs from run to run.
"""

from collections.abc import Mapping

from lanmsg.api import EVERYONE, Conversation, PeerId, Trust
from lanmsg.tui.state import State

EVERYONES = 9
"""Always the same: what is for one person must not go to all, nor the other way."""


def restore(state: State, kept: Mapping[PeerId, int]) -> None:
    """At the start, with those that a run before gave away, unless nothing came of them."""
    for peer, slot in kept.items():
        conversation = Conversation.with_peer(peer)
        talk = state.talks.get(conversation)
        if state.is_pinned(peer) or (talk is not None and talk.last_time):
            state.slots[conversation] = slot


def to_keep(state: State) -> dict[PeerId, int]:
    return {each.peer: slot for each, slot in state.slots.items() if each.peer is not None}


def give(state: State) -> None:
    """A number for everybody in the list, while there are any."""
    slots = state.slots
    slots[EVERYONE] = EVERYONES
    wanting = [each for each in state.order if each not in slots and not _is_strange(state, each)]
    if not wanting:
        return
    used = set(slots.values())
    free = [slot for slot in range(1, EVERYONES) if slot not in used]
    # Who is not in the list any more gives it up only to somebody who is, and nobody else does.
    left = [each for each in slots if each not in state.places and each != EVERYONE]
    for conversation in wanting:
        if not free and left:
            free.append(slots.pop(left.pop(0)))
        if not free:
            return
        slots[conversation] = free.pop(0)


def _is_strange(state: State, conversation: Conversation) -> bool:
    """A key that took a known name must not come under a key that fingers know."""
    peer = state.peer_of(conversation)
    return peer is not None and peer.trust is Trust.CHANGED
