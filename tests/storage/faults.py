"""The n-th touch of the disk fails: by an error of the system, or by the end of the process."""

import os
from collections.abc import Callable
from typing import Any

import pytest

STEPS = ("open", "mkdir", "write", "link", "unlink", "rmdir", "replace", "fsync", "utime", "ftruncate")
"""Everything by which received files change a disk."""


class Killed(BaseException):
    """Stands for kill -9: nothing is done after it but what the system does, closing what is open."""


class Faults:
    """Counts steps, and at step `at` raises `error`; a write does half of its work before."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.at = -1
        self.error: BaseException = Killed()
        for name in STEPS:
            monkeypatch.setattr(os, name, self._counted(name, getattr(os, name)))

    def arm(self, at: int, error: BaseException) -> None:
        self.count, self.at, self.error = 0, at, error

    def disarm(self) -> None:
        self.at = -1

    def _counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **options: Any) -> Any:
            self.count += 1
            if self.count - 1 != self.at:
                return function(*args, **options)
            if name == "write":
                descriptor, data = args
                function(descriptor, data[: len(data) // 2])
            raise self.error

        return step
