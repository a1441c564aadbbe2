"""Without a picture a yes or a no can only mean the question that was said last."""

from lanmsg.api import LanmsgError, PeerId, Verification
from lanmsg.tui import comparing
from lanmsg.tui.commands import Call, parse
from lanmsg.tui.state import Asking, State

Question = Asking | Verification
"""Of our own commands, or of a comparison of words."""


class LastAsked:
    """Which question was said last, and whether an answer may have been meant for one before it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._last: Question | None = None
        self._in_doubt = False
        self._to_say: Question | None = None

    def said(self, question: Question, *, by_itself: bool = False) -> None:
        """One that came by itself while another was open may be answered by a yes that was meant for that."""
        self._in_doubt = by_itself and isinstance(question, Verification) and self._interrupts(question)
        self._last, self._to_say = question, None

    def entered(self, line: str) -> None:
        """Before a line is carried out. Raises LanmsgError of an answer that comes too late.

        Whoever goes on without an answer to a question of our own is not asked any more.
        """
        name = _answering(line)
        if not name:
            self._state.asking = None
        elif name != "quit" and self._is_gone():
            self._last = None
            raise LanmsgError("no question any more", code="not_found")

    def _is_gone(self) -> bool:
        """Something was asked, and nothing is now."""
        return self._last is not None and self._state.asking is None and not self._state.comparing

    def answered(self) -> Question | None:
        """What is answered now; None if that is to be asked again. What is open then is to be said."""
        last, self._last = self._last, None
        if last is None or self._in_doubt or not self._is_open(last):
            open_last = last if last is not None and self._is_open(last) else None
            self._to_say = self._state.asking or open_last or comparing.asked(self._state)
            return None
        others = (peer for peer in self._state.comparing if not _is_about(last, peer))
        other = next(others, None)
        self._to_say = self._state.verifications[other] if other is not None else None
        return last

    def to_say(self) -> Question | None:
        """After a line was carried out: what it asks, or what is still to be answered."""
        asking, found = self._state.asking, self._to_say
        self._to_say = None
        if asking is not None and asking is not self._last:
            return asking
        return found if found is not None and self._is_open(found) else None

    def _interrupts(self, question: Verification) -> bool:
        if self._state.asking is not None:
            return True
        if not question.awaits_answer:
            return False  # a yes joins in, no more
        last = self._last
        is_other = isinstance(last, Verification) and last.awaits_answer and not _is_same(last, question)
        return is_other or any(peer != question.peer for peer in self._state.comparing)

    def _is_open(self, question: Question) -> bool:
        if isinstance(question, Asking):
            return self._state.asking is question
        is_listed = question.peer in self._state.comparing
        return is_listed and _is_same(self._state.verifications[question.peer], question)


def _answering(line: str) -> str:
    """The command, if it may answer a question (the second /quit answers the first); or ""."""
    try:
        parsed = parse(line)
    except LanmsgError:
        return ""
    if not isinstance(parsed, Call) or parsed.rest:
        return ""
    return parsed.command.name if parsed.command.name in ("accept", "decline", "quit") else ""


def _is_same(one: Verification, other: Verification) -> bool:
    """Whether the same is asked of the same person."""
    return (one.peer, one.awaits_answer, one.words) == (other.peer, other.awaits_answer, other.words)


def _is_about(question: Question, peer: PeerId) -> bool:
    return isinstance(question, Verification) and question.peer == peer
