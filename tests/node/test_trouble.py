"""A store that cannot be read: one line, tried again; or the end, where that will not help."""

import asyncio
from collections.abc import Iterator

import pytest

from lanmsg.node import trouble as module
from lanmsg.node.trouble import Seldom, Trouble
from lanmsg.storage.errors import DamagedStoreError, LostStoreError, StorageError
from tests.node.neighbours import Neighbours, engine_of, say_and_wait, story, texts, until


def test_what_goes_wrong_all_the_time_is_told_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 10.0, 10.0, 61.0, 62.0])
    monkeypatch.setattr(module, "steady_clock", lambda: next(times))
    said = list[str]()
    seldom = Seldom(lambda text, hint: said.append(f"{text} {hint}"))
    for text in ("full", "full", "busy", "full", "busy"):
        seldom(text, "!")
    assert said == ["full !", "busy !", "full !"]


def test_a_fault_is_told_once_and_its_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.0)
    said = list[str]()
    answers: Iterator[StorageError | str] = iter(
        [StorageError("busy"), StorageError("busy"), StorageError("busier"), "well", "well"]
    )

    async def read() -> str:
        answer = next(answers)
        if isinstance(answer, StorageError):
            raise answer
        return answer

    async def whole() -> None:
        trouble = Trouble(lambda text, hint: said.append(text))
        assert [await trouble.outlast(read), await trouble.outlast(read)] == ["well", "well"]

    asyncio.run(whole())
    assert said == ["the store cannot be read, tried again: busy", "the store can be read again"]


@story
async def test_a_store_that_fails_for_a_while_ends_nobody(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.02)

    anna, ben = await neighbours.meet("anna", "ben")
    store, failed = engine_of(ben).disk.store, list[str]()

    def fail(*args: object, **kwargs: object) -> None:
        failed.append("once more")
        raise StorageError("the disk hangs", code="disk")

    with monkeypatch.context() as patch:
        for part, name in (
            (store, "changes_since"),
            (store.history, "waiting_peers"),
            (store.transfers, "needing_work"),
        ):
            patch.setattr(part, name, fail)
        engine_of(ben).disk.changed.set()
        engine_of(ben).wake()
        await until(lambda: len(failed) > 10)
    await say_and_wait(anna, ben, "still there?")
    await say_and_wait(ben, anna, "yes")
    assert await texts(anna) == ["still there?", "yes"]


@pytest.mark.parametrize("kind", ["replaced", "deleted"])
def test_a_store_that_goes_away_under_a_node_ends_it_with_a_reason(neighbours: Neighbours, kind: str) -> None:
    async def story() -> None:
        ben = await neighbours.open("ben")
        path = engine_of(ben).disk.store.database.path
        path.rename(path.with_name("elsewhere.db"))
        if kind == "replaced":
            path.touch(0o600)
        await asyncio.Event().wait()

    with pytest.raises(LostStoreError, match="moved, deleted or replaced"):
        neighbours.run(story)


def test_a_damaged_store_ends_us(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read() -> None:
        raise DamagedStoreError("pages contradict each other")

    with pytest.raises(DamagedStoreError):
        asyncio.run(Trouble(lambda text, hint: None).outlast(read))
