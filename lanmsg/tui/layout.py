"""The picture on a terminal: prompt_toolkit windows round the view, the input line and the footer."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Point
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.layout import ConditionalContainer, HSplit, Layout, Window
from prompt_toolkit.layout.controls import BufferControl, UIContent, UIControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.mouse_events import MouseEvent, MouseEventType

from lanmsg.tui import strips, view
from lanmsg.tui.renderer import RowWindow
from lanmsg.tui.rows import Row, with_plain_signs
from lanmsg.tui.state import State
from lanmsg.tui.theme import ASCII

if TYPE_CHECKING:
    from prompt_toolkit.key_binding.key_bindings import NotImplementedOrNone

INPUT_ROWS = 8
WHEEL_ROWS = 3


class Rows(UIControl):
    """Rows that a function paints for the space there is; it does its own scrolling."""

    def __init__(
        self,
        paint: Callable[[int, int], list[Row]],
        click: Callable[[MouseEvent], None] | None = None,
    ) -> None:
        self._paint = paint
        self._click = click

    def is_focusable(self) -> bool:
        return True

    def create_content(self, width: int, height: int) -> UIContent:
        rows = self._paint(width, height)
        # The fragments are (style, text) pairs, which is all that prompt_toolkit needs of them.
        return UIContent(
            lambda index: [*rows[index]],
            line_count=len(rows),
            cursor_position=Point(0, 0),
            show_cursor=False,
        )

    def mouse_handler(self, mouse_event: MouseEvent) -> "NotImplementedOrNone":
        if self._click is None:
            return NotImplemented
        self._click(mouse_event)
        return None


class ScreenLayout:
    """The windows, and which of them has the keys."""

    def __init__(self, state: State, size: Callable[[], tuple[int, int]]) -> None:
        self._state = state
        self._size = size
        self.input = Buffer(multiline=True, history=InMemoryHistory())
        self.query = Buffer(multiline=False)
        self.clicked: Callable[[MouseEvent], None] = lambda _: None
        self._body = RowWindow(Rows(self._paint, self._click), wrap_lines=False)
        self._input_window = self._line(self.input, lambda: f"{state.glyphs.prompt} ", INPUT_ROWS)
        self._query_window = self._line(
            self.query, lambda: f" {state.query.label if state.query else ''} ", 1
        )
        self._grown: tuple[tuple[str, int], bool] = (("", 0), False)
        big_enough = Condition(lambda: not view.is_too_small(*size()))
        asking = Condition(lambda: state.query is not None)
        roomy = Condition(lambda: not self._takes_footer())
        self.layout = Layout(
            HSplit(
                [
                    self._body,
                    ConditionalContainer(self._query_window, filter=big_enough & asking),
                    ConditionalContainer(self._input_window, filter=big_enough & ~asking),
                    ConditionalContainer(RowWindow(Rows(self._footer), height=1), filter=big_enough & roomy),
                ]
            ),
            focused_element=self._input_window,
        )

    def _line(self, buffer: Buffer, prompt: Callable[[], str], rows: int) -> Window:
        def height() -> Dimension:
            return Dimension(min=1, max=max(min(rows, self._size()[1] // 3), 1))

        def prefix(line: int, wrapped: int) -> StyleAndTextTuples:
            text = prompt()
            return [("class:prompt", text if line == 0 and wrapped == 0 else " " * len(text))]

        return Window(
            BufferControl(buffer),
            height=height,
            get_line_prefix=prefix,
            wrap_lines=True,
            dont_extend_height=True,
        )

    def _takes_footer(self) -> bool:
        """A line that wraps takes the footer's row first, and the picture above stays where it is: a
        conversation that jumps while somebody writes is hard to read, and long to send over a slow line.
        """
        columns, rows = self._size()
        if self._state.query is not None or self._state.page is not None or not self.input.text:
            return False
        seen = (self.input.text, columns)
        if self._grown[0] != seen:
            self._grown = seen, self._input_window.preferred_height(columns, rows).preferred > 1
        return self._grown[1]

    def _paint(self, width: int, height: int) -> list[Row]:
        # The key for help is always in sight.
        aside: Row = [*strips.hints(self._state, width, 1), ("", " ")] if self._takes_footer() else []
        return self._signed(view.paint(self._state, width, height, rows=self._size()[1], aside=aside))

    def _click(self, event: MouseEvent) -> None:
        self.clicked(event)

    def _footer(self, width: int, height: int) -> list[Row]:  # noqa: ARG002 - always one row
        return self._signed([strips.hints(self._state, width, self._size()[1])])

    def _signed(self, rows: list[Row]) -> list[Row]:
        return with_plain_signs(rows) if self._state.glyphs is ASCII else rows

    def focus(self) -> None:
        """The keys go where the state says: a line of its own, a page, or what is being written."""
        window = self._input_window
        if self._state.query is not None:
            window = self._query_window
        elif self._state.page is not None or view.is_too_small(*self._size()):
            window = self._body
        if self.layout.current_window is not window:
            self.layout.focus(window)

    def wheel(self, event: MouseEvent) -> int:
        """Rows up that a turn of the wheel means; 0 for anything else."""
        turns = {MouseEventType.SCROLL_UP: WHEEL_ROWS, MouseEventType.SCROLL_DOWN: -WHEEL_ROWS}
        return turns.get(event.event_type, 0)
