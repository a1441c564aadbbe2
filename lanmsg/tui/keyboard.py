"""What keys do beyond changing the state: lines to carry out, answers, completion, find, scrolling."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.document import Document

from lanmsg.api import Conversation, LanmsgError, Transfer, TransferState
from lanmsg.terminal import human_size
from lanmsg.tui import actions, comparing, finding, late, moves, slots
from lanmsg.tui.completion import candidates, folders, paths
from lanmsg.tui.desk import Desk
from lanmsg.tui.drafts import Drafts
from lanmsg.tui.entered import Entered, Lines
from lanmsg.tui.file_actions import send_as_file, typed_path
from lanmsg.tui.layout import ScreenLayout
from lanmsg.tui.modes import Modes
from lanmsg.tui.moves import Want
from lanmsg.tui.notifier import Notifier
from lanmsg.tui.pace import watches_network
from lanmsg.tui.reader import Reader
from lanmsg.tui.state import Answer, Asking, Menu, Query, State
from lanmsg.tui.wording import with_hint

ASK_ABOVE_BYTES = 100_000_000
"""A transfer that has come this far is not cancelled by one key."""

IN_PASSING = ("/connect", "/doctor", "/export", "/network", "/open", "/send", "/search", "/verify")
"""Commands that may take seconds; nothing waits for them, while all others keep the order of typing."""

SAVE_LABEL = "save into folder:"

Work = Coroutine[Any, Any, None]


class Keyboard:
    """Between the key actions and the node. `spawn` runs a coroutine under an owner."""

    def __init__(self, state: State, screen: ScreenLayout, spawn: Callable[[Work], None]) -> None:
        self.state = state
        self.desk: Desk | None = None
        self.reader: Reader | None = None
        self.application: Application[int] | None = None
        self.modes: Modes | None = None
        self.notifier: Notifier | None = None
        self.drafts: Drafts | None = None
        self.lines = Lines()
        self._screen = screen
        self._spawn = spawn
        self._order = asyncio.Lock()
        self.early: list[tuple[str, int]] = []
        self._kept_slots: dict[Conversation, int] = {}
        screen.input.on_text_changed += lambda _: self._line_changed()
        screen.query.on_text_changed += lambda _: self._query_changed()

    def begin(self, desk: Desk, reader: Reader) -> None:
        """The node is there; commands that did not wait for it are carried out now, in order."""
        self.desk, self.reader = desk, reader
        self._kept_slots = dict(self.state.slots)
        early, self.early = self.early, []
        for line, pressed in early:
            self.submit(line, pressed)

    # --- hands of the commands ---

    def quit(self) -> None:
        if self.application is not None and self.application.is_running:
            self.application.exit(result=0)

    def suspend(self) -> None:
        """To the shell, with the terminal as the shell expects it, until `fg`."""
        if hasattr(signal, "SIGTSTP"):
            self._spawn(self._suspend(signal.SIGTSTP))

    async def _suspend(self, stop: signal.Signals) -> None:
        def stand_aside() -> None:
            if self.modes is not None:
                self.modes.end()
                os.kill(0, stop)  # as the terminal driver does: the whole group, or a wrapper would hang
                self.modes.begin()

        await run_in_terminal(stand_aside)

    def copy(self, text: str) -> None:
        if self.modes is not None:
            self.modes.copy(text, through_tmux=self.state.options.is_on("tmux"))

    def call(self, text: str) -> str:
        return self.notifier.call(text) if self.notifier is not None else "nothing"

    def want(self, want: Want) -> None:
        if self.reader is not None:
            self._spawn(self._told(self.reader.fetch(want)))

    def fetch(self, want: Want | None) -> None:
        if want is not None:
            self.want(want)

    def drawn(self) -> None:
        """Keep the numbers for Alt, as they are shown, for the next start; count for the next picture."""
        self.settle_question()
        if self.desk is not None and watches_network(self.state):
            self.state.interfaces = self.desk.node.interfaces
        if self.desk is not None and self.state.slots != self._kept_slots:
            self._kept_slots = dict(self.state.slots)
            self._spawn(self._told(_done(self.desk.node.set_slots(slots.to_keep(self.state)))))

    # --- lines ---

    def submit(self, line: str, pressed: int | None = None) -> None:
        """Carry out a line; when that fails it comes back into the empty input, to be mended."""
        pressed = self.state.pressed if pressed is None else pressed
        if self.desk is None:
            self.early.append((line, pressed))
            return
        entered = self.lines.enter(line, self.state.current)
        entered.pressed = pressed
        work = self._told(self._enter(entered), entered)
        in_passing = line.startswith(IN_PASSING) and entered.behind is None
        self._spawn(work if in_passing else self._in_order(work))

    async def _enter(self, entered: Entered) -> None:
        if self.desk is None:
            return
        try:
            if entered.is_stranded:
                raise LanmsgError("not sent: the command before it failed", hint="the history has it")
            if not late.again(self.state, entered):
                await actions.enter(replace(self.desk, entered=entered), entered.line)
        finally:
            entered.ended()

    async def _in_order(self, work: Work) -> None:
        async with self._order:
            await work

    async def _told(self, work: Work, entered: Entered | None = None) -> None:
        """Do it, and say what went wrong."""
        try:
            await work
        except LanmsgError as error:
            back = self._give_back(entered) if entered is not None else ""
            self.state.say(with_hint(str(error), error.hint) + back, style="class:alert", seconds=15)
        if self.application is not None:
            self.application.invalidate()

    def _give_back(self, entered: Entered) -> str:
        """A line that failed, to where it was typed; what there is to say about that."""
        line, place = entered.line, entered.place
        if self.drafts is None or entered.is_stranded or not self.drafts.give_back(place, line):
            return ""
        if place is not None and place != self.state.open:
            return f" (your line waits in the conversation with {self.state.title(place)})"
        self.state.menu = None
        if entered.reply_to is not None and self.state.current is not None:
            self.state.current.reply_to = self.state.current.reply_to or entered.reply_to
        self.state.returned = line if line.startswith("/") else ""
        return " (Esc clears the line)" if line.startswith("/") else ""

    # --- completion ---

    def before_cursor(self) -> str:
        return self._screen.input.document.text_before_cursor

    def replace_word(self, start: int, text: str) -> None:
        """Put `text` in place of what stands between `start` and the cursor."""
        document = self._screen.input.document
        line = document.text_before_cursor[:start] + text
        self._screen.input.set_document(Document(line + document.text_after_cursor, len(line)))

    def slash(self) -> None:
        """A command begins, unless a page or a line for another purpose has the keys."""
        if self.state.query is None and self.state.page is None:
            self._screen.focus()
            self._screen.input.insert_text("/")

    def _line_changed(self) -> None:
        found = candidates(self.state, self.before_cursor())
        self.state.menu = Menu(found) if found else None

    def complete_path(self) -> None:
        """The disk may be slow: the list comes when it is read, if the line is still the same."""
        self._spawn(self._complete_path(self.before_cursor()))

    async def _complete_path(self, before: str) -> None:
        found = await asyncio.to_thread(paths, before)
        if before != self.before_cursor() or not found:
            return
        if len(found) == 1:
            self.replace_word(found[0].start, found[0].text)
        else:
            self.state.menu = Menu(found)
        if self.application is not None:
            self.application.invalidate()

    # --- questions ---

    def answer(self, answer: str) -> None:
        """Of the question bar: yes, no, other, or back (Esc)."""
        asking = self.state.asking
        if asking is not None:
            self.state.asking = None
            self._answer_own(asking, answer)
            return
        verification = comparing.asked(self.state)
        if verification is not None:
            if answer in ("yes", "no"):
                self._submit_verdict(comparing.line(self.state, verification, answer))
            return
        offer = moves.asked(self.state)
        if offer is not None and answer == "other":
            self.start_query("save", SAVE_LABEL, text=self.state.downloads, number=offer.number)
        elif offer is not None:
            self.submit(f"/{'accept' if answer == 'yes' else 'decline'} {offer.number}")

    def _submit_verdict(self, line: str) -> None:
        if line:
            self.submit(line)
        else:
            self.state.say(comparing.NO_ROOM, style="class:alert")

    def _answer_own(self, asking: Asking, answer: str) -> None:
        if asking.paste is not None:
            self._answer_paste(asking, asking.paste, answer)
            return
        then = {"yes": asking.on_yes, "no": asking.on_no}.get(answer)
        if then is not None:
            self._spawn(self._in_order(self._told(_carried_out(then))))

    def _answer_paste(self, asking: Asking, pasted: Entered, answer: str) -> None:
        fits = len(pasted.line.encode("utf-8", "replace")) <= actions.TEXT_MAX_BYTES
        if answer == "yes" and fits and self.desk is not None:
            desk = replace(self.desk, entered=pasted)
            self._spawn(self._in_order(self._told(actions.say(desk, pasted.line), pasted)))
        elif answer == "other" and self.desk is not None:
            self._spawn(self._told(send_as_file(replace(self.desk, entered=pasted), pasted.line)))
        elif answer == "back" and fits and self.drafts is not None:
            self.drafts.insert(pasted.place, pasted.line)
        elif answer in ("yes", "no"):
            # Neither is offered for a paste of this size: ask again rather than drop it.
            moves.ask(self.state, asking)

    def cancel_chosen(self, number: int) -> None:
        progress = self.state.transfers.get(number)
        if progress is None:
            return
        transfer = progress.transfer
        if transfer.state is TransferState.RUNNING and transfer.done > ASK_ABOVE_BYTES:
            choices = (("yes", "cancel it"), ("back", "go on"))
            asking = Asking("cancel", _cancel_words(transfer), choices, number=number)
            asking.on_yes = partial(self._enter, Entered(f"/cancel {number}", None))
            moves.ask(self.state, asking)
        else:
            self.submit(f"/cancel {number}")

    def settle_question(self) -> None:
        """A question goes when what it is about is over: the transfer to cancel, those that still run."""
        self._settle_own()
        moves.settle_question(self.state)

    def _settle_own(self) -> None:
        asking = self.state.asking
        if asking is None:
            return
        if asking.kind == "cancel":
            stands = self._settle_cancel(asking)
        elif asking.kind == "quit":
            stands = bool(self.state.moving_transfers())
        else:
            stands = True
        if not stands:
            self.state.asking = None

    def _settle_cancel(self, asking: Asking) -> bool:
        """Asked while the transfer moves and its page is shown; the size follows."""
        page, progress = self.state.page, self.state.transfers.get(asking.number)
        if progress is None or page is None or page.kind != "transfers":
            return False
        asking.text = _cancel_words(progress.transfer)
        return not progress.transfer.state.is_final

    def copy_path(self, number: int) -> None:
        progress = self.state.transfers.get(number)
        if progress is not None and progress.transfer.paths:
            self.copy(progress.transfer.paths[0])
            self.state.say("path copied, if this terminal lets programs copy")

    # --- lines for other purposes ---

    def start_query(self, kind: str, label: str, *, text: str = "", number: int = 0) -> None:
        moves.start_query(self.state, kind, label, text=text, number=number)
        self._screen.query.set_document(Document(text, len(text)), bypass_readonly=True)

    def _query_changed(self) -> None:
        if self.state.query is not None:
            self.state.query.text, self.state.query.chosen = self._screen.query.text, 0
            self.state.query.conversation = None
            label = {"find": finding.LABEL, "save": SAVE_LABEL}.get(self.state.query.kind)
            self.state.query.label = label or self.state.query.label

    def query_move(self, by: int) -> None:
        query = self.state.query
        if query is not None and query.kind == "find":
            self._find(by)
        elif query is not None and query.kind == "save":
            self._spawn(self._complete_folder(query))
        elif query is not None:
            moves.choose_talk(self.state, query, by)

    def query_enter(self) -> None:
        query = self.state.query
        if query is None:
            return
        if query.kind == "find":
            self._find(-1)
            return
        if query.kind == "save":
            self._spawn(self._told(self._save_as(query)))
            return
        self.state.query = None
        if query.kind == "switch":
            if query.conversation is None:
                moves.choose_talk(self.state, query)
            if query.conversation is not None:
                moves.open_conversation(self.state, query.conversation)

    async def _save_as(self, query: Query) -> None:
        """Into a folder that is there, or that the person has seen to be a new one."""
        text = query.text.strip()
        if self.desk is None or not text:
            return
        folder = typed_path(text)
        known = text == self.state.downloads or query.found_for == (text,)
        if not known and not await asyncio.to_thread(folder.exists):
            query.found_for, query.label = (text,), "a new folder, Enter makes it:"
            return
        self.state.query = None
        await self.desk.node.accept(query.number, destination=folder)

    async def _complete_folder(self, query: Query) -> None:
        found = await asyncio.to_thread(folders, query.text)
        if self.state.query is query and found:
            text = os.path.commonprefix(found)  # noqa: RUF071 - what was begun is completed letter by letter
            self._screen.query.set_document(Document(text, len(text)), bypass_readonly=True)
            names = "  ".join(f"{PurePath(each).name}/" for each in found)
            self.state.say(names if len(found) > 1 else "")
        elif self.state.query is query:
            self.state.say("no folder begins so", seconds=3)

    # --- find, scroll ---

    def _find(self, by: int) -> None:
        query = self.state.query
        if query is not None and query.text and self.desk is not None and self.reader is not None:
            self._spawn(self._told(finding.find(self.desk, self.reader, query, by)))

    def scroll(self, up: int) -> None:
        if self.state.page is not None:
            self.state.page.scroll -= up
            if self.state.page.has_choice:
                moves.choose(self.state, self.state.page, -up)
        else:
            self.fetch(moves.scroll(self.state, up))


async def _carried_out(answer: Answer) -> None:
    await answer()


async def _done(work: Awaitable[object]) -> None:
    await work


def _cancel_words(transfer: Transfer) -> str:
    return f"cancel transfer {transfer.number} after {human_size(transfer.done)}?"
