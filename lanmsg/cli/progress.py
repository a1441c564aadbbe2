"""How far files are: one live line each on a terminal, start and end lines elsewhere."""

import os
import sys

from lanmsg.api import FileProgress, Peer, Transfer, TransferState, steady_clock
from lanmsg.cli.output import Output, is_terminal
from lanmsg.cli.wording import name_of, percent, size_of, title_of
from lanmsg.model import Direction
from lanmsg.terminal import cell_width, clip, human_duration, human_rate, human_size

REDRAW_S = 0.1
LINE_S = 1.0
"""Where every line stays (--progress always into a pipe), one a second is enough."""

ETA_AFTER_S = 2.0
"""An estimate from less is a guess that jumps about."""


class Progress:
    """`mode` is auto, always or never. Everything goes to stderr; nothing with -q or --json."""

    def __init__(self, output: Output, mode: str):
        self._output = output
        wanted = mode != "never" and not output.quiet and not output.json
        terminal = is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"
        self._live = wanted and terminal
        self._lines = wanted and not terminal and mode == "always"
        self._ends = wanted and (terminal or mode == "always" or output.verbosity > 0)
        self._rows: dict[int, str] = {}
        self._started: dict[int, float] = {}
        self._drawn = 0
        self._next = 0.0
        output.before_line = self.clear

    def update(self, transfer: Transfer, peer: Peer, rate: float, file: FileProgress | None = None) -> None:
        if transfer.state is not TransferState.RUNNING:
            return
        now = steady_clock()
        if transfer.number not in self._started:
            self._started[transfer.number] = now
            if self._ends and not self._live:
                self._output.notice(f"{heading(transfer, peer)}, {size_of(transfer)}")
        if not (self._live or self._lines):
            return
        self._rows[transfer.number] = self._row(transfer, peer, self._figures(transfer, rate, now, file))
        if now < self._next:
            return
        if self._live:
            self._next = now + REDRAW_S
            self._draw()
        else:
            self._next = now + LINE_S
            self._output.notice(self._rows[transfer.number])

    def end(self, transfer: Transfer, peer: Peer) -> None:
        """The live line gives way to one that stays, if all went well; if not, the caller says more."""
        self.clear()
        self._rows.pop(transfer.number, None)
        if self._ends and transfer.state is TransferState.DONE:
            seconds = self.seconds(transfer)
            speed = (
                f" in {human_duration(seconds)}, {human_rate(transfer.done / seconds)}"
                if seconds >= 1
                else ""
            )
            self._output.notice(f"{heading(transfer, peer)}: done, {human_size(transfer.done)}{speed}")

    def seconds(self, transfer: Transfer) -> float:
        """Since the first byte."""
        now = steady_clock()
        return now - self._started.get(transfer.number, now)

    def clear(self) -> None:
        """Takes the live lines away, so that something else can be printed."""
        if self._drawn:
            up = f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else ""
            self._output.live(f"\r{up}\x1b[J")
            self._drawn = 0

    def _draw(self) -> None:
        up = f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else ""
        rows = list(self._rows.values())
        self._output.live(f"\r{up}" + "\n".join(f"\x1b[K{row}" for row in rows))
        self._drawn = len(rows)

    def _row(self, transfer: Transfer, peer: Peer, figures: str) -> str:
        space = columns() - 1 - cell_width(figures) - 2
        return f"{clip(heading(transfer, peer), max(space, 8))}  {figures}"

    def _figures(self, transfer: Transfer, rate: float, now: float, file: FileProgress | None) -> str:
        parts = [human_size(transfer.done)]
        if transfer.total:
            parts = [
                f"{percent(transfer):>4}",
                f"{human_size(transfer.done)} of {human_size(transfer.total)}",
            ]
        if rate:
            parts.append(human_rate(rate))
            if transfer.total and now - self._started[transfer.number] >= ETA_AFTER_S:
                parts.append(f"{human_duration((transfer.total - transfer.done) / rate)} left")
        if file is not None and transfer.count > 1:
            parts.append(f"{file.number} of {transfer.count}")
        return "  ".join(parts)


def heading(transfer: Transfer, peer: Peer) -> str:
    way = "to" if transfer.direction is Direction.OUT else "from"
    return f"{title_of(transfer)} {way} {name_of(peer)}"


def columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
