"""Adapters: what the kernel says is what ifaddr says, and where it says nothing ifaddr is asked."""

import socket
import sys
from types import TracebackType

import pytest

from lanmsg.node.adapters import (
    HEADER,
    NLM_F_DUMP_INTR,
    NLMSG_DONE,
    NLMSG_ERROR,
    RTM_GETLINK,
    Adapter,
    adapters,
)

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux kernel")
IFF_UP, IFF_LOOPBACK = 0x1, 0x8


def refused(*_: object) -> socket.socket:
    raise PermissionError


class Denying:
    """A kernel that answers every question with an error."""

    def __init__(self, *_: object) -> None:
        self.asked: list[bytes] = []

    def __enter__(self) -> "Denying":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        pass

    def settimeout(self, _: float) -> None:
        pass

    def sendto(self, data: bytes, _: tuple[int, int]) -> None:
        self.asked.append(data)

    def recv(self, _: int) -> bytes:
        return HEADER.pack(HEADER.size + 4, NLMSG_ERROR, 0, RTM_GETLINK, 0) + bytes(4)


def bare(found: list[Adapter]) -> list[tuple[str, int, list[tuple[str, int]], list[str]]]:
    return [(each.name, each.index, sorted(each.ipv4), sorted(each.ipv6)) for each in found]


def test_loopback_is_there_with_its_addresses_and_flags() -> None:
    loopback = next(each for each in adapters() if each.name == "lo")
    assert ("127.0.0.1", 8) in loopback.ipv4
    assert loopback.index == socket.if_nametoindex("lo")
    assert loopback.flags is not None
    assert loopback.flags & (IFF_UP | IFF_LOOPBACK) == IFF_UP | IFF_LOOPBACK


class Interrupted(Denying):
    """Interfaces came and went while they were told."""

    def recv(self, _: int) -> bytes:
        return HEADER.pack(HEADER.size, NLMSG_DONE, NLM_F_DUMP_INTR, RTM_GETLINK, 0)


@pytest.mark.parametrize("kernel", [refused, Denying, Interrupted])
def test_where_the_kernel_says_nothing_ifaddr_tells_the_same(
    kernel: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = adapters()
    monkeypatch.setattr("lanmsg.node.adapters.socket.socket", kernel)
    found = adapters()
    assert bare(found) == bare(told)
    assert all(each.flags is None for each in found)
