"""What the two ends of a session say to each other: MessagePack maps, typed (protocol.md, Payloads).

The classes are the schema. `encode` and `decode` go through the same checks, so that we send nothing that we
would refuse. There is no sender in any of them: the sender is the peer that the session has proven.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta, Raw, Struct
from msgspec.msgpack import Decoder, Encoder

from lanmsg.model import MessageId, TransferId
from lanmsg.protocol.constants import (
    CAPABILITIES_MAX,
    CAPABILITY_MAX_BYTES,
    CLIENT_MAX_BYTES,
    CODE_MAX_BYTES,
    ENTRIES_MAX,
    FILE_NAME_MAX_BYTES,
    FILE_SIZE_MAX_BYTES,
    HASH_BYTES,
    MESSAGE_ID_BYTES,
    NAME_MAX_BYTES,
    NOTE_MAX_BYTES,
    OFFER_NAMES_MAX,
    PAYLOAD_PLAINTEXT_MAX_BYTES,
    REASON_MAX_BYTES,
    TEXT_MAX_BYTES,
    TIME_MAX_MS,
    VERIFY_RANDOM_BYTES,
)
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError

_ID: Final = Meta(min_length=MESSAGE_ID_BYTES, max_length=MESSAGE_ID_BYTES)
_Digest = Annotated[bytes, Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]
_Unsigned = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
_Token = Annotated[int, Meta(ge=0)]
_Size = Annotated[int, Meta(ge=0, le=FILE_SIZE_MAX_BYTES)]
_Entry = Annotated[int, Meta(ge=0, le=ENTRIES_MAX)]


class CloseCode(StrEnum):
    """Why a side ends a session."""

    BYE = "bye"
    IDLE = "idle"
    DUPLICATE = "duplicate"
    BUSY = "busy"
    PROTOCOL = "protocol"
    BLOCKED = "blocked"
    INTERNAL = "internal"


class RefusedCode(StrEnum):
    """Why a message or an offer is not taken: BUSY and FULL may pass, the others are final for that id."""

    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    FULL = "full"
    INVALID = "invalid"
    BUSY = "busy"


class _Checked(Struct, frozen=True):
    """`texts`: least and greatest length of each text field, in bytes of UTF-8."""

    texts: ClassVar[dict[str, tuple[int, int]]] = {}

    def check(self) -> None:
        """Raises ValueError for what the field types do not say."""
        for name, (least, most) in self.texts.items():
            _check_text(getattr(self, name), least, most, name)


class _Payload(_Checked, tag_field="t", frozen=True):
    pass


class Profile(_Payload, tag="profile", frozen=True):
    """The first payload of each side of a message session, and again when something in it changes."""

    texts = {"name": (0, NAME_MAX_BYTES), "note": (0, NOTE_MAX_BYTES), "client": (0, CLIENT_MAX_BYTES)}

    name: str
    status: Annotated[int, Meta(ge=0, le=255)]
    note: str
    port: Annotated[int, Meta(ge=0, le=65535)]
    """TCP port where this peer can be dialled, 0 for none."""
    client: str
    caps: Annotated[tuple[str, ...], Meta(max_length=CAPABILITIES_MAX)] = ()

    def check(self) -> None:
        super().check()
        for capability in self.caps:
            _check_text(capability, 1, CAPABILITY_MAX_BYTES, "caps")


class Message(_Payload, tag="message", frozen=True):
    texts = {"text": (1, TEXT_MAX_BYTES)}

    id: Annotated[MessageId, _ID]
    to: Literal["private", "everyone"]
    text: str
    time: Annotated[int, Meta(ge=0, le=TIME_MAX_MS)]
    """When it was written, by the sender's clock: milliseconds since 1970."""
    reply: Annotated[MessageId, _ID] | None = None


class Ack(_Payload, tag="ack", frozen=True, omit_defaults=True):
    """The message, offer, or what `of` names of a transfer, is on the disk of the side that says so."""

    texts = {"of": (0, CODE_MAX_BYTES)}

    id: Annotated[bytes, _ID]
    of: str = ""
    """"", for a message or an offer; else the type of what is acknowledged: see ACKNOWLEDGED."""


class Refused(_Payload, tag="refused", frozen=True):
    texts = {"code": (0, CODE_MAX_BYTES)}

    id: Annotated[bytes, _ID] | None
    code: str


class OfferedItem(_Checked, frozen=True):
    """A top-level name of an offer; None as size: a stream of unknown length."""

    texts = {"name": (1, FILE_NAME_MAX_BYTES)}

    name: str
    size: _Size | None
    folder: bool


class Offer(_Payload, tag="offer", frozen=True):
    """`count` is of all files and folders, `total` their bytes, `expires` seconds from now."""

    texts = {"text": (0, TEXT_MAX_BYTES)}

    id: Annotated[TransferId, _ID]
    files: Annotated[tuple[OfferedItem, ...], Meta(min_length=1, max_length=OFFER_NAMES_MAX)]
    count: Annotated[int, Meta(ge=1, le=ENTRIES_MAX)]
    total: _Size | None
    text: str
    expires: _Unsigned

    def check(self) -> None:
        super().check()
        for item in self.files:
            item.check()


class Accept(_Payload, tag="accept", frozen=True):
    """Yes to an offer; and the sink's first words on a connection for file data: where its part ends.

    `digest` is SHA-256 of the first `offset` bytes of that entry, only where there are such bytes.
    """

    id: Annotated[TransferId, _ID]
    entry: _Entry
    offset: _Size
    digest: _Digest | None = None


class Decline(_Payload, tag="decline", frozen=True):
    texts = {"reason": (0, REASON_MAX_BYTES)}

    id: Annotated[TransferId, _ID]
    reason: str


class Cancel(_Payload, tag="cancel", frozen=True):
    """From either side, at any time before Done."""

    texts = {"reason": (0, REASON_MAX_BYTES)}

    id: Annotated[TransferId, _ID]
    reason: str


class Pause(_Payload, tag="pause", frozen=True):
    """The person here has paused it: it does not go on before the same side says Resume."""

    id: Annotated[TransferId, _ID]


class Resume(_Payload, tag="resume", frozen=True):
    id: Annotated[TransferId, _ID]


class Callback(_Payload, tag="callback", frozen=True):
    """The side that sends files cannot reach the other: dial me for this transfer."""

    id: Annotated[TransferId, _ID]


class Bulk(_Payload, tag="bulk", frozen=True):
    """The initiator's first payload where it opens a connection for file data; `role` is its own."""

    id: Annotated[TransferId, _ID]
    role: Literal["source", "sink"]


class Begin(_Payload, tag="begin", frozen=True):
    """The source's answer to that: where it really starts. The blocks follow."""

    id: Annotated[TransferId, _ID]
    entry: _Entry
    offset: _Size


class Done(_Payload, tag="done", frozen=True):
    """The sink has published everything."""

    id: Annotated[TransferId, _ID]
    entries: _Entry
    bytes: _Size


class Failed(_Payload, tag="failed", frozen=True):
    """From either side: a run of the transfer is over. In a message session: and none will follow."""

    texts = {"code": (0, CODE_MAX_BYTES), "text": (0, REASON_MAX_BYTES)}

    id: Annotated[TransferId, _ID]
    code: str
    text: str


class Step(StrEnum):
    """What is said in a live comparison of words, and in this order."""

    ASK = "ask"
    COMMIT = "commit"
    RANDOM = "random"
    REVEAL = "reveal"
    SAME = "same"
    DIFFERENT = "different"
    CANCEL = "cancel"


STEP_BYTES: Final = {
    Step.COMMIT: HASH_BYTES,
    Step.RANDOM: VERIFY_RANDOM_BYTES,
    Step.REVEAL: VERIFY_RANDOM_BYTES,
}
"""How long `data` is; the other steps carry none."""


class Verify(_Payload, tag="verify", frozen=True, omit_defaults=True):
    """One step of a comparison; `id` is that of the ask which it is about."""

    id: Annotated[bytes, _ID]
    step: Step
    data: bytes = b""

    def check(self) -> None:
        super().check()
        if len(self.data) != STEP_BYTES.get(self.step, 0):
            raise ValueError(f"{self.step} with {len(self.data)} bytes")


class Ping(_Payload, tag="ping", frozen=True):
    token: _Token


class Pong(_Payload, tag="pong", frozen=True):
    token: _Token


class Close(_Payload, tag="close", frozen=True):
    """The plaintext of a CLOSE record. A code that we do not know is an end as well."""

    texts = {"code": (0, CODE_MAX_BYTES)}

    code: str


Payload = (
    Profile
    | Message
    | Ack
    | Refused
    | Offer
    | Accept
    | Decline
    | Cancel
    | Pause
    | Resume
    | Callback
    | Bulk
    | Begin
    | Done
    | Failed
    | Verify
    | Ping
    | Pong
    | Close
)


Decision = Decline | Cancel | Failed | Pause | Resume
"""What is said about a transfer in a message session, again in each one until it is acknowledged."""

ACKNOWLEDGED: Final = frozenset(str(kind.__struct_config__.tag) for kind in Decision.__args__)


class UnknownPayload(Struct, frozen=True):
    """A payload of a later version: answered with Refused, otherwise ignored."""

    id: bytes | None


class _Envelope(Struct, frozen=True):
    """As much of any payload as a Refused needs."""

    t: str
    id: Raw = Raw()


TAGS: Final = frozenset(str(kind.__struct_config__.tag) for kind in Payload.__args__)
_ENCODER: Final = Encoder()
_DECODER: Final = Decoder(Payload)
_ENVELOPE_DECODER: Final = Decoder(_Envelope)
_ID_DECODER: Final[Decoder[bytes]] = Decoder(Annotated[bytes, _ID])

# ValueError: everything msgspec finds, and bad UTF-8. RecursionError: maps nested 1,000 deep in a field that
# is skipped; msgspec counts the depth and gives up in time.
_DECODE_ERRORS: Final = (ValueError, RecursionError)


def encode(payload: Payload) -> bytes:
    """Raises LocalProtocolError for a payload that a peer would refuse."""
    try:
        data = _ENCODER.encode(payload)
        if len(data) > PAYLOAD_PLAINTEXT_MAX_BYTES:
            raise LocalProtocolError(f"a {type(payload).__name__} of {len(data)} bytes")
        _DECODER.decode(data).check()
    except (ValueError, OverflowError, TypeError) as error:
        raise LocalProtocolError(f"{type(payload).__name__}: {error}") from None
    return data


def decode(data: bytes) -> Payload | UnknownPayload:
    """Raises RemoteProtocolError for a known type that breaks its rules, or for no payload at all."""
    try:
        payload: Payload = _DECODER.decode(data)
        payload.check()
    except _DECODE_ERRORS:
        return _decode_unknown(data)
    return payload


def _decode_unknown(data: bytes) -> UnknownPayload:
    try:
        envelope = _ENVELOPE_DECODER.decode(data)
    except _DECODE_ERRORS:
        raise RemoteProtocolError("a payload that is no map with a type") from None
    if envelope.t in TAGS:
        raise RemoteProtocolError(f"a malformed {envelope.t}")
    return UnknownPayload(_id_in(envelope.id))


def _id_in(raw: Raw) -> bytes | None:
    try:
        return _ID_DECODER.decode(raw)
    except _DECODE_ERRORS:
        return None


def _check_text(text: str, least: int, most: int, name: str) -> None:
    size = len(text) if text.isascii() else len(text.encode())
    if not least <= size <= most:
        raise ValueError(f"{name} has {size} bytes, not {least} to {most}")
    # No keyboard makes it, and it ends a string early in many a store and program.
    if "\0" in text:
        raise ValueError(f"{name} holds U+0000")
