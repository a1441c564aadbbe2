"""Who talks in these tests, and what a row needs besides."""

from itertools import count

from lanmsg.model import Conversation, MessageId, PeerId, TransferId

BEN = PeerId(b"b" * 32)
CLEO = PeerId(b"c" * 32)
DAN = PeerId(b"d" * 32)
WITH_BEN = Conversation.with_peer(BEN)
WITH_CLEO = Conversation.with_peer(CLEO)

NOW = 1_700_000_000.0

_numbers = count(1)


def message_id() -> MessageId:
    return MessageId(next(_numbers).to_bytes(16, "big"))


def transfer_id() -> TransferId:
    return TransferId(next(_numbers).to_bytes(16, "big"))
