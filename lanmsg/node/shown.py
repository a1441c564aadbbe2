"""What the screens have been told about each peer, so that they hear of every change once."""

from collections.abc import Callable

from msgspec.structs import replace

from lanmsg.model import Peer, PeerId, Trust
from lanmsg.node.events import KeyChanged, PeerAppeared, PeerChanged, PeerLeft
from lanmsg.node.roster import Roster
from lanmsg.node.shared_presence import SharedPresence
from lanmsg.node.subscriptions import Subscriptions


class Shown:
    """`ask_name`: somebody known announces another name; asked again until it returns True."""

    def __init__(
        self,
        roster: Roster,
        shared: SharedPresence,
        subscriptions: Subscriptions,
        *,
        ask_name: Callable[[PeerId], bool],
    ):
        self._roster = roster
        self._shared = shared
        self._subscriptions = subscriptions
        self._ask_name = ask_name
        self._peers: dict[PeerId, Peer] = {}
        self._asked_names: dict[PeerId, str] = {}
        self._warned: set[PeerId] = set()

    def ids(self) -> list[PeerId]:
        return list(self._peers)

    def show(self, peer_id: PeerId) -> None:
        """Tell the screens how this peer looks now, if it looks different from what they know."""
        before = self._peers.get(peer_id)
        now = self._roster.get(peer_id)
        if now is None or not now.present:
            if before is not None:
                del self._peers[peer_id]
                self._shared.note(peer_id)
                self._subscriptions.publish(PeerLeft(now or replace(before, present=False)))
            return
        self._peers[peer_id] = now
        if before != now:
            self._shared.note(peer_id)
            self._subscriptions.publish(PeerAppeared(now) if before is None else PeerChanged(now))
        self._warn(now)
        name = self._roster.new_name_of(peer_id)
        if name and self._asked_names.get(peer_id) != name and self._ask_name(peer_id):
            self._asked_names[peer_id] = name

    def _warn(self, peer: Peer) -> None:
        if peer.trust is not Trust.CHANGED or peer.is_old_key or peer.id in self._warned:
            return
        namesake = self._roster.pinned_namesake(peer)
        if namesake is not None:
            self._warned.add(peer.id)
            self._subscriptions.publish(KeyChanged(peer, namesake))
