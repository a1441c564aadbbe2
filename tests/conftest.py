"""What every room's tests share: a home, loopback addresses of their own, a guard against leftovers."""

import gc
import os
import socket
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=2000)
# The same examples each time; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

FDS = Path("/proc/self/fd")
THREAD_SECONDS = 2.0
"""How long a thread that has been told to end may take."""

FIRST_PORT, WORKERS, PORTS_EACH = 18_000, 4, 3_500
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

_addresses = count(1)
_ports = count(os.getpid() * 37)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a home may be made; it is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def loopback() -> Callable[[], str]:
    """Each call another 127.x.y.z that no other test of this run, or of another run beside it, uses."""

    def address() -> str:
        number = next(_addresses)
        return f"127.{64 + os.getpid() % 128}.{os.getpid() // 128 % 250 + 1}.{number % 250 + 1}"

    return address


@pytest.fixture
def free_port() -> int:
    """A port that is free for UDP and TCP, and that no test beside this one is given.

    Nodes with one discovery port hear each other's broadcasts: two stories must not share it. Below the ports
    that the system hands out by itself.
    """
    while True:
        port = FIRST_PORT + WORKER % WORKERS * PORTS_EACH + next(_ports) % PORTS_EACH
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@pytest.fixture(autouse=True)
def nothing_outlives_a_test() -> Iterator[None]:
    """A thread or an open socket that a test leaves behind is that test's failure, not a later one's riddle.

    A task cannot outlive its test either: asyncio.run cancels it, and a socket it held shows here.
    """
    threads, sockets = set(threading.enumerate()), open_sockets()
    yield
    left = [thread for thread in threading.enumerate() if thread not in threads]
    for thread in left:
        thread.join(THREAD_SECONDS)
    assert not [thread.name for thread in left if thread.is_alive()], "threads outlived the test"
    if open_sockets() - sockets:
        gc.collect()  # a socket in a cycle that nobody holds any more is closed, and warned about, here
    assert not open_sockets() - sockets, "sockets outlived the test"


def open_sockets() -> set[str]:
    """Sockets of our process by their inode; where there is no /proc, none."""
    found = set()
    for fd in os.listdir(FDS) if FDS.is_dir() else ():  # noqa: PTH208
        try:
            target = os.readlink(FDS / fd)  # noqa: PTH115
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found
