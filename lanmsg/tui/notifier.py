"""Calls the person: at most once in a while, by the terminal or by a program of their own."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from html import escape
from typing import Any

from lanmsg.terminal import printable
from lanmsg.tui.calls import TITLE, News, sentence, sequence, way
from lanmsg.tui.options import Options

GAP = 5.0
"""Seconds between two calls: a flood of messages is not a flood of noise."""

PROGRAM_SECONDS = 10.0
"""A program that calls is ended when it takes longer."""


class Notifier:
    """`write` puts bytes on the terminal; `spawn` runs a coroutine under an owner."""

    def __init__(
        self,
        options: Options,
        environment: Mapping[str, str],
        write: Callable[[str], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._options = options
        self._environment = environment
        self._write = write
        self._spawn = spawn
        self._waiting: list[News] = []
        self._last = -GAP
        self._timer: asyncio.TimerHandle | None = None

    def add(self, news: News) -> None:
        """Said at once, or together with what else comes while the last call is not long ago."""
        self._waiting.append(news)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(self._last + GAP, loop.time()), self._now)

    def _now(self) -> None:
        news, self._waiting, self._timer = self._waiting, [], None
        self._last = asyncio.get_running_loop().time()
        if news:
            self.call(sentence(news, quoting=self._options.is_on("notify_text")))

    def call(self, text: str) -> str:
        """Right now; the way in which it was done."""
        kind = way(self._options, self._environment)
        text = printable(text)
        if kind == "command":
            if not self._options.notify_command:
                return "nothing: tui.notify_command is not set"
            self._spawn(run_program((*self._options.notify_command, TITLE, escape(text, quote=False))))
            return self._options.notify_command[0]
        if kind == "off":
            return "nothing: tui.notify is off"
        self._write(sequence(kind, text))
        return kind

    def seen(self) -> None:
        """The person is here: what was about to be said is seen."""
        self._waiting.clear()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def run_program(words: tuple[str, ...]) -> None:
    """Without a shell: what a peer wrote is one argument, whatever it holds. Its output goes nowhere."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except (OSError, ValueError):
        return
    try:
        async with asyncio.timeout(PROGRAM_SECONDS):
            await process.wait()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
