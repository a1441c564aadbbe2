"""Pages that took a while: what was typed meanwhile was not meant for them, and their keys are letters."""

from lanmsg.terminal import clip
from lanmsg.tui import moves
from lanmsg.tui.entered import Entered
from lanmsg.tui.state import Page, State

SECONDS = 120.0
"""For so long a page that is ready waits for its command to be entered again."""

LINE_CELLS = 40


def turn_to(state: State, page: Page, entered: Entered | None) -> None:
    """Show it; if keys came since Enter, say that it is there."""
    if entered is None or entered.pressed == state.pressed:
        moves.show_page(state, page)
        return
    state.late = (entered.line, page, state.tick + SECONDS)
    state.say(f"ready: enter {clip(entered.line, LINE_CELLS)} again to see it", seconds=30)


def again(state: State, entered: Entered) -> bool:
    """Whether the page of this very command was ready, and is shown."""
    if state.late is None:
        return False
    line, page, until = state.late
    if line != entered.line or state.tick >= until or entered.pressed != state.pressed:
        return False
    state.late = None
    state.notice = None
    moves.show_page(state, page)
    return True
