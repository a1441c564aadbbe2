"""The values of lanmsg as JSON fields: names and meanings are a contract with other programs."""

from collections.abc import Iterable
from typing import Any

from lanmsg.api import (
    Conversation,
    FileProgress,
    Message,
    Peer,
    PeerId,
    Recipient,
    Transfer,
    VerificationChanged,
    wall_clock,
)
from lanmsg.cli.output import timestamp


def peer_fields(peer: Peer) -> dict[str, Any]:
    return {
        "id": peer.id.hex(),
        "name": peer.name,
        "nickname": peer.nickname,
        "host": peer.host,
        "addrs": [str(address) for address in peer.addresses],
        "present": peer.present,
        "status": peer.status.name.lower(),
        "note": peer.note,
        "trust": peer.trust.value,
        "last_seen": timestamp(wall_clock() if peer.present else peer.last_seen),
        "verified_at": timestamp(peer.verified_at),
        "lookalike_of": peer.lookalike_of,
        "words_differ": peer.words_differ,
    }


def verification_fields(event: VerificationChanged) -> dict[str, Any]:
    return {
        "peer": peer_fields(event.peer),
        "stage": event.stage.value,
        "words": list(event.words),
        "ours": event.ours,
        "reason": event.reason,
    }


def stranger(peer: PeerId) -> Peer:
    """A peer of which only the key is known any more."""
    return Peer(peer, "")


def conversation_name(conversation: Conversation) -> str:
    return conversation.kind.value


def message_fields(message: Message, peer: Peer) -> dict[str, Any]:
    """What a peer wrote; `peer` is its sender."""
    return {
        "id": message.id.hex(),
        "peer": peer_fields(peer),
        "conversation": conversation_name(message.conversation),
        "text": message.text,
        "sent": timestamp(message.sent_at),
    }


def recipient_fields(recipient: Recipient, peer: Peer) -> dict[str, Any]:
    return {"peer": peer_fields(peer), "state": recipient.state.value, "reason": recipient.reason}


def offer_fields(transfer: Transfer, peer: Peer) -> dict[str, Any]:
    return {
        "transfer": transfer.number,
        "direction": transfer.direction.value,
        "peer": peer_fields(peer),
        "files": [
            {"name": file.name, "size": file.size, "folder": file.is_folder} for file in transfer.files
        ],
        "total": transfer.total,
        "count": transfer.count,
        "text": transfer.text,
        "expires": timestamp(transfer.expires_at),
    }


def transfer_fields(transfer: Transfer, peer: Peer) -> dict[str, Any]:
    """A whole row, as `transfers --json` lists it."""
    return offer_fields(transfer, peer) | {
        "state": transfer.state.value,
        "done": transfer.done,
        "code": transfer.code,
        "reason": transfer.reason,
        "paths": list(transfer.paths),
        "updated": timestamp(transfer.updated_at),
    }


def progress_fields(transfer: Transfer, rate: float, file: FileProgress | None = None) -> dict[str, Any]:
    """`eta` is in seconds. `file` is known only to the process that carries the transfer."""
    left = None if transfer.total is None else max(0, transfer.total - transfer.done)
    return {
        "transfer": transfer.number,
        "direction": transfer.direction.value,
        "done": transfer.done,
        "total": transfer.total,
        "rate": round(rate),
        "percent": 100 * transfer.done // transfer.total if transfer.total else None,
        "eta": round(left / rate, 1) if left is not None and rate else None,
        "file": None
        if file is None
        else {
            "number": file.number,
            "count": transfer.count,
            "name": file.path,
            "done": file.done,
            "size": file.size,
        },
    }


def done_fields(transfer: Transfer, peer: Peer, seconds: float) -> dict[str, Any]:
    return {
        "transfer": transfer.number,
        "direction": transfer.direction.value,
        "peer": peer_fields(peer),
        "paths": list(transfer.paths),
        "bytes": transfer.done,
        "seconds": round(seconds, 3),
    }


def paused_fields(transfer: Transfer, peer: Peer) -> dict[str, Any]:
    """`held`: who has paused it, `you` and `peer`; empty where it was a fault, and it goes on by itself."""
    held = [who for who, is_held in (("you", transfer.held_here), ("peer", transfer.held_there)) if is_held]
    return {
        "transfer": transfer.number,
        "direction": transfer.direction.value,
        "peer": peer_fields(peer),
        "done": transfer.done,
        "total": transfer.total,
        "held": held,
        "code": transfer.code,
        "error": transfer.reason,
    }


def failed_fields(transfer: Transfer, peer: Peer) -> dict[str, Any]:
    return {
        "transfer": transfer.number,
        "direction": transfer.direction.value,
        "peer": peer_fields(peer),
        "code": failure_code(transfer),
        "error": transfer.reason or failure_code(transfer),
    }


def failure_code(transfer: Transfer) -> str:
    """The name of how a transfer ended: its own code, else its state."""
    return transfer.code or transfer.state.value


def peers_document(peers: Iterable[Peer]) -> dict[str, Any]:
    return {"peers": [peer_fields(peer) for peer in peers]}
