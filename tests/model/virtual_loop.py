"""An event loop on a clock of its own: nobody waits, time jumps to whatever is due next.

Work for other threads is done at once, and what sockets carry goes through tests/model/network.py: so a
story of minutes takes milliseconds, and the same story runs the same way each time.
"""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

from tests.model.network import Wire

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START_S = 1_000.0
WALL_S = 1_790_000_000.0


class Jump(selectors.SelectSelector):
    """Where a loop would wait, its clock goes forward."""

    now = START_S

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing is due")
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = Jump()
        super().__init__(self._jump)
        self.faults: list[str] = []
        self.set_exception_handler(lambda _, context: self.faults.append(repr(context)))

    def time(self) -> float:
        return self._jump.now

    def wall(self) -> float:
        return WALL_S + self._jump.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> "asyncio.Future[T]":
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - the caller's to see, as of a thread
            done.set_exception(error)
        return done

    async def sock_recv(self, sock: Any, n: int) -> bytes:
        assert isinstance(sock, Wire)
        return await sock.receive(n)

    async def sock_sendall(self, sock: Any, data: Any) -> None:
        assert isinstance(sock, Wire)
        sock.send(bytes(data))


class VirtualTime:
    """In the place of the module `time`, for lanmsg.node.clock and whoever else reads a clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.monotonic = loop.time
        self.time = loop.wall
