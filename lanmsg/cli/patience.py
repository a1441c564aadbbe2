"""Printing beside a running node: a reader that stalls holds up its own lines, never the node."""

import asyncio
import queue
import threading
from collections.abc import Callable


class PatientWriter:
    """Runs what prints in a thread of its own. A daemon: a reader that never reads does not keep us alive."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="lanmsg-print", daemon=True).start()

    async def __call__(self, write: Callable[[], None]) -> None:
        """Return when it is written. Raises what `write` raises."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()

        def work() -> None:
            error: BaseException | None = None
            try:
                write()
            except BaseException as caught:  # noqa: BLE001 - raised again where it is awaited
                error = caught
            loop.call_soon_threadsafe(_settle, written, error)

        self._work.put(work)
        await written

    def close(self) -> None:
        """Nothing more comes; the thread ends after what it is at."""
        self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()


def _settle(written: "asyncio.Future[None]", error: BaseException | None) -> None:
    if written.done():
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)
