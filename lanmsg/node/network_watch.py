"""What it means that our addresses come and go: for open sessions, for files on their way, for the person."""

import asyncio
from collections.abc import Callable

from lanmsg.config import Settings
from lanmsg.model import PeerId
from lanmsg.node.air import Air, Ways
from lanmsg.node.bulk import BulkRuns
from lanmsg.node.sessions import Sessions
from lanmsg.node.static_peers import StaticPeers
from lanmsg.node.tasks import Tasks

MEET_OFFSETS_S = (0.2, 1.0, 2.0)
"""After a change: a connection that was cut has ended by then, and the system has settled."""


class NetworkWatch:
    def __init__(
        self,
        settings: Settings,
        air: Air,
        sessions: Sessions,
        runs: BulkRuns,
        static: StaticPeers,
        *,
        tasks: Tasks,
        notice: Callable[[str, str], None],
    ):
        self._names_interfaces = bool(settings.interfaces)
        self._air = air
        self._sessions = sessions
        self._runs = runs
        self._static = static
        self._tasks = tasks
        self._notice = notice
        self._said: tuple[str, str] | None = None
        self._cut: set[PeerId] = set()

    def check(self, *, listening: bool) -> None:
        """Said once each time the network goes, and when there is one again that is not to be used."""
        said = self._why_cut_off(listening=listening)
        if said and said != self._said:
            self._notice(*said)
        self._said = said

    def _why_cut_off(self, *, listening: bool) -> tuple[str, str] | None:
        """With no network nobody else can appear. None: there is one."""
        used = [each for each in self._air.interfaces if not each.skipped]
        if self._names_interfaces or any(not each.address.startswith("127.") for each in used):
            return None
        untrusted = [each for each in self._air.interfaces if each.is_untrusted]
        if untrusted:
            return f"quiet on {untrusted[0].name}: {untrusted[0].skipped}", "nobody there sees you"
        if listening:
            return "there is no network", "it is used as soon as there is one; lanmsg doctor says more"
        return None

    def moved(self, ways: Ways, *, is_better: bool) -> None:
        ours = ways.open if is_better else ways.all
        self._sessions.network_changed(ours, is_better=is_better)
        self._cut |= self._runs.network_changed(ours)
        if not is_better:
            return
        self._static.network_changed()
        for peer in self._cut:
            self._tasks.start(self._meet(peer))
        self._cut = set()

    def suspect(self, peer: PeerId, host: str = "") -> None:
        """It may have moved; it is at `host`, if that is given."""
        if self._runs.any_elsewhere(peer, host):
            self._tasks.start(self._cut_stalled(peer, host))

    async def _cut_stalled(self, peer: PeerId, host: str) -> None:
        """Sessions went the same way; what is said on them would be lost, and said again only later."""
        left = await self._runs.cut_stalled(peer, host)
        for connection in self._sessions.open_with(peer):
            if connection.remote.host in left:
                connection.abort()

    async def _meet(self, peer: PeerId) -> None:
        """The other side learns from it where we are, and goes on with what we were at."""
        for offset in MEET_OFFSETS_S:
            await asyncio.sleep(offset)
            await self._sessions.meet(peer)
