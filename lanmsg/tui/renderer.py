"""Writes the picture to the terminal: only rows that changed are looked at, only cells that changed go out.

prompt_toolkit's own renderer goes through each cell of the screen twice for each redraw, and knows nothing of
rows that move. Windows whose rows are ready hand them over whole; the lines where somebody types are painted
by prompt_toolkit, cell by cell, as ever.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Point, Size
from prompt_toolkit.layout import Layout, Window
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Screen, WritePosition
from prompt_toolkit.mouse_events import MouseEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.renderer import Renderer
from prompt_toolkit.styles import DEFAULT_ATTRS, Attrs

from lanmsg.tui.cells import (
    BLANK,
    Cell,
    Line,
    Scroll,
    after_scroll,
    cells_of,
    is_written_whole,
    runs,
    scroll,
    typed_cells,
)
from lanmsg.tui.rows import Row

UP_AND_IN, DOWN_AND_IN = "\n", "\x1bM"
"""At the edge of the region these move its rows by one, on every terminal there is."""

WIPE_CELLS = 4
"""So many blanks are wiped out rather than written."""


class Canvas(Screen):
    """What the windows are painted on: whole rows, and cells for the rest."""

    def __init__(self, *, mouse: bool) -> None:
        super().__init__()
        self.show_cursor = False
        self.mouse = mouse
        self.rows: dict[int, Row] = {}

    def row(self, y: int, columns: int) -> Row:
        """What was painted there; by prompt_toolkit cell by cell."""
        if y in self.rows:
            return self.rows[y]
        typed = self.data_buffer.get(y)
        return [(typed[x].style, typed[x].char) for x in range(columns)] if typed else []

    def is_typed(self, y: int) -> bool:
        return y not in self.rows and y in self.data_buffer


class RowWindow(Window):
    """A window as wide as the screen, whose control paints rows."""

    def write_to_screen(  # noqa: PLR0917 - prompt_toolkit's own, and the next as well
        self,
        screen: Screen,
        mouse_handlers: MouseHandlers,
        write_position: WritePosition,
        parent_style: str,
        erase_bg: bool,  # noqa: FBT001
        z_index: int | None,
    ) -> None:
        if not isinstance(screen, Canvas):
            super().write_to_screen(screen, mouse_handlers, write_position, parent_style, erase_bg, z_index)
            return
        columns, height, top = write_position.width, write_position.height, write_position.ypos
        content = self.content.create_content(columns, height)
        for y in range(min(content.line_count, height)):
            screen.rows[top + y] = [(part[0], part[1]) for part in content.get_line(y)]
        screen.visible_windows_to_write_positions[self] = write_position

        def clicked(event: MouseEvent) -> object:
            at = Point(event.position.x, event.position.y - top)
            return self.content.mouse_handler(MouseEvent(at, event.event_type, event.button, event.modifiers))

        if screen.mouse:
            mouse_handlers.set_mouse_handler_for_range(0, columns, top, top + height, clicked)


class Look(NamedTuple):
    """How a style comes out."""

    attrs: Attrs
    is_seen: bool  # even in a blank
    name: str  # of the first style that looks so


class Shown(NamedTuple):
    """What is on the terminal, row by row: as it was painted and as it came out."""

    size: Size
    look: object
    rows: list[Row]
    cells: list[Line]


class RowRenderer(Renderer):
    """In the place of prompt_toolkit's own, for the whole screen."""

    def reset(self, _scroll: bool = False, leave_alternate_screen: bool = True) -> None:  # noqa: FBT001, FBT002
        self._shown: Shown | None = None
        self._looks: dict[str, Look] = {}
        self._at: tuple[int, int] | None = None  # column and row of the cursor, where that is certain
        self._attrs = DEFAULT_ATTRS
        self._columns = 0
        if getattr(self, "_in_alternate_screen", False):
            self.output.enable_autowrap()
        super().reset(_scroll, leave_alternate_screen)

    def render(self, app: Application[Any], layout: Layout, is_done: bool = False) -> None:  # noqa: FBT001, FBT002
        if is_done:
            # The terminal shows again what it did before.
            self.reset()
            return
        self._set_modes()
        size = self.output.get_size()
        self._columns = size.columns
        canvas, mouse_handlers = Canvas(mouse=self._mouse_support_enabled), MouseHandlers()
        whole = WritePosition(0, 0, size.columns, size.rows)
        layout.container.write_to_screen(
            canvas, mouse_handlers, whole, parent_style="", erase_bg=False, z_index=None
        )
        self._write(canvas, size, app.color_depth)
        self._put_cursor(canvas, canvas.get_cursor_position(layout.current_window))
        self.output.flush()
        self.mouse_handlers, self._last_screen = mouse_handlers, canvas
        layout.visible_windows = canvas.visible_windows

    def _set_modes(self) -> None:
        if not self._in_alternate_screen:
            self._in_alternate_screen = True
            self.output.enter_alternate_screen()
        if not self._bracketed_paste_enabled:
            self._bracketed_paste_enabled = True
            self.output.enable_bracketed_paste()
        if not self._cursor_key_mode_reset:
            self._cursor_key_mode_reset = True
            self.output.reset_cursor_key_mode()
        wanted = self.mouse_support()
        if wanted != self._mouse_support_enabled:
            self._mouse_support_enabled = wanted
            (self.output.enable_mouse_support if wanted else self.output.disable_mouse_support)()

    # --- rows ---

    def _write(self, canvas: Canvas, size: Size, depth: ColorDepth) -> None:
        look = self.style.invalidation_hash(), depth
        before = self._shown
        if before is None or before.size != size or before.look != look:
            before = self._blank(size, look)
        rows = [canvas.row(y, size.columns) for y in range(size.rows)]
        cells = [
            before.cells[y]
            if row == before.rows[y]
            else self._typed(row)
            if canvas.is_typed(y)
            else cells_of(row, size.columns)
            for y, row in enumerate(rows)
        ]
        self._shown = Shown(size, look, rows, cells)
        there = before.cells
        if isinstance(self.output, Vt100_Output) and (moved := scroll(there, cells)) is not None:
            self._scroll(moved)
            there = after_scroll(there, moved)
        changed = [(y, runs(there[y], row)) for y, row in enumerate(cells) if row is not there[y]]
        if sum(len(pieces) for _, pieces in changed) > 1:
            self.output.hide_cursor()
        for y, pieces in changed:
            self._row(y, cells[y], pieces, depth, wipe=is_written_whole(there[y], cells[y]))
        if self._attrs != DEFAULT_ATTRS:
            self.output.reset_attributes()
            self._attrs = DEFAULT_ATTRS

    def _typed(self, row: Row) -> Line:
        """Its own cells. prompt_toolkit has several names for one look, and several kinds of blanks."""
        cells = [(text, self._look_of(style).name) for style, text in row]
        return typed_cells([cell if self._is_seen(cell) else BLANK for cell in cells])

    def _blank(self, size: Size, look: object) -> Shown:
        """Everything is written anew."""
        self._looks = {}
        self.output.reset_attributes()
        self.output.disable_autowrap()
        self.output.cursor_goto(1, 1)
        self.output.erase_down()
        self._at = (0, 0)
        empty: list[Row] = [[] for _ in range(size.rows)]
        return Shown(size, look, empty, [Line([BLANK] * size.columns)] * size.rows)

    def _scroll(self, moved: Scroll) -> None:
        write = self.output.write_raw
        self.output.hide_cursor()
        write(f"\x1b[{moved.top + 1};{moved.bottom + 1}r")
        self.output.cursor_goto(moved.bottom + 1 if moved.up > 0 else moved.top + 1, 1)
        write(UP_AND_IN * moved.up if moved.up > 0 else DOWN_AND_IN * -moved.up)
        write("\x1b[r")
        self._at = None

    def _row(
        self, y: int, row: Sequence[Cell], pieces: Sequence[tuple[int, int]], depth: ColorDepth, *, wipe: bool
    ) -> None:
        """What is new in a row; when only blanks are left to write, they are wiped out at once.

        `wipe`: first all that is there, as it may stand elsewhere than we think.
        """
        if wipe and pieces:
            self._go(pieces[0][0], y)
            self._style(DEFAULT_ATTRS, depth)
            self.output.erase_end_of_line()
        filled = len(row)
        while filled and not self._is_seen(row[filled - 1]):
            filled -= 1
        for start, end in pieces:
            wipes = end - max(filled, start) >= WIPE_CELLS
            self._piece(start, y, row[start : max(filled, start) if wipes else end], depth)
            if wipes:
                self._style(DEFAULT_ATTRS, depth)
                self.output.erase_end_of_line()
                return

    def _piece(self, x: int, y: int, cells: Sequence[Cell], depth: ColorDepth) -> None:
        self._go(x, y)
        self._text(cells, depth)
        # A terminal may see other widths than ours; and in the last column it stays, or does not.
        at = x + len(cells)
        is_sure = at < self._columns and all(text.isascii() for text, _ in cells)
        self._at = (at, y) if is_sure else None

    def _is_seen(self, cell: Cell) -> bool:
        return cell != BLANK and (cell[0] != " " or self._look_of(cell[1]).is_seen)

    def _text(self, cells: Sequence[Cell], depth: ColorDepth) -> None:
        start = 0
        for at in range(1, len(cells) + 1):
            if at == len(cells) or cells[at][1] != cells[start][1]:
                self._style(self._look_of(cells[start][1]).attrs, depth)
                self.output.write("".join(text for text, _ in cells[start:at]))
                start = at

    # --- the smallest steps ---

    def _look_of(self, style: str) -> Look:
        look = self._looks.get(style)
        if look is None:
            attrs = self.style.get_attrs_for_style_str(style)
            seen = attrs.bgcolor or attrs.underline or attrs.strike or attrs.blink or attrs.reverse
            name = next((name for name, each in self._looks.items() if each.attrs == attrs), style)
            look = self._looks[style] = Look(attrs, bool(seen), name)
        return look

    def _style(self, attrs: Attrs, depth: ColorDepth) -> None:
        if attrs != self._attrs:
            self._attrs = attrs
            self.output.set_attributes(attrs, depth)

    def _go(self, x: int, y: int) -> None:
        if self._at != (x, y):
            if self._at is not None and self._at[1] == y and self._at[0] < x:
                self.output.cursor_forward(x - self._at[0])
            else:
                self.output.cursor_goto(y + 1, x + 1)
            self._at = (x, y)

    def _put_cursor(self, canvas: Canvas, place: Point) -> None:
        """Where somebody types; elsewhere it is not shown."""
        self._cursor_pos = place
        if canvas.show_cursor:
            self._go(place.x, place.y)
            self.output.show_cursor()
        else:
            self.output.hide_cursor()
