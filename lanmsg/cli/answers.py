"""accept, decline, cancel: decisions on rows of this home, carried out by whichever process serves them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from lanmsg.api import Transfer, settle_home, steady_clock
from lanmsg.cli.exit_codes import total_code
from lanmsg.cli.following import TransferReport
from lanmsg.cli.grammar import number
from lanmsg.cli.offers import is_open_offer
from lanmsg.cli.output import Output, Result
from lanmsg.cli.parser import Invocation, usage_error
from lanmsg.cli.progress import Progress
from lanmsg.cli.receive import Receiving, folder_option, to_paths
from lanmsg.cli.running import run_node
from lanmsg.model import Direction, LanmsgError

if TYPE_CHECKING:
    from lanmsg.api import Node, Store

TELL_S = 3.0
"""How long a decision may take to reach the other side before this process leaves it to the next one."""

LOOK_S = 0.05


def accept(invocation: Invocation) -> Result:
    """With another listener running this only says yes; else it takes the files itself."""
    output = invocation.output
    destination = folder_option(invocation.options.to)

    async def work(node: "Node", chosen: list[Transfer]) -> list[str]:
        node.take_files(keep_executable=invocation.options.keep_exec or None)
        events = node.events()
        report = TransferReport(node, output, Progress(output, "auto"))
        receiving = Receiving(report, output, to_paths(output))
        receiving.gives_up = True
        codes = []
        for transfer in chosen:
            try:
                receiving.add(await node.accept(transfer.number, destination=destination))
            except LanmsgError as error:
                output.error(error)
                codes.append(error.code)
        if not node.listening:
            output.detail("the lanmsg that runs already takes the files")
            return [*codes, *["accepted"] * (len(chosen) - len(codes))]
        while receiving.waiting:
            receiving.look(await anext(events))
        return codes + receiving.codes

    return decided(invocation, is_open_offer, work)


def decline(invocation: Invocation) -> Result:
    async def work(node: "Node", chosen: list[Transfer]) -> list[str]:
        return await each(node, chosen, lambda transfer: node.decline(transfer.number), invocation.output)

    return decided(invocation, is_open_offer, work)


def cancel(invocation: Invocation) -> Result:
    async def work(node: "Node", chosen: list[Transfer]) -> list[str]:
        return await each(node, chosen, lambda transfer: node.cancel(transfer.number), invocation.output)

    return decided(invocation, is_open, work)


async def each(
    node: "Node", chosen: list[Transfer], act: Callable[[Transfer], Awaitable[Transfer]], output: Output
) -> list[str]:
    """Does `act` to each, and stays until the other sides know of it."""
    codes, ended = [], []
    for transfer in chosen:
        try:
            ended.append(await act(transfer))
            codes.append("done")
        except LanmsgError as error:
            output.error(error)
            codes.append(error.code)
    for transfer in ended if node.listening else []:
        await until_told(node, transfer)
    return codes


async def until_told(node: "Node", transfer: Transfer, *, was_here: bool = False) -> None:
    """Until the other side knows how this ended, or has left; what it was not told, a later process tells."""
    deadline = steady_clock() + TELL_S
    while steady_clock() < deadline:
        if await node.peer_knows(transfer.number):
            return
        peer = node.peer(transfer.peer)
        is_here = peer is not None and peer.present
        if was_here and not is_here:
            return
        was_here = is_here
        await asyncio.sleep(LOOK_S)


def decided(
    invocation: Invocation,
    wanted: Callable[[Transfer], bool],
    work: Callable[["Node", list[Transfer]], Awaitable[list[str]]],
) -> Result:
    return run_on(invocation, chosen_rows(invocation, wanted), work)


def run_on(
    invocation: Invocation,
    chosen: list[Transfer],
    work: Callable[["Node", list[Transfer]], Awaitable[list[str]]],
) -> Result:
    async def run(node: "Node") -> Result:
        return Result(
            total_code(await work(node, chosen)), {"transfers": [transfer.number for transfer in chosen]}
        )

    return run_node(invocation, run, listen=True)


def chosen_rows(invocation: Invocation, wanted: Callable[[Transfer], bool]) -> list[Transfer]:
    """The rows that ID… or `all` mean. Raises LanmsgError for one that is not there or has ended."""
    words = invocation.options.id
    store = invocation.home()
    try:
        settle_home(store, invocation.settings)
        if words == ["all"]:
            rows = [transfer for transfer in store.transfers.open() if wanted(transfer)]
            if not rows:
                raise nothing_open(wanted)
            return rows
        if "all" in words:
            raise usage_error("all stands for every number, and alone", invocation.command)
        return [required_row(store, number_of(word, invocation), wanted) for word in dict.fromkeys(words)]
    finally:
        store.close()


def required_row(store: "Store", number: int, wanted: Callable[[Transfer], bool]) -> Transfer:
    transfer = store.transfers.get(number)
    if transfer is None:
        raise LanmsgError(
            f"there is no transfer {number}", code="not_found", hint="lanmsg transfers lists them"
        )
    if wanted(transfer):
        return transfer
    if transfer.state.is_final:
        raise LanmsgError(f"transfer {number} is already {transfer.state.value}")
    what = (
        "is your own offer" if transfer.direction is Direction.OUT else f"is already {transfer.state.value}"
    )
    raise LanmsgError(f"transfer {number} {what}", hint=f"lanmsg cancel {number} stops it")


def nothing_open(wanted: Callable[[Transfer], bool]) -> LanmsgError:
    if wanted is is_open_offer:
        return LanmsgError(
            "nothing is offered to you", code="not_found", hint="lanmsg transfers shows what there was"
        )
    return LanmsgError(
        "nothing is under way, and no offer is open",
        code="not_found",
        hint="lanmsg transfers shows what there was",
    )


def number_of(word: str, invocation: Invocation) -> int:
    try:
        return number(word)
    except ValueError:
        message = f"{word!r} is not the number of a transfer, nor all"
        raise usage_error(message, invocation.command) from None


def is_open(transfer: Transfer) -> bool:
    return not transfer.state.is_final
