"""The network adapters of this host and their addresses: asked of the kernel on Linux, of ifaddr elsewhere.

`ifaddr` would do everywhere, but it brings ctypes and runs `ldconfig` to find the C library: 15 ms a start.
"""

import contextlib
import socket
import struct
from collections.abc import Iterator

from msgspec import Struct

# <linux/netlink.h>, <linux/rtnetlink.h>, <linux/if_link.h>, <linux/if_addr.h>; Python has no names for them.
NLMSG_ERROR, NLMSG_DONE = 2, 3
RTM_NEWLINK, RTM_GETLINK = 16, 18
RTM_NEWADDR, RTM_GETADDR = 20, 22
NLM_F_REQUEST, NLM_F_DUMP_INTR, NLM_F_DUMP = 0x1, 0x10, 0x300
IFLA_IFNAME = 3
IFA_ADDRESS, IFA_LOCAL = 1, 2

HEADER = struct.Struct("=IHHII")
"""struct nlmsghdr: length with the header, type, flags, sequence, sender."""

LINK = struct.Struct("=BxHiII")
"""struct ifinfomsg: family, type, index, flags, which of them changed."""

ADDRESS = struct.Struct("=BBBBI")
"""struct ifaddrmsg: family, prefix length, flags, scope, index."""

ATTRIBUTE = struct.Struct("=HH")
"""struct rtattr: length with this, type."""

ALIGNMENT = 4
ANSWER_BYTES = 1 << 16
"""The kernel's parts of an answer are at most 32 KiB."""

ANSWER_S = 2.0


class Adapter(Struct):
    """`flags` are those of <net/if.h>, None where they are not known; IPv4 comes with the prefix length."""

    name: str
    index: int
    flags: int | None = None
    ipv4: list[tuple[str, int]] = []
    ipv6: list[str] = []


def adapters() -> list[Adapter]:
    """Every adapter, with or without an address, in the system's order."""
    if hasattr(socket, "AF_NETLINK"):
        with contextlib.suppress(OSError, struct.error):  # a sandbox that allows no such socket
            return _asked_of_the_kernel()
    return _asked_of_ifaddr()


def _asked_of_the_kernel() -> list[Adapter]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.settimeout(ANSWER_S)
        found = {}
        for body in _dump(kernel, RTM_GETLINK, RTM_NEWLINK):
            _, _, index, flags, _ = LINK.unpack_from(body)
            name = _attributes(body[LINK.size :]).get(IFLA_IFNAME, b"")
            found[index] = Adapter(name.rstrip(b"\0").decode(errors="replace"), index, flags)
        for body in _dump(kernel, RTM_GETADDR, RTM_NEWADDR):
            family, prefix, _, _, index = ADDRESS.unpack_from(body)
            attributes = _attributes(body[ADDRESS.size :])
            # Of a point-to-point link, IFA_ADDRESS is the other end's.
            packed = attributes.get(IFA_LOCAL) or attributes.get(IFA_ADDRESS)
            if packed is None or index not in found:
                continue
            if family == socket.AF_INET:
                found[index].ipv4.append((socket.inet_ntop(family, packed), prefix))
            elif family == socket.AF_INET6:
                found[index].ipv6.append(socket.inet_ntop(family, packed))
        return list(found.values())


def _dump(kernel: socket.socket, question: int, answer: int) -> Iterator[bytes]:
    """The bodies of all messages of type `answer`."""
    size = HEADER.size + LINK.size
    header = HEADER.pack(size, question, NLM_F_REQUEST | NLM_F_DUMP, question, 0)
    kernel.sendto(header + bytes(LINK.size), (0, 0))
    while True:
        data = kernel.recv(ANSWER_BYTES)
        while len(data) >= HEADER.size:
            length, kind, flags, sequence, _ = HEADER.unpack_from(data)
            # Interrupted: something changed meanwhile, and what was told is of two moments.
            if kind == NLMSG_ERROR or flags & NLM_F_DUMP_INTR or length < HEADER.size:
                raise OSError("the kernel does not tell its interfaces")
            if sequence == question:
                if kind == NLMSG_DONE:
                    return
                if kind == answer:
                    yield data[HEADER.size : length]
            data = data[_aligned(length) :]


def _attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while len(data) >= ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(data)
        if length < ATTRIBUTE.size:
            break
        found[kind] = data[ATTRIBUTE.size : length]
        data = data[_aligned(length) :]
    return found


def _aligned(length: int) -> int:
    return -(-length // ALIGNMENT) * ALIGNMENT


def _asked_of_ifaddr() -> list[Adapter]:
    import ifaddr

    found = []
    for each in ifaddr.get_adapters(include_unconfigured=True):
        ipv4 = [(str(ip.ip), ip.network_prefix) for ip in each.ips if ip.is_IPv4]
        ipv6 = [str(ip.ip[0]).partition("%")[0] for ip in each.ips if not ip.is_IPv4]
        found.append(Adapter(each.name, each.index or 0, None, ipv4, ipv6))
    return found
