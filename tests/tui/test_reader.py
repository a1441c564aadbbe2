"""Parts of a long conversation come from the store as they are needed, and the window stays small."""

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from lanmsg.api import MessageAdded, MessageChanged, ReadMarkMoved
from lanmsg.tui import moves
from lanmsg.tui.moves import Want
from lanmsg.tui.reader import Reader
from lanmsg.tui.state import State
from lanmsg.tui.talk import KEPT_ENTRIES
from lanmsg.tui.update import PAGE, update
from tests.tui.double import NOON, Double, person
from tests.tui.given import BEN, picture, state_of

MANY = 5_000


def long_talk() -> Double:
    node = Double()
    node.meet(person("ben"))
    for number in range(MANY):
        node.hear("ben", f"message {number + 1}", at=NOON - (MANY - number) * 60)
    node.queues.clear()
    return node


def opened(node: Double, unread: int = 0) -> State:
    state = State(ready=True, wall=NOON, tick=1000.0)
    for peer in node.known.values():
        state.put_peer(peer)
    talk = state.talk(BEN)
    talk.unread, talk.first_unread = unread, MANY - unread + 1 if unread else None
    moves.open_conversation(state, BEN)
    return state


def numbers(state: State) -> list[int]:
    return [message.number for message in state.talk(BEN).messages()]


def without_gaps(found: list[int]) -> bool:
    return found == list(range(found[0], found[-1] + 1))


def fetch(node: Double, state: State, *wants: Want) -> None:
    async def all_of_them() -> None:
        reader = Reader(node, state)
        for want in wants:
            await reader.fetch(want)

    asyncio.run(all_of_them())


NEWEST, OLDER, NEWER = Want(BEN, "newest"), Want(BEN, "older"), Want(BEN, "newer")


def test_opening_reads_one_page() -> None:
    node = long_talk()
    state = opened(node)
    fetch(node, state, NEWEST)
    assert numbers(state) == list(range(MANY - PAGE + 1, MANY + 1))
    assert state.talk(BEN).older
    assert "message 5000" in picture(state)


def test_what_is_unread_is_read_with_it() -> None:
    node = long_talk()
    state = opened(node, unread=400)
    fetch(node, state, NEWEST)
    assert numbers(state)[0] <= MANY - 400


def test_going_far_up_keeps_the_window_small_and_whole() -> None:
    node = long_talk()
    state = opened(node)
    fetch(node, state, NEWEST, *[OLDER] * 15)
    found = numbers(state)
    assert without_gaps(found)
    assert found[0] == MANY - 16 * PAGE + 1
    assert len(found) <= KEPT_ENTRIES
    assert state.talk(BEN).newer
    fetch(node, state, *[NEWER] * 12)
    assert numbers(state)[-1] == MANY
    assert without_gaps(numbers(state))
    assert len(numbers(state)) <= KEPT_ENTRIES


def test_the_very_beginning_is_known_to_be_it() -> None:
    node = Double()
    node.meet(person("ben"))
    node.hear("ben", "only one")
    state = state_of(node)
    moves.open_conversation(state, BEN)
    fetch(node, state, NEWEST)
    assert not state.talk(BEN).older
    assert not state.talk(BEN).newer


def test_one_message_and_what_is_around_it() -> None:
    node = long_talk()
    state = opened(node)
    fetch(node, state, Want(BEN, "around", 1234))
    found = numbers(state)
    assert 1234 in found
    assert without_gaps(found)
    assert "message 1234\n" in picture(state)
    assert "Esc" in picture(state)
    fetch(node, state, NEWEST)
    assert "message 5000" in picture(state)


def test_a_day() -> None:
    node = long_talk()
    state = opened(node)
    first_of_day = next(message for message in node.said if message.stored_at >= NOON - 100_000)
    fetch(node, state, Want(BEN, "since", time=NOON - 100_000))
    assert first_of_day.text in picture(state)
    fetch(node, state, Want(BEN, "since", time=NOON + 1))
    assert state.notice is not None
    assert "nothing was said" in state.notice.text
    fetch(node, state, Want(BEN, "since", time=NOON - 900_000))
    assert state.notice.text == "nothing was said here on that day; this came next"


def test_a_second_wish_while_one_is_carried_out_is_dropped() -> None:
    class Slow(Double):
        reads = 0

        async def read(self, work: Callable[[Any], Any], /) -> Any:
            Slow.reads += 1
            await asyncio.sleep(0)
            return []

    node = Slow()
    state = State()

    async def both() -> None:
        reader = Reader(node, state)
        await asyncio.gather(reader.fetch(NEWEST), reader.fetch(NEWEST))

    asyncio.run(both())
    assert Slow.reads == 1


def test_opening_goes_to_the_first_unread_and_the_newest_is_one_key_away() -> None:
    node = long_talk()
    state = opened(node, unread=100)
    fetch(node, state, Want(BEN, "open"))
    assert "message 4901\n" in picture(state)
    assert "message 5000" not in picture(state)
    fetch(node, state, NEWEST)
    assert "message 5000" in picture(state)


def test_more_unread_than_the_window_holds_is_opened_where_it_begins() -> None:
    node = long_talk()
    state = opened(node, unread=4_000)
    fetch(node, state, Want(BEN, "open"))
    assert "message 1001\n" in picture(state)
    assert len(numbers(state)) <= KEPT_ENTRIES
    assert without_gaps(numbers(state))


def test_back_by_so_many_messages() -> None:
    node = long_talk()
    state = opened(node)
    fetch(node, state, NEWEST, Want(BEN, "last", 700))
    assert f"message {MANY - 699}\n" in picture(state)


def test_who_pages_up_faster_than_the_store_is_read_comes_as_far() -> None:
    """Each key of the second screen comes while the first wish is still being carried out."""
    node = long_talk()
    slow, patient = opened(node), opened(node)
    for state in (slow, patient):
        fetch(node, state, NEWEST)
        picture(state)
    for _ in range(60):
        want = moves.scroll(patient, 17)
        if want is not None:
            fetch(node, patient, want)
    wants = [moves.scroll(slow, 17) for _ in range(60)]
    fetch(node, slow, *[want for want in wants if want is not None][:1])
    assert picture(slow) == picture(patient)
    assert slow.talk(BEN).owed == 0


def test_nothing_is_owed_to_who_turned_round_or_came_to_the_beginning() -> None:
    node = long_talk()
    state = opened(node)
    fetch(node, state, NEWEST)
    picture(state)
    moves.scroll(state, 3_000)
    assert state.talk(BEN).owed > 0
    moves.scroll(state, -1)
    assert state.talk(BEN).owed == 0
    moves.scroll(state, 20_000)
    fetch(node, state, OLDER)
    assert "message 1\n" in picture(state)
    assert state.talk(BEN).owed == 0


def test_what_was_missed_is_read_anew_where_the_person_looks() -> None:
    node = long_talk()
    state = opened(node)
    fetch(node, state, NEWEST)
    state.jot("a note", conversation=BEN)
    for number in range(300):
        node.hear("ben", f"missed {number}")
    node.said[MANY - 1] = replace(node.said[MANY - 1], text="another text")
    fetch(node, state, Want(BEN, "anew"))
    assert numbers(state) == list(range(MANY + 301 - PAGE, MANY + 301))
    assert "missed 299" in picture(state)
    assert any(entry.key.kind == "n" for entry in state.talk(BEN).entries)
    fetch(node, state, OLDER)
    moves.show_message(state, state.talk(BEN), MANY - 20)
    before = picture(state)
    node.said[MANY - 19] = replace(node.said[MANY - 19], text="said otherwise")
    for number in range(300):
        node.hear("ben", f"missed too {number}")
    fetch(node, state, Want(BEN, "anew"))
    assert without_gaps(numbers(state))
    assert state.talk(BEN).newer
    assert picture(state) == before.replace(f"message {MANY - 18}\n", "said otherwise\n")


def test_what_comes_while_it_is_read_anew_is_kept() -> None:
    node = long_talk()
    state = opened(node)
    fetch(node, state, NEWEST)

    class Meanwhile(Double):
        async def read(self, work: Callable[[Any], Any], /) -> Any:
            found = work(node)
            last = node.said[-1]
            update(state, MessageChanged(replace(last, text="changed meanwhile")))
            update(state, MessageAdded(node.hear("ben", "new meanwhile")))
            return found

    fetch(Meanwhile(), state, Want(BEN, "anew"))
    assert "changed meanwhile" in picture(state)
    assert "new meanwhile" in picture(state)


def test_to_read_anew_waits_for_what_is_being_read() -> None:
    node = long_talk()
    state = opened(node)
    fetch(node, state, NEWEST)
    talk = state.talk(BEN)

    async def both() -> None:
        reader = Reader(node, state)
        talk.loading = True
        node.hear("ben", "missed")
        await reader.fetch(Want(BEN, "anew"))
        assert "missed" not in picture(state)
        talk.loading = False
        await reader.fetch(OLDER)

    asyncio.run(both())
    assert "missed" in picture(state)


def test_what_was_deleted_elsewhere_goes_from_the_window() -> None:
    node = long_talk()
    state = opened(node)
    fetch(node, state, NEWEST)
    before = numbers(state)
    gone = {before[0], before[90], before[-1]}
    node.said = [message for message in node.said if message.number not in gone]
    update(state, ReadMarkMoved(BEN, state.talk(BEN).read))
    want = moves.doubted(state)
    assert want == Want(BEN, "gone")
    assert moves.doubted(state) is None
    fetch(node, state, want)
    assert numbers(state) == [number for number in before if number not in gone]
    node.said = []
    fetch(node, state, want)
    assert numbers(state) == []
    assert "Nothing has been said yet" in picture(state)


def test_a_place_that_is_wanted_while_the_newest_is_read_is_gone_to() -> None:
    class Slow(Double):
        async def read(self, work: Callable[[Any], Any], /) -> Any:
            await asyncio.sleep(0)
            return work(self)

    node = Slow()
    node.meet(person("ben"))
    for number in range(600):
        node.hear("ben", f"message {number}")
    state = state_of()
    state.open = BEN

    async def both() -> None:
        reader = Reader(node, state)
        await asyncio.gather(reader.fetch(Want(BEN, "open")), reader.fetch(Want(BEN, "around", 3)))

    asyncio.run(both())
    assert [message.number for message in state.talk(BEN).messages()][:3] == [1, 2, 3]
