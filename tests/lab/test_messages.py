"""Messages between hosts: delivered when the peer has them on disk, kept while it is away, shown once."""

import json

from tests.lab.lan import Lan
from tests.lab.listener import Listener, meet, wait_until_ready

RETURN_SECONDS = 5.0
"""From the return of a peer to the delivery of what waited for it."""


def test_a_message_is_delivered_and_shown(lan: Lan) -> None:
    host = lan.host("anna")
    anna, ben = host.listen(), lan.host("ben").listen()
    meet(anna, ben)
    host.lanmsg("msg", "ben", "hello ben")
    line = ben.hears("hello ben", within=1)
    assert line.peer == anna.id
    assert line["conversation"] == "private"


def test_a_script_on_a_host_without_a_listener_delivers(lan: Lan) -> None:
    ben = lan.host("ben").listen()
    wait_until_ready(ben)
    lan.host("anna").lanmsg("msg", "ben", "from a cold start")
    ben.hears("from a cold start", within=1)


def test_a_broadcast_reaches_everybody(lan: Lan) -> None:
    host = lan.host("anna")
    anna, ben, cara = host.listen(), lan.host("ben").listen(), lan.host("cara").listen()
    meet(anna, ben, cara)
    done = host.lanmsg("--json", "broadcast", "hello all")
    for one in (ben, cara):
        assert one.hears("hello all", within=1)["conversation"] == "everyone"
    assert json.loads(done.stdout.splitlines()[-1])["ok"] is True


def known_and_gone(lan: Lan) -> Listener:
    """Anna's listener, with ben known to her and away."""
    anna, ben = lan.host("anna").listen(), lan.host("ben").listen()
    meet(anna, ben)
    lan.hosts[0].lanmsg("msg", "ben", "first")
    left_at = ben.terminate()
    ben.wait()
    anna.loses(ben, within=2, since=left_at)
    return anna


def test_a_message_to_nobody_is_refused_and_to_an_absent_peer_only_queued_when_asked(lan: Lan) -> None:
    known_and_gone(lan)
    assert lan.hosts[0].lanmsg("msg", "--wait", "0.3", "nobody", "x", check=False).returncode == 3
    assert (
        lan.hosts[0].lanmsg("msg", "--wait", "0.3", "--timeout", "1", "ben", "x", check=False).returncode != 0
    )


def test_a_queued_message_is_delivered_when_the_peer_returns(lan: Lan) -> None:
    known_and_gone(lan)
    lan.hosts[0].lanmsg("msg", "--queue", "--wait", "0.3", "--timeout", "1", "ben", "while you were out")
    ben = lan.hosts[1].listen()
    wait_until_ready(ben)
    ben.hears("while you were out", within=RETURN_SECONDS)


def test_a_queued_message_outlives_the_sender_s_listener(lan: Lan) -> None:
    anna = known_and_gone(lan)
    lan.hosts[0].lanmsg("msg", "--queue", "--wait", "0.3", "--timeout", "1", "ben", "kept on disk")
    anna.kill()
    anna.wait()
    anna, ben = lan.hosts[0].listen(), lan.hosts[1].listen()
    meet(anna, ben)
    ben.hears("kept on disk", within=RETURN_SECONDS)
    lan.hosts[0].lanmsg("msg", "ben", "the last")
    ben.hears("the last", within=1)
    texts = [line["text"] for line in ben.lines if line.type == "message"]
    assert texts == ["kept on disk", "the last"]


def test_a_message_survives_a_wire_that_loses_packets(lan: Lan) -> None:
    hosts = [lan.host(name) for name in ("anna", "ben")]
    ben = hosts[1].listen()
    wait_until_ready(ben)
    for host in hosts:
        host.lose(20)
    hosts[0].lanmsg("msg", "--wait", "20", "--timeout", "60", "ben", "through the noise", within=90)
    ben.hears("through the noise", within=1)
