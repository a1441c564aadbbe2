"""A LAN in a box: every host and the wire are network namespaces; the machine's own network is not touched.

         namespace …-wire
    +------------------------------------------+     +-------------------------
    |  bridge lan0, 10.77.0.0/24               |     |  bridge lan1, 10.77.1.0/24      (lan.switch() adds one)
    +--+---------------+---------------+-------+     +---+---------------------
       | veth          | veth          | veth            | veth
     eth0 .1         eth0 .2         eth0 .3           eth1 .3
    +--+--------+   +--+--------+   +--+-----------------+--+
    | host anna |   | host ben  |   | host cara             |      each a namespace …-anna, …-ben, …-cara
    +-----------+   +-----------+   +-----------------------+

A host can be unplugged, cut off at the switch, given another address, a firewall, or a wire that loses
packets; with `forward` it routes between two switches. Delay is not to be had everywhere (netem may be
missing): it belongs to the fake wire of the protocol's tests.
"""

import os
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Self

from tests.lab.host import Host
from tests.lab.namespaces import PREFIX, ip, remove_namespace, sweep

_numbers = count(1)


class Lan:
    """The wire and its hosts, for one `with` block; at its end nothing of them is left, whatever happened."""

    def __init__(self, folder: Path, hosts: Sequence[str] = ()) -> None:
        self.folder = folder
        self.hosts: list[Host] = []
        self._prefix = f"{PREFIX}-{os.getpid()}-{next(_numbers)}"
        self._wire = f"{self._prefix}-wire"
        self._switches = 0
        self._first_hosts = hosts

    def __enter__(self) -> Self:
        sweep()
        try:
            ip("netns", "add", self._wire)
            self.switch()
            for name in self._first_hosts:
                self.host(name)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for host in self.hosts:
            host.close()
        for namespace in [*(host.namespace for host in self.hosts), self._wire]:
            remove_namespace(namespace)

    def switch(self) -> int:
        """One more switch, with a /24 of its own; says its number. The first, 0, is always there."""
        number = self._switches
        self._switches += 1
        ip("link", "add", f"lan{number}", "up", "type", "bridge", namespace=self._wire)
        return number

    def host(self, name: str, *, switch: int | None = 0, ipv4: bool = True) -> Host:
        """A new host, plugged in to the switch; None: it has a loopback interface and nothing else."""
        host = Host(name, f"{self._prefix}-{name}", number=len(self.hosts) + 1, folder=self.folder / name)
        ip("netns", "add", host.namespace)
        self.hosts.append(host)
        ip("link", "set", "lo", "up", namespace=host.namespace)
        if switch is not None:
            self.plug_in(host, switch, ipv4=ipv4)
        return host

    def plug_in(self, host: Host, switch: int, *, ipv4: bool = True) -> float:
        """The host's next interface (eth0, eth1 …), with an address, on this switch; says when it was up.

        Its addresses are 10.77.<switch>.<host>, and a second one on the same switch has 100 more.
        """
        interface = f"eth{len(host.addresses)}"
        second = 100 if switch in host.switches.values() else 0
        address = f"10.77.{switch}.{host.number + second}" if ipv4 else ""
        port = self._port(host, interface)
        ip(
            *("link", "add", port, "type", "veth", "peer", "name", interface, "netns", host.namespace),
            namespace=self._wire,
        )
        ip("link", "set", port, "master", f"lan{switch}", "up", namespace=self._wire)
        host.addresses[interface] = address
        host.switches[interface] = switch
        if ipv4:
            host.take_address(address, interface)
        host.ip("link", "set", interface, "up")
        return time.monotonic()

    def cut(self, host: Host, interface: str = "eth0") -> float:
        """The switch stops passing this host's packets, whose own link looks as before; says when."""
        at = time.monotonic()
        ip("link", "set", self._port(host, interface), "nomaster", namespace=self._wire)
        return at

    def mend(self, host: Host, interface: str = "eth0") -> float:
        at = time.monotonic()
        switch = f"lan{host.switches[interface]}"
        ip("link", "set", self._port(host, interface), "master", switch, namespace=self._wire)
        return at

    def _port(self, host: Host, interface: str) -> str:
        return f"port{host.number}-{interface}"
