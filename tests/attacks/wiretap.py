"""Somebody on the path between two real nodes: carries the bytes of each connection, and may change them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from lanmsg.model import Address

Change = Callable[[int, bytes], bytes]
"""What becomes of bytes that begin at that place of the stream of the side that dialled."""


def unchanged(_at: int, data: bytes) -> bytes:
    return data


@dataclass
class Tapped:
    """One connection; what each side has sent."""

    dialler: bytearray = field(default_factory=bytearray)
    listener: bytearray = field(default_factory=bytearray)


class Wiretap:
    """Listens at `address`, and passes on to `target` what comes."""

    def __init__(self, target: Address, change: Change) -> None:
        self.address = Address("", 0)
        self.target = target
        self.change = change
        self.connections: list[Tapped] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tapped = Tapped()
        self.connections.append(tapped)
        self._writers.append(writer)
        try:
            onward = await asyncio.open_connection(self.target.host, self.target.port)
        except OSError:
            writer.close()
            return
        self._writers.append(onward[1])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_pump(reader, onward[1], tapped.dialler, self.change))
            tasks.create_task(_pump(onward[0], writer, tapped.listener, unchanged))

    @property
    def captured(self) -> bytes:
        return b"".join(bytes(each.dialler + each.listener) for each in self.connections)

    def close(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray, change: Change
) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            at = len(kept)
            kept += data
            writer.write(change(at, data))
            await writer.drain()
        writer.write_eof()


@asynccontextmanager
async def wiretap(host: str, target: Address, change: Change = unchanged) -> AsyncIterator[Wiretap]:
    tap = Wiretap(target, change)
    server = await asyncio.start_server(tap.carry, host, 0)
    tap.address = Address(host, server.sockets[0].getsockname()[1])
    try:
        yield tap
    finally:
        server.close()
        tap.close()
