"""Finding people: by name, fingerprint or address, and never somebody else who uses the name."""

import asyncio
import contextlib

from lanmsg.config import split_host
from lanmsg.model import Address, LanmsgError, Peer, Trust
from lanmsg.node.air import is_address, resolve
from lanmsg.node.clock import steady_clock
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.engine import Engine
from lanmsg.node.roster import folded, is_short_for
from lanmsg.protocol.constants import HANDSHAKE_TIMEOUT_S

FIND_STEP_S = 0.02

SEEK_AFTER_S = 0.3
"""Who is here has answered by then; for others one has to go on asking."""

DIAL_AGAIN_S = 2.0

Dialling = asyncio.Task[Peer]


class Directory:
    def __init__(self, engine: Engine):
        self._engine = engine

    async def find(self, who: str, wait: float, *, dial: bool = True) -> Peer:
        """The peer meant by a name, name~HEX, fingerprint prefix or address, as soon as it is here.

        After `wait` seconds a known but absent one is returned as such, and an address is dialled if `dial`.
        """
        deadline = steady_clock() + wait
        dialling = self._start_dialling(who) if dial and wait > 0 else None
        try:
            found = await self._found_until(deadline, who, dialling)
        finally:
            if dialling is not None:
                dialling.cancel()
            self._engine.air.seek(steady_clock())  # until now
        if found is not None and found.present:
            self._refuse_lookalike(found, who)
            return found
        self._refuse_namesake(who)
        if found is not None:
            self._refuse_lookalike(found, who)
            return found
        return await self._find_by_address(who, dial=dial)

    async def _found_until(self, deadline: float, who: str, dialling: Dialling | None) -> Peer | None:
        seek_at = steady_clock() + SEEK_AFTER_S
        while True:
            if dialling is not None and dialling.done():
                return dialling.result()
            found = self._engine.roster.one(who)
            now = steady_clock()
            if now >= deadline or (found is not None and found.present):
                return found
            if now >= seek_at:
                seek_at = deadline
                self._engine.air.seek(deadline)
            await asyncio.sleep(FIND_STEP_S)

    def _start_dialling(self, who: str) -> Dialling | None:
        """An address takes the connection as soon as somebody is there, whom we may never hear."""
        try:
            host, port = split_host(who, self._engine.settings.port)
        except LanmsgError:
            return None
        if not is_address(host):
            return None
        return asyncio.get_running_loop().create_task(self._dial_again_and_again(Address(host, port)))

    async def _dial_again_and_again(self, where: Address) -> Peer:
        """Ends with the one who is there; with an error only of one who is there and does not want us."""
        await asyncio.sleep(SEEK_AFTER_S)
        while True:
            try:
                return await self._meet(where)
            except (UnreachableError, TimeoutError):
                await asyncio.sleep(DIAL_AGAIN_S)

    def _refuse_namesake(self, who: str) -> None:
        """The pinned one is away and another key goes by its name: not the one that was meant."""
        for peer in self._engine.roster.present():
            is_settled = peer.is_old_key or peer.words_differ  # nobody is in doubt about that key any more
            if peer.trust is Trust.CHANGED and not is_settled and _is_meant(peer, who):
                raise LanmsgError(
                    f"{who} has a new key, or somebody else uses the name: nothing was sent",
                    code="key_changed",
                    hint=f"ask {who} on another channel, and compare: lanmsg verify {peer.id.hex()[:16]}",
                )

    def _refuse_lookalike(self, peer: Peer, who: str) -> None:
        """A name that is taken for another one at a glance is not enough to mean a stranger."""
        if not peer.lookalike_of or not _is_meant(peer, who):
            return
        is_mine = peer.lookalike_of == self._engine.appearance.profile.name
        like = "uses your own name" if is_mine else f"only looks like {peer.lookalike_of}, whom you know"
        raise LanmsgError(
            f"{who} is new here, and {like}: nothing was sent",
            code="security",
            hint=f"if it is somebody else, name the key: {peer.nickname}~{peer.id.hex()[:8].upper()}",
        )

    async def _find_by_address(self, who: str, *, dial: bool) -> Peer:
        near = self._engine.roster.nearest(who)
        hint = f"did you mean {near}?" if near else "lanmsg peers shows who is here, lanmsg doctor why not"
        missing = LanmsgError(f"nobody here is called {who}", code="not_found", hint=hint)
        if not dial:
            raise missing
        try:
            address = await resolve(who, self._engine.settings.port)
        except LanmsgError:
            raise missing from None
        try:
            return await self.connect(address.host, address.port)
        except LanmsgError as error:
            raise LanmsgError(str(error), code="not_found", hint=hint) from None

    async def connect(self, host: str, port: int) -> Peer:
        """Open a session with whoever is at that address. Raises LanmsgError (network) if nobody answers."""
        address = await resolve(host, port or self._engine.settings.port)
        where = Address(address.host, port or address.port)
        try:
            return await self._meet(where)
        except (UnreachableError, TimeoutError) as error:
            raise LanmsgError(
                f"nobody answers at {where}: {error}",
                code="network",
                hint="is lanmsg running there, and TCP let in?",
            ) from None

    async def _meet(self, where: Address) -> Peer:
        """Raises UnreachableError, TimeoutError, LanmsgError (network)."""
        connection = await self._engine.sessions.open([where], None)
        with contextlib.suppress(TimeoutError):  # it proved its key, and says nothing about itself
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await connection.introduced.wait()
        known = None if connection.peer is None else self._engine.roster.get(connection.peer)
        if known is None or (connection.closed and not known.present):
            raise LanmsgError(
                f"whoever is at {where} hung up: {connection.close_reason or 'without a word'}",
                code="network",
            )
        return known


def _is_meant(peer: Peer, who: str) -> bool:
    """By the name that it gives itself, not by its key."""
    return folded(who) == folded(peer.nickname) or is_short_for(peer, who)
