"""Unfinished lines: each conversation has its own, and they outlive the screen."""

import asyncio
from collections.abc import Callable

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from lanmsg.api import Conversation
from lanmsg.tui.state import State
from lanmsg.tui.talk import Talk

SECONDS = 3.0
"""After the last keystroke a draft goes into the store, so that not even a power cut takes it."""


class Drafts:
    """`store` is called when drafts should be written down; `changed` says which."""

    def __init__(self, state: State, line: Buffer, store: Callable[[], None]) -> None:
        self._state = state
        self._line = line
        self._store = store
        self._shown: Conversation | None = None
        self._loose = ""  # typed while no conversation was open
        self._goes_on = False
        self._stored: dict[Conversation, str] = {}
        self._touched: set[Conversation] = set()
        self._timer: asyncio.TimerHandle | None = None

    def known(self, conversation: Conversation, text: str) -> None:
        """What the store has."""
        self._stored[conversation] = text
        self._state.talk(conversation).draft = text

    def follow(self) -> None:
        """After every key: the line belongs to the conversation that is open now."""
        if self._state.open != self._shown:
            self._swap()
        self.keep()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._unstored():
            self._timer = asyncio.get_running_loop().call_later(SECONDS, self._store)

    def _unstored(self) -> bool:
        """Looked at after every key: only what was typed into since the store was told."""
        self._touched = {each for each in self._touched if self._differs(self._state.talk(each))}
        return bool(self._touched)

    def _swap(self) -> None:
        self.keep()
        self._shown = self._state.open
        text = self._state.current.draft if self._state.current is not None else self._loose
        if self._goes_on:
            text, self._loose, self._goes_on = text + self._loose, "", False
        self._state.restored = text
        self._line.set_document(Document(text, len(text)), bypass_readonly=True)
        self._state.menu = None

    def goes_on(self) -> bool:
        """Called before a conversation opens by itself: what was typed until then comes after its draft.

        False while a command is being typed: it is for no conversation, and stays in the line.
        """
        self._goes_on = not self._line.text.startswith("/")
        return self._goes_on

    def keep(self) -> None:
        text = self._line.text
        if self._shown is None:
            self._loose = text
        else:
            # A command is not something one was about to say to somebody.
            self._state.talk(self._shown).draft = "" if text.startswith("/") else text
            self._touched.add(self._shown)

    def give_back(self, place: Conversation | None, text: str) -> bool:
        """What was not sent comes back where it was typed, open or not, unless something stands there.

        False then, and for a command that was typed elsewhere: done here, it could mean somebody else.
        """
        if place == self._shown:
            return self._put_back(text)
        if text.startswith("/") or place is None or self._state.talk(place).draft:
            return False
        self._state.talk(place).draft = text
        self._touched.add(place)
        return True

    def _put_back(self, text: str) -> bool:
        is_free = not self._line.text
        if is_free:
            self._line.set_document(Document(text, len(text)), bypass_readonly=True)
        return is_free

    def insert(self, place: Conversation | None, text: str) -> None:
        """At the cursor of the line that it is for; a line that is not shown gets it at its end."""
        if place is None or place == self._shown:
            self._line.insert_text(text)
        else:
            self._state.talk(place).draft += text
            self._touched.add(place)

    def end(self) -> None:
        """The last line of a conversation that Ctrl-C put aside is its draft again at the next start."""
        self.keep()
        for talk in self._state.talks.values():
            talk.draft = talk.draft or talk.aside

    def changed(self) -> list[tuple[Conversation, str]]:
        """What the store should be told now."""
        found = self._differing()
        self._stored.update(found)
        return found

    def _differing(self) -> list[tuple[Conversation, str]]:
        talks = self._state.talks.values()
        return [(each.conversation, each.draft) for each in talks if self._differs(each)]

    def _differs(self, talk: Talk) -> bool:
        return talk.draft != self._stored.get(talk.conversation, "")

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
