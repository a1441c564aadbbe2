"""Signals end a run once, and of several faults the first is told."""

import asyncio
import errno
import os
import signal

from lanmsg.tui.ending import INTERRUPTED, TERMINATED, ends_by_signal, first_fault, hung_up


def test_signals_leave_with_their_code_and_handlers_do_not_stay() -> None:
    async def scene() -> list[int]:
        left: list[int] = []
        with ends_by_signal(left.append):
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                os.kill(os.getpid(), number)
            while len(left) < 3:
                await asyncio.sleep(0)
        return left

    assert sorted(asyncio.run(scene())) == [INTERRUPTED, TERMINATED, TERMINATED]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_first_fault_of_a_group_of_groups() -> None:
    fault = ValueError("first")
    group = BaseExceptionGroup("", [BaseExceptionGroup("", [fault, KeyError()])])
    assert first_fault(group) is fault


def test_a_terminal_that_is_gone_is_no_fault() -> None:
    assert hung_up(OSError(errno.EIO, "gone"))
    assert not hung_up(OSError(errno.ENOSPC, "full"))
    assert not hung_up(KeyError(errno.EIO))
    assert not hung_up(None)
    assert hung_up(EOFError())
