"""Dialling: TCP to one of a peer's addresses, and the initiator's side of the handshake on it."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence

from lanmsg.model import Address
from lanmsg.node.interfaces import index_of

DIAL_TIMEOUT_S = 3.0
"""For one address; a host that drops our packets answers never, one that refuses does so at once."""

NEXT_ADDRESS_S = 0.3
"""Addresses are tried this far apart, and the first that answers wins."""


Attempt = asyncio.Task[socket.socket | str]


class UnreachableError(Exception):
    """No address took the connection; the message is for a person."""


async def dial(
    addresses: Sequence[Address], source_for: Callable[[str], str] = lambda _: ""
) -> tuple[socket.socket, Address]:
    """A connected, non-blocking socket and the address that took it. Raises UnreachableError.

    `source_for` gives the address of ours to dial a host from, or "" to leave it to the system.
    """
    if not addresses:
        raise UnreachableError("no address is known")
    attempts: dict[Attempt, Address] = {}
    failures: list[str] = []
    waiting = list(addresses)
    async with asyncio.TaskGroup() as tasks:
        try:
            while waiting or attempts:
                if waiting:
                    address = waiting.pop(0)
                    attempts[tasks.create_task(_connect(address, source_for(address.host)))] = address
                pause = NEXT_ADDRESS_S if waiting else None
                done, _ = await asyncio.wait(attempts, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    address, result = attempts.pop(task), task.result()
                    if isinstance(result, socket.socket):
                        return result, address
                    failures.append(f"{address}: {result}")
        finally:
            _drop(attempts)
    raise UnreachableError("; ".join(failures))


def _drop(attempts: dict[Attempt, Address]) -> None:
    """End the others, also the one that connected in the same moment."""
    for task in attempts:
        task.cancel()
        task.add_done_callback(_close_result)


def _close_result(task: Attempt) -> None:
    if not task.cancelled() and isinstance(result := task.result(), socket.socket):
        result.close()


async def _connect(address: Address, source: str) -> socket.socket | str:
    """The socket, or why there is none."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        return os.strerror(error.errno).lower() if error.errno else "failed"
    sock.setblocking(False)  # noqa: FBT003
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            sock.bind((source, 0))
        async with asyncio.timeout(DIAL_TIMEOUT_S):
            await asyncio.get_running_loop().sock_connect(sock, _sockaddr(address))
    except TimeoutError:
        sock.close()
        return "no answer (a firewall drops it, or the host is gone)"
    except OSError as error:
        sock.close()
        # asyncio puts the address into strerror, where ours already stands.
        return os.strerror(error.errno).lower() if error.errno else "failed"
    except asyncio.CancelledError:
        sock.close()
        raise
    return sock


def _sockaddr(address: Address) -> tuple[str, int] | tuple[str, int, int, int]:
    if ":" not in address.host:
        return address.host, address.port
    host, _, scope = address.host.partition("%")
    return host, address.port, 0, index_of(scope) if scope else 0
