"""What strangers' bytes reach, one function for each door: bytes in, an exception if something is wrong.

The same functions serve the fuzzer (scripts/fuzz) and the property tests (protocol/test_hostile_bytes.py).
Behind a seal the bytes are those of a peer that holds the keys: whoever proves a key may say anything.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from lanmsg.protocol import payload as payloads
from lanmsg.protocol.cipher import DirectionKey, Role, TrafficKeys
from lanmsg.protocol.constants import DATA_PLAINTEXT_MAX_BYTES, MODULUS_BYTES
from lanmsg.protocol.entry import Offered, encode_entry
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError
from lanmsg.protocol.events import PayloadReceived, SessionClosed
from lanmsg.protocol.handshake import ABORT, Handshake, InitiatorHandshake, Proven, ResponderHandshake
from lanmsg.protocol.identity import LocalIdentity, fingerprint
from lanmsg.protocol.payload import Profile
from lanmsg.protocol.record import PLAINTEXT_MAX_BYTES, RecordKind, seal_record
from lanmsg.protocol.session import Session, SessionState
from lanmsg.protocol.transfer import BytesReceived, EntryStarted, Receiving
from lanmsg.storage.names import UnsafeNameError, safe_path
from lanmsg.storage.part_journal import Recorded
from tests.fuzz.feed import Feed
from tests.fuzz.liars import datagram
from tests.protocol.people import person, repeatable

ALICE, BOB = person("alice"), person("bob")
NOW: Final = 0.0

# ---------- Handshake


def handshake(data: bytes) -> None:
    """Whatever is said in a handshake, it ends with an Abort or goes on; nobody is proven by it."""
    feed = Feed(data)
    feed.one_of((_raw_to_responder, _raw_to_initiator, _edited, _odd_responder, _odd_initiator))(feed)


def _initiator(identity: LocalIdentity = ALICE) -> Handshake:
    return InitiatorHandshake(identity, Entropy(repeatable("i")), expected=None)


def _responder(identity: LocalIdentity = BOB) -> Handshake:
    return ResponderHandshake(identity, Entropy(repeatable("r")))


def _raw_to_responder(feed: Feed) -> None:
    _deliver_in_pieces(_responder(), feed)


def _raw_to_initiator(feed: Feed) -> None:
    ours = _initiator()
    ours.data_to_send()
    _deliver_in_pieces(ours, feed)


def _deliver_in_pieces(receiver: Handshake, feed: Feed) -> None:
    while feed:
        _deliver(receiver, feed.take(1 + feed.byte() * 8))
    assert receiver.proven is None


def _edited(feed: Feed) -> None:
    """One message of an honest handshake, with bytes changed, left out or put in."""
    sides = _initiator(), _responder()
    wanted = feed.byte() % 5
    for number in range(5):
        frame = sides[number % 2].data_to_send()
        receiver = sides[1 - number % 2]
        if number < wanted:
            receiver.receive_data(frame)
            continue
        at, less = feed.number() % (len(frame) + 1), feed.byte()
        edited = frame[:at] + feed.take(feed.byte()) + frame[at + less :]
        _deliver(receiver, edited)
        assert receiver.proven is None or edited.startswith(frame)
        return


def _odd_responder(feed: Feed) -> None:
    """A responder that shows a key of its invention, correctly sealed."""
    ours, theirs = _initiator(), _responder(_showing(BOB, feed))
    theirs.receive_data(ours.data_to_send())
    if _deliver(ours, theirs.data_to_send()):
        _deliver_in_pieces(ours, feed)


def _odd_initiator(feed: Feed) -> None:
    """An initiator that shows a key of its invention, and whose wrap is what it likes."""
    ours, theirs = _responder(), _initiator(_showing(ALICE, feed))
    ours.receive_data(theirs.data_to_send())
    if feed.byte() % 2:
        wrapped = feed.take(MODULUS_BYTES).ljust(MODULUS_BYTES, b"\1")
        theirs._entropy.wrap = lambda modulus, secret, label: wrapped  # type: ignore[method-assign]
    theirs.receive_data(ours.data_to_send())
    if _deliver(ours, theirs.data_to_send()):
        _deliver_in_pieces(ours, feed)


def _showing(owner: LocalIdentity, feed: Feed) -> LocalIdentity:
    """The owner's key with some bytes of its modulus changed."""
    at, change = feed.number() % MODULUS_BYTES, feed.take(feed.number() % (MODULUS_BYTES + 1))
    modulus = owner.modulus[:at] + change + owner.modulus[at + len(change) :]
    modulus = modulus[:MODULUS_BYTES]
    return LocalIdentity(owner.private_key, modulus, fingerprint(modulus))


def _deliver(receiver: Handshake, data: bytes) -> bool:
    """Whether the receiver goes on. If not, it says Abort at most, and reads nothing any more."""
    receiver.data_to_send()
    try:
        receiver.receive_data(data)
    except RemoteProtocolError:
        last_words = receiver.data_to_send()
        assert not last_words or last_words.endswith(ABORT)
        assert receiver.proven is None
        return False
    return True


# ---------- Records and payloads

_KEYS: Final = TrafficKeys(b"\1" * 32, b"\2" * 32, b"\3" * 32, b"\4" * 32)
_OURS: Final = Profile("we", 0, "", 2372, "fuzz")
_STEPS: Final = ("record", "record", "record", "loose bytes", "we speak", "time passes", "hang up")


def session(data: bytes) -> None:
    """A proven peer says anything: events come, or the session ends, once; nothing is raised."""
    feed = Feed(data)
    role = feed.one_of(tuple(Role))
    machine = Session(role, _responder(), NOW)
    machine._establish(Proven(ALICE.peer_id, ALICE.modulus, _KEYS), NOW)
    theirs = DirectionKey(_KEYS.responder_to_initiator, NOW)
    if role is Role.RESPONDER:
        theirs = DirectionKey(_KEYS.initiator_to_responder, NOW)
    ends = 0
    while feed and machine.state is not SessionState.BULK:
        _step(machine, theirs, feed)
        for event in machine.events():
            assert not ends, "something happened after the end"
            ends += isinstance(event, SessionClosed)
            if isinstance(event, PayloadReceived):
                assert payloads.decode(payloads.encode(event.payload)) == event.payload
        assert (machine.state is SessionState.CLOSED) == bool(ends)
        machine.data_to_send()


def _step(machine: Session, theirs: DirectionKey, feed: Feed) -> None:
    match feed.one_of(_STEPS):
        case "record":
            kind = feed.one_of(tuple(RecordKind))
            plaintext = feed.take(min(feed.number(), PLAINTEXT_MAX_BYTES[kind]))
            machine.receive_data(seal_record(theirs, kind, plaintext, NOW), NOW)
        case "loose bytes":
            machine.receive_data(feed.take(feed.byte()), NOW)
        case "we speak":
            with suppress(LocalProtocolError):
                machine.send(_OURS, NOW)
        case "time passes":
            machine.handle_deadline(NOW + feed.byte())
        case _:
            machine.receive_eof(NOW)


def payload(data: bytes) -> None:
    """What is understood can be said again; all else is refused with the one error."""
    with suppress(RemoteProtocolError):
        decoded = payloads.decode(data)
        if not isinstance(decoded, payloads.UnknownPayload):
            assert payloads.decode(payloads.encode(decoded)) == decoded


# ---------- Files


def blocks(data: bytes) -> None:
    """DATA records: never more than was offered, in entries or in bytes, and totals that are true."""
    feed = Feed(data)
    names = feed.one_of((None, {"a": True}, {"a": False, "b.txt": False}))
    total = feed.one_of((None, 0, 10, 5000))
    offered = Offered(1 + feed.byte() % 4, total, names)
    machine = Receiving(offered, entry=feed.byte() % 2, offset=feed.byte() % 8)
    entries = size = 0
    with suppress(RemoteProtocolError):
        while feed:
            plaintext = feed.take(min(feed.number(), DATA_PLAINTEXT_MAX_BYTES))
            for event in machine.receive_data(memoryview(plaintext)):
                if isinstance(event, EntryStarted):
                    entries += 1
                    encode_entry(event.header)
                elif isinstance(event, BytesReceived):
                    size += len(event.data)
    assert entries <= offered.max_entries
    assert size <= offered.max_bytes


def names(data: bytes) -> None:
    """A path is refused, or leads to plain names that this rule would not touch any more."""
    with suppress(UnsafeNameError):
        parts = safe_path(_text(data))
        for part in parts:
            assert part not in ("", ".", "..")
            assert not set(part) & set("/\\:\0")
            assert len(part.encode()) <= 255
            assert not part.endswith((" ", "."))
        assert safe_path("/".join(parts)) == parts


def _text(data: bytes) -> str:
    """Any text, lone surrogates among them: what MessagePack cannot carry, a careless caller can."""
    if data[:1] == b"\xff":
        return data[1 : len(data) - (len(data) + 1) % 2].decode("utf-16-le", "surrogatepass")
    return data.decode("utf-8", "replace")


def journal(data: bytes) -> None:
    """The notes of a partial transfer, damaged: continued, or known as damaged."""
    with suppress(ValueError, TypeError, RecursionError):
        recorded = Recorded()
        for line in data.split(b"\n"):
            recorded.read(line.decode())


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "datagram": datagram,
    "handshake": handshake,
    "session": session,
    "payload": payload,
    "blocks": blocks,
    "names": names,
    "journal": journal,
}
