"""The parts together: who is here, several processes of one home, and an end that leaves nothing behind."""

from collections.abc import Awaitable, Callable

import pytest

from lanmsg.model import Delivery, Status
from lanmsg.node import engine as module
from lanmsg.node import transfers
from lanmsg.node.events import MessageAdded, PeerAppeared, PeerLeft
from lanmsg.node.node import Node
from lanmsg.protocol import payload as wire
from lanmsg.protocol.events import LeaveReason, Presence, PresenceLeft
from tests.node.neighbours import (
    SOON_S,
    Heard,
    Neighbours,
    engine_of,
    identity,
    say,
    say_and_wait,
    see_each_other,
    sees,
    story,
    texts,
    until,
)
from tests.node.puppet import puppet

# Presence ---------------------------------------------------------------------------------------------


@story
async def test_who_comes_and_goes_is_told_at_once(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    heard = Heard(anna)
    ben = await neighbours.open("ben")
    assert (await heard.next(PeerAppeared, 4.0)).peer.id == ben.id
    await neighbours.close(ben)
    left = await heard.next(PeerLeft, 4.0)
    assert (left.peer.id, left.peer.present) == (ben.id, False)
    assert not sees(anna, ben.id)


@story
async def test_a_crash_is_noticed_when_the_session_breaks(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    await neighbours.kill(ben)
    await until(lambda: not sees(anna, ben.id), 3.0)


@story
async def test_a_broken_line_alone_makes_nobody_leave(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    heard = Heard(anna)
    for connection in list(engine_of(ben).sessions._connections):
        connection.abort()
    await until(lambda: engine_of(anna).sessions.live(ben.id) is None)
    await say_and_wait(ben, anna, "still here")
    await heard.next(MessageAdded)
    assert not [event for event in heard.all if isinstance(event, PeerLeft)]


@story
async def test_a_peer_that_only_its_session_makes_present_leaves_with_it(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    heard = Heard(anna)
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna, note="on the line")
        appeared = await heard.next(PeerAppeared)
        assert appeared.peer.addresses == (ben.address,)
        line.hang_up()
        assert (await heard.next(PeerLeft)).peer.id == ben.id


@story
async def test_a_goodbye_ends_the_session_with_that_listener(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line, visit = await ben.call(anna), await ben.call(anna, port=0)
        await until(anna.peers)
        gone = Presence(ben.id, "ben", Status.AVAILABLE, (ben.address,), "lo", b"i" * 8, confirmed=True)
        engine_of(anna)._on_presence([PresenceLeft(gone, LeaveReason.BYE)])
        ended = await line.end()
        assert ended is not None
        assert ended.code == "idle"
        assert await visit.heard_now(wire.Message) == []


@story
async def test_a_visit_lists_nobody_and_takes_nothing_back_from_who_is_known(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna, status=1, note="at lunch")
        await until(anna.peers)
        visit = await ben.call(anna, port=0)
        assert await visit.heard_now(wire.Message) == []
        known = anna.peer(ben.id)
        assert known is not None
        assert (known.status, known.note, known.addresses) == (Status.AWAY, "at lunch", (ben.address,))
        line.hang_up()
        await until(lambda: not anna.peers())
        known = anna.peer(ben.id)
        assert known is not None
        assert known.addresses == (ben.address,)


@story
async def test_the_end_of_a_visit_is_not_the_end_of_the_listener_and_the_reverse(
    neighbours: Neighbours,
) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line, visit = await ben.call(anna), await ben.call(anna, port=0)
        await until(anna.peers)
        line.cut()
        await until(lambda: not anna.peers())
        assert await visit.heard_now(wire.Message) == []
        visit.hang_up()


@story
async def test_status_and_name_are_told_to_whom_we_talk(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    await anna.set_status(Status.BUSY, "in a meeting")
    await anna.set_name("anna the first")
    await until(lambda: (peer := ben.peer(anna.id)) and peer.nickname == "anna the first")
    await until(lambda: (peer := ben.peer(anna.id)) and peer.status is Status.BUSY)
    peer = ben.peer(anna.id)
    assert peer is not None
    assert peer.note == "in a meeting"


# Static peers, quiet ----------------------------------------------------------------------------------


@story
async def test_a_quiet_node_is_found_by_nobody_and_talks_to_whom_it_names(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    heard = Heard(ben)
    where = f"{neighbours.address('ben')}:{neighbours.port}"
    anna = await neighbours.open("anna", quiet=True, peers=(where,))
    await until(lambda: sees(anna, ben.id))
    assert not sees(ben, anna.id)
    await say_and_wait(anna, ben, "hello")
    assert (await heard.next(PeerAppeared)).peer.id == anna.id
    assert not engine_of(ben).roster.is_on_air(anna.id)
    assert (await say_and_wait(ben, anna, "hello, quiet one")).state is Delivery.DELIVERED
    await neighbours.close(anna)
    await heard.next(PeerLeft)


# Several processes of one home ------------------------------------------------------------------------


@story
async def test_a_command_delivers_by_itself_beside_a_listener(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    command = await neighbours.open("anna", listen=False)
    await until(lambda: sees(command, ben.id))
    assert (await say_and_wait(command, ben, "from a script")).state is Delivery.DELIVERED
    assert engine_of(anna).sessions.live(ben.id) is None
    assert await texts(ben) == ["from a script"]


@story
async def test_what_a_command_could_not_deliver_the_listener_does(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    command = await neighbours.open("anna", listen=False)
    waiting = await say(command, identity("ben").peer_id, "when you are back")
    await neighbours.close(command)
    ben = await neighbours.open("ben")
    assert (await anna.delivered(waiting, timeout=SOON_S)).state is Delivery.DELIVERED
    assert await texts(ben) == ["when you are back"]


@pytest.mark.parametrize("end", [Neighbours.close, Neighbours.kill])
@story
async def test_the_listener_takes_a_present_peers_message_at_once_when_the_command_ends(
    neighbours: Neighbours,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[Neighbours, Node], Awaitable[None]],
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    command = await neighbours.open("anna", listen=False)
    with monkeypatch.context() as patch:
        patch.setattr(engine_of(command).outbox, "_may_try", lambda *_: False)
        waiting = await say(command, ben, "my last words")
        await end(neighbours, command)
    assert (await anna.delivered(waiting, timeout=SOON_S)).state is Delivery.DELIVERED


@story
async def test_somebody_is_found_by_a_command_without_any_listener_at_home(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    command = await neighbours.open("anna", listen=False)
    found = await command.find("ben", wait=3)
    assert found.id == ben.id
    assert (await say_and_wait(command, ben, "hello")).state is Delivery.DELIVERED
    assert not sees(ben, command.id), "a dialer is on nobody's list"


@story
async def test_two_homes_on_one_address_share_it_by_another_port(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    ben = await neighbours.open("ben", interfaces=(neighbours.address("anna"),))
    assert ben.tcp[0] != anna.tcp[0]
    await see_each_other(anna, ben)
    await say_and_wait(anna, ben, "neighbour")
    assert await texts(ben) == ["neighbour"]
    peer = anna.peer(ben.id)
    assert peer is not None
    assert peer.addresses == ben.tcp


def test_leases_last_longer_than_the_sign_of_life_takes() -> None:
    assert transfers.LEASE_S > 2 * module.HEARTBEAT_S
