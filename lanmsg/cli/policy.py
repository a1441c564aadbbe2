"""Who may put files here without being asked about: --accept and --from."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from lanmsg.api import rule_for
from lanmsg.cli.output import Output
from lanmsg.cli.wording import certain_name_of, size_of, title_of
from lanmsg.model import Direction, FileRule, LanmsgError, Peer, Transfer, TransferState, Trust

if TYPE_CHECKING:
    from lanmsg.api import Node

KNOWN = frozenset({Trust.PINNED, Trust.VERIFIED})
REFUSED = frozenset({Trust.CHANGED, Trust.BLOCKED})
RESUMABLE = frozenset({TransferState.ACCEPTED, TransferState.RUNNING, TransferState.PAUSED})
TAKEN = RESUMABLE | {TransferState.DONE}


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

        A rule for this very peer comes before what is done with everybody; `none` and naming one are for now.
        """
        if self.accept == "none":
            return Verdict.DECLINE
        peer = node.peer(transfer.peer)
        rule = FileRule.DEFAULT if peer is None else rule_for(peer, transfer)
        if rule is FileRule.REFUSE:
            return Verdict.DECLINE
        if peer is None or peer.trust in REFUSED or not (rule is FileRule.ACCEPT or self._trusts(peer)):
            return Verdict.LEAVE
        if rule is FileRule.ASK and self.only_from is None:
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

    def _trusts(self, peer: Peer) -> bool:
        match self.accept:
            case "known":
                return peer.trust in KNOWN
            case "verified":
                return peer.trust is Trust.VERIFIED
            case "all":
                return True
            case _:  # ask
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
        self._node = node
        self._policy = policy
        self._destination = destination
        self._output = output
        node.take_files(
            destination=destination,
            by_rule=policy.accept != "none",
            keep_executable=keep_executable or None,
        )

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
        """The transfer, if it was accepted. What is left open is said on stderr."""
        if transfer.direction is not Direction.IN or transfer.state is not TransferState.OFFERED:
            return None
        verdict = await self._policy.verdict(self._node, transfer)
        try:
            if verdict is Verdict.ACCEPT:
                named = self._policy.only_from is not None  # a person meant this very peer
                return await self._node.accept(transfer.number, destination=self._destination, pin=named)
            if verdict is Verdict.DECLINE and self._policy.accept == "none":  # a rule is kept by the node
                await self._node.decline(transfer.number, reason="takes no files now")
        except LanmsgError as error:  # withdrawn in the meantime, or no space: the next offer may do better
            rows = {each.number: each for each in await self._node.transfers()}
            now = rows.get(transfer.number, transfer)
            if verdict is Verdict.ACCEPT and now.state in TAKEN:
                return now  # the node's own rule for this peer was quicker
            self._output.error(error if error.code != "disk" else still_open(error, transfer))
        return None

    def left_open(self, transfer: Transfer) -> None:
        peer = self._node.peer(transfer.peer)
        who = certain_name_of(peer) if peer else "somebody"
        self._output.notice(
            f"{who} offers {title_of(transfer)}, {size_of(transfer)}: left open",
            f"lanmsg accept {transfer.number}, or lanmsg decline {transfer.number}",
        )
