"""What keys do: one function for each action of the key table, and the rule when each holds."""

from collections.abc import Callable

from prompt_toolkit.filters import Condition, Filter
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.selection import PasteMode

from lanmsg.api import ConfigError
from lanmsg.terminal import human_size, plural
from lanmsg.tui import moves
from lanmsg.tui.actions import TEXT_MAX_BYTES
from lanmsg.tui.commands import BY_NAME
from lanmsg.tui.completion import common, wants_paths
from lanmsg.tui.keyboard import Keyboard
from lanmsg.tui.modes import FOCUS_IN, FOCUS_OUT
from lanmsg.tui.own_actions import leave
from lanmsg.tui.page_keys import PageKeys
from lanmsg.tui.state import Asking, Candidate, Menu

DEAD_SECONDS = 0.3
"""A question that just appeared is not answered by a key that was on its way already."""

GONE_SECONDS = 2.0
"""For so long a yes that comes too late is not taken for the other thing that its key does."""

ASIDE = "your draft is in the history: ↑ brings it back"

QUIT_SECONDS = 2.0
PASTE_SECONDS = 0.1
"""A line end so soon after one that was pasted belongs to the paste."""

PASTE_LINES, PASTE_BYTES = 20, 4_000
"""A longer paste is asked about: it may be a slip, or a secret."""

EDIT_BYTES = 2 * TEXT_MAX_BYTES
"""More than this in the input line makes each keystroke slow, and no message may be so long."""


def is_command(line: str) -> bool:
    return line.startswith("/") and not line.startswith("//")


class KeyActions(PageKeys):
    """One method an action; `press` is the key event of prompt_toolkit."""

    def __init__(self, keyboard: Keyboard) -> None:
        super().__init__(keyboard)
        self._paste_until = 0.0

    def table(self) -> dict[str, Callable[[KeyPressEvent], None]]:
        return {
            "help": self.help, "send": self.send, "newline": self.newline, "switch": self.switch,
            "tab": self.tab, "menu_up": self.menu_up, "up": self.up, "down": self.down,
            "yes": self.yes, "no": self.no, "other": self.other, "reply": self.reply, "editor": self.editor,
            "interrupt": self.interrupt, "end": self.end, "next": self.next, "previous": self.previous,
            "slot": self.slot, "next_unread": self.next_unread, "page_up": self.page_up,
            "page_down": self.page_down, "first_unread": self.first_unread, "newest": self.newest,
            "find": self.find, "back": self.back, "transfers": self.transfers, "list": self.list,
            "copy_mode": self.copy_mode, "mouse": self.mouse, "redraw": self.redraw, "suspend": self.suspend,
            "choose_up": self.choose_up, "choose_down": self.choose_down, "cancel": self.cancel,
            "retry": self.retry, "copy_path": self.copy_path, "open_folder": self.open_folder,
            "hold": self.hold, "open_found": self.open_found, "query_enter": self.query_enter,
            "query_up": self.query_up, "query_down": self.query_down,
        }  # fmt: skip

    # --- writing ---

    def send(self, press: KeyPressEvent) -> None:
        buffer = press.current_buffer
        if self._is_pasted(press):
            buffer.newline(copy_margin=False)
        elif self._state.menu is not None and self._state.menu.chosen >= 0:
            self._take(self._state.menu.candidates[self._state.menu.chosen])
        elif self._keyboard.desk is None and not is_command(buffer.text):
            # Nobody has seen yet to whom it would go.
            self._state.say("still starting; your line stays, Enter sends it in a moment", seconds=3)
        elif self._is_behind_a_draft(buffer.text):
            self._state.restored = ""
            self._state.say("your draft stands before that: Enter sends both as text, Ctrl-C puts them aside")
        elif buffer.text.strip():
            self._state.menu = None
            if self._state.notice is not None and self._state.notice.text == ASIDE:
                self._state.notice = None
            if self._state.current is not None:
                self._state.current.aside = ""
            self._keyboard.submit(buffer.text)
            buffer.reset(append_to_history=True)

    def _is_behind_a_draft(self, line: str) -> bool:
        """Whoever types /quit at once has not seen that there is a draft, and does not want to say it."""
        draft = self._state.restored
        word = line[len(draft) :].strip() if draft.strip() and line.startswith(draft) else ""
        return is_command(word) and word[1:].split(" ")[0] in BY_NAME

    def _is_pasted(self, press: KeyPressEvent) -> bool:
        """More came in the same read: a paste on a terminal that does not mark pastes. It never sends, and
        the line end at its own end, which comes right behind another, does not either. A single line that
        ends so cannot be told from one that was typed.
        """
        now = self._state.tick
        if press.app.key_processor.input_queue:
            self._paste_until = now + PASTE_SECONDS
            return True
        if now >= self._paste_until:
            return False
        self._state.say(
            f"{plural(press.current_buffer.document.line_count, 'line')} came at once; Enter sends them"
        )
        return True

    def newline(self, press: KeyPressEvent) -> None:
        press.current_buffer.newline(copy_margin=False)

    def editor(self, press: KeyPressEvent) -> None:
        _task = press.current_buffer.open_in_editor()  # the application owns it

    def paste(self, press: KeyPressEvent) -> None:
        """A marked paste: into the line if it is short; it never sends by itself."""
        text = press.data.replace("\r\n", "\n").replace("\r", "\n")
        size, lines = len(text.encode("utf-8", "replace")), text.count("\n") + 1
        if self._state.query is not None:
            press.current_buffer.insert_text(text.split("\n")[0])
        elif size <= PASTE_BYTES and lines <= PASTE_LINES:
            press.current_buffer.insert_text(text)
        else:
            self._ask_about_paste(text, size, lines)

    def _ask_about_paste(self, text: str, size: int, lines: int) -> None:
        choices = [("other", "send as a file")]
        if size <= TEXT_MAX_BYTES:
            choices.insert(0, ("yes", "send"))
        choices.append(("back", "edit" if size <= EDIT_BYTES else "drop the paste"))
        pasted = self._keyboard.lines.now(text, self._state.current)
        whom = f"for {self._state.title(pasted.place)}" if pasted.place is not None else ""
        words = f"paste {whom or 'here'}: {plural(lines, 'line')}, {human_size(size)}"
        moves.ask(self._state, Asking("paste", words, tuple(choices), paste=pasted))

    # --- completion ---

    def tab(self, press: KeyPressEvent) -> None:
        menu, buffer = self._state.menu, press.current_buffer
        if menu is not None:
            self._complete(menu)
        elif not buffer.text:
            if not moves.next_unread(self._state):
                self._state.say("nothing is unread", seconds=3)
        elif wants_paths(buffer.document.text_before_cursor):
            self._keyboard.complete_path()

    def _complete(self, menu: Menu) -> None:
        """The only candidate, or what all have in common; then one after the other."""
        before = self._keyboard.before_cursor()
        shared = common(menu.candidates)
        start = menu.candidates[0].start
        if len(menu.candidates) == 1:
            self._take(menu.candidates[0])
        elif menu.chosen < 0 and len(shared) > len(before) - start and shared.startswith(before[start:]):
            self._keyboard.replace_word(start, shared)
        else:
            menu.chosen = (menu.chosen + 1) % len(menu.candidates)

    def _take(self, candidate: Candidate) -> None:
        self._state.menu = None
        self._keyboard.replace_word(candidate.start, candidate.text)

    def menu_up(self, press: KeyPressEvent) -> None:
        if self._state.menu is not None:
            self._state.menu.chosen = max(self._state.menu.chosen - 1, -1)

    def up(self, press: KeyPressEvent) -> None:
        menu = self._state.menu
        if menu is not None and menu.chosen >= 0:
            menu.chosen -= 1
            return
        press.current_buffer.auto_up()
        self._state.menu = None

    def down(self, press: KeyPressEvent) -> None:
        menu = self._state.menu
        if menu is not None:
            menu.chosen = min(menu.chosen + 1, len(menu.candidates) - 1)
            return
        press.current_buffer.auto_down()
        self._state.menu = None

    # --- questions ---

    def yes(self, press: KeyPressEvent) -> None:
        if self._answerable():
            self._keyboard.answer("yes")
        elif self._state.tick - self._state.question_gone < GONE_SECONDS:
            self._state.say("no question any more", seconds=3)
        elif not self._state.is_asked:
            press.current_buffer.paste_clipboard_data(press.app.clipboard.get_data(), PasteMode.EMACS)

    def no(self, press: KeyPressEvent) -> None:
        if self._answerable():
            self._keyboard.answer("no")

    def other(self, press: KeyPressEvent) -> None:
        if self._answerable():
            self._keyboard.answer("other")

    def _answerable(self) -> bool:
        return self._state.is_asked and self._state.tick - self._state.question_since >= DEAD_SECONDS

    # --- conversations ---

    def switch(self, press: KeyPressEvent) -> None:
        buffer = press.current_buffer
        if buffer.text and not buffer.document.is_cursor_at_the_end_of_line:
            deleted = buffer.delete(count=buffer.document.get_end_of_line_position())
            press.app.clipboard.set_text(deleted)
        else:
            self._keyboard.start_query("switch", "switch to:")

    def next(self, press: KeyPressEvent) -> None:
        moves.step(self._state, 1)

    def previous(self, press: KeyPressEvent) -> None:
        moves.step(self._state, -1)

    def slot(self, press: KeyPressEvent) -> None:
        moves.open_slot(self._state, int(press.key_sequence[-1].key))

    def next_unread(self, press: KeyPressEvent) -> None:
        if not moves.next_unread(self._state):
            self._state.say("nothing is unread", seconds=3)

    def reply(self, press: KeyPressEvent) -> None:
        moves.reply_to_earlier(self._state)

    # --- reading ---

    def page_up(self, press: KeyPressEvent) -> None:
        self._keyboard.scroll(max(self._state.pane[1] - 2, 1))

    def page_down(self, press: KeyPressEvent) -> None:
        self._keyboard.scroll(-max(self._state.pane[1] - 2, 1))

    def first_unread(self, press: KeyPressEvent) -> None:
        self._keyboard.fetch(moves.first_unread(self._state))

    def newest(self, press: KeyPressEvent) -> None:
        self._keyboard.fetch(moves.newest(self._state))

    def back(self, press: KeyPressEvent) -> None:
        asking, buffer = self._state.asking, press.current_buffer
        if asking is not None and self._state.query is None:
            self._keyboard.answer("back")
        elif self._is_returned(buffer.text):
            # It was put into the history when it was entered.
            self._state.returned, self._state.notice = "", None
            buffer.reset()
        elif not moves.leave(self._state):
            self.newest(press)

    def _is_returned(self, line: str) -> bool:
        """Whether nothing is in the way of a command that failed, and it is as it came back."""
        state = self._state
        return bool(line) and line == state.returned and not (state.query or state.page or state.menu)

    def back_and_slash(self, press: KeyPressEvent) -> None:
        """Esc and, right after it, the / of a command: a terminal cannot tell them from Alt-/."""
        self.back(press)
        self._keyboard.slash()

    def find(self, press: KeyPressEvent) -> None:
        if self._state.open is not None:
            self._keyboard.start_query("find", "find:")

    def query_enter(self, press: KeyPressEvent) -> None:
        self._keyboard.query_enter()

    def query_up(self, press: KeyPressEvent) -> None:
        self._keyboard.query_move(-1)

    def query_down(self, press: KeyPressEvent) -> None:
        self._keyboard.query_move(1)

    # --- the screen ---

    def list(self, press: KeyPressEvent) -> None:
        self._state.list_hidden = not self._state.list_hidden

    def copy_mode(self, press: KeyPressEvent) -> None:
        self._state.copying = not self._state.copying
        self._state.say("copy mode: Alt-C or Esc ends it" if self._state.copying else "", seconds=5)

    def mouse(self, press: KeyPressEvent) -> None:
        is_on = not self._state.options.is_on("mouse")
        moves.put_option(self._state, "mouse", is_on)
        self._state.say("mouse on: Shift-drag selects" if is_on else "mouse off", seconds=5)

    def redraw(self, press: KeyPressEvent) -> None:
        press.app.renderer.clear()

    def suspend(self, press: KeyPressEvent) -> None:
        self._keyboard.suspend()

    # --- leaving ---

    def interrupt(self, press: KeyPressEvent) -> None:
        state = self._state
        if state.query is not None or state.page is not None:
            moves.leave(state)
        elif press.current_buffer.text:
            if state.current is not None and not press.current_buffer.text.startswith("/"):
                state.current.aside = press.current_buffer.text
            press.current_buffer.reset(append_to_history=True)
            state.say(ASIDE, seconds=5)
        elif state.tick < state.quit_armed:
            self._keyboard.quit()
        else:
            state.quit_armed = state.tick + QUIT_SECONDS
            state.say("Ctrl-C again to quit", seconds=QUIT_SECONDS)

    def end(self, press: KeyPressEvent) -> None:
        buffer, state = press.current_buffer, self._state
        if state.query is None and state.page is not None:
            moves.leave(state)
        elif buffer.text:
            buffer.delete()
        elif state.query is not None:
            moves.leave(state)
        elif self._keyboard.desk is None:
            self._keyboard.quit()
        else:
            leave(self._keyboard.desk)

    def focus_in(self, press: KeyPressEvent) -> None:
        self._state.focused = True
        self._state.pressed -= 1  # nobody pressed it

    def focus_out(self, press: KeyPressEvent) -> None:
        self._state.focused = False
        self._state.pressed -= 1


def bindings(actions: KeyActions, keyboard: Keyboard) -> KeyBindings:
    """The table in force, bound."""
    state = keyboard.state
    bound = KeyBindings()
    conditions: dict[str, Filter] = {
        "talk": Condition(lambda: state.query is None and state.page is None),
        "ask": Condition(lambda: state.query is None),
        "page": Condition(lambda: state.query is None and state.page is not None),
        "transfers": Condition(
            lambda: state.query is None and state.page is not None and state.page.kind == "transfers"
        ),
        "search": Condition(
            lambda: state.query is None and state.page is not None and state.page.kind == "search"
        ),
        "query": Condition(lambda: state.query is not None),
        "any": Condition(lambda: True),
    }
    table = actions.table()
    bound.add("escape", "/")(actions.back_and_slash)
    for key in state.keys:
        for sequence in key.keys:
            _bind(bound, key.action, sequence, conditions[key.mode], table[key.action])
    bound.add(Keys.BracketedPaste)(actions.paste)
    bound.add(FOCUS_IN)(actions.focus_in)
    bound.add(FOCUS_OUT)(actions.focus_out)
    return bound


def _bind(
    bound: KeyBindings,
    action: str,
    sequence: str,
    condition: Filter,
    handler: Callable[[KeyPressEvent], None],
) -> None:
    try:
        bound.add(*sequence.split(), filter=condition)(handler)
    except ValueError:
        raise ConfigError(f"config key tui.keys.{action}: {sequence} is no key", hint='like "c-p"') from None
