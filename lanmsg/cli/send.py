"""send: offer, wait for the person, carry, and end with 0 only when the other side said that it is saved."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from lanmsg.api import NodeEvent, Notice, Transfer, TransferAdded, TransferChanged, TransferState
from lanmsg.cli.answers import until_told
from lanmsg.cli.fields import failure_code
from lanmsg.cli.following import DISK_FAULTS, TransferReport, pause_hint, pause_sentence
from lanmsg.cli.output import Output, Result, is_terminal
from lanmsg.cli.parser import Invocation, usage_error
from lanmsg.cli.progress import Progress
from lanmsg.cli.running import run_node
from lanmsg.cli.talk import reachable, require_verified
from lanmsg.cli.wording import name_of, percent, title_of
from lanmsg.model import LanmsgError

if TYPE_CHECKING:
    from lanmsg.api import Node

ABSENT = "--wait 60 waits for them; lanmsg doctor says why they are not seen"

ASKING_S = 0.5
"""Who sits at a terminal is told after this that the other person was asked."""

PAUSED_MAX_S = 60.0
"""How long a script waits for a peer that left half way; the home's listener goes on with the row."""

SAID = DISK_FAULTS | {"key_changed"}
"""Codes of pauses that have words of their own."""

STAYS = SAID | {"paused"}
"""Codes of what waits for better times; whoever listens for this home goes on with it."""

UNANSWERED = frozenset({TransferState.QUEUED, TransferState.OFFERED})
PEOPLE_DECIDE = UNANSWERED | {TransferState.PAUSED}
STDIN = "-"


class Sources(Struct, frozen=True):
    paths: tuple[Path, ...]
    missing: tuple[str, ...]
    stdin: BinaryIO | None
    stdin_name: str


def send(invocation: Invocation) -> Result:
    options = invocation.options
    sources = named_sources(invocation)

    async def offer(node: "Node") -> Result:
        peer = await reachable(node, options.peer, wait=options.wait, hint=ABSENT)
        invocation.output.step("found")
        require_verified(peer, wanted=options.require_verified)
        report = TransferReport(node, invocation.output, Progress(invocation.output, options.progress))
        events = node.events()
        transfer = await node.offer(
            peer.id,
            sources.paths,
            text=options.message,
            stdin=sources.stdin,
            stdin_name=sources.stdin_name,
            limit=options.limit,
        )
        report.offered(transfer)
        invocation.output.detail(f"waiting for {name_of(peer)} to accept {title_of(transfer)}")
        return summed_up(await carried(node, transfer, events, report))

    async def carried(
        node: "Node", transfer: Transfer, events: AsyncIterator[NodeEvent], report: TransferReport
    ) -> Transfer:
        try:
            return await Carrying(transfer, report, options.timeout, invocation.output).until_end(events)
        except (asyncio.CancelledError, LanmsgError) as error:
            # Whatever ends the wait, Ctrl-C too: the other side shows no offer that nobody serves.
            # A paused transfer of files is served by the home's next listener; one of stdin is not.
            if sources.stdin or not (isinstance(error, LanmsgError) and error.code in STAYS):
                await withdrawn(node, transfer.number)
            raise

    def summed_up(transfer: Transfer) -> Result:
        for path in sources.missing:
            invocation.output.error(unreadable(path))
        if transfer.state is not TransferState.DONE:
            code = failure_code(transfer)
        elif sources.missing or transfer.reason:  # the reason of what is done: what had to be skipped
            code = "partly"
            if transfer.reason:
                sentence = f"{title_of(transfer)} has arrived, but not as it is here: {transfer.reason}"
                invocation.output.error(LanmsgError(sentence, code="partly"))
        else:
            code = "done"
        return Result(code, {"transfer": transfer.number, "bytes": transfer.done})

    return run_node(invocation, offer)


class Carrying:
    """Follows one transfer of ours to its end."""

    def __init__(self, transfer: Transfer, report: TransferReport, timeout: float | None, output: Output):
        self._number = transfer.number
        self._transfer = transfer
        self._report = report
        self._timeout = timeout
        self._output = output

    async def until_end(self, events: AsyncIterator[NodeEvent]) -> Transfer:
        loop = asyncio.get_running_loop()
        asking = loop.call_later(ASKING_S, self._tell_that_it_asks)
        try:
            async with asyncio.timeout(self._timeout) as limit:
                async for event in events:
                    before = self._transfer.state
                    self._look(event)
                    if self._transfer.state.is_final:
                        break
                    if self._transfer.state is not before:
                        limit.reschedule(self._deadline(loop.time()))
        except TimeoutError:
            raise self._too_late() from None
        finally:
            asking.cancel()
        if error := self._report.ended(self._transfer):
            self._output.error(error)
        return self._transfer

    def _tell_that_it_asks(self) -> None:
        if self._transfer.state in UNANSWERED and is_terminal(sys.stderr) and not self._output.json:
            name = name_of(self._report.peer(self._transfer.peer))
            self._output.notice(f"asking {name}… (Ctrl-C takes it back)")

    def _look(self, event: NodeEvent) -> None:
        if isinstance(event, Notice):
            self._output.notice(event.text, event.hint)
        elif isinstance(event, TransferAdded | TransferChanged) and event.transfer.number == self._number:
            if event.transfer.state is not self._transfer.state:
                self._output.step(event.transfer.state.value)
            before, self._transfer = self._transfer.reason, event.transfer
            if self._could_not_be_offered() and event.transfer.reason != before:
                self._output.notice(self._not_offered())
            if not event.transfer.state.is_final:
                rate = event.rate if isinstance(event, TransferChanged) else 0.0
                self._report.changed(event.transfer, rate)

    def _deadline(self, now: float) -> float | None:
        """People and absent peers are waited for with a limit; a stalled run pauses by itself."""
        if self._transfer.state is TransferState.PAUSED and not self._transfer.is_held:
            return now + PAUSED_MAX_S
        if self._transfer.state in PEOPLE_DECIDE and self._timeout is not None:
            return now + self._timeout
        return None

    def _could_not_be_offered(self) -> bool:
        return self._transfer.state is TransferState.QUEUED and bool(self._transfer.reason)

    def _not_offered(self) -> str:
        name = name_of(self._report.peer(self._transfer.peer))
        return f"{title_of(self._transfer)} could not be offered to {name}: {self._transfer.reason}"

    def _too_late(self) -> LanmsgError:
        peer = self._report.peer(self._transfer.peer)
        name, title = name_of(peer), title_of(self._transfer)
        if self._transfer.is_held or self._transfer.code in SAID:
            code = "paused" if self._transfer.is_held else self._transfer.code
            return LanmsgError(
                pause_sentence(self._transfer, peer), code=code, hint=pause_hint(self._transfer)
            )
        if self._transfer.state is TransferState.PAUSED:
            where = f" at {percent(self._transfer)}" if self._transfer.total else ""
            return LanmsgError(f"{name} went away, {title} stopped{where}", code="paused")
        if self._could_not_be_offered():
            return LanmsgError(self._not_offered(), code="timeout")
        return LanmsgError(
            f"{name} did not answer the offer of {title} within {self._timeout:g} s", code="timeout"
        )


async def withdrawn(node: "Node", number: int) -> None:
    """Cancels our offer, and gives the node a moment to tell the other side."""
    try:
        transfer = await node.cancel(number)
    except LanmsgError:
        return  # it has ended by itself
    await until_told(node, transfer, was_here=True)


def named_sources(invocation: Invocation) -> Sources:
    """What the paths are. Raises LanmsgError when nothing of it can be sent."""
    options = invocation.options
    wants_stdin = STDIN in options.path
    if options.path.count(STDIN) > 1:
        raise usage_error("stdin can be sent once", invocation.command)
    given = getattr(options, "as")
    if given is not None and not wants_stdin:
        raise usage_error("--as names the data from stdin; give the path -", invocation.command)
    named = [Path(path) for path in options.path if path != STDIN]
    there = {path for path in named if is_there(path)}
    missing = tuple(str(path) for path in named if path not in there)
    found = tuple(path.absolute() for path in named if path in there)
    if not found and not wants_stdin:
        raise unreadable(missing[0])
    stdin = stdin_stream(invocation) if wants_stdin else None
    return Sources(found, missing, stdin, given or "stdin")


def is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # too long a name, or a folder on the way that is closed to us
        return False


def stdin_stream(invocation: Invocation) -> BinaryIO:
    if sys.stdin is None:
        raise usage_error("there is no stdin to send", invocation.command)
    if is_terminal(sys.stdin):
        invocation.output.notice("type what to send; Ctrl-D ends it")
    return sys.stdin.buffer


def unreadable(path: str) -> LanmsgError:
    return LanmsgError(f"{path}: there is no such file or folder", code="unreadable")
