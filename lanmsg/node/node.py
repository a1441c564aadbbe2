"""What a screen or a script can ask of a running node: people, messages, files, and the stream of events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lanmsg.config import Settings
from lanmsg.model import Address, Interface, PeerId, Status
from lanmsg.node.clock import wall_clock
from lanmsg.node.engine import Engine
from lanmsg.node.files import Files
from lanmsg.node.identity import settings_identity
from lanmsg.node.messages import Messages
from lanmsg.node.people import People
from lanmsg.node.tasks import Tasks, plainest
from lanmsg.storage.store import Store


class Node(People, Messages, Files):
    """Use it inside `lanmsg.api.open_node`. Errors for people are LanmsgError, each with its code."""

    def __init__(self, engine: Engine):
        super().__init__(engine)
        self.started_at = wall_clock()

    @classmethod
    @asynccontextmanager
    async def running(cls, settings: Settings, *, listen: bool) -> AsyncIterator["Node"]:
        """Started on entry, and stopped with a goodbye to everybody on exit. Raises LanmsgError."""
        identity = await asyncio.to_thread(settings_identity, settings)
        store = await asyncio.to_thread(Store.open, settings.home)
        try:
            async with asyncio.TaskGroup() as group:
                engine = Engine(settings, identity, store, Tasks(group))
                try:
                    node = cls(engine)
                    await engine.start(listen=listen)
                    if store.notice:
                        engine.notice(store.notice)
                    yield node
                finally:
                    await engine.stop()
        except BaseExceptionGroup as group:
            raise plainest(group) from None

    # Who we are --------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        return self._engine.settings

    @property
    def id(self) -> PeerId:
        return self._engine.me

    @property
    def name(self) -> str:
        return self._engine.appearance.profile.name

    @property
    def status(self) -> Status:
        return self._engine.appearance.profile.status

    @property
    def note(self) -> str:
        return self._engine.appearance.profile.note

    @property
    def listening(self) -> bool:
        return self._engine.listening

    @property
    def tcp(self) -> tuple[Address, ...]:
        """Where this process takes connections; empty for a dialer."""
        listener = self._engine.air.listener
        return () if listener is None else listener.addresses

    @property
    def udp_port(self) -> int:
        return self.settings.port

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        return self._engine.air.interfaces

    async def set_name(self, name: str) -> None:
        """For this run; `lanmsg config set name` makes it last."""
        await self._engine.appearance.rename(name)

    async def set_status(self, status: Status, note: str = "") -> None:
        """In whichever process of the home it is said, the listener shows it; until the listener ends."""
        await self._engine.appearance.set_status(status, note)
