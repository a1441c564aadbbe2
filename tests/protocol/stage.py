"""A stage for one Discovery machine: actors at addresses, a virtual clock, and a log of what came of it."""

import random
from dataclasses import dataclass, field, replace

from lanmsg.model import PeerId, Status
from lanmsg.protocol.announcement import (
    NO_TOKEN,
    Announcement,
    Broadcast,
    Kind,
    Source,
    Unicast,
    decode_announcement,
    instance_of,
)
from lanmsg.protocol.discovery import Discovery
from lanmsg.protocol.events import PresenceEvent, PresenceLeft

ME = PeerId(b"\xee" * 32)


@dataclass(frozen=True)
class Actor:
    """Somebody at an address, who says what is wanted: the truth or not."""

    name: str
    host: str
    peer: PeerId
    secret: bytes = b"s" * 16
    port: int = 2372
    tcp_port: int = 2372
    status: Status = Status.AVAILABLE
    lifetime_s: int = 12
    on_link: bool = True

    @property
    def instance(self) -> bytes:
        return instance_of(self.secret)

    def says(self, kind: Kind, token: bytes = NO_TOKEN) -> bytes:
        return Announcement(
            kind, self.peer, self.instance, token, self.tcp_port, self.lifetime_s, self.status, self.name
        ).encode()

    def announce(self) -> bytes:
        return self.says(Kind.ANNOUNCE)

    def query(self, token: bytes = b"q" * 16) -> bytes:
        return self.says(Kind.QUERY, token)

    def reply(self, token: bytes) -> bytes:
        return self.says(Kind.REPLY, token)

    def bye(self, secret: bytes | None = None) -> bytes:
        return self.says(Kind.BYE, self.secret if secret is None else secret)

    def source(self, *, to_everyone: bool = True) -> Source:
        return Source(self.host, self.port, "eth0", self.on_link, to_everyone)

    def restarted(self, secret: bytes = b"t" * 16) -> "Actor":
        return replace(self, secret=secret)

    def moved(self, host: str) -> "Actor":
        return replace(self, host=host)


def actor(number: int, name: str = "") -> Actor:
    return Actor(
        name or f"actor-{number}",
        f"10.1.{number >> 8}.{number & 255}",
        PeerId(number.to_bytes(4, "big") + b"\1" * 28),
    )


@dataclass
class Stage:
    """`present`: actors who answer every question that reaches their address, at once."""

    machine: Discovery
    now: float = 0.0
    present: list[Actor] = field(default_factory=list)
    sent: list[tuple[float, Broadcast | Unicast]] = field(default_factory=list)
    events: list[tuple[float, PresenceEvent]] = field(default_factory=list)

    def hear(self, data: bytes, source: Source) -> None:
        self.machine.receive_datagram(data, source, self.now)
        self.run_until(self.now)

    def announce(self, who: Actor) -> None:
        """Who is on stage from now on, and says so to everyone."""
        if who not in self.present:
            self.present.append(who)
        self.hear(who.announce(), who.source())

    def exit(self, who: Actor) -> None:
        """Without a word."""
        self.present.remove(who)

    def run_until(self, end: float) -> None:
        self.settle()
        while (deadline := self.machine.next_deadline()) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            self.machine.handle_deadline(self.now)
            self.settle()
        self.now = end

    def run_with_announcements(self, end: float, every: float = 5.0) -> None:
        """Those who are present announce all the while."""
        while self.now < end:
            self.run_until(min(end, self.now + every))
            for who in list(self.present):
                self.hear(who.announce(), who.source())

    def settle(self) -> None:
        """Carry what the machine sends to the actors, and what they answer back, until all is quiet."""
        while datagrams := self.machine.datagrams_to_send(self.now):
            for datagram in datagrams:
                self.sent.append((self.now, datagram))
                if isinstance(datagram, Unicast):
                    self._deliver(datagram)
        self.events += [(self.now, event) for event in self.machine.events()]

    def _deliver(self, datagram: Unicast) -> None:
        said = decode_announcement(datagram.data)
        for who in self.present:
            if (who.host, who.port) == (datagram.host, datagram.port) and said.kind is Kind.QUERY:
                self.machine.receive_datagram(who.reply(said.token), who.source(to_everyone=False), self.now)

    # --- what can be asked of the log

    def take_events(self) -> list[tuple[float, str, str]]:
        """(when, what, name) since the last call; what is the event's class, with the reason of a leave."""
        events, self.events = self.events, []
        return [(round(at, 6), describe(event), event.presence.name) for at, event in events]

    def take_sent(self) -> list[tuple[float, Kind, str]]:
        """(when, kind, host or "everyone") since the last call."""
        sent, self.sent = self.sent, []
        return [
            (
                round(at, 6),
                decode_announcement(each.data).kind,
                "everyone" if isinstance(each, Broadcast) else each.host,
            )
            for at, each in sent
        ]

    def names(self) -> set[str]:
        return {presence.name for presence in self.machine.present()}

    def hosts_of(self, who: Actor) -> list[str]:
        return [
            address.host
            for presence in self.machine.present()
            if presence.peer == who.peer
            for address in presence.addresses
        ]


def describe(event: PresenceEvent) -> str:
    word = type(event).__name__.removeprefix("Presence").lower()
    return f"{word} {event.reason.value}" if isinstance(event, PresenceLeft) else word


def new_machine(*, announce: bool = True, seed: int = 1, now: float = 0.0) -> Discovery:
    return Discovery(
        ME, tcp_port=2372, name="me", random_bytes=random.Random(seed).randbytes, now=now, announce=announce
    )


def new_stage(*, announce: bool = True) -> Stage:
    """A machine that has asked its first questions, on an empty LAN."""
    stage = Stage(new_machine(announce=announce))
    stage.run_until(4.5)
    stage.take_sent()
    return stage
