"""What becomes of a packet in a firewall's rules, and what cannot be told from them."""

import json
from typing import Any

import pytest

from lanmsg.node.diagnosis_facts import Verdict
from lanmsg.node.firewall_rules import Chain, Packet, iptables_chains, nft_chains, trace, ufw_allows

ACCEPT, DROP, UNKNOWN = Verdict

UDP = Packet("udp", 2372, "eth0", "input")
TCP = Packet("tcp", 2372, "eth0", "input")

LO: list[dict[str, Any]] = [
    {"match": {"op": "==", "left": {"meta": {"key": "iif"}}, "right": "lo"}},
    {"accept": None},
]
KNOWN: list[dict[str, Any]] = [
    {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}},
    {"accept": None},
]


def port(protocol: str, right: object, verdict: str, op: str = "==") -> list[dict[str, Any]]:
    left = {"payload": {"protocol": protocol, "field": "dport"}}
    return [{"match": {"op": op, "left": left, "right": right}}, {verdict: None}]


def nft(
    *rules: list[dict[str, Any]], policy: str = "drop", more: tuple[dict[str, Any], ...] = ()
) -> tuple[Chain, ...]:
    base = {
        "family": "inet", "table": "fw", "name": "in", "type": "filter", "hook": "input", "prio": 0,
        "policy": policy,
    }  # fmt: skip
    rows = [{"rule": {"family": "inet", "table": "fw", "chain": "in", "expr": each}} for each in rules]
    return nft_chains(json.dumps({"nftables": [{"metainfo": {}}, {"chain": base}, *more, *rows]}))


@pytest.mark.parametrize(
    ("chains", "packet", "verdict"),
    [
        (nft(LO, KNOWN), UDP, DROP),
        (nft(LO, KNOWN, port("udp", 2372, "accept")), UDP, ACCEPT),
        (nft(LO, KNOWN, port("udp", 2372, "accept")), TCP, DROP),
        (nft(port("tcp", 2372, "drop"), policy="accept"), TCP, DROP),
        (nft(port("tcp", 2372, "drop"), policy="accept"), UDP, ACCEPT),
        (nft([*port("tcp", 2372, "x")[:1], {"reject": {"type": "tcp reset"}}], policy="accept"), TCP, DROP),
        (nft(port("th", {"set": [22, {"range": [2000, 3000]}]}, "accept")), TCP, ACCEPT),
        (nft(port("th", {"range": [3000, 4000]}, "accept")), TCP, DROP),
        (nft(port("tcp", "@open_ports", "accept")), TCP, UNKNOWN),
        (nft(port("udp", 22, "accept", op="!=")), UDP, ACCEPT),
        (nft([{"limit": {"rate": 5}}, {"drop": None}], policy="accept"), UDP, UNKNOWN),
        (nft([{"counter": {"packets": 1}}, {"accept": None}]), UDP, ACCEPT),
        (nft([{"xt": {"type": "match"}}, {"accept": None}]), UDP, UNKNOWN),
        (
            nft(
                [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "wl*"}},
                 {"accept": None}],
            ),
            UDP,
            DROP,
        ),
        (
            nft(
                [{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": {"set": ["udp"]}}},
                 {"accept": None}],
            ),
            UDP,
            ACCEPT,
        ),
        ((), UDP, ACCEPT),
        (nft_chains("not json"), UDP, ACCEPT),
    ],
)  # fmt: skip
def test_nftables(chains: tuple[Chain, ...], packet: Packet, verdict: Verdict) -> None:
    assert trace(chains, packet) == (verdict, "inet fw in" if verdict is DROP else "")


def test_a_chain_that_is_jumped_to_comes_back_where_it_says_nothing() -> None:
    other = {"chain": {"family": "inet", "table": "fw", "name": "lan"}}
    row = {"rule": {"family": "inet", "table": "fw", "chain": "lan", "expr": port("udp", 2372, "accept")}}
    chains = nft([{"jump": {"target": "lan"}}], more=(other, row))
    assert trace(chains, UDP)[0] is ACCEPT
    assert trace(chains, TCP)[0] is DROP
    assert trace(nft([{"jump": {"target": "elsewhere"}}]), UDP)[0] is UNKNOWN


IPTABLES = """\
-P INPUT DROP
-P FORWARD DROP
-P OUTPUT ACCEPT
-N lan
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m comment --comment "ssh, and so on" -m multiport --dports 22,80 -j ACCEPT
-A INPUT -j lan
-A lan ! -i wlan0 -p udp -m udp --dport 2300:2400 -j ACCEPT
-A lan -j RETURN
"""


@pytest.mark.parametrize(
    ("text", "packet", "verdict"),
    [
        (IPTABLES, UDP, ACCEPT),
        (IPTABLES, TCP, DROP),
        (IPTABLES, Packet("udp", 2372, "wlan0", "input"), DROP),
        (IPTABLES, Packet("tcp", 80, "eth0", "input"), ACCEPT),
        (IPTABLES, Packet("udp", 2372, "eth0", "output"), ACCEPT),
        ("-P INPUT ACCEPT\n-A INPUT -s 10.0.0.0/8 -j DROP\n", UDP, UNKNOWN),
        ("-P INPUT ACCEPT\n-A INPUT -p udp -j LOG\n-A INPUT -p udp -j REJECT --reject-with x\n", UDP, DROP),
        ("-P INPUT DROP\n-A INPUT -m set --match-set mine dst -j ACCEPT\n", UDP, UNKNOWN),
        ("-P INPUT DROP\n-A INPUT -j mine\n-N mine\n-A mine -j mine\n", UDP, UNKNOWN),
    ],
)
def test_iptables(text: str, packet: Packet, verdict: Verdict) -> None:
    assert trace(iptables_chains(text), packet)[0] is verdict


UFW = """\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)

To                         Action      From
--                         ------      ----
22/tcp                     LIMIT IN    Anywhere
2372/udp                   ALLOW IN    Anywhere
2300:2400/tcp              DENY IN     Anywhere
2372 (v6)                  ALLOW IN    Anywhere (v6)
"""


WITHOUT_UDP = UFW.replace("2372/udp                   ALLOW IN    Anywhere\n", "")


@pytest.mark.parametrize(
    ("text", "protocol", "verdict"),
    [
        (UFW, "udp", ACCEPT),
        (UFW, "tcp", DROP),
        (UFW.replace("2300:2400/tcp              DENY IN ", "2372              ALLOW IN"), "tcp", ACCEPT),
        (WITHOUT_UDP, "udp", DROP),
        (WITHOUT_UDP.replace("deny (in", "allow (in"), "udp", ACCEPT),
        (UFW.replace("ALLOW IN    Anywhere\n", "ALLOW IN    192.168.1.0/24\n"), "udp", UNKNOWN),
    ],
)
def test_ufw(text: str, protocol: str, verdict: Verdict) -> None:
    assert ufw_allows(text, 2372, protocol) is verdict
