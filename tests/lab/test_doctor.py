"""`lanmsg doctor` on machines that each have one thing wrong, and quiet on networks that nobody trusted.

    switch 0         well ── ben, inlet (UDP shut), outlet (nothing out), ports (taken), users (taken by root)
                     down (interface), bare (no address), full (disk), open (key), late (clock)
    switch 1         seer ── tina (TCP shut), deaf (UDP shut)
    switch 2         gate (gateway), guest and ivo (both on isolated ports)
    switch 3         pat (hears no broadcasts), quin
    switch 4         alone
    no switch        none

All of them are asked at once, as most of the time each only listens.
"""

import json
import shlex
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from lanmsg.model import Address, PeerId
from lanmsg.storage.store import Store
from tests.lab.host import Host, as_user
from tests.lab.lan import Lan
from tests.lab.listener import Listener, meet, wait_until_ready
from tests.lab.namespaces import ip, why_one_user

AT_A_TIME = 9
WAIT = ("--wait", "3")
"""Longer than a person would: the doctors get in each other's way."""

SHUT = "table inet lab {{ chain {hook} {{\n type filter hook {hook} priority 0\n {rule}\n }}\n }}"
TAKES_PORTS = """
import socket, sys, time
kept = [socket.socket(type=kind) for kind in (1, 2, 1)]
for sock, port in zip(kept, (2372, 2372, 2967)):
    sock.bind(("", port))
kept[0].listen(), kept[2].listen()
print('{"type": "ready"}', flush=True)
time.sleep(600)
"""
FULL = (
    "mount -t tmpfs -o size=96k,mode=700 none {home}"
    " && {{ head -c 1M /dev/zero >{home}/filler 2>/dev/null; exec {doctor}; }}"
)


@dataclass
class Answer:
    """What the doctor of one machine said."""

    exit: int
    document: dict[str, Any]
    stderr: str = ""

    def check(self, code: str) -> dict[str, Any]:
        found = [each for each in self.document["checks"] if each["code"] == code]
        assert len(found) == 1, (code, self.document)
        return found[0]  # type: ignore[no-any-return]

    @property
    def wrong(self) -> list[str]:
        return [each["code"] for each in self.document["checks"] if not each["ok"]]


@dataclass
class Surgery:
    """Machines with one thing wrong each, and how their doctors are called."""

    lan: Lan
    calls: dict[str, tuple[Host, tuple[str, ...]]] = field(default_factory=dict)

    def patient(self, name: str, switch: int | None = 0, *options: str) -> Host:
        host = self.lan.host(name, switch=switch)
        self.calls[name] = (host, tuple(host._lanmsg(("doctor", "--json", *WAIT, *options), "home")))
        return host

    def answer(self, name: str) -> Answer:
        host, command = self.calls[name]
        done = host.run(*command, within=120, check=False)
        assert done.stdout, (name, done.stderr)
        return Answer(done.returncode, json.loads(done.stdout), done.stderr)


def shut(host: Host, hook: str, rule: str) -> None:
    host._nft(SHUT.format(hook=hook, rule=rule))


def knows(host: Host, name: str, address: str, seen_at: float = 1.0) -> None:
    """The home of this host has met somebody there."""
    store = Store.open(host.folder / "home")
    peer = PeerId(name.encode().ljust(32, b"."))
    store.peers.saw(peer, nickname=name, addresses=[Address(address, 2372)], now=seen_at)
    store.close()


def one_cause_each(surgery: Surgery) -> list[Listener]:
    """Makes them all ill; the listeners among them."""
    lan = surgery.lan
    well, ben = surgery.patient("well"), lan.host("ben")
    shut(surgery.patient("inlet"), "input", "udp dport 2372 drop")
    shut(surgery.patient("outlet"), "output", "udp dport 2372 drop")
    ports, users = surgery.patient("ports"), surgery.patient("users")
    surgery.patient("down").link_down()
    bare = surgery.patient("bare")
    ip("address", "flush", "dev", "eth0", namespace=bare.namespace)
    keyed = surgery.patient("open")
    late = surgery.patient("late")
    knows(late, "zoe", "10.77.0.250", seen_at=4_000_000_000.0)
    full = surgery.patient("full")
    fill_up(surgery, full)

    seer, tina, deaf = (
        surgery.patient("seer", lan.switch()),
        lan.host("tina", switch=1),
        lan.host("deaf", switch=1),
    )
    shut(tina, "input", "tcp dport 2372 drop")
    shut(deaf, "input", "udp dport 2372 drop")
    surgery.calls["tina"] = (tina, tuple(tina._lanmsg(("doctor", "--json", *WAIT), "home")))
    knows(seer, "deaf", deaf.address)
    surgery.patient("wants", 1, deaf.address.rpartition(".")[0] + ".99")

    isolate(surgery)
    quin, pat = surgery.patient("quin", lan.switch()), lan.host("pat", switch=3)
    pat.drop_broadcasts()
    knows(quin, "pat", pat.address)
    surgery.patient("alone", lan.switch())
    surgery.patient("none", None)

    keyed.lanmsg("id")
    (keyed.folder / "home" / "identity.der").chmod(0o644)
    listeners = [host.listen() for host in (well, ben, tina, deaf, pat)]
    holders = [ports.spawn(sys.executable, "-c", TAKES_PORTS)]
    if not why_one_user():
        holders.append(users.spawn(sys.executable, "-c", TAKES_PORTS))
        host, command = surgery.calls["users"]
        home = host._home_of("nobody")
        command = tuple(host._lanmsg(("doctor", "--json", *WAIT), home))
        surgery.calls["users"] = (host, tuple(as_user("nobody", command)))
    for each in holders:
        each.wait_for("ready", within=20)
    wait_until_ready(*listeners)
    meet(*listeners[:2])
    return listeners


def fill_up(surgery: Surgery, host: Host) -> None:
    """Its home is a disk of its own without a free byte; `ip netns exec` keeps the mount to this process."""
    home = host.folder / "home"
    home.mkdir()
    _, command = surgery.calls[host.name]
    script = FULL.format(home=shlex.quote(str(home)), doctor=shlex.join(command))
    surgery.calls[host.name] = (host, ("sh", "-c", script))


def isolate(surgery: Surgery) -> None:
    """As a guest Wi-Fi does: these two reach the gateway and not each other."""
    lan = surgery.lan
    gate, guest, ivo = (
        lan.host("gate", switch=lan.switch()),
        surgery.patient("guest", 2),
        lan.host("ivo", switch=2),
    )
    for host in (guest, ivo):
        port = lan._port(host, "eth0")
        ip("link", "set", port, "type", "bridge_slave", "isolated", "on", namespace=lan._wire)
    guest.route("default", gate.address)
    knows(guest, "ivo", ivo.address)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Answer]]:
    with Lan(tmp_path_factory.mktemp("doctor")) as lan, ThreadPoolExecutor(AT_A_TIME) as pool:
        surgery = Surgery(lan)
        one_cause_each(surgery)
        said = pool.map(surgery.answer, surgery.calls)
        yield dict(zip(surgery.calls, said, strict=True))


def test_where_all_is_well_it_says_so(answers: dict[str, Answer]) -> None:
    well = answers["well"]
    assert (well.exit, well.wrong, well.document["ok"]) == (0, [], True)
    assert "ben" in well.check("people")["message"]
    assert "sees 1 peer" in well.check("listener")["message"]


@pytest.mark.parametrize(
    ("name", "code", "says", "types"),
    [
        ("inlet", "firewall-in", "UDP port 2372 shut", "nft insert rule inet lab input"),
        ("outlet", "firewall-out", "eth0", "nft insert rule inet lab output"),
        ("tina", "firewall-in", "TCP port 2372 shut", "nft insert rule inet lab input"),
        ("ports", "port-taken", "TCP and UDP port 2372 is held by py", ""),
        ("open", "key-open", "mode 0644", "chmod 600"),
        ("late", "clock-behind", "2096", ""),
        ("full", "home-full", "0 B left", ""),
        ("alone", "nobody", "nobody else has lanmsg open", ""),
        ("guest", "isolation", "10.77.2.", ""),
        ("quin", "no-broadcast", "pat", "config set peers 10.77.3."),
        ("wants", "peer-unreachable", "10.77.1.99", ""),
    ],
)
def test_a_cause_is_at_the_top(
    answers: dict[str, Answer], name: str, code: str, says: str, types: str
) -> None:
    answer = answers[name]
    assert (answer.exit, answer.wrong[:1]) == (1, [code]), answer.document
    check = answer.check(code)
    assert says in check["message"]
    assert check["hint"]
    assert any(types in command for command in check["commands"]) or not types


def test_who_answers_udp_and_refuses_tcp_is_named_with_the_lines_for_that_machine(
    answers: dict[str, Answer],
) -> None:
    check = answers["seer"].check("peer-tcp")
    assert "tina answers by UDP" in check["message"]
    assert "10.77.1." in check["message"]
    lines = "\n".join(check["commands"])
    for word in (
        "ufw allow 2372",
        "firewall-cmd",
        "nft insert rule",
        "netsh",
        "New-NetFirewallRule",
        "socketfilterfw",
    ):
        assert word in lines


def test_who_takes_tcp_and_answers_no_udp_is_called_deaf(answers: dict[str, Answer]) -> None:
    assert "deaf at 10.77.1." in answers["seer"].check("peer-deaf")["message"]
    assert "peer-tcp" in answers["seer"].wrong


def test_the_program_on_the_port_and_its_neighbours_are_named(answers: dict[str, Answer]) -> None:
    message = answers["ports"].check("port-taken")["message"]
    assert "2967 (Symantec AntiVirus and Endpoint Protection) by py" in message
    assert "does not hear who announces itself" in message


def test_a_port_of_a_second_user_s_program_names_the_user_and_how_to_find_the_program(
    answers: dict[str, Answer],
) -> None:
    check = answers["users"].check("port-taken")
    assert "held by a program of root" in check["message"]
    assert check["commands"] == ["sudo ss -lntup 'sport = :2372'"]


@pytest.mark.parametrize(("name", "says"), [("down", "eth0 down"), ("bare", "eth0 no address"), ("none", "")])
def test_without_an_interface_there_is_an_exit_code_of_its_own(
    answers: dict[str, Answer], name: str, says: str
) -> None:
    answer = answers[name]
    assert (answer.exit, answer.wrong) == (10, ["no-interface"])
    assert says in answer.check("no-interface")["message"]


def test_no_doctor_says_more_than_json(answers: dict[str, Answer]) -> None:
    assert {name: answer.stderr for name, answer in answers.items() if answer.stderr} == {}


def test_on_a_new_network_of_the_same_numbers_not_a_datagram_is_sent_until_it_is_trusted(lan: Lan) -> None:
    """Home and café are both 10.77.0.0/24 with a gateway at .200; only its hardware address differs."""
    home, cafe = 0, lan.switch()
    ben, walker = lan.host("ben"), lan.host("walker")
    gateway_at(lan, "router", home)
    walker.route("default", GATEWAY)
    walker.lanmsg("config", "set", "networks.new", "quiet")
    trusted = walker.lanmsg("network", "trust")
    assert "10.77.0.0/24" in trusted.stderr
    at_home, anna = ben.listen(), walker.listen()
    meet(at_home, anna)

    hotspot = gateway_at(lan, "hotspot", cafe)
    stranger = lan.host("stranger", switch=cafe)
    stranger.change_address("10.77.0.77")
    walker.link_down()
    lan.plug_in(walker, cafe)
    walker._nft(COUNTED)
    walker.change_address("10.77.0.50", "eth1")
    walker.route("default", GATEWAY)
    there = stranger.listen()
    wait_until_ready(there)
    anna.wait_for_error("quiet on eth1", within=30)
    hotspot.run(sys.executable, "-c", WAVES)  # from now on its hardware address is known here
    walker.lanmsg("config", "set", "networks.new", "quiet", home="other")
    said = walker.lanmsg("peers", "--wait", "1", home="other").stderr
    assert "did not search on eth1 10.77.0.50: a new network: lanmsg network trust" in said
    assert network_states(walker) == {"trusted", "new"}
    doctor = walker.lanmsg("doctor", "--json", "--wait", "1", check=False)
    checks = {each["code"]: each for each in json.loads(doctor.stdout)["checks"]}
    assert checks["network-untrusted"]["commands"] == ["lanmsg network trust eth1"]
    assert counted(walker) == 0
    assert stranger.run(sys.executable, "-c", CALLS).stdout == "closed\n"
    there.expect_none("peer_seen", since=0, peer=anna.id)

    walker.lanmsg("network", "trust", "eth1")
    there.sees(anna, within=10)
    anna.sees(there, within=10)
    assert counted(walker) > 0
    assert stranger.run(sys.executable, "-c", CALLS).stdout == "answered\n"

    walker.lanmsg("network", "quiet", "eth1")
    anna.wait_for_error("kept quiet", within=30)
    before = counted(walker)
    walker.lanmsg("doctor", "--wait", "1", check=False)
    assert counted(walker) == before
    assert network_states(walker) == {"trusted", "quiet"}
    anna.expect_unharmed()


GATEWAY = "10.77.0.200"
COUNTED = """
table inet counted {
  counter datagrams { }
  chain output {
    type filter hook output priority 0
    oifname eth1 meta l4proto udp counter name datagrams
  }
}
"""


WAVES = "import socket; socket.socket(type=2).sendto(b'', ('10.77.0.50', 9))"


CALLS = """
import contextlib, socket
line = socket.create_connection(("10.77.0.50", 2372), timeout=20)
said = b""
with contextlib.suppress(ConnectionError):
    line.sendall(b"GET / HTTP/1.0\\r\\n" * 100)
    said = line.recv(1)
print("answered" if said else "closed")
"""
"""What is no handshake is refused with a word, where anybody is talked to at all."""


def network_states(host: Host) -> set[str]:
    return {each["state"] for each in json.loads(host.lanmsg("network", "--json").stdout)["networks"]}


def gateway_at(lan: Lan, name: str, switch: int) -> Host:
    host = lan.host(name, switch=switch)
    host.change_address(GATEWAY)
    return host


def counted(host: Host) -> int:
    """Datagrams that left by eth1."""
    listed = json.loads(host.run("nft", "-j", "list", "counters").stdout)["nftables"]
    return sum(each["counter"]["packets"] for each in listed if "counter" in each)
