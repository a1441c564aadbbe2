"""A store that cannot be read: said once, tried again, and said when it is over; what cannot mend ends us."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from lanmsg.node.clock import steady_clock
from lanmsg.storage.errors import DamagedStoreError, LostStoreError, StorageError

T = TypeVar("T")

AGAIN_S = 1.0
"""Between two tries. A disk that hangs or a lock that stays may be well again by itself."""


ONCE_IN_S = 60.0


class Seldom:
    """What goes wrong again and again is told once a minute, in the same words."""

    def __init__(self, notice: Callable[[str, str], None]):
        self._notice = notice
        self._said_at: dict[str, float] = {}

    def __call__(self, text: str, hint: str = "") -> None:
        now = steady_clock()
        self._said_at = {said: at for said, at in self._said_at.items() if now < at + ONCE_IN_S}
        if text not in self._said_at:
            self._said_at[text] = now
            self._notice(text, hint)


class Trouble:
    """Shared by all who read the store for ever, so that one fault is one line.

    A damaged store is mended by the next start, which sets it aside, and one whose file is gone does not
    come back: these end the node, as an exit with a reason is better than taking what would be lost.
    """

    def __init__(self, notice: Callable[[str, str], None]):
        self._notice = notice
        self._said = ""

    async def outlast(self, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` returns as soon as it does. Raises StorageError for what does not mend."""
        while True:
            try:
                result = await read()
            except (DamagedStoreError, LostStoreError):
                raise
            except StorageError as error:
                self._say(error)
                await asyncio.sleep(AGAIN_S)
            else:
                self._well()
                return result

    def _say(self, error: StorageError) -> None:
        if not self._said:
            self._notice(f"the store cannot be read, tried again: {error}", error.hint)
        self._said = str(error)

    def _well(self) -> None:
        if self._said:
            self._said = ""
            self._notice("the store can be read again", "")
