"""A LAN in memory: datagrams and streams with a delay, walls between hosts, and everything overheard."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from lanmsg.model import Address
from lanmsg.node.dialer import UnreachableError
from lanmsg.protocol.constants import PORT

DELAY_S = 0.005
DIAL_TIMEOUT_S = 3.0


class Hearer(Protocol):
    def hear(self, data: bytes, host: str, *, to_everyone: bool) -> None: ...


class Wire:
    """One end of a stream, with what the programs use of a socket."""

    def __init__(self, network: "Network", host: str) -> None:
        self.host = host
        self.number = next(network.numbers)
        self.other: Wire = self
        self._network = network
        self._arrived = bytearray()
        self._late = bytearray()
        self.held = False
        self._ended = False
        self._some = asyncio.Event()

    def getsockname(self) -> tuple[str, int]:
        return self.host, PORT

    def send(self, data: bytes) -> None:
        if self._ended or self.other._ended:
            raise ConnectionResetError
        self._network.overheard += data
        self._network.later(lambda: self.other._arrive(data))

    async def receive(self, n: int) -> bytes:
        while not self._arrived and not self._ended:
            self._some.clear()
            await self._some.wait()
        data = bytes(self._arrived[:n])
        del self._arrived[:n]
        return data

    def hold(self) -> None:
        """What comes is late from now on."""
        self.held = True

    def release(self) -> None:
        self.held = False
        late, self._late = bytes(self._late), bytearray()
        self._arrive(late)

    def break_off(self) -> None:
        """For both ends, without a word; what is on its way is lost."""
        for end in (self, self.other):
            end._ended = True
            end._some.set()

    def shutdown(self, how: int) -> None:
        self.close()

    def close(self) -> None:
        """What was sent before still arrives."""
        self._network.wires.discard(self)
        self._ended = True
        self._some.set()
        self._network.later(self.other._end)

    def _end(self) -> None:
        self._ended = True
        self._some.set()

    def _arrive(self, data: bytes) -> None:
        if self._ended:
            return
        if self.held or not self._network.joins(self.host, self.other.host):
            self._late += data
        else:
            self._arrived += data
            self._some.set()


@dataclass(slots=True)
class Network:
    loop: asyncio.AbstractEventLoop
    hearers: dict[str, Hearer] = field(default_factory=dict)
    listeners: dict[str, Callable[[Wire, Address], None]] = field(default_factory=dict)
    walls: set[frozenset[str]] = field(default_factory=set)
    wires: set[Wire] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)
    overheard: bytearray = field(default_factory=bytearray)
    down: set[str] = field(default_factory=set)
    stolen: dict[str, str] = field(default_factory=dict)
    """Who dials the first address gets the second one, as somebody on the path can have it."""

    def joins(self, one: str, other: str) -> bool:
        return frozenset((one, other)) not in self.walls and not {one, other} & self.down

    def later(self, work: Callable[[], None]) -> None:
        self.loop.call_later(DELAY_S, work)

    def datagram(self, data: bytes, sender: str, receiver: str, *, to_everyone: bool) -> None:
        self.overheard += data

        def arrive() -> None:
            if (hearer := self.hearers.get(receiver)) is not None and self.joins(sender, receiver):
                hearer.hear(data, sender, to_everyone=to_everyone)

        self.later(arrive)

    def broadcast(self, data: bytes, sender: str) -> None:
        for host in sorted(self.hearers):
            if host != sender:
                self.datagram(data, sender, host, to_everyone=True)

    async def dial(self, address: Address, source: str) -> Wire:
        host = self.stolen.get(address.host, address.host)
        if not self.joins(source, host):
            await asyncio.sleep(DIAL_TIMEOUT_S)
            raise UnreachableError(f"{address}: no answer")
        await asyncio.sleep(DELAY_S)
        accept = self.listeners.get(host)
        if accept is None:
            raise UnreachableError(f"{address}: refused")
        ours, theirs = Wire(self, source), Wire(self, host)
        ours.other, theirs.other = theirs, ours
        self.wires |= {ours, theirs}
        accept(theirs, Address(source, 40_000))
        return ours

    def mend(self, host: str = "") -> None:
        """Walls fall (those around `host`, or all), what waited behind them arrives, and nobody is robbed."""
        self.stolen.pop(host, None) if host else self.stolen.clear()
        self.walls = {wall for wall in self.walls if host and host not in wall}
        for wire in list(self.wires):
            if self.joins(wire.host, wire.other.host):
                wire.release()

    def take_down(self, host: str) -> None:
        """Its machine stops in this moment."""
        self.down.add(host)
        self.hearers.pop(host, None)
        self.listeners.pop(host, None)
        for wire in list(self.wires):
            if wire.host == host:
                wire.break_off()
                self.wires -= {wire, wire.other}
