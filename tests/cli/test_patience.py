"""A reader that stalls holds up its own lines, and nobody else."""

import asyncio
import threading
from contextlib import closing
from functools import partial

import pytest

from lanmsg.cli.patience import PatientWriter


def test_the_loop_goes_on_while_a_write_waits_for_its_reader() -> None:
    reads = threading.Event()

    def until_read() -> None:
        reads.wait(10)

    async def run() -> bool:
        writer = PatientWriter()
        writing = asyncio.get_running_loop().create_task(writer(until_read))
        for _ in range(100):
            await asyncio.sleep(0)
        was_free = not writing.done()
        reads.set()
        await writing
        writer.close()
        return was_free

    assert asyncio.run(run())


def test_what_goes_wrong_in_the_thread_is_raised_where_it_is_awaited() -> None:
    def broken() -> None:
        raise BrokenPipeError

    async def run() -> None:
        with closing(PatientWriter()) as writer:
            await writer(broken)

    with pytest.raises(BrokenPipeError):
        asyncio.run(run())


def test_lines_keep_their_order() -> None:
    printed: list[int] = []

    async def run() -> None:
        with closing(PatientWriter()) as writer:
            for number in range(50):
                await writer(partial(printed.append, number))

    asyncio.run(run())
    assert printed == list(range(50))
