"""What the tests of transfers share: files to send, and waiting for what becomes of them."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from lanmsg.model import Direction, Transfer, TransferId, TransferState
from lanmsg.node import transfers
from lanmsg.node.node import Node
from lanmsg.protocol import payload as wire
from lanmsg.storage.downloads import PartialTransfer
from tests.node.neighbours import SOON_S, Neighbours, until
from tests.node.puppet import Line, Puppet

SIZE = 8 << 20
"""More than the sockets of loopback hold at once, so that a slow receiver is felt by the sender."""

PATTERN_BYTES = 1 << 16


class Disk:
    """The receivers' disks: each write waits until it may go on."""

    def __init__(self, patch: pytest.MonkeyPatch):
        self._open = threading.Event()
        self._open.set()
        self.writes = 0
        self._sticks_at = 0
        write = PartialTransfer.write

        def slow(part: PartialTransfer, data: memoryview) -> None:
            self.writes += 1
            if self.writes == self._sticks_at:
                self._open.clear()
            self._open.wait(SOON_S)
            write(part, data)

        patch.setattr(PartialTransfer, "write", slow)

    def stick(self) -> None:
        self.writes = 0
        self._open.clear()

    def stick_after(self, writes: int) -> None:
        """From that write on, the first being 1."""
        self.writes, self._sticks_at = 0, writes

    def go_on(self) -> None:
        self._open.set()

    async def go_on_once_stopped(self, *nodes: Node) -> None:
        """When all that runs at these nodes has been told to stop; what runs waits for this disk."""
        runs = [run for node in nodes for run in node._engine.desk.runs._runs.values()]
        assert runs
        await until(lambda: all(run.stop.is_set() for run in runs))
        self.go_on()

    async def is_stuck(self) -> None:
        await until(lambda: self.writes and self.writes >= self._sticks_at)


def an_offer(transfer: bytes | None = None, **changes: Any) -> wire.Offer:
    fields: dict[str, Any] = {
        "id": TransferId(transfer or os.urandom(16)),
        "files": (wire.OfferedItem("a.txt", 5, folder=False),),
        "count": 1,
        "total": 5,
        "text": "",
        "expires": 600,
    }
    return wire.Offer(**{**fields, **changes})


def impatience(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(transfers, "TICK_S", 0.05)
    patch.setattr(transfers, "OFFER_AGAIN_S", 0.2)


def file_of(neighbours: Neighbours, name: str = "report.pdf", size: int = 1000) -> Path:
    path = neighbours.folder / name
    path.write_bytes((os.urandom(min(size, PATTERN_BYTES)) * (size // PATTERN_BYTES + 1))[:size])
    return path


async def now(node: Node, number: int) -> Transfer:
    found = await node.read(lambda store: store.transfers.get(number))
    assert found is not None
    return found


async def becomes(
    node: Node, transfer: Transfer | int, *states: TransferState, seconds: float = SOON_S
) -> Transfer:
    number = transfer if isinstance(transfer, int) else transfer.number
    current = None
    try:
        async with asyncio.timeout(seconds):
            while (current := await now(node, number)).state not in states:
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"transfer {number} did not become {states}, but {current}") from None
    return current


async def offered(node: Node, count: int = 1) -> list[Transfer]:
    """The offers that have come to this node, oldest first."""
    async with asyncio.timeout(SOON_S):
        while True:
            found = [each for each in await node.transfers() if each.direction is Direction.IN]
            if len(found) >= count:
                return found[::-1]
            await asyncio.sleep(0.005)


async def offer(sender: Node, receiver: Node, *paths: Path) -> tuple[Transfer, Transfer]:
    """The same transfer as each side has it, offered."""
    before = {each.number for each in await receiver.transfers()}
    sent = await sender.offer(receiver.id, list(paths))
    async with asyncio.timeout(SOON_S):
        while True:
            fresh = [each for each in await receiver.transfers() if each.number not in before]
            if fresh:
                return await becomes(sender, sent, TransferState.OFFERED), fresh[0]
            await asyncio.sleep(0.005)


async def asks(
    line: Line, node: Node, transfer: bytes | None = None, **changes: Any
) -> tuple[wire.Offer, Transfer]:
    """A puppet's first offer to `node`: as it was said, and as it is stored."""
    made = an_offer(transfer, **changes)
    await line.say(made)
    await line.hear(wire.Ack)
    return made, (await offered(node))[0]


async def is_asked(line: Line, puppet: Puppet, node: Node, path: Path) -> Transfer:
    """An offer of the node's that the puppet has heard and acknowledged."""
    sent = await node.offer(puppet.id, [path])
    await line.say(wire.Ack((await line.hear(wire.Offer)).id))
    return await becomes(node, sent, TransferState.OFFERED)


def saved(transfer: Transfer) -> bytes:
    return Path(transfer.paths[0]).read_bytes()


def parts_in(downloads: Path) -> list[str]:
    """Partial files and what belongs to them; os.walk passes over a folder that is removed meanwhile."""
    return [name for _, folders, files in os.walk(downloads) for name in folders + files if ".p" in name]
