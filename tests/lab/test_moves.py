"""Networks change under a running program: everybody stays one person, and no message is lost on the way."""

import json
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab.conftest import Figures
from tests.lab.host import Host
from tests.lab.lan import Lan
from tests.lab.listener import meet
from tests.lab.program import Program
from tests.lab.test_files import MIB, digest, make_file
from tests.lab.test_firewalls import listen

RECOVERY_SECONDS = 7.0
"""Promised are 5 s from when it is possible again; the rest is for a slow machine."""

GOES_ON_SECONDS = 20.0
"""Mostly 2 to 5 s; less than the 30 after which it would go on in any case."""

FILE_BYTES = 16 * MIB

LATE_SECONDS = 30.0
"""How long the lab waits, to tell how late it was."""


class Person:
    """A host with a listener, and who writes to whom there."""

    def __init__(self, lan: Lan, name: str) -> None:
        self.name = name
        self.host = lan.host(name)
        self.listener = listen(self.host)

    def queue(self, other: "Person", text: str) -> None:
        """Into the outbox of the home, whatever the network is doing."""
        self.host.lanmsg("msg", "--queue", "--wait", "0", "--timeout", "0.1", other.name, text, check=False)

    def heard(self, text: str, since: float) -> float:
        """Seconds from `since`."""
        return self.listener.hears(text, within=LATE_SECONDS, since=since).at - since

    def times_heard(self, text: str) -> int:
        return len([line for line in self.listener.lines if line.data.get("text") == text])

    def names_listed(self) -> list[str]:
        peers = json.loads(self.host.lanmsg("peers", "--json", "--wait", "0").stdout)["peers"]
        return sorted(each["name"] for each in peers if each["present"])


def with_open_sessions(lan: Lan, names: Sequence[str]) -> list[Person]:
    """All have met, and the listener of the first has a session with that of each other one."""
    people = [Person(lan, name) for name in names]
    meet(*(each.listener for each in people), within=20)
    first, others = people[0], people[1:]
    with ThreadPoolExecutor() as at_once:
        for done in [at_once.submit(open_session, first, each) for each in others]:
            done.result()
    meet(*(each.listener for each in people), within=20)
    return people


def open_session(one: Person, other: Person) -> None:
    """A command would use a session of its own; what waits in the outbox is for the listener to deliver."""
    one.host.lanmsg("msg", other.name, "hello")
    left_at = other.listener.terminate()
    other.listener.wait()
    one.listener.loses(other.listener, within=20, since=left_at)
    one.queue(other, "from listener to listener")
    other.listener = other.host.listen()
    other.listener.hears("from listener to listener", within=20)


def both_hear(one: Person, other: Person, since: float) -> float:
    """What each wrote to the other while there was no way; each once."""
    took = max(other.heard(f"to {other.name}", since), one.heard(f"from {other.name}", since))
    assert (other.times_heard(f"to {other.name}"), one.times_heard(f"from {other.name}")) == (1, 1)
    return took


def write_both(one: Person, other: Person) -> None:
    with ThreadPoolExecutor() as at_once:
        at_once.submit(one.queue, other, f"to {other.name}")
        at_once.submit(other.queue, one, f"from {other.name}")


def without_ipv6(person: Person) -> None:
    """Else that is a way which stays while the other address goes."""
    person.host.ip("-6", "address", "flush", "dev", "eth0")


def add_bridge_without_neighbours(host: Host) -> None:
    """As docker's: the same address on every host, and something that keeps it up."""
    host.ip("link", "add", "docker0", "up", "type", "bridge")
    host.ip("link", "add", "veth0", "up", "type", "veth", "peer", "name", "veth1")
    host.ip("link", "set", "veth0", "master", "docker0")
    host.ip("link", "set", "veth1", "up")
    host.ip("address", "add", "172.17.0.1/16", "broadcast", "+", "dev", "docker0")


def test_who_moves_stays_one_person_and_misses_nothing(lan: Lan, figures: Figures) -> None:
    """All at once, as sleeping takes its time: a new address, a cable, docker's bridge, a lid that closes."""
    gus = Person(lan, "gus")
    anna, dina, will, sam = people = with_open_sessions(lan, ("anna", "dina", "will", "sam"))
    meet(gus.listener, sam.listener, within=20)
    lan.cut(sam.host)
    asleep_at = sam.listener.send_signal(signal.SIGSTOP)
    anna.queue(sam, "to sam")
    gus.listener.kill()

    without_ipv6(dina)
    dina.host.drop_address()
    write_both(anna, dina)
    at = dina.host.take_address("10.77.0.99")
    figures.within(RECOVERY_SECONDS, both_hear(anna, dina, at), "another address, and all that waited")

    will.host.link_down("eth0")
    write_both(anna, will)
    at = lan.plug_in(will.host, 0)
    figures.within(RECOVERY_SECONDS, both_hear(anna, will, at), "from one interface to another")

    for each in (anna, dina):
        add_bridge_without_neighbours(each.host)

    anna.listener.loses(sam.listener, within=20, since=asleep_at)
    anna.listener.loses(gus.listener, within=20, since=asleep_at)
    lan.mend(sam.host)
    at = sam.listener.send_signal(signal.SIGCONT)
    sam.queue(anna, "from sam")
    back = anna.listener.sees(sam.listener, within=RECOVERY_SECONDS, since=at) - at
    figures.within(
        RECOVERY_SECONDS, max(back, both_hear(anna, sam, at)), "back from sleep, and all that waited"
    )
    gone = sam.listener.loses(gus.listener, within=RECOVERY_SECONDS, since=at) - at
    figures.within(RECOVERY_SECONDS, gone, "who vanished while one slept is gone from its list")

    anna.host.lanmsg("msg", "dina", "the bridge is nobody's")
    dina.listener.hears("the bridge is nobody's", within=5)
    assert anna.names_listed() == ["dina", "sam", "will"]
    assert sam.names_listed() == ["anna", "dina", "will"]
    for each in people:
        each.listener.expect_unharmed()
    for other in (dina, will):
        anna.listener.expect_none("peer_gone", since=asleep_at, peer=other.listener.id)


def begun(sender: Person, receiver: Person) -> tuple[Program, Path, Path]:
    """A file that takes a while is on its way: the sending command, the file, and where it will be."""
    source = make_file(sender.host.folder / f"from {sender.name}.bin", FILE_BYTES)
    program = sender.host.spawn_lanmsg("send", receiver.name, str(source), "--limit", "1M", "--json")
    receiver.listener.wait_for("transfer_progress", within=20, direction="in")
    return program, source, receiver.host.folder / "saved" / source.name


def moves(person: Person, number: int) -> float:
    person.host.drop_address()
    return person.host.take_address(f"10.77.0.{number}")


def test_a_file_on_its_way_goes_on_soon_when_either_side_moves(lan: Lan, figures: Figures) -> None:
    """Not only when nothing has moved for 30 s: each side finds out that its connection is dead."""
    people = [Person(lan, name) for name in ("anna", "ben", "cara", "dora")]
    meet(*(each.listener for each in people), within=20)
    anna, ben, cara, dora = people
    without_ipv6(ben)
    files = [begun(anna, ben), begun(cara, dora)]
    moved = [(moves(ben, 98), ben, "its receiver moved"), (moves(cara, 99), dora, "its sender moved")]
    for at, receiver, what in moved:
        # What came before may be told a moment later.
        went_on = receiver.listener.wait_for(
            "transfer_progress", within=LATE_SECONDS, since=at + 1, direction="in"
        )
        figures.within(GOES_ON_SECONDS, went_on.at - at, f"a file goes on after {what}")
    for program, source, saved in files:
        assert program.wait(within=60) == 0, program.transcript()
        assert digest(saved) == digest(source)
