"""Bytes of strangers at every door: random, cut, and golden ones changed, within bounded memory.

Each target (tests/fuzz/targets.py) raises when something is wrong. The examples are the same in each run; new
ones are what `scripts/fuzz` looks for.
"""

import tracemalloc
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanmsg.protocol.announcement import decode_announcement
from lanmsg.protocol.constants import DATA_PLAINTEXT_MAX_BYTES
from lanmsg.protocol.entry import decode_entry
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.payload import decode
from lanmsg.protocol.record import RecordKind, parse_header
from tests.fuzz.seeds import SEEDS, WORDS
from tests.fuzz.targets import TARGETS

EXAMPLES = {"handshake": 60, "datagram": 60, "session": 300, "names": 300}
EXAMPLES_OTHERS = 400

MEMORY_MAX_BYTES = 2_000_000
"""For one input: the longest record and what is made of it, several times over."""


@cache
def seeds(name: str) -> tuple[bytes, ...]:
    return tuple(SEEDS[name]())


@pytest.mark.parametrize("name", TARGETS)
def test_what_the_fuzzer_starts_from_holds(name: str) -> None:
    assert seeds(name)
    for data in seeds(name):
        TARGETS[name](data)


def mutated(data: st.DataObject, seed: bytes) -> bytes:
    """A seed with a few bytes changed, words put in, parts left out or doubled."""
    mixed = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mixed)))
        match data.draw(st.integers(0, 4)):
            case 0:
                mixed[at : at + 1] = data.draw(st.binary(min_size=1, max_size=3))
            case 1:
                mixed[at:at] = data.draw(st.sampled_from(WORDS))
            case 2:
                del mixed[at : at + data.draw(st.integers(1, 200))]
            case 3:
                mixed += mixed[at:]
            case _:
                del mixed[at:]
    return bytes(mixed[:8192])


@pytest.mark.parametrize("name", TARGETS)
def test_random_bytes_do_no_harm(name: str) -> None:
    @settings(max_examples=EXAMPLES.get(name, EXAMPLES_OTHERS) // 2, derandomize=True)
    @given(st.binary(max_size=600))
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()


@pytest.mark.parametrize("name", TARGETS)
def test_changed_golden_bytes_do_no_harm(name: str) -> None:
    @settings(max_examples=EXAMPLES.get(name, EXAMPLES_OTHERS), derandomize=True)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        TARGETS[name](mutated(data, data.draw(st.sampled_from(seeds(name)))))

    check()


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_takes_much_memory(name: str) -> None:
    """What was kept, and the most that was held at a time."""
    for data in seeds(name):
        TARGETS[name](data)  # what is made once, and stays
    tracemalloc.start()
    try:
        for data in seeds(name)[:40]:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            TARGETS[name](data + b"\xff" * 4096)
            assert tracemalloc.get_traced_memory()[1] - before < MEMORY_MAX_BYTES
    finally:
        tracemalloc.stop()


LARGE = b"\xff" * DATA_PLAINTEXT_MAX_BYTES
CLAIMS = [
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff",
    LARGE,
]


@pytest.mark.parametrize("claim", CLAIMS, ids=["array", "map", "bytes", "text", "ones"])
def test_a_decoder_sets_nothing_aside_for_a_claim(claim: bytes) -> None:
    tracemalloc.start()
    try:
        for refuse in (decode, decode_entry, decode_announcement):
            with pytest.raises(RemoteProtocolError):
                refuse(claim)
        assert tracemalloc.get_traced_memory()[1] < MEMORY_MAX_BYTES
    finally:
        tracemalloc.stop()


@given(st.binary(min_size=4, max_size=4))
def test_a_record_header_is_judged_by_itself(header: bytes) -> None:
    try:
        kind, length = parse_header(header, tuple(RecordKind))
    except RemoteProtocolError:
        return
    assert bytes((kind,)) + length.to_bytes(3) == header
    assert 16 <= length <= DATA_PLAINTEXT_MAX_BYTES + 16
