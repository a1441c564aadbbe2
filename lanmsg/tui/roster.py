"""Who is in the list and in which order: what needs this person first, then who is here, then by name."""

from lanmsg.api import EVERYONE, Conversation, Peer, PeerId, Status, Trust
from lanmsg.terminal import folded
from lanmsg.tui import slots
from lanmsg.tui.state import State

FADE = 24 * 3600.0
"""Seconds after which a known person who is gone, and with whom nothing was said, is only counted."""


def refresh(state: State) -> None:
    """Bring the order up to date, unless the person is walking through the list right now."""
    if not state.roster_stale or state.tick < state.order_held:
        return
    state.roster_stale = False
    asking = {state.transfers[number].transfer.peer for number in state.questions}
    listed = [peer for peer in state.peers.values() if is_listed(state, peer)]
    people = sorted(listed, key=lambda peer: _rank(state, peer, asking))
    is_strange = [peer.trust is Trust.CHANGED and not peer.is_old_key for peer in people]
    talks = [Conversation.with_peer(peer.id) for peer in people]
    usual = [talk for talk, strange in zip(talks, is_strange, strict=True) if not strange]
    strange = [talk for talk, strange in zip(talks, is_strange, strict=True) if strange]
    state.order = [*usual, EVERYONE, *strange]
    state.places = {conversation: place for place, conversation in enumerate(state.order)}
    state.people = len(usual)
    known = sum(peer.trust is not Trust.BLOCKED for peer in state.peers.values())
    state.faded = max(known - len(people), 0)
    if state.ready:
        slots.give(state)


def is_listed(state: State, peer: Peer) -> bool:
    """Whoever is here, or was talked with, or is known and was here today; but none that is blocked."""
    conversation = Conversation.with_peer(peer.id)
    if conversation == state.open:
        return True
    if peer.trust is Trust.BLOCKED:
        return False
    talk = state.talks.get(conversation)
    if peer.present or (talk is not None and talk.unread):
        return True
    if conversation in state.hidden:
        return False
    if talk is not None and talk.last_time:
        return True
    return state.is_pinned(peer.id) and state.wall - peer.last_seen < FADE


def _rank(state: State, peer: Peer, asking: set[PeerId]) -> tuple[bool, bool, int, str, bytes]:
    talk = state.talks.get(Conversation.with_peer(peer.id))
    here = 2 if not peer.present else 0 if peer.status is Status.AVAILABLE else 1
    return peer.id not in asking, not (talk and talk.unread), here, folded(peer.name), peer.id
