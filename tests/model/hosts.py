"""Real nodes on the virtual loop and LAN: everything but sockets, threads and clocks is the program's own."""

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lanmsg.config import Settings
from lanmsg.model import Address, Interface, PeerId
from lanmsg.node import air, changes, clock, sessions
from lanmsg.node.beacon import Beacon
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.engine import Engine
from lanmsg.node.node import Node
from lanmsg.protocol.constants import PORT
from lanmsg.protocol.discovery import Broadcast, Source
from lanmsg.protocol.identity import LocalIdentity
from lanmsg.storage.identity import save_key
from tests.model.network import Network, Wire
from tests.model.virtual_loop import VirtualLoop, VirtualTime
from tests.node.neighbours import identity

POLL_S = 0.5


class ModelBeacon(Beacon):
    """The real one's timers, on the air of the model."""

    network: Network

    def look(self) -> None:
        self.network.hearers[self._wanted[0]] = self

    def listen(self, *, owned_port: bool) -> None:
        self.look()

    def overhear(self) -> None:
        """In the model everybody hears everything."""

    def rescan(self, *, slept: bool) -> None:
        pass

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        return (Interface("eth0", self._wanted[0], 24),)

    def hear(self, data: bytes, host: str, *, to_everyone: bool) -> None:
        source = Source(host, PORT, "eth0", on_link=True, to_everyone=to_everyone)
        self._discovery.receive_datagram(data, source, clock.steady_clock())
        self.flush()

    def flush(self) -> None:
        if self._closed:
            return
        me = self._wanted[0]
        for datagram in self._discovery.datagrams_to_send(clock.steady_clock()):
            if isinstance(datagram, Broadcast):
                self.network.broadcast(datagram.data, me)
            else:
                self.network.datagram(datagram.data, me, datagram.host, to_everyone=False)
        self._on_presence()
        self._set_timer()

    def source_for(self, host: str) -> str:
        return self._wanted[0]

    def close(self) -> None:
        super().close()
        if self.network.hearers.get(self._wanted[0]) is self:
            del self.network.hearers[self._wanted[0]]


class ModelListener:
    network: Network
    owns_port = True
    port = PORT

    def __init__(self, port: int, addresses: Sequence[str]) -> None:
        self._host = addresses[0]

    @property
    def addresses(self) -> tuple[Address, ...]:
        return (Address(self._host, PORT),)

    async def serve(self, accepted: Callable[[Any, Address], None]) -> None:
        self.network.listeners[self._host] = accepted
        await asyncio.Event().wait()

    def close(self) -> None:
        self.network.listeners.pop(self._host, None)


class NoWatch:
    async def wait(self, at_most: float) -> None:
        await asyncio.sleep(at_most)

    def close(self) -> None:
        pass


@dataclass(slots=True)
class Model:
    """The hosts by name. `names` may differ from what they call themselves: an impostor does."""

    folder: Path
    loop: VirtualLoop = field(default_factory=VirtualLoop)
    network: Network = field(init=False)
    nodes: dict[str, Node] = field(default_factory=dict)
    _leaving: dict[str, tuple["asyncio.Task[None]", asyncio.Event]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network = Network(self.loop)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """While it lasts, lanmsg runs on this loop's time and network."""
        beacon = type("AirBeacon", (ModelBeacon,), {"network": self.network})
        listener = type("AirListener", (ModelListener,), {"network": self.network})
        times = VirtualTime(self.loop)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "urandom", Random(PORT).randbytes)  # the same story runs the same way again
            patch.setattr(clock, "time", times)
            patch.setattr(changes, "POLL_S", POLL_S)
            patch.setattr(air, "Beacon", beacon)
            patch.setattr(air, "Listener", listener)
            patch.setattr(air, "AddressWatch", NoWatch)
            patch.setattr(sessions, "dial", self._dial)
            try:
                yield
            finally:
                for name in list(self.nodes):
                    self.crash(name)
                self.loop.close()

    def run(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))
        assert self.loop.faults == []

    def do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def start(self, name: str, *, called: str = "") -> None:
        """`called`: the name it goes by."""
        home, host = self.folder / name, self.host(name)
        if not (home / "identity.der").exists():
            save_key(home, self.key(name).to_der())
        settings = Settings(home=home, downloads=home, name=called or name, interfaces=(host,))
        self.network.down.discard(host)
        self.do(self._open(name, settings))

    def crash(self, name: str) -> None:
        """Its memory is gone in one moment, and nobody hears a word of it."""
        self.network.take_down(self.host(name))
        engine_of(self.nodes[name])._let_go = lambda store: None  # type: ignore[method-assign]  # leases stay
        self.leave(name)

    def leave(self, name: str) -> None:
        task, go = self._leaving.pop(name)
        del self.nodes[name]
        go.set()
        self.do(task)

    def host(self, name: str) -> str:
        return f"10.0.0.{sorted(KEYS).index(name) + 1}"

    def key(self, name: str) -> LocalIdentity:
        return identity(name)

    def id(self, name: str) -> PeerId:
        return self.key(name).peer_id

    async def _open(self, name: str, settings: Settings) -> None:
        ready: asyncio.Future[Node] = asyncio.get_running_loop().create_future()
        go = asyncio.Event()

        async def hold() -> None:
            async with Node.running(settings, listen=True) as node:
                ready.set_result(node)
                await go.wait()

        task = asyncio.get_running_loop().create_task(hold())
        task.add_done_callback(lambda _: ready.done() or ready.cancel())
        self.nodes[name] = await ready
        self._leaving[name] = task, go

    async def _dial(
        self, addresses: Sequence[Address], source_for: Callable[[str], str]
    ) -> tuple[Wire, Address]:
        failures = ["no address is known"]
        for address in addresses:
            try:
                return await self.network.dial(address, source_for(address.host)), address
            except UnreachableError as error:
                failures.append(str(error))
        raise UnreachableError(failures[-1])


KEYS = ("anna", "ben", "cara", "mallory")


def engine_of(node: Node) -> Engine:
    return node._engine
