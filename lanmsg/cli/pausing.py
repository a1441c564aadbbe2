"""pause, resume, retry: stop a transfer for now, let it go on, try once more what did not arrive."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from lanmsg.api import NodeEvent, Transfer, TransferState, settle_home
from lanmsg.cli.answers import each, number_of, run_on
from lanmsg.cli.following import TransferReport
from lanmsg.cli.output import Output, Result
from lanmsg.cli.parser import Invocation
from lanmsg.cli.progress import Progress
from lanmsg.cli.receive import Receiving, to_paths
from lanmsg.model import Direction, LanmsgError

if TYPE_CHECKING:
    from lanmsg.api import Node

UNDER_WAY = frozenset({TransferState.ACCEPTED, TransferState.RUNNING, TransferState.PAUSED})

START_S = 10.0
"""How long it may take to go on where no listener runs: both sides have to find each other first."""

Wanted = Callable[[Transfer], bool]


def pause(invocation: Invocation) -> Result:
    def is_to_be_paused(transfer: Transfer) -> bool:
        return transfer.state in UNDER_WAY and not transfer.held_here and transfer.total is not None

    async def work(node: "Node", chosen: list[Transfer]) -> list[str]:
        return await each(node, chosen, lambda transfer: node.pause(transfer.number), invocation.output)

    return run_on(invocation, named(invocation, is_to_be_paused, "nothing is under way"), work)


def resume(invocation: Invocation) -> Result:
    rows = named(invocation, lambda transfer: transfer.held_here, "you have paused nothing")

    async def work(node: "Node", chosen: list[Transfer]) -> list[str]:
        return await gone_on(node, chosen, node.resume, invocation.output)

    return run_on(invocation, rows, work)


def retry(invocation: Invocation) -> Result:
    def is_worth_it(transfer: Transfer) -> bool:
        mine = transfer.direction is Direction.OUT
        return (mine and transfer.state is TransferState.FAILED) or (
            transfer.state is TransferState.PAUSED and not transfer.held_there
        )

    async def work(node: "Node", chosen: list[Transfer]) -> list[str]:
        return await gone_on(node, chosen, node.retry_transfer, invocation.output)

    rows = named(invocation, is_worth_it, "nothing is paused, and nothing that you sent has failed")
    return run_on(invocation, rows, work)


def named(invocation: Invocation, wanted: Wanted, none: str) -> list[Transfer]:
    """The rows that ID… or `all` mean; whether a number makes sense is for the node to say."""
    words = invocation.options.id
    store = invocation.home()
    try:
        settle_home(store, invocation.settings)
        if words == ["all"]:
            rows = [transfer for transfer in reversed(store.transfers.list()) if wanted(transfer)]
        else:
            found = [store.transfers.get(number_of(word, invocation)) for word in dict.fromkeys(words)]
            rows = [transfer for transfer in found if transfer is not None]
            none = f"there is no transfer {words[0]}" if len(rows) < len(found) else none
            rows = rows if len(rows) == len(found) else []
    finally:
        store.close()
    if not rows:
        raise LanmsgError(none, code="not_found", hint="lanmsg transfers shows what there is")
    return rows


async def gone_on(
    node: "Node", chosen: list[Transfer], act: Callable[[int], Awaitable[Transfer]], output: Output
) -> list[str]:
    """With another listener running this only says so; else it stays until the files are there."""
    events = node.events()
    save = to_paths(output)
    receiving = Receiving(
        TransferReport(node, output, Progress(output, "auto")),
        output,
        lambda transfer: transfer.direction is Direction.OUT or save(transfer),
    )
    codes = []
    for transfer in chosen:
        try:
            receiving.add(await act(transfer.number))
        except LanmsgError as error:
            output.error(error)
            codes.append(error.code)
    if not node.listening:
        output.detail("the lanmsg that runs already goes on with it")
        return [*codes, *["queued"] * (len(chosen) - len(codes))]
    try:
        await until_ended(events, receiving)
    except TimeoutError:
        output.notice("nobody is at the other end: it goes on when you are both here", "lanmsg listen")
        codes += ["queued"] * receiving.left
    return codes + receiving.codes


async def until_ended(events: AsyncIterator[NodeEvent], receiving: Receiving) -> None:
    """Raises TimeoutError when nothing moves for START_S."""
    clock = asyncio.get_running_loop().time
    async with asyncio.timeout(START_S) as limit:
        while receiving.waiting:
            receiving.look(await anext(events))
            limit.reschedule(None if receiving.under_way else clock() + START_S)
