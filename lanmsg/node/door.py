"""What the three parts of a node share: the engine, the stream of events, the store."""

from collections.abc import Callable
from typing import TypeVar

from lanmsg.model import LanmsgError, Peer, PeerId, Trust
from lanmsg.node.engine import Engine
from lanmsg.node.subscriptions import Subscription
from lanmsg.storage.store import Store

T = TypeVar("T")

UNSAFE = {
    Trust.CHANGED: ("key_changed", "the key behind {name} is not one that you trust: nothing was sent"),
    Trust.BLOCKED: ("blocked", "{name} is blocked"),
}

REPLACED = "key_changed", "another key took the place of {name}: nothing was sent"


def _way_out(peer: Peer) -> str:
    if peer.is_old_key or peer.words_differ:
        return "lanmsg help security"
    if peer.trust is Trust.BLOCKED:
        return f"lanmsg unblock {peer.id.hex()[:16]}"
    key = peer.id.hex()[:16]
    return (
        f"ask {peer.name} on another channel whose key {key[:8].upper()} is, and compare: lanmsg verify {key}"
    )


class Door:
    """Base of Node's parts; each part is what can be asked about one subject."""

    def __init__(self, engine: Engine):
        self._engine = engine
        # Made before the start: whatever comes in meanwhile is for the first who asks for events.
        self._first_events: Subscription | None = engine.subscriptions.new()

    def events(self) -> Subscription:
        """Every NodeEvent from now on, for the first caller from the start; it ends when the node stops."""
        first, self._first_events = self._first_events, None
        return first or self._engine.subscriptions.new()

    async def read(self, work: Callable[[Store], T]) -> T:
        """Run `work` on the store, in the storage thread."""
        return await self._engine.disk.read(work)

    def peer(self, peer_id: PeerId) -> Peer | None:
        return self._engine.roster.get(peer_id)

    def _safe_peer(self, peer_id: PeerId) -> Peer:
        peer = self.peer(peer_id) or Peer(peer_id, "")
        if peer.trust in UNSAFE:
            code, sentence = REPLACED if peer.is_old_key else UNSAFE[peer.trust]
            raise LanmsgError(sentence.format(name=peer.name), code=code, hint=_way_out(peer))
        return peer

    async def _write(self, work: Callable[[Store], T]) -> T:
        result = await self._engine.disk.write(work)
        self._engine.wake()
        return result
