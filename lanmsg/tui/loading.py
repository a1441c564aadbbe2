"""What the node knows, taken into the state: at the start, and again when events were missed."""

from collections.abc import Sequence

from lanmsg.tui import comparing, slots
from lanmsg.tui.desk import ScreenNode, Summary
from lanmsg.tui.state import State


async def take_in(state: State, node: ScreenNode) -> Sequence[Summary]:
    """All that events tell about from then on; the conversations as they were found."""
    state.id, state.name, state.status, state.note = node.id, node.name, node.status, node.note
    state.port, state.interfaces, state.listening = node.udp_port, node.interfaces, node.listening
    for peer in node.peers(absent=True):
        state.put_peer(peer)
    for transfer in await node.transfers():
        state.put_transfer(transfer)
    summaries = await node.conversations()
    for summary in summaries:
        talk = state.talk(summary.conversation)
        talk.unread, talk.first_unread = summary.unread, summary.first_unread
        talk.last_time = summary.last.stored_at if summary.last else 0.0
    comparing.load(state, await node.read(lambda store: store.verifications.recent(since=0.0)))
    if not state.ready:
        slots.restore(state, await node.read(lambda store: store.slots.get()))
    state.roster_stale = True
    return summaries


async def take_in_again(state: State, node: ScreenNode) -> None:
    """Too much came at once for every event to wait: nothing that is shown may stay wrong."""
    await take_in(state, node)
    for talk in state.talks.values():
        if talk.loaded and talk.conversation != state.open:
            talk.forget_all()
    state.epoch += 1
