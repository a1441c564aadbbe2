"""Attack: a byte of the handshake is changed on its way.

Property: nobody is proven by a handshake that the two did not see alike, byte for byte. Here are all 3,979;
LANMSG_EVERY_BIT=1 flips each bit of each. protocol.md, 7.1 and 7.3.
"""

import os

import pytest

from lanmsg.protocol.handshake import FRAME_BYTES, Frame
from tests.protocol.handshake_pair import FRAMES, initiator, refuses, responder, until

EVERY_BIT = "LANMSG_EVERY_BIT" in os.environ
"""20 s instead of 3."""


@pytest.mark.parametrize("frame", FRAMES)
def test_no_changed_byte_gets_through(frame: Frame) -> None:
    """Whoever gets a change breaks off; of M1, when nothing is sealed yet, it is the other side that may."""
    for index in range(FRAME_BYTES[frame]):
        for bit in range(8) if EVERY_BIT else (index % 8,):
            ours, theirs = initiator(), responder()
            data = bytearray(until(frame, ours, theirs))
            data[index] ^= 1 << bit
            receiver = theirs if frame % 2 else ours
            if not refuses(receiver, bytes(data)):
                assert frame is Frame.M1
                assert refuses(ours, theirs.data_to_send())
