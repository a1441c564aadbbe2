"""Attack: forged announcements, goodbyes, addresses and names, for people who are present or known.

Property: nobody is removed, renamed, redirected or silenced by them for longer than one question takes; no
answer is longer than its question or leaves the link; nobody is dialled because of a datagram. protocol.md,
5.4 and 5.5. More of it, case by case, is in protocol/test_sightings.py and protocol/test_floods.py.
"""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lanmsg.model import Delivery
from lanmsg.node.node import Node
from lanmsg.protocol.announcement import Kind, Source, Unicast, decode_announcement
from lanmsg.protocol.constants import ANNOUNCEMENT_BYTES, PROBE_TIMEOUT_S
from tests.attacks.liar import Liar, caught, liar, trap
from tests.fuzz.liars import BOB, datagram
from tests.fuzz.seeds import datagram_seeds
from tests.node.neighbours import Neighbours, engine_of, identity, say_and_wait, sees, story, until
from tests.protocol.stage import Stage, actor, new_stage

PATIENCE_S = 20.0
STRANGER = identity("stranger")
HELD_BACK = "10.9.9.9"

# ---------- One machine, a virtual clock


@settings(max_examples=120, derandomize=True)
@given(st.binary(max_size=1500))
@example(next(datagram_seeds()))
def test_no_sequence_of_datagrams_takes_anybodys_place(data: bytes) -> None:
    """Bob keeps his row, name and address, and every host is sent less in answers than it asked for."""
    datagram(data)


def test_what_the_fuzzer_starts_from_holds_too() -> None:
    for data in datagram_seeds():
        datagram(data)


@pytest.fixture
def stage() -> Stage:
    """Bob is here and pinned, and answers."""
    stage = new_stage()
    stage.machine.protect(BOB.peer)
    stage.announce(BOB)
    stage.take_events()
    stage.take_sent()
    return stage


LIES = {
    "another name": replace(BOB, name="mallory"),
    "another run": BOB.restarted(),
    "another TCP port": replace(BOB, tcp_port=6666),
    "another address": BOB.moved("10.1.6.6"),
    "all of it": replace(BOB, name="mallory", host="10.1.6.6", secret=b"x" * 16, tcp_port=6666),
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_about_a_pinned_peer_is_over_after_one_question(stage: Stage, lie: object, kind: Kind) -> None:
    """The liar hears what is sent to its address, and answers; Bob is as he was, and only stood by."""
    assert isinstance(lie, type(BOB))
    if lie.host != BOB.host:
        stage.present.append(lie)
    stage.hear(lie.says(kind, b"g" * 16), lie.source())
    stage.run_until(stage.now + PROBE_TIMEOUT_S + 0.1)
    (bob,) = stage.machine.present()
    assert (bob.name, bob.instance) == ("bob", BOB.instance)
    assert (bob.addresses[0].host, bob.addresses[0].port) == (BOB.host, BOB.tcp_port)
    assert "left" not in {what.split()[0] for _, what, _ in stage.take_events()}


@settings(max_examples=60, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(Kind), st.booleans(), st.integers(0, 3)), max_size=30))
def test_nothing_is_sent_off_the_link(steps: list[tuple[Kind, bool, int]]) -> None:
    """Not even to a known peer's fingerprint: what comes from beyond is dropped before it is read."""
    stage = new_stage()
    stage.announce(BOB)
    stage.sent.clear()
    for kind, to_everyone, number in steps:
        source = Source(HELD_BACK, 2372, "eth0", on_link=False, to_everyone=to_everyone)
        who = BOB if number == 0 else actor(number + 5)
        stage.hear(who.says(kind, b"t" * 16), source)
    stage.run_until(stage.now + 8.0)
    assert HELD_BACK not in {each.host for _, each in stage.sent if isinstance(each, Unicast)}
    assert stage.names() == {"bob"}


def test_an_answer_has_the_size_of_its_question(stage: Stage) -> None:
    """Datagrams may be longer than 128 bytes, never shorter; an answer never is longer."""
    for filler in (0, 100, 384):
        stage.hear(actor(3).says(Kind.QUERY, bytes((filler % 251,)) * 16) + bytes(filler), actor(3).source())
        stage.run_until(stage.now + 2.0)
    replies = [
        each.data
        for _, each in stage.sent
        if isinstance(each, Unicast) and decode_announcement(each.data).kind is Kind.REPLY
    ]
    assert len(replies) == 3
    assert {len(reply) for reply in replies} == {ANNOUNCEMENT_BYTES}


# ---------- A real node


def every_lie(eve: Liar, anna: Node, peer: Node | None, tcp_port: int) -> None:
    """All kinds of datagram, for that peer or for a stranger, under three names."""
    for name in ("ben", "mallory", "benjamin"):
        for kind in Kind:
            who = STRANGER.peer_id if peer is None else peer.id
            eve.say(anna, kind, who, name, tcp_port=tcp_port, token=bytes(16))


@story
async def test_a_strangers_datagram_makes_us_dial_nobody(neighbours: Neighbours) -> None:
    """It appears in the list, as what it is; the socket where it says it listens is left alone."""
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(ben, anna, "hello")
    with trap(neighbours.address("eve")) as sock, liar(neighbours.address("eve"), neighbours.port) as eve:
        for peer in (None, ben):
            every_lie(eve, anna, peer, sock.getsockname()[1])
            await eve.until_read(anna)
        await until(lambda: sees(anna, STRANGER.peer_id), PATIENCE_S)
        assert (await say_and_wait(anna, ben, "still you")).state is Delivery.DELIVERED
        assert sees(anna, ben.id)
        assert [peer.name for peer in anna.peers() if peer.id == ben.id] == ["ben"]
        assert not caught(sock)
        assert eve.heard <= eve.said


@story
async def test_a_known_peers_name_aims_no_connection(neighbours: Neighbours) -> None:
    """Ben is known, and absent. Who says that he is here, under a new name, has to answer there first."""
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    await neighbours.close(ben)
    await until(lambda: not anna.peers(), PATIENCE_S)
    with trap(neighbours.address("victim")) as sock:
        with liar(neighbours.address("victim"), neighbours.port) as eve:
            for name in ("benjamin", "benny"):
                eve.say(anna, Kind.ANNOUNCE, ben.id, name, tcp_port=sock.getsockname()[1])
            await until(lambda: sees(anna, ben.id), PATIENCE_S)
            await eve.until_asked()
            await eve.until_read(anna)
        assert not caught(sock)
        assert engine_of(anna).sessions.peers() == set()
