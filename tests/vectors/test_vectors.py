"""lanmsg against the vectors, and the vectors against the reference that made them."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import pytest
from Crypto.PublicKey import RSA

from lanmsg.model import PeerId
from lanmsg.protocol import payload as payloads
from lanmsg.protocol.announcement import decode_announcement, instance_of
from lanmsg.protocol.cipher import DirectionKey, KeySchedule, Role
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.handshake import (
    Handshake,
    InitiatorHandshake,
    ResponderHandshake,
    UnexpectedPeerError,
)
from lanmsg.protocol.identity import LocalIdentity, fingerprint, load_identity, public_key
from lanmsg.protocol.record import RecordKind, RecordReader, seal_record
from lanmsg.protocol.verification import Verification, VerificationState, WordsShown, safety_number
from tests.vectors import generate, reference
from tests.vectors.reference import Draws

FOLDER = Path(__file__).parent
ALL_KINDS = (RecordKind.PAYLOAD, RecordKind.DATA, RecordKind.CLOSE)


def load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


REFUSED_HANDSHAKES = sorted(path.stem for path in FOLDER.glob("refused-*.json"))


class GivenEntropy(Entropy):
    """Draws what a vector says. What the library does not let us seed, the reference does."""

    def __init__(self, draws: dict[str, str], role: Role) -> None:
        super().__init__(bytes)
        self._draws = Draws(**{field.name: bytes.fromhex(draws[field.name]) for field in fields(Draws)})
        self._role = role

    def x25519_private(self) -> bytes:
        draws = self._draws
        return draws.initiator_x25519 if self._role is Role.INITIATOR else draws.responder_x25519

    def mlkem_seed(self) -> bytes:
        return self._draws.mlkem_seed

    def secret(self) -> bytes:
        draws = self._draws
        return draws.initiator_secret if self._role is Role.INITIATOR else draws.responder_secret

    def encapsulate(self, public: bytes) -> tuple[bytes, bytes]:
        return reference.encapsulate(public, self._draws.mlkem_message)

    def wrap(self, modulus: bytes, secret: bytes, label: bytes) -> bytes:
        draws = self._draws
        seed = draws.i2r_oaep_seed if self._role is Role.INITIATOR else draws.r2i_oaep_seed
        return reference.wrap(modulus, secret, label, seed)


@pytest.fixture(scope="module")
def identities() -> dict[str, LocalIdentity]:
    return {name: identity_of(key) for name, key in load("identity")["keys"].items()}


def identity_of(key: dict[str, str]) -> LocalIdentity:
    p, q = int(key["p"], 16), int(key["q"], 16)
    d = pow(65537, -1, (p - 1) * (q - 1))
    return load_identity(RSA.construct((p * q, 65537, d, p, q)).export_key("DER", pkcs=8))


def test_the_files_are_what_the_reference_makes() -> None:
    assert generate.differences() == []


def test_identity() -> None:
    vector = load("identity")
    for key in vector["keys"].values():
        modulus = bytes.fromhex(key["modulus"])
        assert public_key(modulus).key_size == 3072
        assert fingerprint(modulus).hex() == key["fingerprint"]
        assert identity_of(key).peer_id.hex() == key["fingerprint"]
    for modulus in vector["refused"].values():
        with pytest.raises(RemoteProtocolError):
            public_key(bytes.fromhex(modulus))


def test_announcements() -> None:
    vector = load("announcements")
    assert instance_of(bytes.fromhex(vector["leave_secret"])).hex() == vector["instance"]
    for case in vector["accepted"] + vector["later"]:
        seen = decode_announcement(bytes.fromhex(case["datagram"]))
        assert (seen.kind, seen.peer.hex(), seen.instance.hex(), seen.token.hex()) == (
            case["type"], case["fingerprint"], case["instance"], case["token"],
        )  # fmt: skip
        assert (seen.port, seen.lifetime_s, seen.status, seen.name) == (
            case["port"], case["lifetime"], case["status"], case["name"],
        )  # fmt: skip
        assert case in vector["later"] or seen.encode().hex() == case["datagram"]
    for case in vector["refused"]:
        with pytest.raises(RemoteProtocolError):
            decode_announcement(bytes.fromhex(case["datagram"]))


# ---------- Handshake


def side(vector: Any, role: Role, identities: dict[str, LocalIdentity]) -> Handshake:
    entropy = GivenEntropy(vector["draws"], role)
    if role is Role.RESPONDER:
        return ResponderHandshake(identities[vector["responder"]], entropy)
    expected = vector.get("expected_peer")
    peer = PeerId(bytes.fromhex(expected)) if expected else None
    return InitiatorHandshake(identities[vector["initiator"]], entropy, expected=peer)


@pytest.mark.parametrize("role", Role)
def test_either_side_says_what_the_reference_says(role: Role, identities: dict[str, LocalIdentity]) -> None:
    vector = load("handshake")
    ours, peer = (
        side(vector, role, identities),
        vector["responder" if role is Role.INITIATOR else "initiator"],
    )
    said = [ours.data_to_send().hex()]
    for name in ("M2", "M4") if role is Role.INITIATOR else ("M1", "M3", "M5"):
        ours.receive_data(bytes.fromhex(vector["frames"][name]))
        said.append(ours.data_to_send().hex())
    names = ("M1", "M3", "M5") if role is Role.INITIATOR else ("", "M2", "M4", "")
    assert said == [vector["frames"].get(name, "") for name in names]
    assert ours.proven is not None
    assert ours.proven.peer == identities[peer].peer_id
    keys = ours.proven.keys
    assert [keys.initiator_to_responder.hex(), keys.responder_to_initiator.hex()] == [
        vector["keys"]["i2r"], vector["keys"]["r2i"],
    ]  # fmt: skip
    assert (keys.verification.hex(), keys.session_id.hex()) == (
        vector["keys"]["sas"], vector["keys"]["session_id"],
    )  # fmt: skip


def test_every_step_of_the_key_schedule() -> None:
    schedule = KeySchedule()
    for step in load("handshake")["steps"]:
        match step["step"]:
            case "mix":
                schedule.mix(bytes.fromhex(step["data"]))
            case "key":
                schedule.derive(step["label"].encode(), bytes.fromhex(step["ikm"]))
                derived = {"ki": schedule._keys[Role.INITIATOR], "kr": schedule._keys[Role.RESPONDER]}
                assert {name: key.hex() for name, key in derived.items()} == {
                    "ki": step["ki"], "kr": step["kr"],
                }  # fmt: skip
            case "seal":
                role = Role.INITIATOR if step["key"] == "ki" else Role.RESPONDER
                assert schedule.seal(role, bytes.fromhex(step["plaintext"])).hex() == step["sealed"]
            case other:
                pytest.fail(f"no step {other}")
        assert (schedule.h.hex(), schedule.ck.hex()) == (step["h"], step["ck"])


def test_a_later_initiator_is_understood(identities: dict[str, LocalIdentity]) -> None:
    vector = load("handshake-later-version")
    ours = side(vector, Role.RESPONDER, identities)
    for frame in vector["frames"].values():
        ours.receive_data(bytes.fromhex(frame))
    assert ours.proven is not None


@pytest.mark.parametrize("name", REFUSED_HANDSHAKES)
def test_a_handshake_is_refused_where_the_vector_says(
    name: str, identities: dict[str, LocalIdentity]
) -> None:
    vector = load(name)
    ours = side(vector, Role(vector["receiver"]), identities)
    for frame, data in vector["frames"].items():
        ours.data_to_send()
        if frame != vector["at"]:
            ours.receive_data(bytes.fromhex(data))
            continue
        with pytest.raises(RemoteProtocolError) as fault:
            ours.receive_data(bytes.fromhex(data)[: 3 if vector["expect"] == "frame" else None])
        assert isinstance(fault.value, UnexpectedPeerError) is ("expected_peer" in vector)
    assert ours.proven is None
    assert ours.data_to_send().hex() == vector["answer"]


# ---------- Records and payloads


def test_records() -> None:
    vector = load("records")
    key = bytes.fromhex(vector["key"])
    sending, reader = DirectionKey(key, 0.0), RecordReader(DirectionKey(key, 0.0), ALL_KINDS)
    for case in vector["records"]:
        if case["type"] == RecordKind.REKEY:
            due = DirectionKey(bytes.fromhex(case["key"]), -3600.0)
            due.sequence = case["sequence"]
            expected_next = seal_record(due, RecordKind.PAYLOAD, b"", 0.0)
            assert expected_next.hex().startswith(case["record"])
            reader.receive_data(bytes.fromhex(case["record"]))
            assert reader.next_record(0.0) is None
            sending.rekey(0.0)
            continue
        plaintext = bytes.fromhex(case["plaintext"])
        assert seal_record(sending, RecordKind(case["type"]), plaintext, 0.0).hex() == case["record"]
        reader.receive_data(bytes.fromhex(case["record"]))
        record = reader.next_record(0.0)
        assert record is not None
        assert (record.kind, record.plaintext) == (case["type"], plaintext)


def test_refused_records() -> None:
    vector = load("records")
    for record in vector["refused"].values():
        reader = RecordReader(DirectionKey(bytes.fromhex(vector["key"]), 0.0), ALL_KINDS)
        reader.receive_data(bytes.fromhex(record))
        with pytest.raises(RemoteProtocolError):
            reader.next_record(0.0)


def test_payloads() -> None:
    for case in load("payloads")["accepted"]:
        data = bytes.fromhex(case["payload"])
        decoded = payloads.decode(data)
        assert not isinstance(decoded, payloads.UnknownPayload)
        assert decoded == msgspec.convert(plain(case["fields"]), type(decoded), builtin_types=(bytes,))
        assert payloads.encode(decoded) == data


def plain(value: Any) -> Any:
    """A vector's value with its bytes in place, as a receiver has it."""
    match value:
        case {"hex": text}:
            return bytes.fromhex(text)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case _:
            return value


def test_unknown_payloads() -> None:
    ids = []
    for data in load("payloads")["unknown"].values():
        unknown = payloads.decode(bytes.fromhex(data))
        assert isinstance(unknown, payloads.UnknownPayload)
        ids.append(unknown.id)
    assert ids == [reference.drawn("message id", 16), None, None]


@pytest.mark.parametrize("comment", load("payloads")["refused"])
def test_refused_payloads(comment: str) -> None:
    with pytest.raises(RemoteProtocolError):
        payloads.decode(bytes.fromhex(load("payloads")["refused"][comment]))


def test_every_type_of_payload_has_its_vector() -> None:
    assert {case["fields"]["t"] for case in load("payloads")["accepted"]} == payloads.TAGS


# ---------- Comparing words


def comparer(name: str, vector: Any, identities: dict[str, LocalIdentity]) -> Verification:
    other = {"alice": "bob", "bob": "alice"}[name]
    return Verification(
        me=identities[name].peer_id,
        peer=identities[other].peer_id,
        session_id=bytes.fromhex(vector["session_id"]),
        key=bytes.fromhex(vector["sas"]),
    )


def step_of(step: Any) -> payloads.Verify:
    decoded = payloads.decode(bytes.fromhex(step["payload"]))
    assert isinstance(decoded, payloads.Verify)
    return decoded


def say(machine: Verification, step: Any, random: dict[str, str]) -> None:
    """Has our side say a step of a vector, and compares."""
    match step["step"]:
        case "ask":
            machine.ask(step_of(step).id)
        case "commit" | "random":
            machine.go(bytes.fromhex(random["rA" if step["step"] == "commit" else "rB"]))
        case "same" | "different":
            machine.answer(same=step["step"] == "same")
        case _:
            pass  # it comes by itself
    assert [payloads.encode(each).hex() for each in machine.payloads_to_send()] == [step["payload"]]


@pytest.mark.parametrize("name", ["alice", "bob"])
@pytest.mark.parametrize("number", range(3))
def test_each_side_of_a_comparison(name: str, number: int, identities: dict[str, LocalIdentity]) -> None:
    vector = load("verification")
    exchange = vector["exchanges"][number]
    machine, shown = comparer(name, vector, identities), []
    for step in exchange["steps"]:
        if step["from"] == name:
            say(machine, step, exchange)
        else:
            machine.receive_payload(step_of(step))
            shown += [list(each.words) for each in machine.events() if isinstance(each, WordsShown)]
    assert shown == [exchange["words"]]


@pytest.mark.parametrize("fault", load("verification")["refused"])
def test_a_comparison_fails_where_the_vector_says(fault: str, identities: dict[str, LocalIdentity]) -> None:
    vector = load("verification")
    *steps, last = vector["refused"][fault]
    name = {"alice": "bob", "bob": "alice"}[last["from"]]
    machine = comparer(name, vector, identities)
    for step in steps:
        if step["from"] == name:
            say(machine, step, vector["exchanges"][0])
        else:
            machine.receive_payload(step_of(step))
    with pytest.raises(RemoteProtocolError):
        machine.receive_payload(step_of(last))
    assert machine.state is VerificationState.FAILED


def test_safety_number(identities: dict[str, LocalIdentity]) -> None:
    vector, ids = load("verification"), [identities[name].peer_id for name in ("alice", "bob")]
    for one, other in (ids, reversed(ids)):
        found = safety_number(one, other)
        assert (found.number, found.qr_text) == (vector["safety_number"], vector["qr"])
