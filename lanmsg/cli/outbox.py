"""outbox: what has not reached somebody, from the store alone; whichever process delivers sees the change."""

from typing import TYPE_CHECKING

from lanmsg.api import Message, wall_clock
from lanmsg.cli.exit_codes import total_code
from lanmsg.cli.grammar import number
from lanmsg.cli.history import Reader
from lanmsg.cli.output import Result
from lanmsg.cli.parser import Invocation, usage_error
from lanmsg.cli.wording import age, columns, name_of, one_line
from lanmsg.model import EVERYONE, Delivery, LanmsgError
from lanmsg.terminal import clip, plural, printable

if TYPE_CHECKING:
    from lanmsg.api import Store

TEXT_CELLS = 40
"""Of a message's text in the list."""


def outbox(invocation: Invocation) -> Result:
    options = invocation.options
    action = options.action or "list"
    if (action == "list") == bool(options.which):
        usage = "list takes no number" if options.which else f"{action} what? a NUMBER, a PEER or all"
        raise usage_error(usage, invocation.command)
    store = invocation.home()
    try:
        reader = Reader(store, invocation.output)
        if action == "list":
            return show(store.history.waiting_messages(failed=options.failed), reader, invocation)
        return change(action, meant(action, store, reader, invocation), store, invocation)
    finally:
        store.close()


def show(messages: list[Message], reader: Reader, invocation: Invocation) -> Result:
    output = invocation.output
    if output.json:
        output.document(messages=[reader.fields(message) for message in messages])
    elif messages:
        for line in columns([row(message, reader) for message in messages]):
            output.line(line)
    else:
        output.notice(
            "nothing waits" if not invocation.options.failed else "nothing waits, nothing has failed"
        )
    return Result()


def row(message: Message, reader: Reader) -> list[str]:
    open_ones = [each for each in message.recipients if each.state is not Delivery.DELIVERED]
    names = [name_of(reader.peer(each.peer)) for each in open_ones]
    whom = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    reasons = list(dict.fromkeys(printable(each.reason) for each in open_ones if each.reason))
    state = message.state.value + (f": {', '.join(reasons)}" if reasons else "")
    text = clip(one_line(message), TEXT_CELLS)
    return [str(message.number), f"to {whom}", f"{age(wall_clock() - message.stored_at)} ago", state, text]


def meant(action: str, store: "Store", reader: Reader, invocation: Invocation) -> list[int]:
    """The numbers that the words mean. Raises LanmsgError."""
    wanted = Delivery.QUEUED if action == "cancel" else Delivery.FAILED
    messages = [
        message
        for message in store.history.waiting_messages(failed=action == "retry")
        if any(each.state is wanted for each in message.recipients)
    ]
    words = invocation.options.which
    if words == ["all"]:
        chosen = [message.number for message in messages]
    elif all(word.isdigit() for word in words):
        return [number(word) for word in words]
    elif len(words) == 1:
        conversation = reader.conversation(words[0])
        chosen = [each.number for each in messages if each.conversation == conversation]
    else:
        raise usage_error("numbers, one PEER, or all", invocation.command)
    if not chosen:
        nothing = "nothing waits there" if action == "cancel" else "nothing has failed there"
        raise LanmsgError(nothing, code="not_found", hint="lanmsg outbox --failed lists what there is")
    return chosen


def change(action: str, numbers: list[int], store: "Store", invocation: Invocation) -> Result:
    codes, now, doubtful = [], wall_clock(), 0
    act = store.history.cancel if action == "cancel" else store.history.retry
    for each in numbers:
        if act(each, now):
            codes.append("done")
            doubtful += store.history.may_have_arrived(each)
        else:
            error = why_not(each, store)
            invocation.output.error(error)
            codes.append(error.code)
    done = plural(codes.count("done"), "message")
    if "done" in codes:
        taken_back = f"{done} taken back" + (f", but {doubtful} may have arrived before" if doubtful else "")
        invocation.output.notice(taken_back if action == "cancel" else f"{done} queued again")
    if invocation.output.json:
        invocation.output.document(messages=numbers, action=action, done=codes.count("done"))
    return Result(total_code(codes))


def why_not(each: int, store: "Store") -> LanmsgError:
    message = store.history.get(each)
    if message is None or message.sender is not None:
        return LanmsgError(
            f"no message of yours has the number {each}", code="not_found", hint="lanmsg outbox"
        )
    if message.state is Delivery.SENT:
        return LanmsgError(f"message {each} is on its way: it may arrive yet", hint="lanmsg outbox")
    whom = "everyone" if message.conversation == EVERYONE else "its peer"
    words = {
        Delivery.DELIVERED: f"message {each} has reached {whom}",
        Delivery.FAILED: f"message {each} does not wait any more",
        Delivery.QUEUED: f"message {each} waits already",
    }
    return LanmsgError(words[message.state])
