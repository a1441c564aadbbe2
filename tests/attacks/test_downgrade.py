"""Attack: somebody on the path makes two peers speak an older version than both could.

Property: what is proposed and what is chosen are in the transcript; and who has spoken a newer version with
us is refused in an older one, also with the right key (node/test_versions.py). protocol.md, 7.5 and 17.

There is one version so far. A later program is played by the same machine, with another range in M1 and the
choice that 7.5 asks of it; its version 2 differs in nothing else, which makes it easier for the attacker.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from unittest.mock import patch

import pytest

from lanmsg.protocol import handshake
from lanmsg.protocol.constants import FRAME_HEADER_BYTES, SESSION_MAGIC
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.handshake import ABORT, Handshake
from tests.protocol.handshake_pair import FRAMES, initiator, responder

Range = tuple[int, int]
RANGES: tuple[Range, ...] = ((1, 1), (1, 2), (2, 2))
LOWEST = FRAME_HEADER_BYTES + len(SESSION_MAGIC)

Change = Callable[[int, bytes], bytes]


class Program:
    """A side that speaks all versions of a range."""

    def __init__(self, versions: Range, *, dials: bool) -> None:
        self.versions = versions
        self.chosen = 0
        self._dials = dials
        with self._speaking(versions[0]):
            self.machine: Handshake = initiator() if dials else responder()

    def receive(self, data: bytes) -> None:
        if not self.chosen and len(data) > LOWEST + 1:
            self.chosen = self._choice(data)
        with self._speaking(self.chosen):
            self.machine.receive_data(data)

    def _choice(self, data: bytes) -> int:
        """An initiator's is what M2 says, if it is one of its own; a responder's the highest in common."""
        least, most = self.versions
        if self._dials:
            said = data[FRAME_HEADER_BYTES]
            return said if least <= said <= most else most
        highest = min(most, data[LOWEST + 1])
        return highest if max(least, data[LOWEST]) <= highest else most

    @contextmanager
    def _speaking(self, version: int) -> Iterator[None]:
        hello = SESSION_MAGIC + bytes((*self.versions, 0, 0))
        with (
            patch.object(handshake, "PROTOCOL_VERSION", version),
            patch.object(handshake, "_HELLO", hello),
            patch.object(handshake, "_CHOICE", bytes((version, 0, 0, 0))),
        ):
            yield


def talk(ours: Program, theirs: Program, change: Change = lambda _, data: data) -> bool:
    """Whether both end up proven."""
    sides = ours, theirs
    for number in range(len(FRAMES)):
        data = change(number, sides[number % 2].machine.data_to_send())
        try:
            sides[1 - number % 2].receive(data)
        except RemoteProtocolError:
            assert sides[1 - number % 2].machine.data_to_send() == ABORT
            return False
    return ours.machine.proven is not None and theirs.machine.proven is not None


@pytest.mark.parametrize(("one", "other"), list(product(RANGES, RANGES)))
def test_the_highest_version_in_common_or_none(one: Range, other: Range) -> None:
    ours, theirs = Program(one, dials=True), Program(other, dials=False)
    common = set(range(one[0], one[1] + 1)) & set(range(other[0], other[1] + 1))
    assert talk(ours, theirs) is bool(common)
    if common:
        assert ours.chosen == theirs.chosen == max(common)


def lowered_range(number: int, data: bytes) -> bytes:
    """M1 proposes version 1 only."""
    return data[:LOWEST] + b"\1\1" + data[LOWEST + 2 :] if number == 0 else data


def lowered_choice(number: int, data: bytes) -> bytes:
    """M2 chooses version 1."""
    return data[:FRAME_HEADER_BYTES] + b"\1" + data[FRAME_HEADER_BYTES + 1 :] if number == 1 else data


def lowered_both(number: int, data: bytes) -> bytes:
    return lowered_choice(number, lowered_range(number, data))


def raised_range(number: int, data: bytes) -> bytes:
    """M1 proposes what its sender does not speak."""
    return data[:LOWEST] + b"\1\2" + data[LOWEST + 2 :] if number == 0 else data


@pytest.mark.parametrize("change", [lowered_range, lowered_choice, lowered_both, raised_range])
@pytest.mark.parametrize(("one", "other"), list(product(RANGES, RANGES)))
def test_whoever_changes_the_versions_on_the_way_gets_no_session(
    one: Range, other: Range, change: Change
) -> None:
    """Either nothing was changed, as it was so already, or nobody is proven to both."""
    touched = False

    def watched(number: int, data: bytes) -> bytes:
        nonlocal touched
        touched |= change(number, data) != data
        return change(number, data)

    ours, theirs = Program(one, dials=True), Program(other, dials=False)
    assert not (talk(ours, theirs, watched) and touched)


def test_a_range_upside_down_is_none() -> None:
    ours, theirs = Program((1, 1), dials=True), Program((1, 1), dials=False)
    m1 = ours.machine.data_to_send()
    with pytest.raises(RemoteProtocolError):
        theirs.machine.receive_data(m1[:LOWEST] + b"\2\1" + m1[LOWEST + 2 :])
