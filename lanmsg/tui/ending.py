"""How a run ends: by a signal from outside, or by the first of several faults."""

import asyncio
import contextlib
import errno
import signal
from collections.abc import Callable, Iterator

INTERRUPTED, BROKEN_PIPE, TERMINATED = 130, 141, 143


@contextlib.contextmanager
def ends_by_signal(leave: Callable[[int], None]) -> Iterator[None]:
    """Being ended from outside is leaving too: the alternate screen must not stay behind."""
    loop = asyncio.get_running_loop()
    bound = []
    for name, code in (("SIGTERM", TERMINATED), ("SIGHUP", TERMINATED), ("SIGINT", INTERRUPTED)):
        number = getattr(signal, name, None)
        # Windows has no such handlers (NotImplementedError), and none can be set outside the main thread
        # (the others); there prompt_toolkit alone restores the console.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            if number is not None:
                loop.add_signal_handler(number, leave, code)
                bound.append(number)
    try:
        yield
    finally:
        for number in bound:
            loop.remove_signal_handler(number)


def hung_up(fault: BaseException | None) -> bool:
    """Whether the terminal is gone: a lost ssh, a closed window. That is leaving too, and no fault."""
    lost = isinstance(fault, OSError) and fault.errno in (errno.EIO, errno.EPIPE)
    return lost or isinstance(fault, EOFError)


def first_fault(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """One failure is that failure; of several at once the first one says enough."""
    fault: BaseException = group
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault
