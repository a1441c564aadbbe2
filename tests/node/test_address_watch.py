"""The system's word of a change, against the real kernel where it gives one."""

import asyncio
import socket
import sys
import time

import pytest

from lanmsg.node import address_watch as module
from lanmsg.node.address_watch import AddressWatch

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells by netlink")
LONG_S = 60.0


def test_without_a_word_it_waits_as_long_as_it_was_told() -> None:
    async def story() -> None:
        watch = AddressWatch()
        started = time.monotonic()
        await watch.wait(0.05)
        assert time.monotonic() - started >= 0.05
        watch.close()
        watch.close()

    asyncio.run(story())


def test_where_there_is_no_netlink_it_only_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_NETLINK", raising=False)

    async def story() -> None:
        watch = AddressWatch()
        await watch.wait(0.01)
        watch.close()

    asyncio.run(story())


@linux_only
def test_a_system_that_refuses_is_one_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("a sandbox")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    assert module._subscribe() is None


@linux_only
def test_a_message_of_the_kernel_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair of sockets for the kernel's: what it says is not looked at. Real changes are made in the lab."""
    ours, kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    monkeypatch.setattr(module, "_subscribe", lambda: ours)

    async def story() -> None:
        watch = AddressWatch()
        async with asyncio.timeout(LONG_S / 2):
            kernel.send(bytes(32))
            kernel.send(bytes(32))
            await watch.wait(LONG_S)
        await watch.wait(0.05)  # both were heard: nothing is left of them
        watch.close()

    asyncio.run(story())
    kernel.close()
