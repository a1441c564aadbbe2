"""Lines that were entered: each goes where the person was at Enter, however long it waits for its turn."""

from dataclasses import dataclass

from lanmsg.api import Conversation, LanmsgError, Message
from lanmsg.tui.commands import Call, parse
from lanmsg.tui.talk import Talk

OPENING = ("msg", "broadcast", "close")
"""Commands behind which a line is for the conversation that they open."""


@dataclass(slots=True)
class Entered:
    """A line, what was open when Enter was pressed, and which message it answers."""

    line: str
    seen: Conversation | None
    reply_to: Message | None = None
    pressed: int = 0  # keys until then
    behind: "Entered | None" = None  # a command that still waits, and opens another conversation first
    opened: Conversation | None = None
    is_done: bool = False
    is_failed: bool = False

    @property
    def place(self) -> Conversation | None:
        return self.behind.opened if self.behind is not None else self.seen

    @property
    def is_stranded(self) -> bool:
        """Whether it was to be said in a conversation that could not be opened."""
        return self.behind is not None and self.behind.is_failed and is_said(self.line)

    def has_opened(self, conversation: Conversation | None) -> None:
        if not self.is_done:
            self.opened, self.is_done = conversation, True

    def ended(self) -> None:
        """What it did not open by now it never will."""
        self.is_failed = not self.is_done
        self.is_done = True


class Lines:
    """What is entered, in its order."""

    def __init__(self) -> None:
        self._opening: Entered | None = None

    def enter(self, line: str, talk: Talk | None) -> Entered:
        """With `talk` open."""
        entered = self.now(line, talk)
        if talk is not None and entered.behind is None and is_said(line):
            talk.reply_to = None
        if _command(line) in OPENING:
            self._opening = entered
        return entered

    def now(self, line: str, talk: Talk | None) -> Entered:
        """For where the person is now; nothing is entered yet."""
        if self._opening is not None and not self._opening.is_done:
            return Entered(line, None, behind=self._opening)
        if talk is None:
            return Entered(line, None)
        return Entered(line, talk.conversation, talk.reply_to)


def is_said(line: str) -> bool:
    """Whether it goes to the others as it is."""
    return _command(line) in ("", "me")


def _command(line: str) -> str:
    """The name of the command; "" when it is none, "?" when nobody knows it."""
    try:
        parsed = parse(line)
    except LanmsgError:
        return "?"
    return parsed.command.name if isinstance(parsed, Call) else ""
