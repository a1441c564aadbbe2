"""JSON fields: names and types that other programs rely on; some may come, none may go."""

from msgspec.structs import replace

from lanmsg.cli.fields import (
    done_fields,
    failed_fields,
    message_fields,
    offer_fields,
    peer_fields,
    progress_fields,
    transfer_fields,
)
from lanmsg.model import (
    EVERYONE,
    Address,
    Direction,
    FileProgress,
    Message,
    MessageId,
    OfferedFile,
    Peer,
    PeerId,
    Status,
    Transfer,
    TransferId,
    TransferState,
    Trust,
)

BEN = Peer(
    PeerId(bytes(range(32))),
    "ben",
    petname="Benny",
    trust=Trust.PINNED,
    status=Status.AWAY,
    note="tea",
    addresses=(Address("192.168.1.23", 2372), Address("fe80::1%eth0", 2372)),
    last_seen=1_700_000_000.0,
)
FILES = Transfer(
    7,
    TransferId(b"t" * 16),
    Direction.IN,
    BEN.id,
    TransferState.FAILED,
    (OfferedFile("a.txt", 12), OfferedFile("photos", None, is_folder=True)),
    3,
    None,
    done=5,
    code="disk_full",
    reason="no space",
    paths=("/a",),
)


def test_peer() -> None:
    fields = peer_fields(BEN)
    assert fields["id"] == bytes(range(32)).hex()
    assert {key: fields[key] for key in ("name", "host", "addrs", "present", "status", "note", "trust")} == {
        "name": "Benny",
        "host": "192.168.1.23",
        "addrs": ["192.168.1.23:2372", "[fe80::1%eth0]:2372"],
        "present": False,
        "status": "away",
        "note": "tea",
        "trust": "pinned",
    }
    assert fields["last_seen"] == "2023-11-14T22:13:20.000Z"


def test_message() -> None:
    message = Message(1, MessageId(b"\1" * 16), EVERYONE, BEN.id, "hi", 1_700_000_000.0, 0.0)
    fields = message_fields(message, BEN)
    assert fields == {
        "id": "01" * 16,
        "peer": peer_fields(BEN),
        "conversation": "everyone",
        "text": "hi",
        "sent": "2023-11-14T22:13:20.000Z",
    }


def test_transfers() -> None:
    assert offer_fields(FILES, BEN)["files"] == [
        {"name": "a.txt", "size": 12, "folder": False},
        {"name": "photos", "size": None, "folder": True},
    ]
    assert progress_fields(FILES, 3.6) == {
        "transfer": 7,
        "direction": "in",
        "done": 5,
        "total": None,
        "rate": 4,
        "percent": None,
        "eta": None,
        "file": None,
    }
    half = replace(FILES, total=1000, done=250)
    fields = progress_fields(half, 100.0, FileProgress(2, "photos/b.jpg", 50, 100))
    assert (fields["percent"], fields["eta"]) == (25, 7.5)
    assert fields["file"] == {
        "number": 2, "count": half.count, "name": "photos/b.jpg", "done": 50, "size": 100,
    }  # fmt: skip
    assert done_fields(FILES, BEN, 0.12345)["seconds"] == 0.123
    assert failed_fields(FILES, BEN)["code"] == "disk_full"
    assert failed_fields(FILES, BEN)["error"] == "no space"
    assert set(transfer_fields(FILES, BEN)) >= {
        "transfer",
        "state",
        "done",
        "paths",
        "peer",
        "files",
        "total",
        "count",
    }
