"""The transcripts of send.txt, and what a person at a terminal is told while somebody else decides."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from msgspec.structs import replace

from lanmsg.api import Node, NodeEvent, TransferChanged
from lanmsg.cli.following import TransferReport
from lanmsg.cli.output import Output
from lanmsg.cli.progress import Progress
from lanmsg.cli.send import Carrying
from lanmsg.model import Direction, TransferState
from tests.cli.node_double import NodeDouble, incoming, peer
from tests.cli.transcript import transcripts

test_transcript = transcripts("send")

BEN = peer("ben")
OURS = replace(incoming(BEN, 7), direction=Direction.OUT)


@pytest.mark.parametrize(
    ("terminal", "delay", "said"), [(True, 0.0, True), (True, 60.0, False), (False, 0.0, False)]
)
def test_who_sits_at_a_terminal_is_told_that_the_other_one_was_asked(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    delay: float,
    *,
    terminal: bool,
    said: bool,
) -> None:
    monkeypatch.setattr("lanmsg.cli.send.ASKING_S", delay)
    monkeypatch.setattr("lanmsg.cli.send.is_terminal", lambda _: terminal)

    async def events() -> AsyncIterator[NodeEvent]:
        await asyncio.sleep(0.01)
        yield TransferChanged(replace(OURS, state=TransferState.DONE), 0.0)

    async def story() -> None:
        output = Output()
        report = TransferReport(cast("Node", NodeDouble(BEN)), output, Progress(output, "never"))
        await Carrying(OURS, report, None, output).until_end(events())

    asyncio.run(story())
    assert (capsys.readouterr().err == "lanmsg: asking ben… (Ctrl-C takes it back)\n") is said
