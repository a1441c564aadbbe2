"""The listener: the well-known port if it is free, another one if not, and what is accepted is handed on."""

import asyncio
import socket
from collections.abc import Callable

from lanmsg.model import Address
from lanmsg.node.listener import Listener


def test_a_free_port_is_ours(loopback: Callable[[], str], free_port: int) -> None:
    listener = Listener(free_port, [loopback()])
    try:
        assert (listener.owns_port, listener.port) == (True, free_port)
    finally:
        listener.close()


def test_a_taken_port_gives_another_one(loopback: Callable[[], str], free_port: int) -> None:
    address = loopback()
    with socket.create_server((address, free_port)):
        listener = Listener(free_port, [address])
    try:
        assert not listener.owns_port
        assert listener.port != free_port
    finally:
        listener.close()


def test_several_addresses_share_one_port(loopback: Callable[[], str]) -> None:
    listener = Listener(0, [loopback(), loopback()])
    try:
        assert {address.port for address in listener.addresses} == {listener.port}
    finally:
        listener.close()


def test_a_connection_is_handed_over_with_its_source(loopback: Callable[[], str]) -> None:
    async def run() -> tuple[Address, Address]:
        listener = Listener(0, [loopback()])
        accepted: asyncio.Queue[Address] = asyncio.Queue()

        def take(sock: socket.socket, source: Address) -> None:
            sock.close()
            accepted.put_nowait(source)

        serving = asyncio.get_running_loop().create_task(listener.serve(take))
        host = listener.addresses[0].host
        with socket.create_connection((host, listener.port), source_address=(loopback(), 0)) as client:
            mine = Address(*client.getsockname())
            source = await accepted.get()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()
        return mine, source

    mine, source = asyncio.run(run())
    assert mine == source
