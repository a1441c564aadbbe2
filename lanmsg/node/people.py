"""People: who is here, what they are called, and how far this person trusts their keys."""

import asyncio
from collections.abc import Callable

from lanmsg.model import FileRule, LanmsgError, Peer, PeerId, SafetyNumber, Trust, Verification
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.directory import Directory
from lanmsg.node.door import Door
from lanmsg.protocol.constants import (
    VERIFY_ATTEMPTS_MAX,
    VERIFY_ATTEMPTS_WINDOW_S,
    VERIFY_TIMEOUT_S,
)
from lanmsg.protocol.verification import safety_number
from lanmsg.storage.store import Store
from lanmsg.terminal import clock

LOOK_STEP_S = 0.1


class People(Door):
    def peers(self, *, absent: bool = False) -> list[Peer]:
        """Who is here, by name; `absent`: also whom this home knows."""
        return self._engine.roster.all() if absent else self._engine.roster.present()

    async def look_around(self, seconds: float, until: Callable[[], object] = lambda: False) -> None:
        """Time for people to answer, and to come; not longer than until `until` says that it is enough."""
        deadline = steady_clock() + seconds
        self._engine.air.seek(deadline)
        while steady_clock() < deadline and not until():
            await asyncio.sleep(min(LOOK_STEP_S, max(0.0, deadline - steady_clock())))

    async def find(self, who: str, *, wait: float = 0.0, dial: bool = True) -> Peer:
        """The peer meant by a name, name~HEX, fingerprint prefix or address, as soon as it is here.

        After `wait` seconds a known but absent one is returned as such, and an address is dialled if `dial`.
        Raises LanmsgError: not_found, ambiguous (with candidates), key_changed.
        """
        return await Directory(self._engine).find(who, wait, dial=dial)

    async def connect(self, host: str, port: int = 0) -> Peer:
        """Open a session with whoever is at that address. Raises LanmsgError (network): nobody answers."""
        return await Directory(self._engine).connect(host, port)

    async def set_trust(self, peer_id: PeerId, trust: Trust) -> Peer:
        """Pinning a key that goes by a pinned name puts it in the place of the old one.

        BLOCKED declines what it offers; NEW, of one that was blocked: what was decided before counts again.
        """
        known, before = self.peer(peer_id), self._namesake(peer_id)

        def decide(store: Store) -> Peer:
            now = wall_clock()
            if known is not None:
                store.peers.remember(known, now)
            if before is not None and trust in (Trust.PINNED, Trust.VERIFIED):
                store.peers.succeed(before, peer_id, nickname="", now=now)
            if trust is Trust.BLOCKED:
                return store.block(peer_id, now)
            if trust is Trust.NEW and known is not None and known.trust is Trust.BLOCKED:
                return store.peers.unblock(peer_id, now)
            return store.peers.set_trust(peer_id, trust, now)

        return await self._write(decide)

    def _namesake(self, peer_id: PeerId) -> PeerId | None:
        """The pinned peer by whose name another key goes."""
        known = self.peer(peer_id)
        is_claim = known is not None and known.trust is Trust.CHANGED
        return self._engine.roster.pinned_namesake(known) if known is not None and is_claim else None

    async def set_file_rule(self, peer_id: PeerId, rule: FileRule, most: int | None = None) -> Peer:
        """What becomes of files this peer offers; with ACCEPT up to `most` bytes, None for any number."""
        return await self._write(lambda store: store.peers.set_file_rule(peer_id, rule, most, wall_clock()))

    async def set_muted(self, peer_id: PeerId, *, muted: bool) -> Peer:
        """Whether a screen stays quiet when this peer writes."""
        return await self._write(lambda store: store.peers.set_muted(peer_id, wall_clock(), muted=muted))

    async def rename(self, peer_id: PeerId, petname: str) -> Peer:
        return await self._write(lambda store: store.peers.rename(peer_id, petname, wall_clock()))

    # Comparing words ---------------------------------------------------------------------------------------

    async def verify(self, peer_id: PeerId) -> Verification:
        """Ask the peer's person to compare words, or join in when that one has asked.

        The rest is told by VerificationChanged, in every process of the home. Raises LanmsgError: blocked,
        not_found, security (too many attempts).
        """
        peer = self.peer(peer_id)
        if peer is None or peer_id == self._engine.me:
            raise LanmsgError("there is nobody to compare with", code="not_found")
        if peer.trust is Trust.BLOCKED:
            raise LanmsgError(f"{peer.name} is blocked", code="blocked", hint="lanmsg unblock first")

        def wish(store: Store) -> Verification:
            now = wall_clock()
            recent = store.verifications.attempts(peer_id, since=now - VERIFY_ATTEMPTS_WINDOW_S)
            known = store.verifications.get(peer_id)
            if len(recent) >= VERIFY_ATTEMPTS_MAX and (known is None or not known.awaits_answer):
                raise too_many(peer, recent[-VERIFY_ATTEMPTS_MAX] + VERIFY_ATTEMPTS_WINDOW_S)
            store.peers.remember(peer, now)
            return store.verifications.wish(peer_id, now=now, until=now + VERIFY_TIMEOUT_S)

        self._engine.verifications.mine(peer_id)
        return await self._write(wish)

    async def answer_verification(self, peer_id: PeerId, *, same: bool) -> Peer:
        """What this person says to the words. SAME verifies the key; DIFFERENT: nothing is sent to it.

        Raises LanmsgError (not_found): there are no words that wait for an answer.
        """
        namesake = self._namesake(peer_id)
        peer = await self._write(
            lambda store: store.verifications.answer(peer_id, same=same, now=wall_clock(), namesake=namesake)
        )
        await self._engine.verifications.settle()
        return peer

    async def cancel_verification(self, peer_id: PeerId) -> None:
        await self._write(lambda store: store.verifications.cancel(peer_id))
        await self._engine.verifications.settle()

    async def verification(self, peer_id: PeerId) -> Verification | None:
        """The latest one with this peer, for a screen that was not there when it began."""
        return await self.read(lambda store: store.verifications.get(peer_id))

    def safety_number(self, peer_id: PeerId) -> SafetyNumber:
        """The same on both screens, with no session; for a phone call or a look at each other's screen."""
        return safety_number(self._engine.me, peer_id)


def too_many(peer: Peer, until: float) -> LanmsgError:
    return LanmsgError(
        f"{VERIFY_ATTEMPTS_MAX} comparisons with {peer.name} within an hour are enough",
        code="security",
        hint=f"again at {clock(until)}, or compare the safety number: lanmsg verify --safety-number",
    )
