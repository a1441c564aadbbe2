"""What a screen or a script can ask of a running node: people, messages, files, and the stream of events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lanmsg.config import Settings
from lanmsg.model import Address, Interface, PeerId, Status
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.engine import Engine
from lanmsg.node.files import Files
from lanmsg.node.identity import home_identity
from lanmsg.node.messages import Messages
from lanmsg.node.own_words import checked_name, checked_note
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
        identity = await asyncio.to_thread(home_identity, settings.home)
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
        return self._engine.name

    @property
    def status(self) -> Status:
        return self._engine.status

    @property
    def note(self) -> str:
        return self._engine.note

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
        self._engine.name = checked_name(name)
        self._tell_profile()

    async def set_status(self, status: Status, note: str = "") -> None:
        self._engine.status, self._engine.note = status, checked_note(note)
        self._tell_profile()

    def _tell_profile(self) -> None:
        engine = self._engine
        engine.air.discovery.set_profile(engine.name, engine.status, steady_clock())
        engine.air.flush()
        engine.sessions.tell_all(engine.own_profile())
