"""Random bytes read as a series of choices; where they end, every choice is the first one."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Feed:
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)

    def __bool__(self) -> bool:
        return len(self._data) > 0

    def take(self, count: int) -> bytes:
        """Up to so many bytes."""
        taken, self._data = bytes(self._data[:count]), self._data[count:]
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._data))

    def byte(self) -> int:
        return (self.take(1) or b"\0")[0]

    def number(self, size: int = 2) -> int:
        return int.from_bytes(self.take(size))

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.byte() % len(choices)]
