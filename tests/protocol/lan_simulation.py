"""One broadcast domain on a virtual clock: many Discovery machines, loss, and a count of every datagram.

Time passes in ticks of a millisecond, in which a node takes in all that arrived, as its event loop would.
"""

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field

from lanmsg.model import PeerId
from lanmsg.protocol.announcement import Announcement, Kind
from lanmsg.protocol.discovery import Broadcast, Discovery, Source, Unicast
from lanmsg.protocol.events import PresenceAppeared, PresenceEvent, PresenceLeft
from lanmsg.protocol.presence_table import Endpoint
from lanmsg.protocol.probes import Probe
from lanmsg.protocol.sightings import Sightings

TICK_S = 0.001
UDP_PORT = 2372
MAX_NODES = 8000


@dataclass
class Traffic:
    """What was sent between two moments, and where it arrived."""

    broadcasts: int = 0
    unicasts: int = 0
    received: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    by_second: Counter[int] = field(default_factory=Counter)

    @property
    def sent(self) -> int:
        return self.broadcasts + self.unicasts

    @property
    def peak_per_second(self) -> int:
        return max(self.by_second.values(), default=0)


class Headcount(Sightings):
    """In place of a table, for networks whose tables do not fit into one host: who was heard, and no more.

    Such a node asks, announces and answers like any other, but sends no probes and tells no events.
    """

    def __init__(self, size: int) -> None:
        self._heard = bytearray(size)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def heard(self, said: Announcement, source: Source, now: float) -> None:
        index = index_of(said.peer)
        self._count += not self._heard[index]
        self._heard[index] = 1

    def replied(self, said: Announcement, source: Source, now: float) -> bool:
        return False

    def left(self, said: Announcement) -> None:
        index = index_of(said.peer)
        self._count -= self._heard[index]
        self._heard[index] = 0

    def allow_questions(self) -> None: ...
    def handle_deadline(self, now: float) -> None: ...

    def next_deadline(self) -> float | None:
        return None

    def probes_to_send(self) -> list[Probe]:
        return []

    def events(self) -> list[PresenceEvent]:
        return []

    def endpoints(self) -> list[Endpoint]:
        return []


def index_of(peer: PeerId) -> int:
    return int.from_bytes(peer[:4], "big")


@dataclass(eq=False)
class Node:
    """A machine at an address. `knows`: indexes of the nodes that it shows as present.

    `is_whole`: it keeps a table, and is asked whether that is right.
    """

    index: int
    machine: Discovery
    source: Source
    is_whole: bool = True
    is_up: bool = True
    wake_at: int = 0
    knows: set[int] = field(default_factory=set)


class Lan:
    """Nodes on one link. `loss`: chance that a copy of a datagram does not arrive. Latency: 1 to 3 ticks."""

    def __init__(self, *, loss: float = 0.0, seed: int = 1, whole: int = MAX_NODES) -> None:
        """Only the first `whole` nodes keep tables; the others are headcounts."""
        self.whole = whole
        self.random = random.Random(seed)
        self.loss = loss
        self.tick = 0
        self.nodes: list[Node] = []
        self.traffic = Traffic()
        self.false_departures = 0
        self._by_host: dict[str, Node] = {}
        self._wakes: list[tuple[int, int]] = []
        self._in_flight: dict[int, list[tuple[Node, Broadcast | Unicast]]] = {}

    @property
    def now(self) -> float:
        return self.tick * TICK_S

    # --- what happens to nodes

    def add(self) -> Node:
        """A host boots, at the present moment."""
        index = len(self.nodes)
        host = f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}"
        machine = Discovery(
            PeerId(index.to_bytes(4, "big") + b"\1" * 28),
            tcp_port=2372,
            name=f"node-{index}",
            random_bytes=self.random.randbytes,
            now=self.now,
        )
        node = Node(index, machine, Source(host, UDP_PORT, "lan0", on_link=True), index < self.whole)
        if not node.is_whole:
            machine._sightings = Headcount(MAX_NODES)
        self.nodes.append(node)
        self._by_host[host] = node
        self._pump(node)
        return node

    def add_within(self, count: int, seconds: float) -> None:
        """Hosts boot one after the other, at times by chance."""
        start = self.now
        for at in sorted(self.random.uniform(0, seconds) for _ in range(count)):
            self.run_until(start + at)
            self.add()

    def crash(self, node: Node) -> None:
        node.is_up = False

    def leave(self, node: Node) -> None:
        node.machine.leave(self.now)
        self._pump(node)
        node.is_up = False

    # --- what can be seen

    @property
    def up(self) -> list[Node]:
        return [node for node in self.nodes if node.is_up]

    def know_each_other(self) -> bool:
        up = {node.index for node in self.up}
        return all(node.knows == up - {node.index} for node in self.up if node.is_whole)

    def run_until(self, end: float) -> None:
        last = round(end / TICK_S)
        while (due := self._next_tick()) is not None and due <= last:
            self.tick = max(self.tick, due)
            self._run_tick()
        self.tick = max(self.tick, last)

    def run_until_all_know(self, *, limit: float, step: float = 0.05) -> float | None:
        """How long it takes until the lists of all are right; None: not within `limit`."""
        start = self.now
        while self.now < start + limit:
            self.run_until(self.now + step)
            if self.know_each_other():
                return self.now - start
        return None

    def take_traffic(self) -> Traffic:
        traffic, self.traffic = self.traffic, Traffic()
        return traffic

    # --- the wire

    def _next_tick(self) -> int | None:
        while self._wakes:
            tick, index = self._wakes[0]
            if self.nodes[index].is_up and self.nodes[index].wake_at == tick:
                break
            heapq.heappop(self._wakes)
        due = [self._wakes[0][0]] if self._wakes else []
        due += [min(self._in_flight)] if self._in_flight else []
        return min(due, default=None)

    def _run_tick(self) -> None:
        awake: dict[int, Node] = {}
        for sender, datagram in self._in_flight.pop(self.tick, ()):
            self._arrive(sender, datagram, awake)
        while self._wakes and self._wakes[0][0] <= self.tick:
            tick, index = heapq.heappop(self._wakes)
            if self.nodes[index].is_up and self.nodes[index].wake_at == tick:
                awake[index] = self.nodes[index]
        for node in awake.values():
            self._pump(node)

    def _arrive(self, sender: Node, datagram: Broadcast | Unicast, awake: dict[int, Node]) -> None:
        now, loss, chance = self.now, self.loss, self.random.random
        if isinstance(datagram, Broadcast):
            hearers, source = self.nodes, sender.source
        else:
            hearers = [node] if (node := self._by_host.get(datagram.host)) else []
            source = sender.source._replace(to_everyone=False)
        arrived = 0
        for node in hearers:
            if not node.is_up or node is sender or (loss and chance() < loss):
                continue
            node.machine.receive_datagram(datagram.data, source, now)
            awake[node.index] = node
            arrived += 1
        self.traffic.received += arrived

    def _pump(self, node: Node) -> None:
        now = self.now
        if self.tick >= node.wake_at:
            node.machine.handle_deadline(now)
        for datagram in node.machine.datagrams_to_send(now):
            self._count(datagram)
            self._in_flight.setdefault(self.tick + self.random.randint(1, 3), []).append((node, datagram))
        for event in node.machine.events():
            index = index_of(event.presence.peer)
            if isinstance(event, PresenceAppeared):
                node.knows.add(index)
            elif isinstance(event, PresenceLeft):
                node.knows.discard(index)
                self.false_departures += self.nodes[index].is_up
        deadline = node.machine.next_deadline()
        if deadline is not None:
            wake_at = max(self.tick + 1, int(deadline / TICK_S) + 1)
            if wake_at != node.wake_at:
                node.wake_at = wake_at
                heapq.heappush(self._wakes, (wake_at, node.index))

    def _count(self, datagram: Broadcast | Unicast) -> None:
        traffic = self.traffic
        if isinstance(datagram, Broadcast):
            traffic.broadcasts += 1
        else:
            traffic.unicasts += 1
        cast = "" if isinstance(datagram, Broadcast) else "unicast "
        traffic.kinds[cast + Kind(datagram.data[5]).name] += 1
        traffic.by_second[int(self.now)] += 1
