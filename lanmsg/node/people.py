"""People: who is here, what they are called, and how far this person trusts their keys."""

from lanmsg.model import Peer, PeerId, Trust
from lanmsg.node.clock import wall_clock
from lanmsg.node.directory import Directory
from lanmsg.node.door import Door


class People(Door):
    def peers(self, *, absent: bool = False) -> list[Peer]:
        """Who is here, by name; `absent`: also whom this home knows."""
        return self._engine.roster.all() if absent else self._engine.roster.present()

    async def find(self, who: str, *, wait: float = 0.0, dial: bool = True) -> Peer:
        """The peer meant by a name, name~HEX, fingerprint prefix or address, as soon as it is here.

        After `wait` seconds a known but absent one is returned as such, and an address is dialled if `dial`.
        Raises LanmsgError: not_found, ambiguous (with candidates), key_changed.
        """
        return await Directory(self._engine).find(who, wait, dial=dial)

    async def connect(self, host: str, port: int = 0) -> Peer:
        """Open a session with whoever is at that address. Raises LanmsgError (network): nobody answers."""
        return await Directory(self._engine).connect(host, port)

    async def set_trust(self, peer_id: PeerId, trust: Trust) -> Peer:
        """Pinning a key that goes by a pinned name puts it in the place of the old one."""
        known = self.peer(peer_id)
        before = self._engine.roster.pinned_namesake(known) if known is not None else None
        if known is not None and before is not None and trust is Trust.PINNED:
            return await self._write(
                lambda store: store.peers.succeed(before, peer_id, nickname=known.nickname, now=wall_clock())
            )
        if known is not None:
            await self._write(
                lambda store: store.peers.pin(peer_id, nickname=known.nickname, now=wall_clock())
            )
        return await self._write(lambda store: store.peers.set_trust(peer_id, trust, wall_clock()))

    async def rename(self, peer_id: PeerId, petname: str) -> Peer:
        return await self._write(lambda store: store.peers.rename(peer_id, petname, wall_clock()))
