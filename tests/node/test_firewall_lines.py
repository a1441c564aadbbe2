"""The line to type for each firewall: the right tool, both protocols, the port in question."""

import pytest

from lanmsg.node.diagnosis_facts import FirewallFacts
from lanmsg.node.firewall_lines import lines_for_anyone, lines_to_let_in, lines_to_let_out


@pytest.mark.parametrize(
    ("firewalls", "platform", "expected"),
    [
        ((FirewallFacts("ufw"),), "linux", ("sudo ufw allow 2400",)),
        (
            (FirewallFacts("firewalld"),),
            "linux",
            (
                "sudo firewall-cmd --add-port=2400/udp --add-port=2400/tcp"
                " && sudo firewall-cmd --permanent --add-port=2400/udp --add-port=2400/tcp",
            ),
        ),
        (
            (FirewallFacts("nftables", where_in="inet lab input"),),
            "linux",
            ("sudo nft insert rule inet lab input meta l4proto '{ tcp, udp }' th dport 2400 accept",),
        ),
        (
            (FirewallFacts("iptables"),),
            "linux",
            (
                "sudo iptables -I INPUT -p udp --dport 2400 -j ACCEPT",
                "sudo iptables -I INPUT -p tcp --dport 2400 -j ACCEPT",
            ),
        ),
    ],
)
def test_the_firewall_that_is_there(
    firewalls: tuple[FirewallFacts, ...], platform: str, expected: tuple[str, ...]
) -> None:
    assert lines_to_let_in(2400, firewalls, platform) == expected


def test_where_none_is_known_each_has_its_line() -> None:
    tools = [line.split()[1] for line in lines_to_let_in(2372, (), "linux")]
    assert tools == ["ufw", "firewall-cmd", "nft"]
    labels = [line.partition(":")[0].strip() for line in lines_for_anyone(2372) if line[0] != " "]
    assert labels == ["ufw", "firewalld", "nftables", "Windows", "macOS"]


def test_other_systems() -> None:
    netsh, shell = lines_to_let_in(2400, (), "win32")
    assert netsh.count("localport=2400") == netsh.count("dir=in") == 2
    assert "-Direction Inbound" in shell
    assert "-LocalPort 2400" in shell
    assert "socketfilterfw --add" in lines_to_let_in(2400, (), "darwin")[0]


def test_the_way_out() -> None:
    (line,) = lines_to_let_out(2372, (FirewallFacts("nftables", where_out="ip f out"),), "linux")
    assert "insert rule ip f out" in line
    assert lines_to_let_out(2372, (FirewallFacts("ufw"),), "linux") == ("sudo ufw allow out 2372",)
    assert "-I OUTPUT" in lines_to_let_out(2372, (FirewallFacts("iptables"),), "linux")[0]
    assert "inet filter output" in lines_to_let_out(2372, (), "linux")[0]
    netsh, shell = lines_to_let_out(2372, (), "win32")
    assert "dir=out action=allow protocol=UDP remoteport=2372" in netsh
    assert "-RemotePort 2372" in shell
