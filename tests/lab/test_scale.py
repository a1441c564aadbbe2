"""Many at once: everybody sees everybody, a broadcast reaches all, and who is silent holds up nobody else.

scripts/scale measures the same with a hundred nodes and a thousand announcers.
"""

import signal
import sys

from tests.lab.conftest import Figures
from tests.lab.host import Host
from tests.lab.lan import Lan
from tests.lab.listener import meet
from tests.lab.program import Program

NODES, DEAF = 6, 1
PORT = 2372
LATE_SECONDS = 30.0
HELD_UP_SECONDS = 7.0
"""Reached is who can be reached, while those who say nothing are still waited for."""

GIVE_UP = "7"


def crowd(host: Host) -> Program:
    """Nodes in one process, all on the host's loopback; the last of them acknowledges no message."""
    words = ("nodes", "1", str(NODES), str(NODES), str(PORT), str(host.folder), str(DEAF))
    program = host.spawn(sys.executable, "-m", "tests.lab.crowd", *words)
    program.wait_for("keys", within=LATE_SECONDS)
    program.feed(b"go\n")
    return program


def test_a_broadcast_reaches_all_who_can_be_reached_and_waits_for_the_silent_alone(
    lan: Lan, figures: Figures
) -> None:
    """One takes messages and acknowledges none, one accepts connections and does not say a word."""
    host = lan.host("host", switch=None)
    others = crowd(host)
    mute = host.listen("--interface", "127.72.1.1", home="mute", name="mute")
    anna = host.listen("--interface", "127.72.1.2", home="anna", name="anna")
    meet(anna, mute, within=LATE_SECONDS)
    others.wait_for("complete", within=LATE_SECONDS)
    mute.send_signal(signal.SIGSTOP)
    words = ("broadcast", "--wait", "1", "--timeout", GIVE_UP, "to all")
    sender = host.spawn_lanmsg("--interface", "127.72.1.2", "--json", *words, home="anna")
    heard_at = others.wait_for("heard", within=LATE_SECONDS, text="to all").at
    figures.within(HELD_UP_SECONDS, heard_at - sender.started_at, "a broadcast, with two who say nothing")
    assert sender.running
    assert sender.wait(within=LATE_SECONDS) != 0
    result = sender.lines[-1]
    assert (result["recipients"], result["delivered"]) == (NODES + 1, NODES - DEAF)
    told = {line["peer"]["id"] for line in sender.lines if "peer" in line.data}
    assert len(told) == NODES + 1
    assert mute.id in told
