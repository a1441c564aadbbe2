"""What goes to the terminal: the picture that was meant, by few bytes, and at the end what was before."""

import asyncio
import random
import re
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import set_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import DummyInput
from prompt_toolkit.layout import BufferControl, HSplit, Layout, Window
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style

from lanmsg.tui.layout import Rows
from lanmsg.tui.renderer import RowRenderer, RowWindow
from lanmsg.tui.rows import Row
from tests.tui.double import Double, person
from tests.tui.screen import Screen, Terminal, play

COLUMNS, ROWS = 40, 12
STYLE = Style.from_dict({"strong": "bold", "chosen": "reverse", "good": "ansigreen"})


class Drawing:
    """A renderer alone, with rows above a line that is typed."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.line = Buffer()
        self.terminal = Terminal(COLUMNS, ROWS)
        output = Vt100_Output(self.terminal, lambda: Size(rows=ROWS, columns=COLUMNS), term="xterm-256color")  # type: ignore[arg-type]  # the few methods it uses
        body = RowWindow(Rows(lambda width, height: self.rows[:height]))
        layout = Layout(HSplit([body, Window(BufferControl(self.line), height=2, wrap_lines=True)]))
        self.app: Application[None] = Application(layout, input=DummyInput(), output=output)
        self.renderer = RowRenderer(STYLE, output, full_screen=True)

    def draw(self, rows: list[Row] | None = None) -> str:
        """What it wrote."""
        before = len(self.terminal.raw)
        self.rows = self.rows if rows is None else rows
        asyncio.run(self._render())  # the line that is typed looks for its history
        return "".join(self.terminal.raw[before:])

    async def _render(self) -> None:
        with set_app(self.app):
            self.renderer.render(self.app, self.app.layout)

    @property
    def picture(self) -> list[list[Any]]:
        """With the colours of what can be seen."""
        rows = self.terminal.screen.buffer
        cells = [[rows[y][x] for x in range(COLUMNS)] for y in range(ROWS)]
        return [
            [each._replace(fg="", bold=False) if each.data == " " else each for each in row] for row in cells
        ]


def seen(char: Any) -> Any:
    return char._replace(fg="", bold=False) if char.data == " " else char


def test_what_is_written_of_changes_is_what_all_of_it_would_be() -> None:
    """Rows that move, styles, wide characters: drawn step by step, and each step drawn by somebody new."""
    chance = random.Random(7)
    drawing = Drawing()
    rows = [some_row(chance) for _ in range(ROWS)]
    for _ in range(40):
        by = chance.choice([0, 0, 1, 2, -1, -3])
        rows = rows[by:] + [some_row(chance) for _ in range(by)] if by >= 0 else [some_row(chance), *rows]
        rows = rows[:ROWS]
        rows[chance.randrange(ROWS)] = some_row(chance)
        drawing.line.text = "".join(chance.choice("ab 好") for _ in range(chance.randrange(60)))
        drawing.draw(rows)
        afresh = Drawing()
        afresh.line.text = drawing.line.text
        afresh.draw(rows)
        assert drawing.picture == afresh.picture


def some_row(chance: random.Random) -> Row:
    words = ["anna", "ben", "好的", "é", "✓ delivered", "  ", "the forms", "e\u0301", "   "]
    styles = ["", "class:strong", "class:chosen", "class:good"]
    return [(chance.choice(styles), chance.choice(words)) for _ in range(chance.randrange(9))]


def test_nothing_new_writes_nothing() -> None:
    drawing = Drawing()
    drawing.draw([[("class:chosen", "anna")], [("", "ben")]])
    assert drawing.draw() == ""


def test_a_key_is_one_character() -> None:
    drawing = Drawing()
    drawing.app.layout.focus(drawing.line)
    drawing.draw([[("", "anna")]])
    drawing.line.insert_text("a")
    assert drawing.draw() == "a"
    drawing.line.insert_text("b")
    assert drawing.draw() == "b"


def test_the_rest_of_a_row_is_wiped_out_not_written() -> None:
    drawing = Drawing()
    drawing.draw([[("class:good", "a row of many words")], [("", "another")]])
    assert re.fullmatch(r"\x1b\[1;2H\x1b\[K", drawing.draw([[("class:good", "a")], [("", "another")]]))
    assert drawing.terminal.screen.display[0].rstrip() == "a"


def test_escapes_in_a_row_are_not_obeyed() -> None:
    drawing = Drawing()
    assert "\x1b[2J" not in drawing.draw([[("", "harmless\x1b[2J\x07")]])


def test_a_conversation_that_moves_up_is_moved_by_the_terminal() -> None:
    node = Double()
    node.meet(person("ben"))
    for number in range(30):
        node.hear("ben", f"{number} the paper is in the cupboard next to the kitchen")

    async def scene(screen: Screen) -> None:
        await screen.type("/msg ben<enter><esc>")
        await screen.shows("29 the paper")
        before = len(screen.terminal.raw)
        node.hear("ben", "30 and the forms have to be out by noon")
        await screen.draw()
        assert "30 and the forms" in screen.text
        written = "".join(screen.terminal.raw[before:])
        assert len(written.encode()) < 400, written
        await screen.type("<c-l>")
        assert "29 the paper" in screen.text

    play(scene, node, 80, 24)


def test_after_signs_that_a_terminal_may_see_wider_the_place_is_told_anew() -> None:
    drawing = Drawing()
    drawing.draw([[("", "x the forms x")]])
    assert drawing.draw([[("", "✓ the forms y")]]) == "\x1b[1;1H✓\x1b[1;13Hy"
    assert drawing.draw([[("", "x the forms x")]]) == "\x1b[1;1Hx\x1b[11Cx"
