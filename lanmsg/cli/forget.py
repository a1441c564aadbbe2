"""forget: delete from this computer what was said and sent; asked about first, and never what still waits."""

from typing import TYPE_CHECKING

from lanmsg.api import wall_clock
from lanmsg.cli.history import Reader, moment
from lanmsg.cli.output import Result, ask, can_ask
from lanmsg.cli.parser import Invocation, usage_error
from lanmsg.model import LanmsgError
from lanmsg.terminal import plural, printable

if TYPE_CHECKING:
    from lanmsg.api import Forgotten, Store


def forget(invocation: Invocation) -> Result:
    options = invocation.options
    if bool(options.message) == (options.conversation is not None):
        raise usage_error("forget what? a PEER, everyone, all, or --message N", invocation.command)
    store = invocation.home()
    try:
        if options.message:
            return forget_messages(store, options.message, invocation)
        return forget_extent(store, invocation)
    finally:
        store.close()


def forget_messages(store: "Store", numbers: list[int], invocation: Invocation) -> Result:
    for each in numbers:
        if store.history.get(each) is None:
            hint = "lanmsg history --numbers shows them"
            raise LanmsgError(f"there is no message {each}", code="not_found", hint=hint)
    confirm(f"delete {plural(len(numbers), 'message')} from this computer?", invocation)
    for each in numbers:
        try:
            store.forgetting.forget_message(each)
        except LanmsgError as error:
            raise LanmsgError(str(error), code=error.code, hint=f"lanmsg outbox cancel {each}") from None
    return told(len(numbers), 0, 0, invocation)


def forget_extent(store: "Store", invocation: Invocation) -> Result:
    from lanmsg.api import Extent  # the store, which an error of use need not load

    options = invocation.options
    before = None if options.before is None else moment(options.before, invocation, "--before")
    who = None if options.conversation == "all" else options.conversation
    extent = Extent(Reader(store, invocation.output).conversation(who), before)
    found = store.forgetting.count(extent, wall_clock())
    if not (found.messages or found.transfers):
        return told(0, 0, found.waiting, invocation)
    confirm(f"delete {amount(found)} from this computer?", invocation)
    gone = store.forgetting.forget(extent, wall_clock())
    return told(gone.messages, gone.transfers, gone.waiting, invocation)


def amount(found: "Forgotten") -> str:
    parts = [plural(found.messages, "message")] if found.messages else []
    parts += [plural(found.transfers, "finished transfer")] if found.transfers else []
    return " and ".join(parts)


def confirm(question: str, invocation: Invocation) -> None:
    """Raises LanmsgError unless the person says yes, here or by --yes."""
    if invocation.options.yes:
        return
    if not can_ask():
        raise LanmsgError("nothing was deleted: nobody was there to be asked", hint="--yes deletes unasked")
    if not ask(printable(question)):
        raise LanmsgError("nothing was deleted")


def told(messages: int, transfers: int, waiting: int, invocation: Invocation) -> Result:
    output = invocation.output
    if waiting:
        verbs = "waits and stays" if waiting == 1 else "wait and stay"
        words = f"{plural(waiting, 'message')} still {verbs} here"
        output.notice(words, "lanmsg outbox cancel all takes them back")
    if not (messages or transfers):
        output.notice("there was nothing to delete")
    else:
        output.notice(f"deleted here: {plural(messages, 'message')}, {plural(transfers, 'transfer')}")
    return Result("done", {"messages": messages, "transfers": transfers, "waiting": waiting})
