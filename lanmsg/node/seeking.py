"""A dialer hears no announcements: for whom it waits it goes on asking (protocol.md, Discovery)."""

from lanmsg.model import PeerId
from lanmsg.node.air import Air
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.disk import Disk
from lanmsg.node.roster import Roster
from lanmsg.storage.store import Store

SOUGHT_MAX = 16
"""So many absent peers are asked for, one by one; a command waits for one, a broadcast for some."""

EVERYONE_INTERVAL_S = 30.0
"""They may come back elsewhere: everybody is asked, and 1,000 nodes answer such a question."""


class Seeker:
    """`seek` is called with each sign of life of a process that does not listen."""

    def __init__(self, disk: Disk, roster: Roster, air: Air, owner: bytes):
        self._disk = disk
        self._roster = roster
        self._air = air
        self._owner = owner
        self._everyone_at = steady_clock() + EVERYONE_INTERVAL_S
        self._asked: set[str] = set()

    async def seek(self) -> None:
        absent = [peer for peer in await self._disk.read(self._awaited) if not self._roster.is_present(peer)]
        if not absent:
            return
        for peer in absent[:SOUGHT_MAX]:
            for host in {address.host for address in self._roster.addresses_of(peer)} - self._asked:
                self._asked.add(host)
                self._air.ask_at(host)
        if steady_clock() >= self._everyone_at:
            self._everyone_at = steady_clock() + EVERYONE_INTERVAL_S
            self._air.ask_everyone()
        self._air.flush()

    def _awaited(self, store: Store) -> list[PeerId]:
        """Whom this process has something for; nobody where a listener at home sees who comes."""
        now = wall_clock()
        if store.presence.is_live(now):
            return []
        files = [each.peer for each in store.transfers.list(open_only=True)]
        words = store.history.waiting_peers(owner=self._owner, now=now, only_own=True)
        return list(dict.fromkeys([*words, *files]))
