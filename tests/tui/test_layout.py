"""Windows on a terminal: the input grows, the focus follows, the wheel turns."""

from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout.controls import UIControl
from prompt_toolkit.mouse_events import MouseButton, MouseEvent, MouseEventType

from lanmsg.tui.layout import Rows, ScreenLayout
from lanmsg.tui.state import Page, Query
from tests.tui.double import Double, person
from tests.tui.given import state_of
from tests.tui.screen import Screen, play


def mouse(kind: MouseEventType) -> MouseEvent:
    return MouseEvent(Point(0, 0), kind, MouseButton.NONE, frozenset())


def test_rows_of_a_function_are_a_control() -> None:
    clicks: list[MouseEvent] = []
    control: UIControl = Rows(lambda width, height: [[("bold", "x" * width)]] * height, clicks.append)
    content = control.create_content(3, 2)
    assert content.line_count == 2
    assert content.get_line(1) == [("bold", "xxx")]
    assert control.is_focusable()
    control.mouse_handler(mouse(MouseEventType.MOUSE_UP))
    assert len(clicks) == 1
    assert Rows(lambda width, height: []).mouse_handler(clicks[0]) is NotImplemented


def focused(screen: ScreenLayout) -> str:
    names = {screen.input: "input", screen.query: "query"}
    buffer = screen.layout.current_buffer
    return names[buffer] if buffer is not None else "page"


def test_the_keys_go_where_the_state_says() -> None:
    size = [80, 24]
    state = state_of()
    screen = ScreenLayout(state, lambda: (size[0], size[1]))
    screen.focus()
    assert focused(screen) == "input"
    state.query = Query("switch", "to:")
    screen.focus()
    assert focused(screen) == "query"
    state.query, state.page = None, Page("help")
    screen.focus()
    assert focused(screen) == "page"
    state.page = None
    size[0] = 10
    screen.focus()
    assert focused(screen) == "page"


def test_the_wheel() -> None:
    screen = ScreenLayout(state_of(), lambda: (80, 24))
    turned = [screen.wheel(mouse(kind)) for kind in (MouseEventType.SCROLL_UP, MouseEventType.SCROLL_DOWN)]
    assert turned == [3, -3]
    assert screen.wheel(mouse(MouseEventType.MOUSE_UP)) == 0


def test_the_input_grows_to_a_third_and_hides_when_too_small() -> None:
    node = Double()
    node.meet(person("ben"))

    async def scene(screen: Screen) -> None:
        await screen.type("one")
        for _ in range(20):
            await screen.type("<a-enter>more")
        assert screen.text.count("more") == 8
        assert "F1 help" in screen.text
        await screen.resize(80, 12)
        assert screen.text.count("more") == 4
        await screen.resize(19, 24)
        assert "too small" in screen.text
        assert "more" not in screen.text
        await screen.resize(80, 24)
        assert screen.line.startswith("one\nmore")

    play(scene, node)


def test_a_line_that_wraps_takes_the_footer_and_nothing_above_moves() -> None:
    node = Double()
    node.meet(*(person(f"person {number}") for number in range(30)))
    for number in range(30):
        node.tell("person 1", f"{number} the paper is in the cupboard next to the kitchen")

    async def scene(screen: Screen) -> None:
        await screen.type("/msg 'person 1'<enter>")
        await screen.shows("29 the paper")
        await screen.type(77 * "a")
        above, before = screen.text.split("\n")[:21], len(screen.terminal.raw)
        await screen.type("bcd")
        assert screen.text.split("\n")[22:] == [f"› {'a' * 77}b", "  cd"]
        assert screen.text.split("\n")[:21] == above
        assert "F1 help" in screen.row("· 30 here")
        assert len("".join(screen.terminal.raw[before:]).encode()) < 200
        await screen.type("<backspace><backspace><backspace>")
        assert "^K switch" in screen.text.split("\n")[-1]
        assert "F1 help" not in screen.row("· 30 here")

    play(scene, node)
