"""Networks as they are: two interfaces, a dead one, none, no IPv4, Wi-Fi without broadcasts, closed hosts."""

import json

from tests.lab.conftest import Figures
from tests.lab.lan import Lan
from tests.lab.listener import Listener, meet
from tests.lab.test_firewalls import listen, talk_both_ways
from tests.lab.test_presence import BACK_SECONDS, LEAVE_SECONDS, NEWCOMER_SECONDS

STATIC_SECONDS = 5.0
"""A node named with --peer is asked at 0, 1 and 4 s."""


def undialable(lan: Lan, *ben_options: str) -> tuple[Listener, Listener]:
    """Anna and ben listen; ben's firewall lets nothing in, and the only session is the one he opened."""
    anna, ben = lan.host("anna"), lan.host("ben")
    ben.firewall()
    before = anna.listen()
    receiver = ben.listen("--peer", anna.address, *ben_options)
    meet(before, receiver, within=STATIC_SECONDS)
    ben.lanmsg("--peer", anna.address, "msg", "anna", "hello")
    before.stop()
    ben.lanmsg("msg", "--queue", "--wait", "0", "--timeout", "1", "anna", "call me when you are back")
    sender = anna.listen()
    sender.hears("call me when you are back", within=40)
    return sender, receiver


def test_a_peer_that_nobody_can_dial_is_reached_through_the_session_that_it_opened(lan: Lan) -> None:
    anna, ben = undialable(lan)
    lan.hosts[0].lanmsg("msg", "ben", "through your own door")
    ben.hears("through your own door", within=1)
    ben.expect_unharmed()
    anna.expect_unharmed()


def test_a_host_with_two_interfaces_is_on_both_networks(lan: Lan, figures: Figures) -> None:
    other = lan.switch()
    anna, dora = lan.host("anna").listen(), lan.host("dora", switch=other).listen()
    middle = lan.host("cara")
    lan.plug_in(middle, other)
    cara = middle.listen()
    figures.within(NEWCOMER_SECONDS, max(meet(anna, cara), meet(dora, cara)), "a host with two interfaces")
    anna.expect_none("peer_seen", since=0, peer=dora.id)
    middle.lanmsg("msg", "anna", "to the left")
    anna.hears("to the left", within=1)
    middle.lanmsg("msg", "dora", "to the right")
    dora.hears("to the right", within=1)


def test_an_interface_that_is_down_is_named_and_skipped(lan: Lan, figures: Figures) -> None:
    anna = lan.host("anna").listen()
    host = lan.host("cara")
    lan.plug_in(host, lan.switch())
    host.link_down("eth1")
    cara = host.listen()
    figures.within(NEWCOMER_SECONDS, meet(anna, cara), "one interface is down, the other is used")
    anna.stop()
    cara.stop()
    report = host.lanmsg("peers", "--wait", "0.2").stderr
    assert any("eth1" in line and "down" in line for line in report.splitlines()), report
    assert any("eth0" in line and "searched" in line for line in report.splitlines()), report


def test_without_a_network_it_says_so_and_comes_alive_with_one(lan: Lan, figures: Figures) -> None:
    anna = lan.host("anna").listen()
    host = lan.host("ben", switch=None)
    ben = host.listen()
    ben.wait_for_error("network", within=20)
    ben.expect_unharmed()
    there_at = lan.plug_in(host, 0)
    seen = max(ben.sees(anna, within=BACK_SECONDS), anna.sees(ben, within=BACK_SECONDS))
    figures.within(BACK_SECONDS, seen - there_at, "alive after the first interface appeared")
    ben.expect_unharmed()


def test_a_command_without_a_network_says_so(lan: Lan) -> None:
    done = lan.host("anna", switch=None).lanmsg("msg", "--wait", "1", "ben", "hi", check=False)
    assert done.returncode in {3, 10}
    assert "Traceback" not in done.stderr
    assert "lanmsg: " in done.stderr


def test_where_broadcasts_are_dropped_named_peers_are_found(lan: Lan) -> None:
    hosts = [lan.host(name) for name in ("anna", "ben")]
    for host in hosts:
        host.drop_broadcasts()
    anna = hosts[0].listen("--peer", hosts[1].address)
    ben = hosts[1].listen()
    meet(anna, ben, within=STATIC_SECONDS)


def test_without_ipv4_all_works_over_link_local_addresses(lan: Lan, figures: Figures) -> None:
    hosts = [lan.host(name, ipv4=False) for name in ("anna", "ben")]
    anna, ben = (listen(host) for host in hosts)
    seen = max(anna.sees(ben, within=BACK_SECONDS), ben.sees(anna, within=BACK_SECONDS))
    ready_at = max(anna.ready.at, ben.ready.at)
    figures.within(BACK_SECONDS, max(seen - ready_at, 0), "with IPv6 alone they see each other")
    talk_both_ways(hosts[0], hosts[1], (anna, ben))
    left_at = anna.terminate()
    ben.loses(anna, within=LEAVE_SECONDS, since=left_at)


def test_with_both_kinds_of_addresses_everybody_is_there_once(lan: Lan) -> None:
    hosts = [lan.host(name) for name in ("anna", "ben")]
    for host in hosts:
        host.ip("address", "add", f"fd77::{host.number}/64", "dev", "eth0", "nodad")
    anna, ben = (host.listen() for host in hosts)
    meet(anna, ben)
    hosts[0].lanmsg("msg", "ben", "hello")
    for host, other in ((hosts[0], "ben"), (hosts[1], "anna")):
        peers = json.loads(host.lanmsg("peers", "--json", "--wait", "1").stdout)["peers"]
        assert [each["name"] for each in peers] == [other]
