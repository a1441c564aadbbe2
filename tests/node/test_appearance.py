"""Name, status and note: said in any process of the home, shown by its listener."""

import pytest

from lanmsg.model import LanmsgError, Status
from lanmsg.node.events import ProfileChanged
from lanmsg.node.node import Node
from lanmsg.storage.own_profile import OwnProfile
from tests.node.neighbours import Heard, Neighbours, engine_of, say_and_wait, story, until


def seen(node: Node, other: Node) -> tuple[str, Status] | None:
    peer = node.peer(other.id)
    return None if peer is None else (peer.nickname, peer.status)


@story
async def test_what_is_said_in_a_view_is_shown_by_the_listener(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "a session")
    view = await neighbours.open("anna")
    heard = Heard(anna)
    await view.set_status(Status.AWAY, "at lunch")
    await until(lambda: seen(ben, anna) == ("anna", Status.AWAY))
    told = await heard.next(ProfileChanged)
    assert (told.status, told.note) == (Status.AWAY, "at lunch")
    assert (anna.status, anna.note) == (Status.AWAY, "at lunch")
    await view.set_name("anna2")
    await until(lambda: seen(ben, anna) == ("anna2", Status.AWAY))
    await anna.set_status(Status.BUSY)
    await until(lambda: view.status is Status.BUSY)
    assert view.note == ""


@story
async def test_who_joins_later_and_who_takes_over_knows_it_and_a_new_run_does_not(
    neighbours: Neighbours,
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await anna.set_status(Status.AWAY, "at lunch")
    view = await neighbours.open("anna")
    assert view.status is Status.AWAY
    await neighbours.close(anna)
    await until(lambda: view.listening)
    await until(lambda: seen(ben, view) == ("anna", Status.AWAY))
    await neighbours.close(view)
    again = await neighbours.open("anna")
    assert (again.status, again.note) == (Status.AVAILABLE, "")


@story
async def test_a_note_that_is_too_long_changes_nothing(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    with pytest.raises(LanmsgError):
        await anna.set_status(Status.AWAY, "x" * 1000)
    assert anna.status is Status.AVAILABLE
    assert engine_of(anna).appearance.profile == OwnProfile("anna", Status.AVAILABLE, "")
