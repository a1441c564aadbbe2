"""Much is deleted in steps; the listener does so with what is older than history.keep_days, and says it."""

import asyncio
from pathlib import Path

import pytest

from lanmsg.model import Conversation, MessageId, PeerId
from lanmsg.node import retention as module
from lanmsg.node.clock import wall_clock
from lanmsg.node.disk import Disk
from lanmsg.node.retention import DAY_S, Retention, forget
from lanmsg.storage.forgetting import Extent
from lanmsg.storage.store import Store
from tests.node.neighbours import Neighbours, story, texts, until

BEN = PeerId(b"b" * 32)


def fill(store: Store, days: list[int]) -> None:
    now = wall_clock()
    for age in days:
        store.history.add_incoming(
            BEN,
            MessageId(age.to_bytes(16)),
            Conversation.with_peer(BEN),
            f"{age} days",
            sent_at=1.0,
            now=now - age * DAY_S,
        )


def test_what_is_older_goes_in_batches_and_it_is_told_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lanmsg.storage.forgetting.BATCH", 3)

    async def whole() -> None:
        store, said = Store.open(home), list[str]()
        disk = Disk(store)
        fill(store, [*range(99, 91, -1), 50, 1])
        retention = Retention(disk, 90, lambda text, hint: said.append(text))
        assert [await retention.apply(), await retention.apply()] == [8, 0]
        assert [each.text for each in store.history.messages(None)] == ["50 days", "1 days"]
        assert said == [
            "messages and finished transfers older than 90 days are deleted here every day"
            " (history.keep_days)"
        ]
        await disk.close()

    asyncio.run(whole())


def test_others_get_their_turn_while_much_is_deleted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanmsg.storage.forgetting.BATCH", 1)

    async def whole() -> None:
        disk = Disk(Store.open(home))
        await disk.write(lambda store: fill(store, [*range(9)]))
        deleting = asyncio.ensure_future(forget(disk, Extent()))
        left = set[int]()
        while not deleting.done():
            left.add(len(await disk.read(lambda store: store.history.messages(None))))
        assert (await deleting).messages == 9
        assert left - {0, 9}, "it was all deleted before anybody else could read"
        await disk.close()

    asyncio.run(whole())


@story
async def test_the_listener_does_it_by_itself_and_only_where_it_was_asked_for(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.0)

    keeps_all, forgets = await neighbours.open("anna"), await neighbours.open("ben", keep_days=30)
    for node in (keeps_all, forgets):
        await node.read(lambda store: fill(store, [1]))
    await neighbours.close(forgets)
    store = Store.open(neighbours.settings("ben").home)
    fill(store, [60])
    store.close()
    forgets = await neighbours.open("ben", keep_days=30)
    async with asyncio.timeout(15):
        while await texts(forgets) != ["1 days"]:
            await asyncio.sleep(0.01)
    await until(lambda: keeps_all.listening)
    assert await texts(keeps_all) == ["1 days"]
