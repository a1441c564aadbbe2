"""Runs lanmsg as if this system were another: python -m tests.elsewhere SYSTEM WORD…

`darwin` says so in sys.platform, after the standard library has made its own choices; `poor` takes away what
some systems lack. Both are approximations: only those systems themselves can say that all is well.
"""

import asyncio
import os
import socket
import sys
from types import ModuleType
from typing import NoReturn

LACKING: dict[str, dict[ModuleType, tuple[str, ...]]] = {
    "darwin": {os: ("posix_fadvise", "posix_fallocate"), socket: ("AF_NETLINK", "IP_PKTINFO")},
    "poor": {
        os: ("posix_fadvise", "posix_fallocate", "sync", "sendfile", "fstatvfs", "O_NOFOLLOW"),
        socket: ("AF_NETLINK", "IP_PKTINFO", "MSG_DONTWAIT", "SO_REUSEPORT"),
    },
}


def no_signals(*_: object) -> NoReturn:
    """As the loops of Windows say it."""
    raise NotImplementedError


def main() -> int:
    system, *words = sys.argv[1:]
    for module, names in LACKING[system].items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    if system == "darwin":
        sys.platform = "darwin"
    else:
        asyncio.SelectorEventLoop.add_signal_handler = no_signals  # type: ignore[method-assign, assignment]

    from lanmsg.__main__ import main as lanmsg  # after all that

    return lanmsg(words)


if __name__ == "__main__":
    sys.exit(main())
