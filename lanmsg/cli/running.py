"""Running a node for the length of one command, and ending it well whatever ends the command."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from lanmsg.api import open_node, wall_clock
from lanmsg.cli.output import OutputClosedError, TerminatedError, debugging
from lanmsg.cli.parser import Invocation
from lanmsg.cli.passphrase import unlocked
from lanmsg.model import LanmsgError

if TYPE_CHECKING:
    from lanmsg.api import Node

T = TypeVar("T")


def run_node(invocation: Invocation, work: Callable[["Node"], Awaitable[T]], *, listen: bool = False) -> T:
    """What `work` makes of a running node. Ctrl-C, SIGTERM and SIGHUP (a terminal is closed) cancel it; the
    node still says goodbye.
    """
    settings = unlocked(invocation.settings)

    async def whole() -> T:
        invocation.output.step("started")
        async with open_node(settings, listen=listen) as node:
            invocation.output.step("ready")
            try:
                return await work(node)
            except (LanmsgError, OutputClosedError) as error:
                failure = error
        raise failure  # out here, where no task group wraps it

    return run_async(whole)


def run_async(whole: Callable[[], Awaitable[T]]) -> T:
    terminated = False

    async def main() -> T:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(quietly)
        work = asyncio.current_task()

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            if work is not None:
                work.cancel()

        for number in ending_signals():
            with suppress(NotImplementedError):  # Windows ends a process without asking it
                loop.add_signal_handler(number, terminate)
        return await whole()

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        if terminated:
            raise TerminatedError from None
        raise


def ending_signals() -> list[int]:
    """SIGHUP is left alone where it is ignored, as under nohup: who asked for that wants to go on."""
    hangup = getattr(signal, "SIGHUP", None)
    is_heeded = hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN
    return [signal.SIGTERM, hangup] if is_heeded and hangup is not None else [signal.SIGTERM]


def quietly(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a background task left behind is for LANMSG_DEBUG, not for whoever runs a command."""
    if debugging():
        loop.default_exception_handler(context)


async def look_around(node: "Node", seconds: float) -> None:
    """Time for peers to answer, unless the home's listener has seen them all along."""
    if not await node.read(lambda store: store.presence.is_live(wall_clock())):
        await node.look_around(seconds)
