"""What the facts about the network are taken for: one cause at a time, and what to type about it."""

from typing import Any

import pytest
from msgspec.structs import replace

from lanmsg.model import KEPT_QUIET, NEW_NETWORK, Address, Finding, Severity
from lanmsg.node.diagnosis import judge
from lanmsg.node.diagnosis_facts import (
    Dialled,
    Facts,
    FirewallFacts,
    ListenerFacts,
    PortFacts,
    PortOwner,
    Verdict,
    Wanted,
)
from tests.node.facts import BEN, ETH0, FOLDER, SEEN, WELL, alone, home, link, seen

PYTHON = PortOwner(2372, "udp", 812, "python3 server.py", "root")
SYMANTEC = PortOwner(2967, "tcp", 900, "rtvscan", "root")
GUEST = alone(gateway="10.0.0.1", gateway_answers=True, silent=("10.0.0.7",))


def firewalled(**verdicts: Any) -> Facts:
    facts = FirewallFacts("nftables", where_in="inet fw in", where_out="inet fw out")
    return replace(WELL, firewalls=(replace(facts, **verdicts),))


def wrong(facts: Facts) -> list[Finding]:
    return [finding for finding in judge(facts).findings if not finding.ok]


def test_nothing_is_wrong_where_all_is_well() -> None:
    diagnosis = judge(WELL)
    assert (diagnosis.ok, diagnosis.code) == (True, "done")
    assert {"interface", "firewall", "port", "listener", "people"} <= {
        each.code for each in diagnosis.findings
    }


def test_a_listener_that_cannot_write_down_that_it_lives_is_not_to_be_killed() -> None:
    facts = replace(home(folder=replace(FOLDER, free=0)), listener=ListenerFacts(pid=99))
    assert [each.code for each in wrong(facts)] == ["home-full"]


@pytest.mark.parametrize(
    ("facts", "code", "severity", "says", "types"),
    [
        (link(skipped="down"), "no-interface", "problem", "eth0 down", ""),
        (link(skipped="no carrier"), "no-interface", "problem", "no carrier", ""),
        (link(skipped="no address", address=""), "no-interface", "problem", "no address", ""),
        (link(skipped=NEW_NETWORK), "network-untrusted", "problem", "10.0.0.5", "network trust eth0"),
        (link(skipped=KEPT_QUIET), "network-untrusted", "problem", "not trusted", "network trust eth0"),
        (replace(WELL, quiet=True), "quiet", "warning", "announces nothing", "config set quiet false"),
        (link(refused=True, error="x"), "firewall-out", "problem", "eth0", "dport 2372"),
        (firewalled(udp_out=Verdict.DROP), "firewall-out", "problem", "nftables", "inet fw out"),
        (link(error="network is unreachable"), "send-failed", "problem", "network is unreachable", ""),
        (link(echo=False), "firewall-in", "problem", "UDP port 2372", "ufw allow 2372"),
        (firewalled(udp_in=Verdict.DROP), "firewall-in", "problem", "UDP port 2372", "inet fw in"),
        (firewalled(tcp_in=Verdict.DROP), "firewall-in", "problem", "TCP port 2372", "inet fw in"),
        (
            replace(WELL, ports=PortFacts(2372, tcp=False, udp=False, any_tcp=False)),
            "no-port",
            "problem",
            "no TCP port",
            "",
        ),
        (
            replace(WELL, ports=PortFacts(2372, udp=False, owners=(PYTHON,), neighbours=(SYMANTEC,))),
            "port-taken",
            "problem",
            "2967 (Symantec AntiVirus and Endpoint Protection) by rtvscan",
            "",
        ),
        (
            replace(WELL, ports=PortFacts(2372, tcp=False, owners=(PortOwner(2372, "tcp", user="eve"),))),
            "port-taken",
            "warning",
            "a program of eve",
            "ss -lntup",
        ),
        (
            replace(WELL, platform="win32", ports=PortFacts(2372, tcp=False)),
            "port-taken",
            "warning",
            "another program",
            "netstat",
        ),
        (seen(dialled=Dialled.REFUSED), "peer-tcp", "problem", "ben answers by UDP", "netsh"),
        (seen(dialled=Dialled.SILENT, why="no answer"), "peer-tcp", "problem", "10.0.0.7:2372", "Windows"),
        (
            seen(replied=False, dialled=Dialled.CONNECTED),
            "peer-deaf",
            "warning",
            "does not answer UDP",
            "firewall-cmd",
        ),
        (seen(replied=False, answered=True), "no-broadcast", "problem", "ben", "config set peers 10.0.0.7"),
        (GUEST, "isolation", "suspicion", "10.0.0.7", ""),
        (
            replace(alone(), firewalls=(FirewallFacts("ufw", readable=False),)),
            "firewall-unread",
            "suspicion",
            "ufw is on",
            "ufw allow 2372",
        ),
        (replace(WELL, listener=ListenerFacts(pid=99)), "listener-hangs", "warning", "process 99", "kill 99"),
        (alone(), "nobody", "warning", "nobody else has lanmsg open", ""),
        (replace(WELL, wanted=Wanted("zoe")), "peer-unknown", "problem", "zoe", ""),
    ],
)
def test_a_cause_is_named_with_what_to_type(
    facts: Facts, code: str, severity: str, says: str, types: str
) -> None:
    found = [each for each in judge(facts).findings if each.code == code]
    assert len(found) == 1, judge(facts)
    finding = found[0]
    assert (finding.severity, finding.ok) == (Severity(severity), False)
    assert says in finding.message
    assert finding.hint
    assert any(types in command for command in finding.commands) or not types, finding.commands


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (link(echo=False), ["firewall-in"]),
        (replace(alone(echo=False), firewalls=(FirewallFacts("ufw", readable=False),)), None),
        (GUEST, ["isolation", "nobody"]),
        (alone(echo=False), ["firewall-in"]),
        (alone(skipped="down"), ["no-interface"]),
        (seen(dialled=Dialled.REFUSED), ["peer-tcp"]),
    ],
)
def test_the_likeliest_cause_is_at_the_top_and_its_effects_are_no_causes(
    facts: Facts, codes: list[str] | None
) -> None:
    found = [each.code for each in wrong(facts)]
    assert found == codes if codes is not None else found[0] == "firewall-in"


def test_what_is_wrong_decides_the_exit_code() -> None:
    assert judge(link(skipped="down")).code == "network"
    assert judge(replace(WELL, ports=PortFacts(2372, tcp=False, any_tcp=False))).code == "network"
    assert judge(link(echo=False)).code == "failed"


def test_a_guest_network_is_not_suspected_where_anything_else_answers() -> None:
    for each in (
        replace(GUEST, seen=(SEEN,)),
        replace(GUEST, links=(replace(GUEST.links[0], others=3),)),
        replace(GUEST, links=(replace(GUEST.links[0], gateway_answers=False),)),
        replace(GUEST, links=(replace(GUEST.links[0], silent=()),)),
    ):
        assert "isolation" not in [finding.code for finding in wrong(each)]


def test_a_port_that_lanmsg_holds_is_no_fault_and_named() -> None:
    ours = PortOwner(2372, "tcp", 55, "lanmsg", "anna", is_lanmsg=True)
    found = judge(replace(WELL, ports=PortFacts(2372, owners=(ours,)))).findings
    port = next(each for each in found if each.code == "port")
    assert port.ok
    assert "lanmsg (process 55, anna)" in port.message


def test_somebody_of_another_port_is_not_called_deaf() -> None:
    facts = seen(replied=False, dialled=Dialled.CONNECTED, address=Address("10.0.0.7", 40001))
    assert wrong(facts) == []


@pytest.mark.parametrize(
    ("outcome", "is_near", "says"),
    [
        (Dialled.CONNECTED, True, "can be reached at 10.0.0.9:2372"),
        (Dialled.REFUSED, True, "no lanmsg takes connections"),
        (Dialled.SILENT, False, "on another network"),
        (Dialled.SILENT, True, "does not answer at all"),
    ],
)
def test_the_way_to_one_person(outcome: Dialled, is_near: bool, says: str) -> None:
    address = Address("10.0.0.9", 2372)
    who = replace(SEEN, peer=BEN, address=address, replied=False, dialled=outcome)
    facts = replace(WELL, wanted=Wanted("ben", address, seen=who, on_link=is_near))
    found = [each for each in judge(facts).findings if each.code in ("peer", "peer-unreachable")]
    assert [says in each.message for each in found] == [True]
    assert found[0].ok == (outcome is Dialled.CONNECTED)


def test_a_name_cannot_forge_a_line() -> None:
    for each in wrong(seen(name="ben\n!! run this\x1b[2J", dialled=Dialled.REFUSED)):
        assert each.message.isprintable()


def test_the_figures_of_every_interface_are_shown() -> None:
    lines = [each.message for each in judge(WELL).findings if each.code == "traffic"]
    assert lines == ["eth0 10.0.0.5/24: 6 sent, 3 heard of others, our own came back"]
    assert str(ETH0) == "eth0 10.0.0.5"
