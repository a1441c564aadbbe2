"""A terminal used as a teletype: lines are only ever added, and the one being typed stays whole below them.

A terminal that can gets its line edited and drawn by prompt_toolkit. One that cannot (TERM=dumb) is sent no
escape sequence: what is typed is echoed here, and said again below the news.

The prompt is said once, when the next line may be typed. After news it comes back with the first key, so that
nobody's screen reader says it after every message.
"""

import asyncio
import io
import os
import shutil
from collections.abc import Callable
from typing import TextIO

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import BufferControl, Layout, Window
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output import DummyOutput, Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output

from lanmsg.api import steady_clock
from lanmsg.terminal import Kind, cell_width, plural, printable
from lanmsg.tui.completion import common, paths, wants_paths
from lanmsg.tui.console import Complete, Console, Pipe, broken, nothing
from lanmsg.tui.state import Candidate

COLUMNS = 80
"""Of a terminal that does not say."""

QUIT_SECONDS = 2.0
PASTE_SECONDS = 0.1
"""A line end so soon after one that was pasted belongs to the paste."""

SAY_AGAIN_SECONDS = 0.2
"""A half-typed line is said again once after so much news as comes within this time."""

ASK_SECONDS = 0.4
SHOWN_CANDIDATES = 40


class Echo:
    """One line as it is being typed, on a terminal that knows no more than the next cell and backspace."""

    def __init__(self, write: Callable[[str], None], columns: Callable[[], int]) -> None:
        self._write = write
        self._columns = columns
        self._prompt = ""
        self._shown = ""
        self._at = 0

    def begin(self, prompt: str) -> None:
        self._prompt, self._shown, self._at = prompt, "", 0
        self._write(prompt)

    def show(self, text: str, at: int) -> None:
        """`text` with the cursor behind its first `at` characters; as little as possible is said again."""
        same = _same(self._shown, text)
        appended = same == self._at == len(self._shown) and at == len(text)
        places = (self._shown, self._shown[: self._at], text, text[:at], text[:same])
        rows = {cell_width(self._prompt + each) // self._columns() for each in places}
        if len(rows) > 1 and not appended:
            self._anew(text, at)
            return
        before = self._back(self._shown[same : self._at]) if same < self._at else self._shown[self._at : same]
        over = max(cell_width(self._shown[same:]) - cell_width(text[same:]), 0)
        if self._shown != text:
            self._write(before + text[same:] + " " * over + "\b" * over + self._back(text[at:]))
        else:
            self._write(self._back(text[at : self._at]) or text[self._at : at])
        self._shown, self._at = text, at

    def _anew(self, text: str, at: int) -> None:
        """No backspace leads out of a row: a line that is changed in an earlier one is said again."""
        if (text, at) != (self._shown, self._at):
            if text != self._shown:
                self._write(f"\n{self._prompt}{text}")
            self._shown, self._at = text, len(text)

    def _back(self, text: str) -> str:
        return "\b" * cell_width(text)


class Teletype:
    """`write` adds a line; `took` gets each one that is entered, until `run` ends."""

    is_script = False

    def __init__(
        self,
        stream: TextIO,
        columns: Callable[[], int],
        *,
        output: Output | None = None,
        keys_from: Input | None = None,
    ) -> None:
        """Without an `output` of prompt_toolkit's nothing but plain text is ever written."""
        self.took: Callable[[str], None] = lambda _: None
        self.complete: Complete = nothing
        self._stream = stream
        self._columns = columns
        self._prompt = ""
        self._asked = False  # the prompt is to be seen, though nothing is typed
        self._begun = False  # the row of the cursor is not empty
        self._quit_armed = self._paste_until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._asking: asyncio.TimerHandle | None = None
        self._echo = Echo(self._raw, columns) if output is None else None
        self._buffer = Buffer(multiline=True)
        self._buffer.on_text_changed += lambda _: self._typed()
        self._buffer.on_cursor_position_changed += lambda _: self._typed()
        self.application = self._application(keys_from or create_input(), output or DummyOutput())

    def _application(self, keys_from: Input, output: Output) -> Application[None]:
        before = BeforeInput(lambda: self._prompt if self._asked else "")
        window = Window(
            BufferControl(self._buffer, input_processors=[before]), wrap_lines=True, dont_extend_height=True
        )
        application: Application[None] = Application(
            layout=Layout(window),
            key_bindings=self._bindings(),
            erase_when_done=True,
            input=keys_from,
            output=output,
            terminal_size_polling_interval=None,
        )
        application.ttimeoutlen = application.timeoutlen = 0.05
        return application

    # --- what the talk asks of it ---

    async def run(self) -> None:
        """Until the terminal goes, or `stop`. Raises EOFError or OSError when the terminal is gone."""
        # prompt_toolkit's own handlers would wait for Enter after a fault, and take SIGINT.
        await self.application.run_async(handle_sigint=False, set_exception_handler=False)

    def stop(self) -> None:
        if self.application.is_running and not self.application.is_done:
            self.application.exit()

    def end(self, *, patient: bool = True) -> None:  # noqa: ARG002 - all is written at once here
        """The last row of ours ends, so that the shell's prompt begins one of its own."""
        for timer in (self._timer, self._asking):
            if timer is not None:
                timer.cancel()
        self._end_row()

    @property
    def draft(self) -> str:
        return self._buffer.text

    def put(self, text: str) -> None:
        """Into the line, unless something is typed there already."""
        if not self._buffer.text:
            self._buffer.insert_text(text)

    def ask(self, prompt: str) -> None:
        """The next line may be typed. The prompt comes when what the last one brought about is said."""
        self._prompt = prompt
        if self._asking is not None:
            self._asking.cancel()
        self._asking = asyncio.get_running_loop().call_later(ASK_SECONDS, self._ask)

    def _ask(self) -> None:
        self._asked = True
        self._draw()

    def write(self, text: str) -> None:
        """Lines above the one that is being typed."""
        if self._echo is None and self.application.is_running:
            self.application.renderer.erase(leave_alternate_screen=False)
        self._end_row()
        self._raw(f"{broken(text, self._columns())}\n")
        self._asked = bool(self._buffer.text)
        if self._echo is None:
            self.application.invalidate()
        elif self._timer is None and self._asked:
            self._timer = asyncio.get_running_loop().call_later(SAY_AGAIN_SECONDS, self._say_again)

    async def keep_up(self) -> None:
        """Always."""

    # --- the row of the cursor ---

    def _typed(self) -> None:
        """A prompt stands before what is typed, whatever came before."""
        self._asked = self._asked or bool(self._buffer.text)
        self._draw()

    def _say_again(self) -> None:
        self._timer = None
        if self._buffer.text:
            self._typed()

    def _draw(self) -> None:
        if self._echo is None:
            self.application.invalidate()
        elif self._asked:
            if not self._begun:
                self._begun = True
                self._echo.begin(self._prompt)
            text, at = self._buffer.text, self._buffer.cursor_position
            self._echo.show(_in_a_row(text), len(_in_a_row(text[:at])))

    def _end_row(self) -> None:
        if self._begun:
            self._begun = False
            self._raw("\n")

    def _raw(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    # --- keys ---

    def _bindings(self) -> KeyBindings:
        bound = KeyBindings()
        bound.add("enter")(self._enter)
        bound.add("c-j")(self._enter)  # what a script sends, whatever its terminal makes of it
        bound.add("escape", "enter")(lambda press: press.current_buffer.newline(copy_margin=False))
        bound.add("tab")(self._tab)
        bound.add("c-c")(self._interrupt)
        bound.add("c-d")(self._end_of_input)
        bound.add("c-z")(lambda press: press.app.suspend_to_background())
        bound.add("c-x", "c-e")(self._edit)
        bound.add(Keys.BracketedPaste)(self._paste)
        return bound

    def _edit(self, press: KeyPressEvent) -> None:
        if self._echo is None:
            _task = press.current_buffer.open_in_editor()  # the application owns it

    def _paste(self, press: KeyPressEvent) -> None:
        press.current_buffer.insert_text(press.data.replace("\r\n", "\n").replace("\r", "\n"))

    def _enter(self, press: KeyPressEvent) -> None:
        text = self._buffer.text
        if self._is_pasted(press, text):
            self._buffer.newline(copy_margin=False)
            return
        if not text.strip():
            self._blank()
            return
        self._keep_row(text)
        self._remember()
        self.took(text)

    def _remember(self) -> None:
        """The line is empty, and the up arrow brings back what was in it."""
        self._asked = False
        self._buffer.reset(append_to_history=True)
        self._buffer.load_history_if_not_yet_loaded()

    def _is_pasted(self, press: KeyPressEvent, text: str) -> bool:
        """Words with more behind them in the same read: a paste on a terminal that does not mark pastes.

        It never sends, and the line end that it may have at its own end does not either. One line that ends
        so cannot be told from one that was typed quickly; and a command is a command, what follows it is not.
        """
        if not text.strip():
            return False
        now = steady_clock()
        if press.app.key_processor.input_queue:
            self._paste_until = now + PASTE_SECONDS
            return not text.startswith("/")
        if text.startswith("/"):
            return False
        if now >= self._paste_until:
            return False
        count = plural(text.count("\n") + 1, "line")
        asyncio.get_running_loop().call_soon(
            self.write, f"{count} came at once; Enter sends them as one message"
        )
        return True

    def _blank(self) -> None:
        """Enter on an empty line says where one is."""
        self._buffer.reset()
        self._keep_row("")
        self._ask()

    def _keep_row(self, text: str) -> None:
        """What was typed becomes a line like all others."""
        if self._echo is not None:
            self._end_row()
            return
        self.application.renderer.erase(leave_alternate_screen=False)
        self._raw(f"{broken(self._prompt + printable(text, Kind.TEXT), self._columns())}\n")

    def _interrupt(self, press: KeyPressEvent) -> None:
        now = steady_clock()
        if self._buffer.text:
            self._keep_row(self._buffer.text)
            self._asked = False
            self._buffer.reset(append_to_history=True)
            self.write("put aside; the up arrow brings it back")
            self.ask(self._prompt)
        elif now < self._quit_armed:
            press.app.exit()
        else:
            self._quit_armed = now + QUIT_SECONDS
            self.write("Ctrl-C again to quit")
            self.ask(self._prompt)

    def _end_of_input(self, press: KeyPressEvent) -> None:
        if press.current_buffer.text:
            press.current_buffer.delete()
        else:
            self.took("/quit")

    # --- completion ---

    def _tab(self, press: KeyPressEvent) -> None:
        before = self._buffer.document.text_before_cursor
        if wants_paths(before):
            # The disk may be slow.
            _task = press.app.create_background_task(self._complete_path(before))  # the application owns it
        else:
            self._go_on(before, self.complete(before))

    async def _complete_path(self, before: str) -> None:
        found = await asyncio.to_thread(paths, before)
        if before == self._buffer.document.text_before_cursor:
            self._go_on(before, found)

    def _go_on(self, before: str, found: list[Candidate]) -> None:
        """The only way to go on, or what all ways have in common, or a list of them."""
        if not found:
            return
        start, shared = found[0].start, common(found)
        if len(shared) > len(before) - start and shared.startswith(before[start:]):
            self._buffer.delete_before_cursor(len(before) - start)
            self._buffer.insert_text(shared)
        elif len(found) == 1:
            self._buffer.delete_before_cursor(len(before) - start)
            self._buffer.insert_text(found[0].text)
        else:
            more = f", and {len(found) - SHOWN_CANDIDATES} more" if len(found) > SHOWN_CANDIDATES else ""
            self.write(", ".join(each.shown for each in found[:SHOWN_CANDIDATES]) + more)


def _same(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _in_a_row(text: str) -> str:
    """What is typed, without anything that would leave the row."""
    return printable(text.replace("\n", " / "), Kind.LINE)


# --- which one it is ---


def console_of(source: TextIO, target: TextIO) -> Console:
    """What these two are."""
    for stream in (source, target):
        if isinstance(stream, io.TextIOWrapper):
            # A sign that the locale does not have, or a byte that is none of its signs, ends nothing.
            stream.reconfigure(errors="replace")
    if not (source.isatty() and target.isatty() and echoes(source)):
        return Pipe(source, target)
    if os.environ.get("TERM", "dumb") == "dumb":
        return Teletype(target, columns)
    output = create_output(target)
    if isinstance(output, Vt100_Output):
        # A terminal that does not answer where its cursor is would be told off after two seconds.
        output.enable_cpr = False
    return Teletype(target, columns, output=output)


def columns() -> int:
    return shutil.get_terminal_size((COLUMNS, 24)).columns or COLUMNS


def echoes(source: TextIO) -> bool:
    """Not so in an editor's window (Emacs shell), or where a script turned it off: there lines come whole."""
    try:
        import termios
    except ImportError:  # Windows
        return True
    return bool(termios.tcgetattr(source.fileno())[3] & termios.ECHO)
