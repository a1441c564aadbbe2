"""The operating system's word that an address or a link came or went, where it gives one (Linux)."""

import asyncio
import socket

SETTLE_S = 0.25
"""A change comes in pieces, an old address gone and a new one there: looked at as one."""

# <linux/rtnetlink.h>; Python has no names for them.
GROUPS = 0x1 | 0x10 | 0x100
"""RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR."""

MESSAGES_BYTES = 1 << 16
NETLINK_HEADER_BYTES = 16


class AddressWatch:
    """Saves the wait for the next look at the interfaces, which comes anyway."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self._sock = _subscribe()
        if self._sock is not None:
            asyncio.get_running_loop().add_reader(self._sock, self._read)

    async def wait(self, at_most: float) -> None:
        """Return soon after a change, and after `at_most` seconds in any case."""
        try:
            async with asyncio.timeout(at_most):
                await self._told.wait()
                await asyncio.sleep(SETTLE_S)
        except TimeoutError:
            return
        self._told.clear()

    def close(self) -> None:
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
            self._sock = None

    def _read(self) -> None:
        """What changed is not looked at: the interfaces are read as a whole."""
        if self._sock is None:
            return
        try:
            data = self._sock.recv(MESSAGES_BYTES)
        except BlockingIOError:
            return
        except OSError:  # more than the buffer holds
            data = bytes(NETLINK_HEADER_BYTES)
        if len(data) >= NETLINK_HEADER_BYTES:
            self._told.set()


def _subscribe() -> socket.socket | None:
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return None
    try:
        sock = socket.socket(family, socket.SOCK_RAW, 0)
    except OSError:
        return None  # a sandbox that allows none
    try:
        sock.setblocking(False)  # noqa: FBT003
        sock.bind((0, GROUPS))
    except OSError:
        sock.close()
        return None
    return sock
