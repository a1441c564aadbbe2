"""Garbage, floods and forged datagrams from a host of the LAN harm nobody."""

from tests.lab.host import Host
from tests.lab.lan import Lan
from tests.lab.listener import Listener, meet

MEMORY_GROWTH_MAX = 32 * 1024 * 1024
MESSAGE_SECONDS = 5.0
"""A good peer's message while a stranger is at it."""

UDP_GARBAGE = """
import os, random, socket, sys
say = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(3000):
    body = os.urandom(random.randrange(1400))
    head = b"LMSD" + bytes([1, number % 6]) if number % 2 else b""
    say.sendto(head + body, (sys.argv[1], 2372))
"""
UDP_CROWD = """
import os, socket, struct, sys
say = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(5000):
    head = struct.pack(">4sBBH32s8s", b"LMSD", 1, 2, 0, os.urandom(32), os.urandom(8))
    tail = struct.pack(">16sHHBB3s", bytes(16), 2372, 12, 0, 3, b"eve")
    say.sendto(head + tail, (sys.argv[1], 2372))
"""
UDP_FORGED_BYE = """
import os, socket, struct, sys
say = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
say.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
key = bytes.fromhex(sys.argv[2])
for number in range(50):
    head = struct.pack(">4sBBH32s8s", b"LMSD", 1, 4, 0, key, os.urandom(8))
    say.sendto(head + struct.pack(">16sHHBB", os.urandom(16), 2372, 12, 0, 0), (sys.argv[1], 2372))
"""
TCP_GARBAGE = """
import contextlib, os, socket, struct, sys
held = []
def say(data):
    with contextlib.suppress(OSError):
        held.append(socket.create_connection((sys.argv[1], 2372), timeout=2))
        held[-1].sendall(data)
say(b"MSG" + b"A" * 500_000)
say(os.urandom(5000))
say(b"GET / HTTP/1.1\\r\\nHost: lanmsg\\r\\n\\r\\n")
say(struct.pack(">BH", 1, 1224) + b"LMSG" + bytes(600))
say(struct.pack(">BH", 1, 1224) + b"LMSG" + bytes([1, 1, 0, 0]) + os.urandom(1216))
say(b"\\xff" * 3)
say(b"")
"""
TCP_SILENCE = """
import json, socket, sys, time
held = []
for number in range(100):
    try:
        held.append(socket.create_connection((sys.argv[1], 2372), timeout=2))
    except OSError:
        pass
print(json.dumps({"type": "ready"}), flush=True)
for line in sys.stdin:
    pass
"""


def at_peace(lan: Lan) -> tuple[Listener, Listener, Host]:
    anna, ben, eve = lan.host("anna").listen(), lan.host("ben").listen(), lan.host("eve")
    meet(anna, ben)
    lan.hosts[0].lanmsg("msg", "ben", "all is well")
    return anna, ben, eve


def expect_unharmed(lan: Lan, anna: Listener, ben: Listener, text: str, *, memory: int) -> None:
    """Ben has lost nobody, takes anna's messages as before, and has not grown."""
    lan.hosts[0].lanmsg("msg", "--timeout", str(MESSAGE_SECONDS), "ben", text)
    ben.hears(text, within=1)
    ben.expect_none("peer_gone", since=0, peer=anna.id)
    ben.expect_unharmed()
    assert ben.memory() - memory < MEMORY_GROWTH_MAX


def test_garbage_on_udp_2372(lan: Lan) -> None:
    anna, ben, eve = at_peace(lan)
    memory = ben.memory()
    eve.run("python3", "-c", UDP_GARBAGE, lan.hosts[1].address)
    expect_unharmed(lan, anna, ben, "still here", memory=memory)


def test_a_crowd_that_is_not_there_pushes_nobody_out(lan: Lan) -> None:
    anna, ben, eve = at_peace(lan)
    memory = ben.memory()
    eve.run("python3", "-c", UDP_CROWD, lan.hosts[1].address)
    expect_unharmed(lan, anna, ben, "still here", memory=memory)
    assert sum(line.type == "peer_seen" for line in ben.lines) <= 1 + 64, (
        "one address may bring 64 unproven keys"
    )


def test_a_forged_goodbye_removes_nobody(lan: Lan) -> None:
    anna, ben, eve = at_peace(lan)
    memory = ben.memory()
    eve.run("python3", "-c", UDP_FORGED_BYE, "10.77.0.255", anna.id)
    expect_unharmed(lan, anna, ben, "still here", memory=memory)


def test_garbage_on_tcp_2372(lan: Lan) -> None:
    anna, ben, eve = at_peace(lan)
    memory = ben.memory()
    eve.run("python3", "-c", TCP_GARBAGE, lan.hosts[1].address)
    expect_unharmed(lan, anna, ben, "still here", memory=memory)


def test_silent_connections_keep_nobody_out(lan: Lan) -> None:
    anna, ben, eve = at_peace(lan)
    memory = ben.memory()
    crowd = eve.spawn("python3", "-c", TCP_SILENCE, lan.hosts[1].address)
    crowd.wait_for("ready", within=30)
    expect_unharmed(lan, anna, ben, "still here", memory=memory)
