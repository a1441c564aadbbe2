"""The TCP sockets that others dial: the well-known port if it is free, else one of the system's choice."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Sequence

from lanmsg.model import Address
from lanmsg.protocol.constants import LISTEN_BACKLOG

Accepted = Callable[[socket.socket, Address], None]


class Listener:
    """Listens on every address, or only on those given. `owns_port`: the port asked for is ours."""

    def __init__(self, port: int, addresses: Sequence[str] = ()):
        self.owns_port = True
        self._sockets = self._bind(addresses, port)
        if not self._sockets:
            self.owns_port = False
            self._sockets = self._bind(addresses, 0)
        if not self._sockets:
            raise OSError(errno.EADDRNOTAVAIL, "no TCP port can be had")

    @property
    def port(self) -> int:
        port: int = self._sockets[0].getsockname()[1]
        return port

    @property
    def addresses(self) -> tuple[Address, ...]:
        return tuple(Address(*sock.getsockname()[:2]) for sock in self._sockets)

    async def serve(self, accepted: Accepted) -> None:
        """Run for ever, handing over each connection that is made."""
        async with asyncio.TaskGroup() as tasks:
            for sock in self._sockets:
                tasks.create_task(self._accept(sock, accepted))

    def close(self) -> None:
        for sock in self._sockets:
            with contextlib.suppress(RuntimeError):  # no event loop, so nobody waits for it there
                # Otherwise the next socket that gets its number would inherit that wait.
                asyncio.get_running_loop().remove_reader(sock)
            sock.close()

    async def _accept(self, listening: socket.socket, accepted: Accepted) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, source = await loop.sock_accept(listening)
            except OSError:
                # Out of descriptors, most likely: let open connections end before the next attempt.
                await asyncio.sleep(0.1)
                continue
            with contextlib.suppress(OSError):  # some systems refuse it on what was reset meanwhile
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            scope = f"%{source[3]}" if len(source) == 4 and source[3] and "%" not in source[0] else ""
            accepted(sock, Address(source[0] + scope, source[1]))

    def _bind(self, addresses: Sequence[str], port: int) -> list[socket.socket]:
        """Sockets for all the addresses on one port, or none at all."""
        bound: list[socket.socket] = []
        wanted = [(socket.AF_INET6 if ":" in each else socket.AF_INET, each) for each in addresses]
        try:
            for family, host in wanted or [(socket.AF_INET, "")]:
                bound.append(_listening(family, host, port))
                port = bound[0].getsockname()[1]
        except OSError:
            for sock in bound:
                sock.close()
            return []
        if not wanted:
            with contextlib.suppress(OSError):  # no IPv6 here, or another program has it: IPv4 is enough
                bound.append(_listening(socket.AF_INET6, "::", port))
        return bound


def _listening(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)  # noqa: FBT003
    if hasattr(socket, "AF_UNIX"):
        # On POSIX this only skips the wait after a restart; on Windows it would let us take a used port.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        sock.bind((host, port))
        sock.listen(LISTEN_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
