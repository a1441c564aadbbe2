"""msg and broadcast: a message is done when it is on the disk of whom it was for."""

import sys
from typing import TYPE_CHECKING, Any

from lanmsg.api import wall_clock
from lanmsg.cli.exit_codes import total_code
from lanmsg.cli.fields import peer_fields, stranger
from lanmsg.cli.output import Output, Result, is_terminal
from lanmsg.cli.parser import Invocation, usage_error
from lanmsg.cli.wording import name_of, typed_name_of
from lanmsg.model import (
    EVERYONE,
    Conversation,
    Delivery,
    LanmsgError,
    Message,
    Peer,
    PeerId,
    Recipient,
    Trust,
)
from lanmsg.terminal import plural

if TYPE_CHECKING:
    from lanmsg.api import Node

TEXT_MAX_BYTES = 32_768
"""A message's text in UTF-8 (protocol.md, Payloads)."""

ABSENT = "--queue leaves it in the outbox, --wait 60 waits for them; lanmsg doctor says why"

AS_A_FILE = "send it as a file: lanmsg send"


def msg(invocation: Invocation) -> Result:
    from lanmsg.cli.running import run_node  # asyncio

    options, output = invocation.options, invocation.output
    text = message_text(invocation)

    async def send(node: "Node") -> Result:
        peer = await reachable(node, options.peer, wait=options.wait, absent=options.queue, hint=ABSENT)
        output.step("found")
        require_verified(peer, wanted=options.require_verified)
        message = await node.send_text(Conversation.with_peer(peer.id), text)
        if peer.present or not options.queue:
            message = await node.delivered(message, timeout=options.timeout)
        output.step(message.state.value)
        return await told(node, message, peer)

    async def told(node: "Node", message: Message, peer: Peer) -> Result:
        recipient = message.recipients[0]
        if recipient.state in {Delivery.QUEUED, Delivery.SENT} and not options.queue:
            await node.cancel_message(message.number)
        error = delivery_error(recipient, peer, options.timeout, queue=options.queue)
        if error is not None:
            output.error(error)
        code = (
            error.code if error else "queued" if recipient.state is Delivery.SENT else recipient.state.value
        )
        if code == "queued":
            is_served = await node.read(lambda store: store.presence.is_live(wall_clock()))
            hint = "" if is_served else "it leaves with the next lanmsg, or lanmsg listen, of this home"
            output.notice(f"{name_of(peer)} has not got it yet: it stays in the outbox", hint)
        known: dict[str, Any] = {"id": message.id.hex(), "peer": peer_fields(node.peer(peer.id) or peer)}
        tell_delivery(output, recipient, known)
        return Result(code, known)

    return run_node(invocation, send)


def broadcast(invocation: Invocation) -> Result:
    from lanmsg.cli.running import look_around, run_node  # asyncio

    options, output = invocation.options, invocation.output
    text = message_text(invocation)

    async def send(node: "Node") -> Result:
        await look_around(node, options.wait)
        message = await node.send_text(EVERYONE, text)
        message = await node.delivered(message, timeout=options.timeout)
        if message.state in {Delivery.QUEUED, Delivery.SENT}:
            await node.cancel_message(message.number)
        return summed_up(message, {peer.id: peer for peer in node.peers(absent=True)})

    def summed_up(message: Message, peers: dict[PeerId, Peer]) -> Result:
        codes = []
        for recipient in message.recipients:
            peer = peers.get(recipient.peer, stranger(recipient.peer))
            error = delivery_error(recipient, peer, options.timeout, queue=False)
            codes.append(error.code if error else "delivered")
            if error:
                output.error(error)
            if output.json:
                output.result(Result(codes[-1], {"id": message.id.hex(), "peer": peer_fields(peer)}))
        delivered = codes.count("delivered")
        said = output.notice if is_terminal(sys.stderr) else output.detail
        said(f"{plural(delivered, 'person has', 'people have')} got it, of {len(codes)}")
        counts = {"id": message.id.hex(), "recipients": len(codes), "delivered": delivered}
        return Result(total_code(codes), counts)

    return run_node(invocation, send)


def tell_delivery(output: Output, recipient: Recipient, known: dict[str, Any]) -> None:
    """The event that `listen` tells of too; a message that still waits has none yet."""
    if not output.json:
        return
    if recipient.state is Delivery.DELIVERED:
        output.event("delivered", **known)
    elif recipient.state is Delivery.FAILED:
        output.event("delivery_failed", **known, error=recipient.reason)


def delivery_error(recipient: Recipient, peer: Peer, timeout: float, *, queue: bool) -> LanmsgError | None:
    """Why this recipient has not got the message, None if it has or if it may wait in the outbox."""
    from lanmsg.api import NO_ROOM  # with the node, which has done its work

    name = name_of(peer)
    if recipient.state is Delivery.DELIVERED or (queue and recipient.state is not Delivery.FAILED):
        return None
    if recipient.state is Delivery.FAILED:
        return LanmsgError(f"{name} did not get it: {recipient.reason or 'refused'}", code="failed")
    if recipient.reason == NO_ROOM:
        return LanmsgError(
            f"{name} has not got it: no space over there",
            code="no_space",
            hint="try again later, or let it wait: lanmsg msg --queue",
        )
    reason = f" ({recipient.reason})" if recipient.reason else ""
    return LanmsgError(
        f"{name} has not confirmed it within {timeout:g} s{reason}",
        code="timeout",
        hint="it may have arrived all the same"
        if recipient.state is Delivery.SENT
        else "--queue keeps such mail",
    )


async def reachable(node: "Node", who: str, *, wait: float, absent: bool = False, hint: str) -> Peer:
    """The peer called `who`, here, or known if it may be `absent`. Raises LanmsgError."""
    try:
        peer = await node.find(who, wait=wait)
    except LanmsgError as error:
        if not absent or error.code != "not_found":
            raise
        sentence = f"{error}: --queue keeps messages for people whom this home knows"
        raise LanmsgError(sentence, code=error.code, hint=error.hint) from None
    if not peer.present and not absent:
        raise LanmsgError(f"{name_of(peer)} is not here", code="not_found", hint=hint)
    return peer


def require_verified(peer: Peer, *, wanted: bool) -> None:
    if wanted and peer.trust is not Trust.VERIFIED:
        raise LanmsgError(
            f"{name_of(peer)} is not verified: nothing was sent",
            code="not_verified",
            hint=f"compare words first: lanmsg verify {typed_name_of(peer)}",
        )


def message_text(invocation: Invocation) -> str:
    """The words of the command line, or stdin without its last line end."""
    words = invocation.options.text
    text = " ".join(words) if words and words != ["-"] else text_from_stdin(invocation)
    if not text.strip():
        raise usage_error("there is no text to send", invocation.command)
    if len(text.encode("utf-8", "replace")) > TEXT_MAX_BYTES:
        raise too_long()
    return text


def text_from_stdin(invocation: Invocation) -> str:
    if is_terminal(sys.stdin):
        invocation.output.notice("type the message; Ctrl-D ends it")
    # Read a little more than may be sent, and not all that a runaway pipe has.
    data = b"" if sys.stdin is None else sys.stdin.buffer.read(2 * TEXT_MAX_BYTES)
    if len(data) == 2 * TEXT_MAX_BYTES:
        raise too_long()
    try:
        return data.decode("utf-8").replace("\r\n", "\n").rstrip("\n")
    except UnicodeDecodeError:
        raise LanmsgError("stdin is not UTF-8 text", code="usage", hint=AS_A_FILE) from None


def too_long() -> LanmsgError:
    return LanmsgError(f"the text is longer than {TEXT_MAX_BYTES:,} bytes", code="usage", hint=AS_A_FILE)
