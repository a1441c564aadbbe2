"""Calls are few, go the way that was chosen, and hand a program one harmless argument."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from lanmsg.tui.calls import News
from lanmsg.tui.notifier import Notifier, run_program
from lanmsg.tui.options import Options


class Bench:
    """A notifier, what it wrote, and what it started."""

    def __init__(self, **table: Any) -> None:
        self.written: list[str] = []
        self.started: list[Coroutine[Any, Any, None]] = []
        environment = {"TERM": "foot"}
        self.notifier = Notifier(Options(table), environment, self.written.append, self.started.append)


def test_what_comes_close_together_is_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanmsg.tui.notifier.GAP", 0.2)

    async def scene() -> list[str]:
        bench = Bench()
        bench.notifier.add(News("Message from ben"))
        async with asyncio.timeout(10):
            while len(bench.written) < 1:
                await asyncio.sleep(0)
        for who in ("anna", "ben", "ben"):
            bench.notifier.add(News(f"Message from {who}"))
        async with asyncio.timeout(10):
            while len(bench.written) < 2:
                await asyncio.sleep(0)
        bench.notifier.stop()
        return bench.written

    first, second = asyncio.run(scene())
    assert "Message from ben" in first
    assert "3 things new: Message from anna, Message from ben" in second


def test_what_was_seen_meanwhile_is_not_said() -> None:
    async def scene() -> list[str]:
        bench = Bench()
        bench.notifier.add(News("Message from ben"))
        bench.notifier.seen()
        bench.notifier._now()
        return bench.written

    assert asyncio.run(scene()) == []


def test_the_way_is_told() -> None:
    assert Bench().notifier.call("x") == "osc777"
    assert "tui.notify is off" in Bench(notify="off").notifier.call("x")
    assert "notify_command is not set" in Bench(notify="command").notifier.call("x")


def test_a_program_gets_title_and_sentence_and_no_shell_and_no_markup(tmp_path: Path) -> None:
    given = tmp_path / "given"
    script = "import sys; open(sys.argv[1], 'w').write('|'.join(sys.argv[2:]))"
    bench = Bench(notify_command=[sys.executable, "-c", script, str(given)])
    bench.notifier.call("Message from ben: $(touch x); <b>`id`</b> & \x1b[31m")
    assert bench.written == []
    asyncio.run(run_program_of(bench))
    assert given.read_text() == (
        "lanmsg|Message from ben: $(touch x); &lt;b&gt;`id`&lt;/b&gt; &amp; \\x1b[31m"
    )


async def run_program_of(bench: Bench) -> None:
    for work in bench.started:
        await work


def test_a_program_that_is_missing_or_hangs_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(run_program(("/nowhere/program",)))
    monkeypatch.setattr("lanmsg.tui.notifier.PROGRAM_SECONDS", 0.05)
    asyncio.run(run_program((sys.executable, "-c", "import time; time.sleep(60)")))
