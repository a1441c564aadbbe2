"""Which networks this home speaks on: shown and decided."""

import asyncio
from dataclasses import dataclass

from lanmsg.api import LanmsgError, Settings, networks_here, open_home, recognised_network, wall_clock
from lanmsg.tui.commands import take_word
from lanmsg.tui.desk import Desk
from lanmsg.tui.state import Page

DECISIONS = {"trust": True, "quiet": False}


@dataclass(frozen=True, slots=True)
class Row:
    """A network that we are on, or were; `interface` is "" for one that is not here."""

    key: str
    state: str
    interface: str = ""

    def is_called(self, name: str) -> bool:
        return name.casefold() in (self.key.casefold(), self.key.split()[0], self.interface.casefold())


async def network(desk: Desk, rest: str) -> None:
    """[trust|quiet [NAME]]: list them, or say whether to speak on one; without a name on those we are on."""
    action, name = take_word(rest)
    name = take_word(name)[0] if name.startswith(('"', "'")) else name
    if not action:
        found = await asyncio.to_thread(rows, desk.settings)
        desk.turn_to(Page("text", lines=_lines(found)))
        return
    if action not in DECISIONS:
        raise LanmsgError(f"{action} is no decision", code="usage", hint="/network trust, or /network quiet")
    keys = await asyncio.to_thread(decide, desk.settings, name, trusted=DECISIONS[action])
    words = "is trusted now" if DECISIONS[action] else "is kept quiet from now on"
    desk.state.say(f"{', '.join(keys)} {words}")


def _lines(found: list[Row]) -> tuple[str, ...]:
    listed = [f"{row.state:8} {row.interface or 'not here':10} {row.key}" for row in found]
    words = (
        "On a quiet one nothing is announced, asked or answered. /network trust NAME, /network quiet NAME."
    )
    return ("NETWORKS", "", *(listed or ["there is none"]), "", words)


def rows(settings: Settings) -> list[Row]:
    """Where we are now first, then where we were. Raises StorageError."""
    store = open_home(settings)
    try:
        known = {each.key: each.trusted for each in store.networks.all()}
    finally:
        store.close()
    unknown = "trusted" if settings.trusts_new_networks else "new"
    found = []
    for here in networks_here(settings):
        trusted = known.pop(here.key, None)
        found.append(Row(here.key, unknown if trusted is None else _word(trusted=trusted), here.interface))
    return found + [Row(key, _word(trusted=trusted)) for key, trusted in known.items()]


def _word(*, trusted: bool) -> str:
    return "trusted" if trusted else "quiet"


def decide(settings: Settings, name: str, *, trusted: bool) -> list[str]:
    """The keys that were decided about; the node hears of it by way of the store. Raises LanmsgError."""
    chosen = [row.key for row in rows(settings) if (row.is_called(name) if name else row.interface)]
    if not chosen:
        what = f"no network {name} is here or known" if name else "there is no network here"
        raise LanmsgError(what, code="not_found", hint="/network lists them")
    here = {each.key: each for each in networks_here(settings)}
    keys = [recognised_network(here[key], settings).key if key in here else key for key in chosen]
    store = open_home(settings)
    try:
        for key in keys:
            store.networks.decide(key, trusted=trusted, now=wall_clock())
    finally:
        store.close()
    return keys
