"""Who attacks: python -m tests.siege.attackers ATTACK[,…] HOST TCP UDP SECONDS [SOURCES]; says what it did.

SOURCES are the first three numbers of addresses to come from, as in 127.90.1; without, the system chooses.
"""

import asyncio
import contextlib
import json
import os
import random
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, cycle

from lanmsg.model import MessageId, PeerId, Status, TransferId
from lanmsg.protocol import payload as wire
from lanmsg.protocol.announcement import NO_TOKEN, Announcement, Kind
from lanmsg.protocol.constants import M1_BYTES, M2_BYTES, M3_BYTES, TEXT_MAX_BYTES
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.events import PayloadReceived, SessionClosed
from lanmsg.protocol.record import RecordKind, seal_record
from lanmsg.protocol.session import Session
from tests.siege.keys import READY, crowd_key

SLOW_SOCKETS = 1_000
HANDSHAKES_PER_S = 500
DATAGRAMS_PER_S = 50_000
CROWD = 2
"""Keys of each flood; they come and go all the time."""

ANSWERS_KEPT = 100
HOSTILE = "\x1b[2J\x1b]0;gone\x07\u202e\x9b31m\r\n" * 3
CLAIMS = (b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff")
NESTED = b"\x91" * 60_000


@dataclass
class Target:
    host: str
    tcp: int
    udp: int
    until: float
    sources: Iterator[str | None]
    done: Counter[str] = field(default_factory=Counter)
    oldest: float = 0.0
    """Seconds that one of our sockets was let live."""

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.until

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        source = next(self.sources)
        async with asyncio.timeout(5):
            opened = await asyncio.open_connection(
                self.host, self.tcp, local_addr=None if source is None else (source, 0)
            )
        self.done["connected"] += 1
        return opened


def sources_in(network: str) -> Iterator[str | None]:
    return cycle([f"{network}.{number}" for number in range(1, 251)]) if network else cycle([None])


def first_message() -> bytes:
    session = Session.initiator(crowd_key(4), expected=None, entropy=Entropy(os.urandom), now=0.0)
    return session.data_to_send()


async def slow(target: Target) -> None:
    """One byte of a perfect M1 a second, on a thousand sockets."""
    m1 = first_message()

    async def one() -> None:
        while not target.is_over:
            try:
                reader, writer = await target.connect()
            except (OSError, TimeoutError):
                await asyncio.sleep(0.5)
                continue
            begun = time.monotonic()
            with contextlib.suppress(OSError):
                for byte in m1:
                    writer.write(bytes((byte,)))
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(1):
                            await reader.read()
                            break
                    if time.monotonic() >= target.until:
                        break
            target.oldest = max(target.oldest, time.monotonic() - begun)
            target.done["closed"] += not target.is_over
            writer.transport.abort()
            await asyncio.sleep(0.2)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(SLOW_SOCKETS):
            tasks.create_task(one())


async def handshakes(target: Target) -> None:
    """Half of them garbage where RSA is asked for, half by strangers with good keys."""
    m1, turn = first_message(), count()

    async def garbage() -> None:
        reader, writer = await target.connect()
        with contextlib.closing(writer):
            writer.write(m1)
            await reader.readexactly(M2_BYTES)
            writer.write(b"\x03" + (M3_BYTES - 3).to_bytes(2) + os.urandom(M3_BYTES - 3))
            await reader.read()
            target.done["garbage judged"] += 1

    async def stranger() -> None:
        line = Line(target, await target.connect(), 4 + next(turn) % CROWD)
        with contextlib.closing(line.writer):
            if await line.opens():
                target.done["proven"] += 1

    async def one(attempt: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(8):
                await attempt()
        except (OSError, EOFError, TimeoutError):
            target.done["turned away"] += 1

    async with asyncio.TaskGroup() as tasks:
        begun = time.monotonic()
        while not target.is_over:
            tasks.create_task(one(stranger if next(turn) % 2 else garbage))
            ahead = begun + target.done["begun"] / HANDSHAKES_PER_S - time.monotonic()
            target.done["begun"] += 1
            await asyncio.sleep(max(0.0, ahead))


async def datagrams(target: Target) -> None:
    """A crowd that is not there: each datagram another fingerprint, from many addresses."""
    template = Announcement(
        Kind.ANNOUNCE, PeerId(b"\x11" * 32), b"\x22" * 8, NO_TOKEN, 2372, 12, Status.AVAILABLE, "eve"
    ).encode()
    place = template.index(b"\x11" * 32)
    socks = []
    for source, _ in zip(target.sources, range(50), strict=False):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((source or "", 0))
        sock.setblocking(False)
        socks.append(sock)
    address, begun = (target.host, target.udp), time.monotonic()
    randoms = random.Random(7)
    for sock in cycle(socks):
        if target.is_over:
            break
        with contextlib.suppress(BlockingIOError):
            for _ in range(100):
                who = randoms.randbytes(40)
                sock.sendto(template[:place] + who + template[place + 40 :], address)
                target.done["sent"] += 1
        ahead = begun + target.done["sent"] / DATAGRAMS_PER_S - time.monotonic()
        await asyncio.sleep(max(0.0, ahead))
    for sock in socks:
        sock.close()


class Line:
    """A stranger's session."""

    def __init__(
        self, target: Target, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], key: int
    ) -> None:
        self.target = target
        self.reader, self.writer = streams
        self.payloads: list[wire.Payload] = []
        self.session = Session.initiator(
            crowd_key(key), expected=None, entropy=Entropy(os.urandom), now=time.monotonic()
        )

    async def heard(self) -> list[wire.Payload]:
        """What came last, after the next that comes."""
        assert await self.read(), "it hung up"
        return self.payloads

    async def opens(self) -> bool:
        self.flush()
        while self.session.peer is None and await self.read():
            pass
        if self.session.peer is None:
            return False
        self.say(wire.Profile(HOSTILE[:40], 0, HOSTILE[:100], 0, HOSTILE[:40]))
        return True

    def say(self, payload: wire.Payload) -> None:
        self.session.send(payload, time.monotonic())
        self.flush()

    def say_raw(self, plaintext: bytes) -> None:
        """A record that opens, and holds whatever."""
        self.writer.write(
            seal_record(self.session._send_key, RecordKind.PAYLOAD, plaintext, time.monotonic())
        )

    async def read(self) -> bool:
        data = await self.reader.read(1 << 16)
        (self.session.receive_data if data else self._ended)(data, time.monotonic())
        self.flush()
        events = self.session.events()
        self.target.done["answers"] += len(events)
        self.payloads += [each.payload for each in events if isinstance(each, PayloadReceived)]
        del self.payloads[:-ANSWERS_KEPT]
        return bool(data) and not any(isinstance(each, SessionClosed) for each in events)

    def _ended(self, data: bytes, now: float) -> None:
        del data
        self.session.receive_eof(now)

    def flush(self) -> None:
        self.writer.write(self.session.data_to_send())


async def flood(target: Target, make: Callable[[Line], None]) -> None:
    """Whatever `make` says, as fast as it is read, by all keys of the crowd, again and again."""

    async def one(key: int) -> None:
        while not target.is_over:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                line = Line(target, await target.connect(), key)
                try:
                    await speak(line)
                finally:
                    line.writer.transport.abort()
            await asyncio.sleep(0.2)

    async def speak(line: Line) -> None:
        async with asyncio.timeout(8):
            if not await line.opens():
                return
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(listen(line))
            while not target.is_over and not reading.done():
                make(line)
                target.done["said"] += 1
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await line.writer.drain()
                await asyncio.sleep(0)
            reading.cancel()

    async def listen(line: Line) -> None:
        with contextlib.suppress(OSError):
            while await line.read():
                pass

    async with asyncio.TaskGroup() as tasks:
        for key in range(READY - CROWD, READY):
            tasks.create_task(one(key))


async def messages(target: Target) -> None:
    long = (HOSTILE * TEXT_MAX_BYTES)[: TEXT_MAX_BYTES // 4]

    def make(line: Line) -> None:
        target.done["bytes"] += len(long)
        line.say(wire.Message(MessageId(os.urandom(16)), "private", long, 0))

    await flood(target, make)


async def offers(target: Target) -> None:
    files = tuple(
        wire.OfferedItem(f"{number}{HOSTILE[:90]}.pdf", 1 << 40, folder=False) for number in range(100)
    )

    def make(line: Line) -> None:
        made = wire.Offer(TransferId(os.urandom(16)), files, 100, 100 << 40, HOSTILE, 600)
        line.say(made)
        line.say(wire.Cancel(made.id, HOSTILE[:100]))

    await flood(target, make)


async def claims(target: Target) -> None:
    """Lengths of 4 GiB, wherever a length is read: frames, records, arrays, maps, texts, bytes, and depth."""
    raw = (
        struct.pack(">BH", 1, 0xFFFF) + b"LMSG" + b"\xff" * 4000,
        b"\xff\xff\xff\xff" * 1000,
        first_message() + struct.pack(">BH", 3, 0xFFFF) + b"\xff" * 4000,
        b"\x10\xff\xff\xff" * M1_BYTES,
    )
    inside = cycle((*CLAIMS, *(each + b"\xff" * 60_000 for each in CLAIMS), NESTED))

    async def outside() -> None:
        for data in cycle(raw):
            if target.is_over:
                return
            with contextlib.suppress(OSError, TimeoutError):
                reader, writer = await target.connect()
                writer.write(data)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await reader.read()
                writer.transport.abort()
            target.done["claimed"] += 1
            await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(outside())
        tasks.create_task(flood(target, lambda line: line.say_raw(next(inside))))


ATTACKS = {each.__name__: each for each in (slow, handshakes, datagrams, claims, offers, messages)}


async def begin(attack: str, target: Target) -> dict[str, object]:
    """Until its time is over, whatever it waits for then."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(target.until - time.monotonic() + 0.5):
            await ATTACKS[attack](target)
    return {"attack": attack, "oldest": round(target.oldest, 1), **target.done}


async def main(attacks: str, host: str, tcp: str, udp: str, seconds: str, network: str = "") -> None:
    until = time.monotonic() + float(seconds)
    targets = {
        each: Target(host, int(tcp), int(udp), until, sources_in(network)) for each in attacks.split(",")
    }
    done = await asyncio.gather(*(begin(*each) for each in targets.items()))
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
