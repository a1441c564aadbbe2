"""trust, block, unblock, rename: what this person decides about a key; nothing else ever does."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from lanmsg.api import NAME_MAX_BYTES, Peer, Trust, home_roster, wall_clock
from lanmsg.cli.fields import peer_fields
from lanmsg.cli.output import Result, ask, can_ask
from lanmsg.cli.parser import Invocation, usage_error
from lanmsg.cli.wording import name_of, nobody_known, short_id, trust_of
from lanmsg.model import Conversation, Delivery, LanmsgError, PeerId
from lanmsg.terminal import fingerprint, folded, plural

if TYPE_CHECKING:
    from lanmsg.api import Node, Roster, Store

HELD_SHOWN = 10_000
HEX_MIN = 8
"""Fewer digits are found by chance too soon."""

VERIFYING_DIGITS = 16
"""64 bits of a fingerprint that match what its owner read out: nobody makes a key to fit them."""

COMPARE = (
    "ask {name} on another channel and compare, then: lanmsg trust {name} --replace --fingerprint {digits}"
)

OTHER_KEY = "is another key shown under that name? lanmsg trust {key} --replace looks for it"


def trust(invocation: Invocation) -> Result:
    """Pins a key. A changed one takes the place of the old one only when its fingerprint was compared."""

    def decide(store: "Store", peer: Peer) -> tuple[str, str]:
        before, was_pinned = namesake_of(store, peer), peer.trust in (Trust.PINNED, Trust.VERIFIED)
        others = [] if peer.trust is Trust.CHANGED else claimants(invocation, store, peer)
        if before:
            old = store.peers.get(before)
        elif others and not claims_to_be(peer, invocation):
            old, peer = peer, the_one_meant(others, peer, invocation)
        else:
            old = None
        (confirm_replacement if old else confirm)(peer, old, invocation)
        if old:
            store.peers.succeed(old.id, peer.id, nickname=peer.nickname, now=wall_clock())
        else:
            store.peers.pin(peer.id, nickname=peer.nickname, now=wall_clock())
        is_verified = len(wanted_digits(invocation)) >= VERIFYING_DIGITS
        if is_verified:
            store.peers.set_trust(peer.id, Trust.VERIFIED, wall_clock())
        if was_pinned and not (old or is_verified):
            hint = OTHER_KEY.format(key=short_id(peer))
            return f"{name_of(peer)} is known by that key already: {fingerprint(peer.id)}", hint
        waits = held_back(store, old.id if old else None)
        now = "verified" if is_verified else "known by this key"
        return f"{name_of(peer)} is {now}: {fingerprint(peer.id)}", waits

    return decided(invocation, decide)


def mark_verified(store: "Store", peer: Peer) -> PeerId | None:
    """The person has compared: a key that goes by a pinned name takes that one's place, and who that was."""
    old = namesake_of(store, peer)
    store.peers.remember(peer, wall_clock())
    if old is not None:
        store.peers.succeed(old, peer.id, nickname=peer.nickname, now=wall_clock())
    store.peers.set_trust(peer.id, Trust.VERIFIED, wall_clock())
    return old


def namesake_of(store: "Store", peer: Peer) -> PeerId | None:
    """The pinned peer whose name another key uses."""
    return home_roster(store).pinned_namesake(peer) if peer.trust is Trust.CHANGED else None


def held_back(store: "Store", old: PeerId | None) -> str:
    """What still waits for a key whose place another one took; it is for that key's eyes only."""
    if old is None:
        return ""
    messages = store.history.messages(Conversation.with_peer(old), limit=HELD_SHOWN)
    waiting = sum(message.state in {Delivery.QUEUED, Delivery.SENT} for message in messages)
    if not waiting:
        return ""
    return (
        f"still queued for the old key, and not sent to the new one: {plural(waiting, 'message')}"
        f" (lanmsg history {old.hex()[:8].upper()})"
    )


def refuse_blocked(peer: Peer) -> None:
    if peer.trust is Trust.BLOCKED:
        raise LanmsgError(
            f"{name_of(peer)} is blocked", code="blocked", hint=f"lanmsg unblock {short_id(peer)}"
        )


def block(invocation: Invocation) -> Result:
    def decide(store: "Store", peer: Peer) -> str:
        store.peers.remember(peer, wall_clock())
        store.block(peer.id, wall_clock())
        return f"{name_of(peer)} ({short_id(peer)}) is blocked"

    return decided(invocation, decide)


def unblock(invocation: Invocation) -> Result:
    def decide(store: "Store", peer: Peer) -> str:
        if peer.trust is not Trust.BLOCKED:
            return f"{name_of(peer)} ({short_id(peer)}) was not blocked"
        store.peers.unblock(peer.id, wall_clock())
        now = home_roster(store).get(peer.id) or peer
        return f"{name_of(peer)} ({short_id(peer)}) is not blocked any more, but {trust_of(now)} again"

    return decided(invocation, decide)


def rename(invocation: Invocation) -> Result:
    name = invocation.options.new_name.strip()
    if not name.isprintable() or len(name.encode("utf-8", "replace")) > NAME_MAX_BYTES:
        raise usage_error(
            f"a name has up to {NAME_MAX_BYTES} bytes and no control characters", invocation.command
        )

    def decide(store: "Store", peer: Peer) -> str:
        others = [each for each in store.peers.all() if each.id != peer.id and not each.is_old_key]
        taken = [each for each in others if folded(each.petname) == folded(name)]
        if name and taken:
            raise LanmsgError(f"{name} is your name for {short_id(taken[0])} already", code="usage")
        store.peers.remember(peer, wall_clock())
        store.peers.rename(peer.id, name, wall_clock())
        return f"{short_id(peer)} is called {name or peer.nickname} now"

    return decided(invocation, decide)


def decided(invocation: Invocation, decide: Callable[["Store", Peer], str | tuple[str, str]]) -> Result:
    """`decide` does it, and says so: a sentence, or one with a hint."""
    store = invocation.home()
    try:
        known = home_roster(store)
        peer = known.one(invocation.options.peer) or on_the_network(invocation, known)
        said = decide(store, peer)
        invocation.output.notice(*([said] if isinstance(said, str) else said))
        return Result("done", {"peer": peer_fields(home_roster(store).get(peer.id) or peer)})
    finally:
        store.close()


def on_the_network(invocation: Invocation, known: "Roster") -> Peer:
    """Somebody this home does not know yet. Raises LanmsgError."""
    if not invocation.options.wait:
        raise nobody_known(invocation.options.peer, known)
    from lanmsg.cli.running import run_node  # asyncio

    options = invocation.options

    async def look(node: "Node") -> Peer:
        return await node.find(options.peer, wait=options.wait)

    return run_node(invocation, look)


def claimants(invocation: Invocation, store: "Store", pinned: Peer) -> list[Peer]:
    """Other keys that go by the name of a pinned peer, as far as this home or the network shows them."""
    found = namesakes(home_roster(store).all(), pinned)
    if found or not invocation.options.replace:
        return found
    from lanmsg.cli.running import run_node  # asyncio

    async def look(node: "Node") -> list[Peer]:
        await node.look_around(invocation.options.wait, lambda: namesakes(node.peers(), pinned))
        return namesakes(node.peers(), pinned)

    return run_node(invocation, look)


def namesakes(peers: Iterable[Peer], pinned: Peer) -> list[Peer]:
    rivals = [each for each in peers if each.trust is Trust.CHANGED and not each.is_old_key]
    return [each for each in rivals if folded(each.nickname) == folded(pinned.name)]


def the_one_meant(others: list[Peer], pinned: Peer, invocation: Invocation) -> Peer:
    matching = (
        [each for each in others if claims_to_be(each, invocation)] if wanted_digits(invocation) else others
    )
    if len(matching) == 1:
        return matching[0]
    shown = tuple(f"{name_of(each)}  {fingerprint(each.id)}" for each in matching or others)
    if matching:
        raise LanmsgError(
            f"{len(matching)} keys go by the name {name_of(pinned)}", code="ambiguous", candidates=shown
        )
    raise LanmsgError(f"no key of {name_of(pinned)} begins like that", code="security", candidates=shown)


def confirm(peer: Peer, _: Peer | None, invocation: Invocation) -> None:
    refuse_blocked(peer)
    if peer.words_differ and len(wanted_digits(invocation)) < VERIFYING_DIGITS:
        raise LanmsgError(
            f"the words of {name_of(peer)} were different when you compared them",
            code="security",
            hint=f"misread? lanmsg verify {short_id(peer)} once more",
        )
    compare_digits(peer, invocation)


def compare_digits(peer: Peer, invocation: Invocation) -> None:
    if wanted_digits(invocation) and not claims_to_be(peer, invocation):
        raise LanmsgError(
            f"the key of {name_of(peer)} is another one: {fingerprint(peer.id)}",
            code="security",
            hint="nothing was changed; whoever gave you the fingerprint may know more",
        )


def confirm_replacement(peer: Peer, old: Peer | None, invocation: Invocation) -> None:
    if old is None:
        return
    name = name_of(old)
    hint = COMPARE.format(name=name, digits=peer.id.hex()[:16].upper())
    change = f"{name} has another key: before {fingerprint(old.id)}, now {fingerprint(peer.id)}"
    if not invocation.options.replace:
        raise LanmsgError(change, code="key_changed", hint=hint)
    if wanted_digits(invocation):
        compare_digits(peer, invocation)
        return
    # --yes is no answer here: somebody has to have looked.
    if invocation.output.json or not can_ask():
        raise LanmsgError(f"{change}; --replace needs --fingerprint", code="security", hint=hint)
    invocation.output.notice(change)
    if not ask(f"Have you compared the new fingerprint with {name} on another channel?"):
        raise LanmsgError("nothing was changed", code="security", hint=hint)


def claims_to_be(peer: Peer, invocation: Invocation) -> bool:
    """Whether --fingerprint was given and is the beginning of this key's."""
    digits = wanted_digits(invocation)
    return bool(digits) and peer.id.hex().startswith(digits)


def wanted_digits(invocation: Invocation) -> str:
    text = getattr(invocation.options, "fingerprint", None)
    if text is None:
        return ""
    digits = text.replace(" ", "").replace("-", "").replace(":", "").lower()
    if len(digits) < HEX_MIN or not set(digits) <= set("0123456789abcdef"):
        raise usage_error(f"--fingerprint: {HEX_MIN} or more hex digits are needed", invocation.command)
    return str(digits)
