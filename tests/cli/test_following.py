"""The report of a transfer: events at most once a second, and a sentence for each way to end."""

from typing import cast

import pytest
from msgspec.structs import replace

from lanmsg.api import LISTENER_TAKES_NONE, NO_FILES, Node
from lanmsg.cli.following import TransferReport, failure
from lanmsg.cli.output import Output
from lanmsg.cli.progress import Progress
from lanmsg.model import Direction, TransferState, Trust
from tests.cli.node_double import NodeDouble, incoming, peer

BEN = peer("ben", Trust.PINNED)
RUNNING = incoming(BEN, 7, TransferState.RUNNING)

SILENCE = "ben did not answer the offer of report.pdf in time"


class Sink:
    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def __call__(self, kind: str, /, **fields: object) -> None:
        self.events.append((kind, fields))


@pytest.fixture
def sink() -> Sink:
    return Sink()


def report(sink: Sink) -> TransferReport:
    output = Output()
    return TransferReport(cast("Node", NodeDouble(BEN)), output, Progress(output, "never"), sink)


def test_progress_is_told_at_most_once_a_second(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    times = [100.0, 100.5, 101.0, 101.9]
    monkeypatch.setattr("lanmsg.cli.following.steady_clock", iter(times).__next__)
    told = report(sink)
    for _ in times:
        told.changed(RUNNING, 10.0)
    assert [kind for kind, _ in sink.events] == ["transfer_progress", "transfer_progress"]


def test_what_was_paused_and_goes_on_is_told_once(sink: Sink) -> None:
    told = report(sink)
    paused = replace(RUNNING, state=TransferState.PAUSED, code="disk_full", direction=Direction.OUT)
    news = [told.changed(each, 0.0) for each in (RUNNING, paused, paused, RUNNING, RUNNING)]
    assert [bool(each) for each in news] == [False, True, False, True, False]
    assert news[3] == "report.pdf from ben goes on"


def test_the_end_is_an_event(sink: Sink) -> None:
    assert report(sink).ended(replace(RUNNING, state=TransferState.DONE, paths=("/a",))) is None
    kind, fields = sink.events[0]
    assert (kind, fields["paths"]) == ("transfer_done", ["/a"])


@pytest.mark.parametrize(
    ("direction", "state", "reason", "sentence", "code"),
    [
        (Direction.OUT, TransferState.DECLINED, "not now", "ben declined report.pdf: not now", "declined"),
        (Direction.IN, TransferState.DECLINED, "", "you declined report.pdf", "declined"),
        (
            Direction.IN,
            TransferState.DECLINED,
            NO_FILES,
            "report.pdf from ben was declined by the rule for ben",
            "declined",
        ),
        (
            Direction.IN,
            TransferState.DECLINED,
            LISTENER_TAKES_NONE,
            "report.pdf from ben was declined: this listener takes no files",
            "declined",
        ),
        (
            Direction.OUT,
            TransferState.EXPIRED,
            "",
            "ben did not answer the offer of report.pdf in time",
            "expired",
        ),
        (Direction.IN, TransferState.CANCELLED, "", "report.pdf was cancelled", "cancelled"),
        (Direction.IN, TransferState.FAILED, "no space", "report.pdf from ben failed: no space", "disk_full"),
    ],
)
def test_each_end_has_its_sentence(
    direction: Direction, state: TransferState, reason: str, sentence: str, code: str
) -> None:
    ended = replace(RUNNING, direction=direction, state=state, reason=reason)
    if state is TransferState.FAILED:
        ended = replace(ended, code="disk_full")
    error = failure(ended, BEN)
    assert (str(error), error.code) == (sentence, code)
