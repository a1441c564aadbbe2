"""Days of an office, compressed: people come, write, hand over files and go; one node sees it all.

A day is what 20 people do on one: each comes and goes twice, writes 75 messages, 10 of them to everyone,
and two of them hand over a file. The nights, in which only announcements pass, are left out.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lanmsg.api import EVERYONE, Conversation, LanmsgError, Node, PeerId, Settings, open_node
from lanmsg.protocol.identity import generate_identity
from lanmsg.storage.identity import save_key

PEOPLE = 20
VISITS = 2
MESSAGES = 75
TO_EVERYONE = 10
FILES = 2
AT_ONCE = 5
"""So many are here at the same time: the others have gone already, or not come yet."""

FILE_BYTES = 200_000
PATIENCE_S = 60.0
WARM_UP_DAYS = 2
MAY_GROW = {"fds": 2.0, "sockets": 2.0, "tasks": 2.0, "threads": 1.0, "sessions": 1.0}

Sample = dict[str, float]


@dataclass(frozen=True, slots=True)
class Office:
    folder: Path
    network: str
    """The first three numbers of a loopback network."""
    port: int
    people: int = PEOPLE
    messages: int = MESSAGES

    def settings(self, number: int) -> Settings:
        home = self.folder / f"person{number}"
        if not (home / "identity.der").exists():
            save_key(home, generate_identity().to_der())
        return Settings(
            home=home,
            downloads=home / "files",
            name=f"person {number}",
            port=self.port,
            interfaces=(f"{self.network}.{number + 2}",),
        )

    async def soak(self, minutes: float, days: int = 0) -> list[Sample]:
        """A sample after each day, when all have gone home; for so long, or so many days."""
        (self.folder / "file").write_bytes(bytes(FILE_BYTES))
        samples: list[Sample] = []
        until = time.monotonic() + 60 * minutes
        async with self._subject() as (subject, peer):
            while len(samples) < days or time.monotonic() < until:
                await self._day(peer)
                samples.append(await quiet(subject))
                show(samples[-1], first=len(samples) == 1)
        return samples

    async def _day(self, subject: PeerId) -> None:
        queue = [number for _ in range(VISITS) for number in range(self.people)]

        async def door(mine: list[int]) -> None:
            for number in mine:
                await self._visit(number, subject, with_file=number % (self.people // FILES) == 0)

        # Nobody is here twice at once: each door has its own people.
        async with asyncio.TaskGroup() as tasks:
            for first in range(AT_ONCE):
                tasks.create_task(door([each for each in queue if each % AT_ONCE == first]))

    async def _visit(self, number: int, subject: PeerId, *, with_file: bool) -> None:
        async with open_node(self.settings(number), listen=True) as node:
            async with asyncio.timeout(PATIENCE_S):
                while not any(peer.id == subject for peer in node.peers()):
                    await asyncio.sleep(0.02)
            await self._talk(node, subject)
            if with_file:
                transfer = await node.offer(subject, [self.folder / "file"])
                await node.transfer_ended(transfer.number, timeout=PATIENCE_S)

    async def _talk(self, node: Node, subject: PeerId) -> None:
        last = None
        for count in range(self.messages // VISITS):
            text = f"message {count} of {node.name}{'?' if count % 5 == 0 else '.'}"
            to_all = count < TO_EVERYONE // VISITS
            try:
                last = await node.send_text(EVERYONE if to_all else Conversation.with_peer(subject), text)
            except LanmsgError:
                continue  # nobody else is here
        if last is not None:
            await node.delivered(last, timeout=PATIENCE_S)

    @asynccontextmanager
    async def _subject(self) -> AsyncIterator[tuple[asyncio.subprocess.Process, PeerId]]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.soak.subject"),
            *(str(self.folder / "subject"), f"{self.network}.1", str(self.port)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield process, PeerId(bytes.fromhex((await answer(process))["id"]))
        finally:
            process.kill()
            await process.wait()
            process._transport.close()  # type: ignore[attr-defined]  # its pipes, before the loop is gone


async def answer(process: asyncio.subprocess.Process) -> dict[str, str]:
    assert process.stdout
    async with asyncio.timeout(PATIENCE_S):
        found: dict[str, str] = json.loads(await process.stdout.readline())
    return found


async def quiet(process: asyncio.subprocess.Process) -> Sample:
    """What it costs once nobody is there any more."""
    assert process.stdin
    deadline = time.monotonic() + PATIENCE_S
    while True:
        process.stdin.write(b"\n")
        sample = {name: float(value) for name, value in (await answer(process)).items()}
        if (not sample["sessions"] and not sample["peers"]) or time.monotonic() > deadline:
            return sample
        await asyncio.sleep(0.1)


def grown(samples: list[Sample]) -> list[str]:
    """What is more at the end than after the warm-up, though nobody is there."""
    before, after = samples[min(WARM_UP_DAYS, len(samples) - 1)], samples[-1]
    return [
        f"{name} grew from {before[name]:.0f} to {after[name]:.0f}"
        for name, slack in MAY_GROW.items()
        if after[name] - before[name] > slack
    ]


def show(sample: Sample, *, first: bool) -> None:
    if first:
        print("".join(f"{name:>10}" for name in sample), flush=True)
    print("".join(f"{value:>10.1f}" for value in sample.values()), flush=True)


def main(minutes: float) -> int:
    with tempfile.TemporaryDirectory(prefix="lanmsg-soak-") as folder:
        samples = asyncio.run(Office(Path(folder), "127.9.72", 2472).soak(minutes))
    first, last = samples[min(WARM_UP_DAYS, len(samples) - 1)], samples[-1]
    print(f"{len(samples)} days; memory after the warm-up: {last['rss_mb'] - first['rss_mb']:+.1f} MB")
    faults = grown(samples)
    print("\n".join(faults) or "nothing grew that should not")
    return 1 if faults else 0
