"""Brings from the store what is about to be shown: the newest of a conversation, or a part further up."""

from collections.abc import Callable, Sequence

from lanmsg.api import Conversation, Message
from lanmsg.tui import moves
from lanmsg.tui.desk import ScreenNode, StoreView
from lanmsg.tui.moves import Want
from lanmsg.tui.state import State
from lanmsg.tui.talk import KEPT_ENTRIES, Talk
from lanmsg.tui.update import PAGE, loaded

AROUND = PAGE // 2

DAY = 24 * 3600.0

PLACES = ("around", "last", "since")
"""Wishes of a person who wants to be somewhere: they wait for a read that is under way."""


class Reader:
    """One read of a conversation at a time; what is wanted meanwhile is dropped, but not a place."""

    def __init__(self, node: ScreenNode, state: State) -> None:
        self._node = node
        self._state = state
        self._then: dict[Conversation, Want] = {}

    async def fetch(self, want: Want) -> None:
        """Read it and put it into the window of that conversation."""
        talk = self._state.talk(want.conversation)
        if talk.loading:
            talk.stale = talk.stale or want.kind in ("anew", "gone")
            if want.kind in PLACES:
                self._then[talk.conversation] = want
            return
        talk.loading = True
        try:
            await self._fetch(talk, want)
        finally:
            talk.loading = False
        if talk.stale:
            talk.stale = False
            await self.fetch(Want(talk.conversation, "anew"))
        if (then := self._then.pop(talk.conversation, None)) is not None:
            await self.fetch(then)
        elif want.kind == "older" and talk.owed and talk.conversation == self._state.open:
            await self._go_on(talk)

    async def _go_on(self, talk: Talk) -> None:
        """Who pages up faster than the store is read arrives all the same."""
        owed, talk.owed = talk.owed, 0
        further = moves.scroll(self._state, owed)
        if further is not None:
            await self.fetch(further)

    async def _fetch(self, talk: Talk, want: Want) -> None:
        match want.kind:
            case "open":
                await self._open(talk)
            case "older":
                await self._older(talk)
            case "newer":
                await self._newer(talk)
            case "around":
                await self._around(talk, want.number)
            case "last":
                await self._last(talk, want.number)
            case "anew":
                await self._anew(talk)
            case "gone":
                await self._gone(talk)
            case "since":
                await self._since(talk, want.time)
            case _:
                await self._newest(talk)

    async def _open(self, talk: Talk) -> None:
        """The newest, and from there up to where reading stopped."""
        await self._newest(talk)
        if moves.to_first_unread(self._state, talk) is not None and talk.line is not None:
            await self._around(talk, talk.line)

    async def _newest(self, talk: Talk) -> None:
        limit = max(PAGE, min(talk.unread + PAGE // 4, KEPT_ENTRIES // 2))
        found = await self._messages(talk.conversation, limit=limit)
        talk.anchor = None
        loaded(self._state, talk, found, older=len(found) == limit, newer=False)

    async def _anew(self, talk: Talk) -> None:
        """The same part again, when events were missed; what the person looks at stays where it is."""
        before = {key: entry.value for key, entry in talk.index.items()}
        at = moves.edge(talk).entry if talk.anchor is not None else -1
        number = next((e.key.number for e in reversed(talk.entries[: at + 1]) if e.key.kind == "m"), None)
        if number is None:
            found = await self._messages(talk.conversation, limit=PAGE)
            older, newer = len(found) == PAGE, False
        else:
            earlier = await self._messages(talk.conversation, before=number, limit=AROUND)
            later = await self._messages(talk.conversation, after=number - 1, limit=AROUND)
            found, older, newer = [*earlier, *later], len(earlier) == AROUND, len(later) == AROUND
        # What came while it was read is newer than what was read.
        talk.index = {key: each for key, each in talk.index.items() if before.get(key) is not each.value}
        talk.entries = [each for each in talk.entries if each.key in talk.index or each.key.kind == "n"]
        loaded(self._state, talk, found, older=older, newer=newer)

    async def _gone(self, talk: Talk) -> None:
        """What was deleted, in whatever process of the home, goes from the window as well."""
        known = talk.messages()
        if not known:
            return
        found = await self._messages(talk.conversation, after=known[0].number - 1, limit=len(known))
        numbers = {message.number for message in found}
        end = found[-1].number if len(found) == len(known) else known[-1].number
        for message in known:
            if message.number not in numbers and message.number <= end:
                talk.drop(message)

    async def _older(self, talk: Talk) -> None:
        known = talk.messages()
        before = known[0].number if known else None
        found = await self._messages(talk.conversation, before=before, limit=PAGE)
        # The window moves: what is far below the screen is read again when somebody goes there.
        kept = talk.messages()[: KEPT_ENTRIES - len(found)]
        newer = talk.newer or len(kept) < len(talk.messages())
        loaded(self._state, talk, [*found, *kept], older=len(found) == PAGE, newer=newer)

    async def _newer(self, talk: Talk) -> None:
        known = talk.messages()
        if not known:
            await self._newest(talk)
            return
        found = await self._messages(talk.conversation, after=known[-1].number, limit=PAGE)
        kept = known[-(KEPT_ENTRIES - len(found)) :]
        older = talk.older or len(kept) < len(known)
        loaded(self._state, talk, [*kept, *found], older=older, newer=len(found) == PAGE)

    async def _around(self, talk: Talk, number: int) -> None:
        before = await self._messages(talk.conversation, before=number, limit=AROUND)
        after = await self._messages(talk.conversation, after=number - 1, limit=AROUND)
        loaded(self._state, talk, [*before, *after], older=len(before) == AROUND, newer=len(after) == AROUND)
        moves.show_message(self._state, talk, number)

    async def _last(self, talk: Talk, count: int) -> None:
        found = await self._messages(talk.conversation, limit=count)
        if found:
            await self._around(talk, found[0].number)

    async def _since(self, talk: Talk, time: float) -> None:
        found = await self._messages(talk.conversation, after=0, since=time, limit=1)
        if not found:
            self._state.say("nothing was said here since then", seconds=5)
            return
        if found[0].stored_at - time >= DAY:
            self._state.say("nothing was said here on that day; this came next", seconds=8)
        await self._around(talk, found[0].number)

    async def _messages(
        self,
        conversation: Conversation,
        *,
        before: int | None = None,
        after: int | None = None,
        since: float | None = None,
        limit: int,
    ) -> Sequence[Message]:
        def read(store: StoreView) -> list[Message]:
            return store.history.messages(conversation, before=before, after=after, since=since, limit=limit)

        question: Callable[[StoreView], list[Message]] = read
        return await self._node.read(question)
