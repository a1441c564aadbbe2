"""All floods at once on a screen with friends: they get through, stay on it, and it stays small and awake.

A short form of scripts/siege, which measures; here no time is asserted but that things happen at all.
"""

from collections.abc import Callable
from pathlib import Path

from tests.siege.campaign import Siege, every_attack, failures

SECONDS = 6.5
"""A socket in its handshake is given 5 s."""


def test_friends_notice_nothing_of_six_floods(
    tmp_path: Path, free_port: int, loopback: Callable[[], str]
) -> None:
    addresses = [loopback() for _ in range(4)]
    _, second, third, _ = addresses[0].split(".")
    elsewhere = f"127.{int(second) // 3}.{third}"
    with Siege(tmp_path, free_port, addresses, elsewhere, gentle=True) as siege:
        found = siege.phase("all at once", every_attack(), SECONDS)
        assert failures(found, siege.memory_before) == [], found
        siege.wait_until_quiet()
