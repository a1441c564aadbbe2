"""A LAN full of liars in front of one Discovery machine, led by random bytes."""

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from lanmsg.model import Address, Status
from lanmsg.protocol.announcement import (
    NO_TOKEN,
    Announcement,
    Kind,
    Source,
    Unicast,
    decode_announcement,
)
from lanmsg.protocol.constants import DATAGRAM_MAX_BYTES
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.events import PresenceLeft
from tests.fuzz.feed import Feed
from tests.protocol.stage import Actor, Stage, actor, new_stage

BOB: Final = Actor("bob", "10.1.0.1", actor(1).peer, sha256(b"nobody can guess this").digest()[:16])
OFF_LINK: Final = "192.0.2.7"
HOSTS: Final = (BOB.host, "10.1.6.6", "10.1.6.7", OFF_LINK)
PAUSES: Final = (0.0, 0.01, 0.4, 1.6)
PEERS: Final = (BOB.peer, actor(2).peer, actor(3).peer)
TOKENS: Final = (NO_TOKEN, b"t" * 16, b"guess".ljust(16))
PORTS: Final = (2372, 0, 6666)
STEPS_MAX: Final = 60


@dataclass
class Sent:
    """Bytes that went in each direction, by host."""

    asked: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    replied: Counter[str] = field(default_factory=Counter)
    questions: Counter[str] = field(default_factory=Counter)


def datagram(data: bytes) -> None:
    """Whatever comes from wherever: nobody's row is taken, and no answer is longer than its question."""
    stage, sent = new_stage(), Sent()
    stage.announce(BOB)
    stage.sent.clear()
    feed = Feed(data)
    for _ in range(STEPS_MAX):
        if not feed:
            break
        host = feed.one_of(HOSTS)
        port, to_everyone = feed.one_of((2372, 6666)), feed.byte() % 2 == 0
        source = Source(host, port, "eth0", on_link=host != OFF_LINK, to_everyone=to_everyone)
        said = _said(feed)
        _count(sent, said, host)
        stage.hear(said, source)
        stage.run_until(stage.now + feed.one_of(PAUSES))
        stage.hear(BOB.announce(), BOB.source())
        check_bob(stage)
    stage.run_until(stage.now + 30.0)
    check_answers(stage, sent)


def _said(feed: Feed) -> bytes:
    """Any bytes, or a datagram in which only the values are wrong."""
    if feed.byte() % 4 == 0:
        return feed.take(feed.number() % (DATAGRAM_MAX_BYTES + 2))
    kind = feed.one_of(tuple(Kind))
    peer = feed.one_of(PEERS)
    instance = feed.one_of((BOB.instance, b"instance", b"another."))
    name = feed.one_of(("bob", "mallory", ""))
    said = Announcement(
        kind, peer, instance, feed.one_of(TOKENS), feed.one_of(PORTS), feed.number(), Status.AWAY, name
    )
    return said.encode()


def _count(sent: Sent, data: bytes, host: str) -> None:
    try:
        kind = decode_announcement(data).kind
    except RemoteProtocolError:
        return
    (sent.asked if kind is Kind.QUERY else sent.said)[host] += len(data)


def check_bob(stage: Stage) -> None:
    """He is here, under his name, at his address first."""
    (presence,) = (each for each in stage.machine.present() if each.peer == BOB.peer)
    assert (presence.name, presence.instance) == ("bob", BOB.instance)
    assert presence.addresses[0] == Address(BOB.host, BOB.tcp_port)
    gone = [event for _, event in stage.events if isinstance(event, PresenceLeft)]
    assert BOB.peer not in [event.presence.peer for event in gone]


def check_answers(stage: Stage, sent: Sent) -> None:
    for _, out in stage.sent:
        if isinstance(out, Unicast):
            is_reply = decode_announcement(out.data).kind is Kind.REPLY
            (sent.replied if is_reply else sent.questions)[out.host] += len(out.data)
    assert not sent.replied[OFF_LINK]
    assert not sent.questions[OFF_LINK]
    for host, size in sent.replied.items():
        assert size <= sent.asked[host], f"{size} bytes of answers for {sent.asked[host]}"
