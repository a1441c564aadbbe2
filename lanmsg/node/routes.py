"""Gateways, and who answers on a link: the kernel's tables of Linux; elsewhere there is nothing to read."""

import socket
import struct
from pathlib import Path

from msgspec import Struct

ROUTES = Path("/proc/net/route")
NEIGHBOURS = Path("/proc/net/arp")
RTF_UP, RTF_GATEWAY = 0x1, 0x2
ATF_COM = 0x2
"""The entry is complete: somebody answered for that address."""

NO_MAC = "00:00:00:00:00:00"


class Neighbour(Struct, frozen=True):
    """An address that this host has asked for on a link; `mac` is "" when nobody answered."""

    address: str
    interface: str
    mac: str = ""


def gateways() -> dict[str, str]:
    """The default gateway of each interface that has one."""
    return parse_gateways(_text(ROUTES))


def neighbours() -> tuple[Neighbour, ...]:
    return parse_neighbours(_text(NEIGHBOURS))


def can_read_neighbours() -> bool:
    return bool(_text(NEIGHBOURS))


def parse_gateways(text: str) -> dict[str, str]:
    """The table's numbers are in the byte order of the host."""
    found: dict[str, tuple[int, str]] = {}
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 8 or not words[6].isdigit():
            continue
        name, destination, gateway, flags, metric, mask = (words[i] for i in (0, 1, 2, 3, 6, 7))
        if int(destination, 16) or int(mask, 16) or int(flags, 16) & 3 != RTF_UP | RTF_GATEWAY:
            continue
        address = socket.inet_ntoa(struct.pack("=I", int(gateway, 16)))
        if name not in found or int(metric) < found[name][0]:
            found[name] = (int(metric), address)
    return {name: address for name, (_, address) in found.items()}


def parse_neighbours(text: str) -> tuple[Neighbour, ...]:
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 6:
            continue
        address, flags, mac, interface = words[0], words[2], words[3], words[5]
        answered = int(flags, 16) & ATF_COM and mac != NO_MAC
        found.append(Neighbour(address, interface, mac.lower() if answered else ""))
    return tuple(found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
