"""Firewalls on the hosts: open for lanmsg, open for nothing, on one side and on both."""

import hashlib
import os
from pathlib import Path

from tests.lab.conftest import Figures
from tests.lab.host import Host
from tests.lab.lan import Lan
from tests.lab.listener import Listener, meet, wait_until_ready
from tests.lab.test_presence import LEAVE_SECONDS, NEWCOMER_SECONDS

MEET_SECONDS = 5.0
"""A node named with --peer is asked at 0, 1 and 4 s."""

HEARD_SECONDS = 10.0
FILE_BYTES = 1_000_001


def talk_both_ways(one: Host, other: Host, listeners: tuple[Listener, Listener]) -> None:
    """A message and a file in each direction, from commands, as a person types them."""
    for sender, receiver, listener in ((one, other, listeners[1]), (other, one, listeners[0])):
        text = f"from {sender.name} to {receiver.name}"
        sender.lanmsg("msg", receiver.name, text)
        listener.hears(text, within=HEARD_SECONDS)
        source = sender.folder / f"{text}.bin"
        source.write_bytes(os.urandom(FILE_BYTES))
        sender.lanmsg("send", receiver.name, str(source), within=60)
        assert digest(saved(receiver) / source.name) == digest(source)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def saved(host: Host) -> Path:
    return host.folder / "saved"


def listen(host: Host, *options: str) -> Listener:
    return host.listen("--accept", "all", "--to", str(saved(host)), *options)


def test_firewalls_that_let_in_only_2372_keep_nothing_out(lan: Lan, figures: Figures) -> None:
    hosts = [lan.host(name) for name in ("anna", "ben")]
    for host in hosts:
        host.firewall(2372)
    anna, ben = (listen(host) for host in hosts)
    figures.within(NEWCOMER_SECONDS, meet(anna, ben), "firewalls open for 2372 only: both see each other")
    talk_both_ways(hosts[0], hosts[1], (anna, ben))


def test_where_nothing_is_let_in_on_either_side_it_says_where_it_looked_and_what_helps(lan: Lan) -> None:
    hosts = [lan.host(name) for name in ("anna", "ben")]
    for host in hosts:
        host.firewall()
    ben = hosts[1].listen()
    wait_until_ready(ben)
    said = hosts[0].lanmsg("peers", "--wait", "1", check=False).stderr
    assert "searched on eth0" in said
    assert "nobody is here" in said
    assert "hint: lanmsg " in said
    done = hosts[0].lanmsg("--peer", hosts[1].address, "msg", "--wait", "2", "ben", "hello?", check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    ben.expect_unharmed()


def test_who_lets_nothing_in_talks_and_is_talked_to_through_the_door_it_opened(
    lan: Lan, figures: Figures
) -> None:
    """It names a peer; the answers to what it asks come back in, and its sessions carry both ways."""
    open_host, closed_host = lan.host("anna"), lan.host("ben")
    closed_host.firewall()
    anna, ben = listen(open_host), listen(closed_host, "--peer", open_host.address)
    meet(anna, ben, within=MEET_SECONDS)
    talk_both_ways(open_host, closed_host, (anna, ben))
    left_at = anna.terminate()
    gone = ben.loses(anna, within=LEAVE_SECONDS, since=left_at) - left_at
    figures.within(LEAVE_SECONDS, gone, "a quit is noticed by one that hears no broadcasts")
