"""verify: two people make sure that nobody sits between them, by four words or by the safety number."""

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from lanmsg.api import (
    KeyChanged,
    NodeEvent,
    Peer,
    PeerId,
    SafetyNumber,
    VerificationChanged,
    VerificationStage,
    home_roster,
    safety_number,
    steady_clock,
)
from lanmsg.cli.fields import peer_fields, verification_fields
from lanmsg.cli.keyboard import Typing
from lanmsg.cli.output import BOLD, Result, can_ask
from lanmsg.cli.parser import Invocation
from lanmsg.cli.people import qr_code
from lanmsg.cli.trust import held_back, mark_verified, on_the_network, refuse_blocked
from lanmsg.cli.wording import certain_name_of, name_of, short_id
from lanmsg.model import LanmsgError
from lanmsg.terminal import fingerprint, printable

if TYPE_CHECKING:
    from lanmsg.api import Node, Store

DIGITS = 60
LISTEN_ON_S = 10.0
"""After our own answer: for what the other person says, which changes nothing any more."""

LOOK_S = 0.1
"""How soon a typed line is seen."""

ANSWERS = {"same": True, "different": False}


def verify(invocation: Invocation) -> Result:
    options = invocation.options
    if options.safety_number or options.qr or options.confirm is not None:
        return compare_numbers(invocation)
    if not invocation.output.json and not can_ask():
        raise LanmsgError(
            "somebody has to look at the words, and there is no terminal",
            code="not_verified",
            hint="--safety-number and --confirm do without; so does --json, with the answer on stdin",
        )
    from lanmsg.cli.running import run_node  # asyncio

    async def compare(node: "Node") -> Result:
        return await Comparison(node, await met(node, invocation), invocation).run()

    # Where no screen and no listener runs, the other side finds this very command.
    return run_node(invocation, compare, listen=True)


# ---------- The safety number


def compare_numbers(invocation: Invocation) -> Result:
    digits = wanted_digits(invocation)
    store = invocation.home()
    try:
        known = home_roster(store)
        peer = known.one(invocation.options.peer) or on_the_network(invocation, known)
        found = safety_number(invocation.settings, peer.id)
        if digits:
            old = confirm(store, peer, found, digits)
            invocation.output.notice(
                f"{name_of(peer)} is verified: {fingerprint(peer.id)}", held_back(store, old)
            )
        show_number(found, peer, invocation)
        now = home_roster(store).get(peer.id) or peer
        return Result("done", {"safety_number": found.number, "qr": found.qr_text, "peer": peer_fields(now)})
    finally:
        store.close()


def wanted_digits(invocation: Invocation) -> str:
    """What --confirm says, "" without it."""
    text = invocation.options.confirm
    if text is None:
        return ""
    digits = "".join(text.split()).replace("-", "")
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        raise LanmsgError(
            f"verify: --confirm: the safety number has {DIGITS} digits",
            code="usage",
            hint="lanmsg verify PEER --safety-number shows it, here and over there",
        )
    return digits


def confirm(store: "Store", peer: Peer, number: SafetyNumber, digits: str) -> PeerId | None:
    """Returns whose place it took. Raises LanmsgError: it is another number."""
    refuse_blocked(peer)
    if digits != number.number.replace(" ", ""):
        raise LanmsgError(
            f"that is not the safety number of {name_of(peer)} and you: nothing was changed",
            code="security",
            hint="read it to each other again; if it stays different, somebody is in between",
        )
    return mark_verified(store, peer)


def show_number(found: SafetyNumber, peer: Peer, invocation: Invocation) -> None:
    options, output = invocation.options, invocation.output
    if output.json:
        return
    if options.safety_number:
        output.line(found.number)
        output.detail(f"{name_of(peer)} sees the same with: lanmsg verify NAME --safety-number")
    if options.qr:
        output.line(qr_code(found.qr_text))


# ---------- Four words


async def met(node: "Node", invocation: Invocation) -> Peer:
    """The peer that was named: known, though it may not be here yet; or as soon as it shows up."""
    options = invocation.options
    try:
        return await node.find(options.peer, dial=False)
    except LanmsgError as error:
        if error.code != "not_found":
            raise
    if options.wait:
        invocation.output.notice(f"looking for {printable(options.peer)}; {over_there(node)}")
    return await node.find(options.peer, wait=options.wait)


def over_there(node: "Node") -> str:
    return f"over there, type: lanmsg verify {shlex.quote(printable(node.name))}"


class Comparison:
    """One run of the command. It shows what the home's listener, maybe this very process, brings about."""

    def __init__(self, node: "Node", peer: Peer, invocation: Invocation):
        self._node = node
        self._peer = peer
        self._name = name_of(peer)
        self._output = invocation.output
        self._timeout: float = invocation.options.timeout
        self._typing: Typing | None = None
        self._has_typed = False
        self._is_answered = False
        """Here or on another screen of this home."""
        self._has_heard = False
        """What the other person says."""

    async def run(self) -> Result:
        events = self._node.events()
        await self._node.verify(self._peer.id)
        try:
            self._say_what_to_do()
            same = await self._decided(events)
            if same:
                await self._hear(events)
        finally:
            if not self._is_answered:
                await self._node.cancel_verification(self._peer.id)
        peer = self._node.peer(self._peer.id) or self._peer
        return Result("done" if same else "security", {"peer": peer_fields(peer)})

    def _say_what_to_do(self) -> None:
        here = self._node.peer(self._peer.id)
        who = certain_name_of(self._peer)
        state = f"waiting for {who}" if here and here.present else f"{who} is not here yet: waiting"
        self._output.notice(
            f"{state}; {over_there(self._node)}", "or /verify on the screen; Ctrl-C breaks off"
        )

    async def _decided(self, events: AsyncIterator[NodeEvent]) -> bool:
        """What this person says of the words, here or on another screen. Raises LanmsgError: it ended."""
        deadline = steady_clock() + self._timeout
        while True:
            if self._typing is not None:
                if not self._has_typed:
                    await self._take(self._typing.line())
            elif steady_clock() >= deadline:
                raise self._timed_out()
            event = await next_event(events)
            if isinstance(event, KeyChanged) and event.before == self._peer.id:
                raise self._other_key(event.peer)
            if isinstance(event, VerificationChanged) and event.peer.id == self._peer.id:
                self._tell(event)
                if self._is_answered:
                    return event.stage is VerificationStage.SAME

    async def _hear(self, events: AsyncIterator[NodeEvent]) -> None:
        """What the other person says, if it comes soon and has not come yet; it changes nothing here."""
        deadline = steady_clock() + LISTEN_ON_S
        while not self._has_heard and steady_clock() < deadline:
            event = await next_event(events)
            if isinstance(event, VerificationChanged) and event.peer.id == self._peer.id and not event.ours:
                self._tell(event)
                return

    def _tell(self, event: VerificationChanged) -> None:
        """One stage, to the person or the program that asked. Raises LanmsgError for those that end it."""
        if self._output.json:
            self._output.event("verification", **verification_fields(event))
        elif self._typing is not None and not self._is_answered and not event.ours:
            sys.stderr.write("\n")  # behind the question
        match event.stage:
            case VerificationStage.SAME | VerificationStage.DIFFERENT if event.ours:
                self._is_answered = True
                self._tell_verdict(same=event.stage is VerificationStage.SAME)
            case VerificationStage.EXPIRED:
                raise self._timed_out()
            case VerificationStage.FAILED:
                raise self._failed(event.reason)
            case VerificationStage.DIFFERENT if not self._is_answered:
                raise self._failed(f"{self._name} says that the words are different")
            case VerificationStage.SAME | VerificationStage.DIFFERENT:
                self._has_heard = True
                self._notice(f"{self._name} {event.reason}")
                if not self._is_answered:
                    self._ask()
            case _:
                pass
        if event.words and self._typing is None and not self._is_answered:
            self._show(event.words)

    def _show(self, words: tuple[str, ...]) -> None:
        if not self._output.json:
            self._output.line()
            self._output.line("    " + self._output.paint("    ".join(words), BOLD))
            self._output.line()
        self._typing = Typing(sys.stdin)
        self._ask()

    def _ask(self) -> None:
        if not self._output.json:
            sys.stderr.write(f"Same words on {self._name}'s screen? [same/different] ")
            sys.stderr.flush()

    async def _take(self, line: str | None) -> None:
        if line is None:
            return
        if line == "":
            raise self._failed("nobody answered here")
        answer = ANSWERS.get(line.strip().lower())
        if answer is not None:
            self._has_typed = True
            await self._node.answer_verification(self._peer.id, same=answer)
            return
        self._output.notice("type the whole word: same, or different")
        self._ask()

    def _tell_verdict(self, *, same: bool) -> None:
        if same:
            self._notice(f"{self._name} is verified")
            return
        self._output.error(
            LanmsgError(
                f"this is not {self._name}, or somebody is in between: nothing is sent to this key any more",
                code="security",
                hint=f"misread? lanmsg verify {short_id(self._peer)} once more",
            )
        )

    def _notice(self, text: str) -> None:
        if not self._output.json:
            self._output.notice(text)

    def _timed_out(self) -> LanmsgError:
        return LanmsgError(
            f"{self._name} did not compare words in time", code="timeout", hint=over_there(self._node)
        )

    def _failed(self, reason: str) -> LanmsgError:
        return LanmsgError(
            f"{self._name} is not verified: {reason}",
            code="not_verified",
            hint=f"the number that needs no session: lanmsg verify {short_id(self._peer)} --safety-number",
        )

    def _other_key(self, claimant: Peer) -> LanmsgError:
        return LanmsgError(
            f"somebody here goes by the name {self._name} with another key than the one you know",
            code="key_changed",
            hint=f"to compare words with that one: lanmsg verify {short_id(claimant)}",
        )


async def next_event(events: AsyncIterator[NodeEvent]) -> NodeEvent | None:
    """None: nothing happened for a moment."""
    try:
        async with asyncio.timeout(LOOK_S):
            return await anext(events)
    except TimeoutError:
        return None
