"""Plays the transcripts that a run has chosen several at a time: they mostly wait for processes."""

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.cli.givens import NAMES, key_of
from tests.cli.transcript import Scenario, play

AT_A_TIME = 4

Plays = dict[Scenario, "Future[None]"]


@pytest.fixture(scope="session")
def plays(request: pytest.FixtureRequest) -> Iterator[Plays]:
    """Each scenario, already started."""
    for name in NAMES:
        key_of(name)
    chosen = [scenario for item in request.session.items if (scenario := scenario_of(item)) is not None]
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="transcript") as pool:
        yield {scenario: pool.submit(play, scenario, unused_port()) for scenario in chosen}
        pool.shutdown(cancel_futures=True)


def scenario_of(item: pytest.Item) -> Scenario | None:
    call = getattr(item, "callspec", None)
    found = call.params.get("scenario") if call is not None else None
    return found if isinstance(found, Scenario) else None


def unused_port() -> int:
    """A port of its own keeps a scenario's nodes from hearing those of the others."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
