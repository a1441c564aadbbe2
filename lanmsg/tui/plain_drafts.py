"""Unfinished lines where there is only one: shown when their conversation opens, kept at the end."""

from collections.abc import Mapping

from lanmsg.api import Conversation
from lanmsg.tui.console import Console
from lanmsg.tui.desk import ScreenNode


class PlainDrafts:
    """What the store has, and which of it stands in the line. A script has no drafts, and takes none away."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stored: dict[Conversation, str] = {}
        self._changed: dict[Conversation, str] = {}
        self._shown: Conversation | None = None

    def known(self, stored: Mapping[Conversation, str]) -> None:
        self._stored.update(stored)

    def opened(self, conversation: Conversation) -> None:
        """Its draft comes into the line, unless something is typed there already."""
        text = self._stored.get(conversation, "")
        self._console.put(text)
        self._shown = conversation if text and self._console.draft == text else None

    def took(self, line: str) -> None:
        """What was entered is no draft any more; a command was not made of one."""
        if self._shown is not None and not line.startswith("/"):
            self._put(self._shown, "")
            self._shown = None

    def left(self, conversation: Conversation | None) -> None:
        """At the end: what is typed is kept, behind a draft that found no room."""
        text = self._console.draft
        if conversation is None or text.startswith("/"):
            return
        before = self._stored.get(conversation, "")
        if self._shown == conversation or text.startswith(before):
            self._put(conversation, text)
        elif text:
            self._put(conversation, f"{before}\n{text}")

    async def store(self, node: ScreenNode) -> None:
        """Raises LanmsgError."""
        while self._changed and not self._console.is_script:
            await node.set_draft(*self._changed.popitem())

    def _put(self, conversation: Conversation, text: str) -> None:
        if self._stored.get(conversation, "") != text:
            self._stored[conversation] = self._changed[conversation] = text
