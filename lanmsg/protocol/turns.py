"""Messages in their turn: what comes behind one that was put off must not overtake it (protocol.md, 11.2)."""

from lanmsg.protocol.constants import TURN_LOST_AFTER_S
from lanmsg.protocol.payload import RefusedCode

REMEMBERED_MAX = 1024
"""Ids of one session that were put off: the first one that comes again is among the first."""


class Turns:
    """Of one session. A message answered by `busy` or `full` comes again, and with it what was behind it.

    Until then everything else is put off too, for the same reason. A sender may give up what it was to send
    again: so after TURN_LOST_AFTER_S without it the others go on.
    """

    def __init__(self) -> None:
        self._put_off: set[bytes] = set()
        self._code = RefusedCode.BUSY
        self._since = 0.0

    def held_up(self, message_id: bytes, now: float) -> RefusedCode | None:
        """Why it must wait, if it must. Asked in the order in which messages come."""
        if message_id in self._put_off or now - self._since > TURN_LOST_AFTER_S:
            self._put_off.clear()
        return self._code if self._put_off else None

    def put_off(self, message_id: bytes, code: RefusedCode, now: float) -> None:
        """It was not taken for now."""
        if not self._put_off:
            self._code, self._since = code, now
        if len(self._put_off) < REMEMBERED_MAX:
            self._put_off.add(message_id)
