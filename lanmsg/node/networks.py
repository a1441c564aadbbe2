"""Which network a link is on, and whether this home may speak there (protocol.md, Discovery).

A network is known by its prefix and the hardware address of its gateway: two networks of the same numbers, as
at home and in a café, are then two. Where there is no gateway the prefix alone has to do.
"""

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from lanmsg.model import KEPT_QUIET, NEW_NETWORK, NOT_RECOGNISED
from lanmsg.node.interfaces import Link, scan
from lanmsg.node.routes import Neighbour, gateways, neighbours

DISCARD_PORT = 9
LEARN_S = 1.0
LEARN_LOOK_S = 0.02


class Network(Struct, frozen=True):
    """`mac` is the gateway's. One with a gateway whose `mac` is not known yet is recognised later."""

    interface: str
    prefix: str
    gateway: str = ""
    mac: str = ""

    @property
    def key(self) -> str:
        return f"{self.prefix} {self.mac or (f'via {self.gateway}' if self.gateway else '')}".rstrip()

    @property
    def is_recognised(self) -> bool:
        return bool(self.mac) or not self.gateway


def network_of(link: Link, gateway_of: Mapping[str, str], around: Iterable[Neighbour]) -> Network:
    """A link that has IPv6 only shares its prefix with all others: it goes by the interface's name."""
    if link.is_ipv6:
        return Network(link.name, f"fe80::/64%{link.name}")
    prefix = str(ipaddress.ip_network(f"{link.address}/{link.prefix}", strict=False))
    gateway = gateway_of.get(link.name, "")
    macs = [each.mac for each in around if each.interface == link.name and each.address == gateway]
    return Network(link.name, prefix, gateway, next(iter(macs), ""))


def reason_for_silence(network: Network, decisions: Mapping[str, bool], *, trust_new: bool) -> str:
    """Why nothing may be said on this network, or ""."""
    decided = decisions.get(network.key)
    if decided is not None:
        return "" if decided else KEPT_QUIET
    if not network.is_recognised:
        # It may turn out to be any of those with the same numbers.
        alike = [trusted for key, trusted in decisions.items() if key.partition(" ")[0] == network.prefix]
        if alike and not (trust_new and all(alike)):
            return NOT_RECOGNISED
    return "" if trust_new else NEW_NETWORK


class Networks:
    """What this home decided, and the networks that its links are on at the moment."""

    def __init__(self, *, trust_new: bool) -> None:
        self._trust_new = trust_new
        self._decisions: Mapping[str, bool] = {}
        self._spoken_on: tuple[str, ...] = ()

    def load(self, decisions: Mapping[str, bool]) -> bool:
        """True when something was decided anew."""
        before, self._decisions = self._decisions, decisions
        return before != decisions

    @property
    def spoken_on(self) -> tuple[str, ...]:
        """The keys of those that may be remembered as trusted."""
        return self._spoken_on

    def judge(self, links: Sequence[Link]) -> list[Link]:
        """The links, those of networks that are not trusted skipped for that reason."""
        judged, spoken_on = [], []
        for link, network in networks_of(links):
            reason = "" if network is None else self._reason(network)
            judged.append(replace(link, skipped=link.skipped or reason))
            if network is not None and not reason and network.is_recognised:
                spoken_on.append(network.key)
        self._spoken_on = tuple(spoken_on)
        return judged

    def _reason(self, network: Network) -> str:
        return reason_for_silence(network, self._decisions, trust_new=self._trust_new)


def networks_of(links: Sequence[Link]) -> list[tuple[Link, Network | None]]:
    """Each link with its network; None for loopback, and for what is not used anyway."""
    gateway_of, around = gateways(), neighbours()
    return [
        (link, None if link.skipped or link.is_loopback else network_of(link, gateway_of, around))
        for link in links
    ]


def networks_here(wanted: Sequence[str] = ()) -> list[Network]:
    """Those that this machine is on now."""
    return [network for _, network in networks_of(scan(wanted)) if network is not None]


def recognised(network: Network, wanted: Sequence[str] = ()) -> Network:
    """With the gateway's hardware address, if it answers: one empty datagram makes the system ask for it."""
    if network.is_recognised:
        return network
    with suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.sendto(b"", (network.gateway, DISCARD_PORT))
    return _again(network, lambda: networks_here(wanted))


def _again(network: Network, look: Callable[[], list[Network]]) -> Network:
    deadline = time.monotonic() + LEARN_S
    while time.monotonic() < deadline:
        for each in look():
            if each.interface == network.interface and each.prefix == network.prefix and each.is_recognised:
                return each
        time.sleep(LEARN_LOOK_S)
    return network
