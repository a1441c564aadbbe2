"""What keys do on a page: choose a row, and do with it what the page is for."""

from prompt_toolkit.key_binding import KeyPressEvent

from lanmsg.tui import moves
from lanmsg.tui.keyboard import Keyboard
from lanmsg.tui.state import Page


class PageKeys:
    """One method an action; `press` is the key event of prompt_toolkit."""

    def __init__(self, keyboard: Keyboard) -> None:
        self._keyboard = keyboard
        self._state = keyboard.state

    def help(self, press: KeyPressEvent) -> None:
        self._toggle("help")

    def transfers(self, press: KeyPressEvent) -> None:
        self._toggle("transfers")

    def _toggle(self, kind: str) -> None:
        shown = self._state.page is not None and self._state.page.kind == kind
        if shown:
            self._state.page = None
        else:
            moves.show_page(self._state, Page(kind))

    def choose_up(self, press: KeyPressEvent) -> None:
        self._choose(-1)

    def choose_down(self, press: KeyPressEvent) -> None:
        self._choose(1)

    def _choose(self, by: int) -> None:
        page = self._state.page
        if page is not None and page.has_choice:
            moves.choose(self._state, page, by)
        elif page is not None:
            page.scroll += by

    def cancel(self, press: KeyPressEvent) -> None:
        self._keyboard.cancel_chosen(moves.chosen_transfer(self._state))

    def retry(self, press: KeyPressEvent) -> None:
        if number := moves.chosen_transfer(self._state):
            self._keyboard.submit(f"/retry {number}")

    def open_folder(self, press: KeyPressEvent) -> None:
        if number := moves.chosen_transfer(self._state):
            self._keyboard.submit(f"/open {number}")

    def hold(self, press: KeyPressEvent) -> None:
        """Pause what moves, let what was paused go on."""
        progress = self._state.transfers.get(moves.chosen_transfer(self._state))
        if progress is not None:
            command = "resume" if progress.transfer.held_here else "pause"
            self._keyboard.submit(f"/{command} {progress.transfer.number}")

    def copy_path(self, press: KeyPressEvent) -> None:
        self._keyboard.copy_path(moves.chosen_transfer(self._state))

    def open_found(self, press: KeyPressEvent) -> None:
        """The message that was chosen, where it was said."""
        page = self._state.page
        if page is not None and page.found:
            self._keyboard.fetch(moves.show_found(self._state, page.found[page.chosen]))
