"""The lab's own tests: its wire carries, drops and separates what a LAN would."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.lab.host import Host
from tests.lab.lan import Lan
from tests.lab.namespaces import ip, remove_namespace, sweep
from tests.lab.program import Program

HEAR_UDP = """
import json, socket, sys
heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
heard.bind(("", int(sys.argv[1])))
print(json.dumps({"type": "ready"}), flush=True)
while True:
    data, source = heard.recvfrom(2000)
    print(json.dumps({"type": "heard", "text": data.decode(), "from": source[0]}), flush=True)
"""
SAY_UDP = """
import socket, sys
say = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
say.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for number in range(int(sys.argv[4])):
    say.sendto(sys.argv[3].encode(), (sys.argv[1], int(sys.argv[2])))
"""
SERVE_TCP = """
import json, socket, sys
server = socket.create_server(("", int(sys.argv[1])))
print(json.dumps({"type": "ready"}), flush=True)
while True:
    connection, source = server.accept()
    print(json.dumps({"type": "connected", "from": source[0]}), flush=True)
    connection.close()
"""
CALL_TCP = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=0.3).close()
except OSError as error:
    sys.exit(type(error).__name__)
"""


def hear(host: Host, port: int = 2372) -> Program:
    program = host.spawn("python3", "-c", HEAR_UDP, str(port))
    program.wait_for("ready", within=5)
    return program


def say(host: Host, text: str, *, to: str, port: int = 2372, times: int = 1) -> None:
    host.run("python3", "-c", SAY_UDP, to, str(port), text, str(times), check=False)


def serve(host: Host, port: int) -> Program:
    program = host.spawn("python3", "-c", SERVE_TCP, str(port))
    program.wait_for("ready", within=5)
    return program


def call(host: Host, address: str, port: int) -> bool:
    return host.run("python3", "-c", CALL_TCP, address, str(port), check=False).returncode == 0


def test_a_broadcast_reaches_every_host_of_the_switch(lan: Lan) -> None:
    anna, ben, cara = (lan.host(name) for name in ("anna", "ben", "cara"))
    listeners = [hear(ben), hear(cara)]
    say(anna, "hi", to="10.77.0.255")
    for listener in listeners:
        assert listener.wait_for("heard", within=2)["from"] == anna.address == "10.77.0.1"


def test_tcp_connects_between_hosts(lan: Lan) -> None:
    anna, ben = lan.host("anna"), lan.host("ben")
    server = serve(ben, 2372)
    assert call(anna, ben.address, 2372)
    assert server.wait_for("connected", within=2)["from"] == anna.address


def test_nothing_of_the_lab_is_in_the_machine_s_own_namespace(lan: Lan) -> None:
    lan.host("anna")
    assert "lan0" not in ip("link", "show")
    assert "10.77." not in ip("address", "show")


def test_a_firewall_lets_in_its_ports_and_answers_only(lan: Lan) -> None:
    anna, ben = lan.host("anna"), lan.host("ben")
    serve(ben, 2372)
    serve(ben, 2373)
    serve(anna, 2400)
    ben.firewall(2372)
    heard, unheard = hear(ben, 2372), hear(ben, 2373)
    assert call(anna, ben.address, 2372)
    assert not call(anna, ben.address, 2373)
    assert call(ben, anna.address, 2400)
    say(anna, "no", to=ben.address, port=2373)
    say(anna, "yes", to=ben.address, port=2372)
    heard.wait_for("heard", within=2, text="yes")
    unheard.expect_none("heard", since=0)


def test_a_wire_loses_about_as_many_packets_as_asked(lan: Lan) -> None:
    anna, ben = lan.host("anna"), lan.host("ben")
    ben.lose(50)
    listener = hear(ben)
    say(anna, "packet", to=ben.address, times=400)
    ben.run("nft", "flush", "ruleset")
    say(anna, "last", to=ben.address)
    listener.wait_for("heard", within=2, text="last")
    assert 120 < len(listener.lines) - 2 < 280


def test_a_host_can_be_cut_off_and_come_back(lan: Lan) -> None:
    anna, ben = lan.host("anna"), lan.host("ben")
    serve(ben, 2372)
    ben.link_down()
    assert not call(anna, ben.address, 2372)
    ben.link_up()
    assert call_soon(anna, ben.address)
    lan.cut(ben)
    assert not call(anna, ben.address, 2372)
    lan.mend(ben)
    assert call_soon(anna, ben.address)


def call_soon(host: Host, address: str) -> bool:
    """A port of a bridge takes its moment to forward again."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if call(host, address, 2372):
            return True
    return False


def test_a_host_can_change_its_address(lan: Lan) -> None:
    anna, ben = lan.host("anna"), lan.host("ben")
    serve(ben, 2372)
    old = ben.address
    ben.change_address("10.77.0.99")
    assert call(anna, "10.77.0.99", 2372)
    assert not call(anna, old, 2372)


def test_broadcasts_can_be_kept_from_a_host(lan: Lan) -> None:
    anna, ben = lan.host("anna"), lan.host("ben")
    ben.drop_broadcasts()
    listener = hear(ben)
    say(anna, "to all", to="10.77.0.255")
    say(anna, "to you", to=ben.address)
    assert listener.wait_for("heard", within=2)["text"] == "to you"


def test_two_switches_are_two_networks_and_a_router_joins_them(lan: Lan) -> None:
    other = lan.switch()
    anna, ben, router = lan.host("anna"), lan.host("ben", switch=other), lan.host("router")
    lan.plug_in(router, other)
    listener = hear(ben)
    assert not call(anna, ben.address, 2372)

    router.forward()
    anna.route("10.77.1.0/24", router.address)
    ben.route("10.77.0.0/24", router.addresses["eth1"])
    serve(ben, 2372)
    assert call(anna, ben.address, 2372)
    say(anna, "to all", to="10.77.0.255")
    say(anna, "to you", to=ben.address)
    assert listener.wait_for("heard", within=2)["text"] == "to you"


def test_an_expectation_that_does_not_come_true_tells_what_the_program_said(lan: Lan) -> None:
    program = lan.host("anna").spawn("sh", "-c", 'echo \'{"type": "this"}\'; echo that >&2; exec sleep 60')
    program.wait_for("this", within=2)
    with pytest.raises(AssertionError, match=r"(?s)no other .*this.*that"):
        program.wait_for("other", within=0.05)


def test_waiting_for_a_program_that_has_ended_fails_at_once(lan: Lan) -> None:
    program = lan.host("anna").spawn("false")
    started = time.monotonic()
    with pytest.raises(AssertionError, match="no ready"):
        program.wait_for("ready", within=60)
    assert time.monotonic() - started < 30


def test_a_lab_leaves_nothing_behind_when_its_block_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Lan(tmp_path, ["anna"]) as lan:  # noqa: PT012
        namespace = lan.hosts[0].namespace
        sleeper = lan.hosts[0].spawn("sleep", "600")
        raise ZeroDivisionError
    assert namespace not in ip("netns", "list")
    assert not sleeper.running


def test_the_lab_of_a_killed_run_is_swept_away() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    namespace = f"lanmsg-{gone.pid}-1-wire"
    ip("netns", "add", namespace)
    try:
        sweep()
        assert namespace not in ip("netns", "list")
    finally:
        remove_namespace(namespace)
