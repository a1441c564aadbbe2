"""Which interface addresses to use, and why the others are left out (protocol.md, Discovery)."""

import ipaddress
import socket
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lanmsg.model import Interface
from lanmsg.node.adapters import Adapter, adapters

IFF_UP, IFF_BROADCAST, IFF_LOOPBACK, IFF_POINTOPOINT, IFF_RUNNING = 0x1, 0x2, 0x8, 0x10, 0x40
UNKNOWN_FLAGS = IFF_UP | IFF_BROADCAST | IFF_RUNNING

EVERYWHERE = "255.255.255.255"

DOWN, NO_CARRIER = "down", "no carrier"
"""Why nothing at all goes through a link, now."""


class Link(Struct, frozen=True):
    """One address of one interface; `skipped` says why it is not used, or is "". `index` scopes IPv6.

    `broadcasts`: where an announcement on this link goes: its own prefix, and everyone whatever their prefix.
    `is_second`: the IPv6 of an interface that is used by IPv4, for those who have nothing else.
    """

    name: str
    index: int
    address: str
    prefix: int
    skipped: str = ""
    broadcasts: tuple[str, ...] = ()
    is_second: bool = False

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.address

    @property
    def is_loopback(self) -> bool:
        return self.address.startswith("127.") or self.address == "::1"

    def described(self, sent: int = 0, heard: int = 0) -> Interface:
        return Interface(self.name, self.address, self.prefix, self.skipped, sent, heard)


def scan(wanted: Sequence[str] = ()) -> list[Link]:
    """All links of this host, each usable or with its reason; `wanted` are names or addresses to keep to.

    Loopback is used when asked for, or when nothing else is there: then the homes of this host still meet.
    """
    links = list(_links())
    if wanted:
        return _only(wanted, links)
    if any(not link.skipped and not link.is_loopback for link in links):
        return [_skip(link, "loopback") if link.is_loopback else link for link in links]
    return links


def _links() -> Iterator[Link]:
    for adapter in adapters():
        reason = _reason(UNKNOWN_FLAGS if adapter.flags is None else adapter.flags)
        for address, prefix in adapter.ipv4:
            narrow = "" if prefix < 31 else "no room for a broadcast address"
            yield _ipv4_link(adapter.name, adapter.index, address, prefix, reason or narrow)
        if adapter.ipv4:
            continue
        ipv6 = _link_local(adapter)
        for address in ipv6[:1]:
            yield Link(adapter.name, adapter.index, address, 64, reason)
        if not ipv6:
            yield Link(adapter.name, adapter.index, "", 0, reason or "no address")


def second_links(links: Sequence[Link], wanted: Sequence[str] = ()) -> list[Link]:
    """Link-local addresses of the interfaces that are used by IPv4; none where an address was asked for."""
    used = {each.index for each in links if not (each.skipped or each.is_ipv6 or each.is_loopback)}
    used -= {each.index for each in links if wanted and each.name not in wanted}
    if not used:
        return []
    return [
        Link(adapter.name, adapter.index, own[0], 64, is_second=True)
        for adapter in adapters()
        if adapter.index in used and (own := _link_local(adapter))
    ]


def _link_local(adapter: Adapter) -> list[str]:
    return [address for address in adapter.ipv6 if address.startswith("fe80:")]


def _only(wanted: Sequence[str], links: list[Link]) -> list[Link]:
    kept: list[Link] = []
    for word in wanted:
        found = [link for link in links if word in {link.name, link.address}]
        kept += found or [_loopback_address(word) or Link(word, 0, "", 0, "not found")]
    others = [_skip(link, "not asked for") for link in links if link not in kept and link.address]
    return kept + others


def _loopback_address(word: str) -> Link | None:
    """127.0.0.5 needs no configuration: the whole prefix belongs to this host, so many nodes fit on it."""
    try:
        address = ipaddress.IPv4Address(word)
    except ValueError:
        return None
    return _ipv4_link("lo", index_of("lo"), word, 8, "") if address.is_loopback else None


def _ipv4_link(name: str, index: int, address: str, prefix: int, skipped: str) -> Link:
    directed = str(ipaddress.ip_network(f"{address}/{prefix}", strict=False).broadcast_address)
    everywhere = () if address.startswith("127.") else (EVERYWHERE,)
    return Link(name, index, address, prefix, skipped, (directed, *everywhere))


def index_of(name: str) -> int:
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


def _skip(link: Link, reason: str) -> Link:
    return replace(link, skipped=link.skipped or reason)


def _reason(flags: int) -> str:
    if not flags & IFF_UP:
        return DOWN
    if flags & IFF_LOOPBACK:
        return ""
    if not flags & IFF_RUNNING:
        return NO_CARRIER
    if flags & IFF_POINTOPOINT or not flags & IFF_BROADCAST:
        return "point to point, as VPNs are: name peers there with --peer"
    return ""
