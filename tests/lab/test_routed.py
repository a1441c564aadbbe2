"""Two switches with a router between them, and a VPN: peers beyond the own network, named by address.

anna 10.77.0.1 --- lan0 --- router --- lan1 --- 10.77.1.2 ben
anna 10.8.0.1 tun0 =============================== tun0 10.8.0.2 ben
"""

import sys
import time

from tests.lab import tunnel
from tests.lab.conftest import Figures
from tests.lab.host import Host
from tests.lab.lan import Lan
from tests.lab.listener import meet
from tests.lab.program import Program
from tests.lab.test_firewalls import listen, talk_both_ways
from tests.lab.test_presence import CRASH_SECONDS

STATIC_SECONDS = 7.0
"""Promised are 5 s from when it is possible; the rest is for a slow machine."""

LATE_SECONDS = 30.0


def two_networks(lan: Lan) -> tuple[Host, Host]:
    other = lan.switch()
    left, right, router = lan.host("anna"), lan.host("ben", switch=other), lan.host("router")
    lan.plug_in(router, other)
    router.forward()
    left.route("10.77.1.0/24", router.address)
    right.route("10.77.0.0/24", router.addresses["eth1"])
    return left, right


def configure(host: Host, peer: str) -> None:
    host.lanmsg("config", "set", "peers", peer)


def test_another_network_is_reached_by_option_and_by_settings(lan: Lan, figures: Figures) -> None:
    left, right = two_networks(lan)
    configure(left, right.address)
    anna = listen(left)
    ben = listen(right)
    figures.within(STATIC_SECONDS, meet(anna, ben, within=LATE_SECONDS), "another network, named on one side")
    talk_both_ways(left, right, (anna, ben))
    right.lanmsg("--peer", left.address, "msg", "anna", "from a command that names the address")
    anna.hears("from a command that names the address", within=LATE_SECONDS)
    left_at = anna.terminate()
    ben.loses(anna, within=STATIC_SECONDS, since=left_at)
    back = left.listen("--peer", right.address)
    figures.within(STATIC_SECONDS, meet(back, ben, within=LATE_SECONDS), "there again after a restart")


class Vpn:
    """Between two hosts, as long as it is up."""

    def __init__(self, one: Host, other: Host) -> None:
        self._ends = [(one, other), (other, one)]
        self._programs: list[Program] = []

    def up(self) -> float:
        """Says when."""
        for host, peer in self._ends:
            command = (sys.executable, tunnel.__file__, host.address, peer.address, inside(peer))
            program = host.spawn(*command)
            program.wait_for("ready", within=10)
            self._programs.append(program)
            host.ip("address", "add", f"{inside(host)}/24", "dev", "tun0")
            host.ip("link", "set", "tun0", "mtu", tunnel.MTU, "up")
        return time.monotonic()

    def down(self) -> float:
        at = time.monotonic()
        for program in self._programs:
            program.kill()
            program.wait()
        self._programs.clear()
        return at


def inside(host: Host) -> str:
    return f"10.8.0.{host.number}"


def test_a_vpn_tunnel_that_comes_and_goes(lan: Lan, figures: Figures) -> None:
    """Its interface is not searched, as it has no broadcast; who is named is reached through it."""
    left, right = two_networks(lan)
    anna, ben, dora = left.listen("--peer", inside(right)), right.listen(), lan.host("dora").listen()
    meet(anna, dora)
    vpn = Vpn(left, right)
    at = vpn.up()
    seen = max(anna.sees(ben, within=LATE_SECONDS), ben.sees(anna, within=LATE_SECONDS))
    figures.within(STATIC_SECONDS, seen - at, "a VPN came up, and who was named behind it is there")
    right.lanmsg("msg", "anna", "through the tunnel")
    anna.hears("through the tunnel", within=LATE_SECONDS)
    said = left.lanmsg("--interface", "tun0", "peers", home="other", check=False).stderr
    assert "tun0: point to point, as VPNs are: name peers there with --peer" in said

    at = vpn.down()
    left.lanmsg("msg", "--queue", "--wait", "0", "--timeout", "0.1", "ben", "when the tunnel is back")
    gone = max(one.loses(other, within=CRASH_SECONDS, since=at) for one, other in ((anna, ben), (ben, anna)))
    figures.within(CRASH_SECONDS, gone - at, "a VPN went down, and who was behind it is gone")
    at = vpn.up()
    heard = ben.hears("when the tunnel is back", within=LATE_SECONDS, since=at).at
    seen = max(one.sees(other, within=LATE_SECONDS, since=at) for one, other in ((anna, ben), (ben, anna)))
    figures.within(STATIC_SECONDS, max(heard, seen) - at, "the VPN is back, and all that waited")
    assert len([line for line in ben.lines if line.data.get("text") == "when the tunnel is back"]) == 1
    anna.expect_none("peer_gone", since=0, peer=dora.id)
