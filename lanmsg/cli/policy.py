"""Who may put files here without being asked about: --accept and --from."""

import asyncio
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from lanmsg.api import LISTENER_TAKES_NONE, Wanted, outcome, rule_for
from lanmsg.cli.output import Output
from lanmsg.cli.wording import certain_name_of, size_of, title_of
from lanmsg.model import Direction, FileRule, LanmsgError, Peer, Transfer, TransferState

if TYPE_CHECKING:
    from lanmsg.api import Node

RESUMABLE = frozenset({TransferState.ACCEPTED, TransferState.RUNNING, TransferState.PAUSED})
TAKEN = RESUMABLE | {TransferState.DONE}

LOOK_S = 1.0
"""How soon it is noticed that a command which waited for files has ended."""


class Verdict(Enum):
    ACCEPT = "accept"
    LEAVE = "leave"  # open, for a person to answer
    DECLINE = "decline"


class Policy(Struct, frozen=True):
    """`accept`: ask, none, known, verified or all. `only_from`: a peer's name, or None for anybody.

    `files_only`: there is no place for folders.
    """

    accept: str
    only_from: str | None = None
    files_only: bool = False

    async def verdict(self, node: "Node", transfer: Transfer) -> Verdict:
        """What to do with an offer. A changed or blocked key is never accepted from, whatever the policy.

        A rule for this very peer comes before what is done with everybody, both ways.
        """
        peer = node.peer(transfer.peer)
        found = outcome(self.accept, peer, transfer, is_named=self.only_from is not None)
        if found is FileRule.REFUSE:
            return Verdict.DECLINE
        if found is not FileRule.ACCEPT or peer is None:
            return Verdict.LEAVE
        if self.files_only and any(file.is_folder for file in transfer.files):
            return Verdict.LEAVE
        return Verdict.ACCEPT if await self.concerns(node, peer) else Verdict.LEAVE

    async def concerns(self, node: "Node", peer: Peer) -> bool:
        """Whether `peer` is the one of --from. A name that fits several people fits none."""
        if self.only_from is None:
            return True
        try:
            # Asked for each event: a name that nobody has yet must not be looked up and dialled each time.
            return (await node.find(self.only_from, dial=False)).id == peer.id
        except LanmsgError:
            return False


def still_open(error: LanmsgError, transfer: Transfer) -> LanmsgError:
    """It could not be taken to where this command saves; the offer waits for another answer."""
    hint = f"the offer stays open: lanmsg accept {transfer.number} --to FOLDER"
    return LanmsgError(str(error), code=error.code, hint=hint)


class Doorkeeper:
    """Applies a policy to each offer, those that stand already and those that come."""

    def __init__(
        self,
        node: "Node",
        policy: Policy,
        destination: Path | None,
        output: Output,
        *,
        keep_executable: bool = False,
    ):
        self._left: set[int] = set()
        """To other commands of this home, which wait for them."""
        self._has_claim = False
        self._node = node
        self._policy = policy
        self._destination = destination
        self._output = output
        node.take_files(destination=destination, keep_executable=keep_executable or None)

    async def claim(self) -> None:
        """The listener of this home leaves to this command what it waits for, until `enough`."""
        policy = self._policy
        wanted = Wanted(policy.accept, policy.only_from or "", files_only=policy.files_only)
        await self._node.await_files(wanted)
        self._has_claim = True

    async def enough(self) -> None:
        if self._has_claim:
            self._has_claim = False
            await self._node.await_files(None)

    async def look_again(self) -> None:
        """For ever: what was left to a command that took nothing is answered as everything else."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._left:
                left, self._left = self._left, set()
                for transfer in await self._node.transfers(open_only=True):
                    if transfer.number in left:
                        await self.offered(transfer)

    async def standing(self) -> list[Transfer]:
        """What may be taken of that which was there before: open offers, and transfers cut off half way."""
        taken = []
        for transfer in await self._node.transfers(open_only=True):
            if transfer.direction is Direction.IN and transfer.state in RESUMABLE:
                if await self._policy.verdict(self._node, transfer) is Verdict.ACCEPT:
                    taken.append(transfer)
            elif accepted := await self.offered(transfer):
                taken.append(accepted)
        return taken

    async def offered(self, transfer: Transfer) -> Transfer | None:
        """The transfer, if it was accepted, by whichever process of this home."""
        if transfer.direction is not Direction.IN:
            return None
        verdict = await self._policy.verdict(self._node, transfer)
        if transfer.state is not TransferState.OFFERED:
            return transfer if verdict is Verdict.ACCEPT and transfer.state in TAKEN else None
        if not self._has_claim and verdict is not Verdict.LEAVE and self._node.is_awaited(transfer):
            self._left.add(transfer.number)
            return None
        try:
            if verdict is Verdict.ACCEPT:
                named = self._policy.only_from is not None  # a person meant this very peer
                return await self._node.accept(transfer.number, destination=self._destination, pin=named)
            if verdict is Verdict.DECLINE and self._has_no_rule(transfer):  # a rule is kept by the node
                await self._node.decline(transfer.number, reason=LISTENER_TAKES_NONE)
        except LanmsgError as error:  # withdrawn in the meantime, or no space: the next offer may do better
            now = await self._now(transfer)
            if verdict is Verdict.ACCEPT and now.state in TAKEN:
                return now  # the node's own rule for this peer was quicker
            self._output.error(error if error.code != "disk" else still_open(error, transfer))
        return None

    def _has_no_rule(self, transfer: Transfer) -> bool:
        peer = self._node.peer(transfer.peer)
        return peer is None or rule_for(peer, transfer) is FileRule.DEFAULT

    async def _now(self, transfer: Transfer) -> Transfer:
        rows = {each.number: each for each in await self._node.transfers()}
        return rows.get(transfer.number, transfer)

    async def left_open(self, transfer: Transfer) -> None:
        """Said of what really is; beside a listener it may be taken by that one in the next moment."""
        if (await self._now(transfer)).state is not TransferState.OFFERED:
            return
        peer, number = self._node.peer(transfer.peer), transfer.number
        who = certain_name_of(peer) if peer else "somebody"
        what = f"{who} offers {title_of(transfer)}, {size_of(transfer)}"
        if self._node.listening:
            hint = f"lanmsg accept {number}, or lanmsg decline {number}"
            self._output.notice(f"{what}: left open", hint)
        else:
            hint = f"lanmsg offers lists it as long as it is open, as number {number}"
            self._output.notice(f"{what}: left to the lanmsg that listens", hint)
