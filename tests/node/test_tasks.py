"""The tasks of a node end with it, and a crash of one is its crash."""

import asyncio

import pytest

from lanmsg.model import LanmsgError
from lanmsg.node.tasks import Tasks, plainest


def test_all_of_them_end_even_those_that_are_begun_meanwhile() -> None:
    ended: list[str] = []

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            tasks = Tasks(group)

            async def last() -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.append("last")

            async def first() -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    tasks.start(last())
                    await asyncio.sleep(0)
                    ended.append("first")

            tasks.start(first())
            await asyncio.sleep(0)
            await tasks.end()

    asyncio.run(run())
    assert ended == ["first", "last"]


def test_a_result_is_for_who_awaits_it() -> None:
    async def answer() -> int:
        return 42

    async def run() -> int:
        async with asyncio.TaskGroup() as group:
            return await Tasks(group).begin(answer())

    assert asyncio.run(run()) == 42


def test_a_crash_ends_the_group_and_is_raised_there() -> None:
    async def crash() -> None:
        raise RuntimeError("out of order")

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            tasks = Tasks(group)
            tasks.start(crash())
            tasks.start(asyncio.Event().wait())  # type: ignore[arg-type]  # its result is of no interest

    with pytest.raises(ExceptionGroup) as failure:
        asyncio.run(run())
    assert [str(error) for error in failure.value.exceptions] == ["out of order"]


def test_ending_nothing_is_no_wait() -> None:
    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            await Tasks(group).end()

    asyncio.run(run())


def test_what_a_person_is_told_of_several_failures() -> None:
    full, gone, fault = LanmsgError("full"), LanmsgError("gone"), ValueError("a fault of ours")
    assert plainest(full) is full
    assert plainest(ExceptionGroup("", [ExceptionGroup("", [fault])])) is fault
    assert plainest(ExceptionGroup("", [full, ExceptionGroup("", [gone])])) is full
    both = ExceptionGroup("", [full, fault])
    assert plainest(both) is both
