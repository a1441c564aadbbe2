"""receive: accept by a rule, print where each file was saved, end after so many."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from lanmsg.api import NodeEvent, Notice, Transfer, TransferAdded, TransferChanged, TransferState, make_folder
from lanmsg.cli.exit_codes import total_code
from lanmsg.cli.fields import failure_code
from lanmsg.cli.following import DISK_FAULTS, TransferReport
from lanmsg.cli.output import Output, Result
from lanmsg.cli.parser import Invocation
from lanmsg.cli.policy import Doorkeeper, Policy
from lanmsg.cli.progress import Progress
from lanmsg.cli.running import run_node
from lanmsg.cli.wording import title_of
from lanmsg.model import Direction, LanmsgError

if TYPE_CHECKING:
    from lanmsg.api import Node

UNDER_WAY = frozenset({TransferState.ACCEPTED, TransferState.RUNNING})

Deliver = Callable[[Transfer], bool]
"""Hands over what has come; False when something of it could not be."""


class Receiving:
    """The transfers that this process has accepted, and what became of them."""

    def __init__(self, report: TransferReport, output: Output, deliver: Deliver):
        self._report = report
        self._output = output
        self._deliver = deliver
        self._states: dict[int, TransferState] = {}
        self.codes: list[str] = []
        self.gives_up = False
        """Whether a disk that is full or broken is the end for this command, or waited for."""

    def add(self, transfer: Transfer) -> None:
        if transfer.number in self._states:
            return
        self._states[transfer.number] = transfer.state
        if transfer.state.is_final:  # the listener of this home was quicker, with a small file
            self._changed(transfer, 0.0)

    @property
    def waiting(self) -> bool:
        """Something that was accepted has not ended."""
        return bool(self._states)

    @property
    def left(self) -> int:
        """How many have not ended."""
        return len(self._states)

    @property
    def under_way(self) -> bool:
        """Files are coming now, or must come any moment."""
        return not UNDER_WAY.isdisjoint(self._states.values())

    def look(self, event: NodeEvent) -> None:
        if isinstance(event, Notice):
            self._output.notice(event.text, event.hint)
        elif isinstance(event, TransferChanged) and event.transfer.number in self._states:
            self._changed(event.transfer, event.rate)

    def _changed(self, transfer: Transfer, rate: float) -> None:
        self._states[transfer.number] = transfer.state
        if not transfer.state.is_final:
            self._report.changed(transfer, rate)
            if transfer.code in DISK_FAULTS and transfer.state is TransferState.PAUSED and self.gives_up:
                del self._states[transfer.number]  # the next one that listens goes on with it
                self.codes.append(transfer.code)
            return
        del self._states[transfer.number]
        if error := self._report.ended(transfer):
            self._output.error(error)
            self.codes.append(failure_code(transfer))
            return
        is_whole = self._deliver(transfer)
        if transfer.reason:  # the reason of what is done: what the sender had to leave out
            self._output.error(LanmsgError(f"{title_of(transfer)}: {transfer.reason}", code="partly"))
        self.codes.append("partly" if transfer.reason or not is_whole else "done")


def receive(invocation: Invocation) -> Result:
    options, output = invocation.options, invocation.output
    only_from = getattr(options, "from")
    policy = Policy(options.accept or ("all" if only_from else "known"), only_from, files_only=options.stdout)
    destination = folder_option(options.to)
    make_folder(destination or invocation.settings.downloads)
    deliver = to_paths(output, b"\0" if options.null else b"\n")
    with ExitStack() as cleanup:
        if options.stdout:
            destination = scratch(invocation, cleanup)
            deliver = to_stdout(output, destination)

        async def take(node: "Node") -> Result:
            report = TransferReport(node, output, Progress(output, options.progress))
            receiving = Receiving(report, output, deliver)
            receiving.gives_up = options.count > 0
            doorkeeper = Doorkeeper(node, policy, destination, output, keep_executable=options.keep_exec)
            return await until_enough(invocation, node, receiving, doorkeeper, report)

        return run_node(invocation, take, listen=True)


async def until_enough(
    invocation: Invocation, node: "Node", receiving: Receiving, doorkeeper: Doorkeeper, report: TransferReport
) -> Result:
    options = invocation.options
    events = node.events()
    await doorkeeper.claim()
    for transfer in await doorkeeper.standing():
        receiving.add(transfer)
    try:
        await before_timeout(
            events, receiving, doorkeeper, report, count=options.count, timeout=options.timeout
        )
    except TimeoutError:
        if options.count or not receiving.codes:
            raise LanmsgError(f"nothing came within {options.timeout:g} s", code="timeout") from None
    return Result(total_code(receiving.codes), {"transfers": len(receiving.codes)})


async def before_timeout(
    events: AsyncIterator[NodeEvent],
    receiving: Receiving,
    doorkeeper: Doorkeeper,
    report: TransferReport,
    *,
    count: int,
    timeout: float | None,
) -> None:
    """Until `count` transfers have ended. Raises TimeoutError; no time runs while files are coming."""
    clock = asyncio.get_running_loop().time
    async with asyncio.timeout(None if receiving.under_way else timeout) as limit:
        async for event in events:
            busy = receiving.under_way
            if isinstance(event, TransferAdded):
                report.offered(event.transfer)
                await offered(event.transfer, receiving, doorkeeper, count)
            receiving.look(event)
            if count and len(receiving.codes) >= count:
                return
            if timeout is not None and receiving.under_way is not busy:
                limit.reschedule(None if receiving.under_way else clock() + timeout)


async def offered(transfer: Transfer, receiving: Receiving, doorkeeper: Doorkeeper, count: int) -> None:
    """Not more than `count` are taken; what one too many is, waits for somebody else."""
    is_enough = count and len(receiving.codes) + receiving.left >= count
    if not is_enough and (accepted := await doorkeeper.offered(transfer)):
        receiving.add(accepted)
    elif transfer.direction is Direction.IN:
        await doorkeeper.left_open(transfer)
    if count and len(receiving.codes) + receiving.left >= count:
        await doorkeeper.enough()


def to_paths(output: Output, end: bytes = b"\n") -> Deliver:
    """Each saved path on stdout, byte for byte as the file system has it."""

    def deliver(transfer: Transfer) -> bool:
        if not output.json:
            output.raw(b"".join(os.fsencode(path) + end for path in transfer.paths))
        return True

    return deliver


def to_stdout(output: Output, scratch: Path) -> Deliver:
    """The content on stdout, once it is complete and checked; its copy in `scratch` is removed."""

    def deliver(transfer: Transfer) -> bool:
        is_whole = True
        for path in map(Path, transfer.paths):
            if path.is_dir():
                output.error(
                    LanmsgError(f"{title_of(transfer)} is a folder: not written to stdout", code="usage")
                )
                is_whole = False
                continue
            with path.open("rb") as file:
                output.copy(file)
            if path.is_relative_to(scratch):  # what was accepted before, for another folder, stays there
                path.unlink()
        return is_whole

    return deliver


def scratch(invocation: Invocation, cleanup: ExitStack) -> Path:
    """A folder for this process alone, beside the downloads."""
    from lanmsg.api import scratch_folder  # which costs a few milliseconds

    downloads = invocation.settings.downloads
    try:
        return cleanup.enter_context(scratch_folder(downloads))
    except OSError as error:
        raise LanmsgError(
            f"{downloads}: {error.strerror}", code="disk", hint="choose another with --downloads"
        ) from None


def folder_option(text: str | None) -> Path | None:
    if text is None:
        return None
    try:
        folder = Path(text).expanduser().absolute()
        is_file = folder.exists() and not folder.is_dir()
    except RuntimeError:
        raise LanmsgError(f"--to: {text}: there is no such user here", code="usage") from None
    except OSError as error:  # too long, or in a folder that is closed to us
        raise LanmsgError(f"--to: {text}: {error.strerror}", code="disk") from None
    if is_file:
        raise LanmsgError(f"--to: {folder} is not a folder", code="usage")
    return folder
