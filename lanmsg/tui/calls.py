"""Calling somebody who looks elsewhere: what is worth it, in which words, and by which sequence."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from lanmsg.api import (
    Direction,
    KeyChanged,
    MessageAdded,
    NodeEvent,
    PeerId,
    TransferAdded,
    TransferState,
    VerificationChanged,
    VerificationStage,
)
from lanmsg.terminal import Kind, clip, plural, printable
from lanmsg.tui.options import Options
from lanmsg.tui.state import State

TITLE = "lanmsg"
TEXT_CELLS = 120
"""Of a message that is quoted; more is not read in passing."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing to be called for. `text` is what was written, and is said only to whoever asked for that."""

    what: str
    text: str = ""


def news_of(state: State, event: NodeEvent) -> News | None:
    """What of this event is worth a call, after the state took it in; None while the person sees it."""
    news, who = None, None
    match event:
        case MessageAdded(message) if message.sender is not None:
            where = " to everyone" if message.conversation.peer is None else ""
            if not state.in_sight(state.talk(message.conversation)):
                news = News(f"Message from {state.label(message.sender)}{where}", message.text)
            who = message.sender
        case TransferAdded(transfer):
            if transfer.direction is Direction.IN and transfer.state is TransferState.OFFERED:
                news = News(f"File offered by {state.label(transfer.peer)}")
            who = transfer.peer
        case KeyChanged(peer):
            news = News(f"Key changed: {state.label(peer.id)}")
        case VerificationChanged(peer):
            if event.stage is VerificationStage.ASKED and not event.ours:
                news = News(f"Comparison asked for by {state.label(peer.id)}")
            who = peer.id
        case _:
            pass
    return None if who is not None and _quiet(state, who) else news


def _quiet(state: State, peer: PeerId) -> bool:
    known = state.peers.get(peer)
    return known is not None and known.muted


def sentence(news: list[News], *, quoting: bool) -> str:
    """All of it as one line. It begins with a word of ours: no program takes it for an option."""
    what = list(dict.fromkeys(each.what for each in news))
    if len(news) > 1:
        more = f"{plural(len(news), 'thing')} new: "
        return more + ", ".join(what[:3]) + (" and more" if len(what) > 3 else "")
    text = clip(printable(news[0].text, Kind.TEXT).replace("\n", " "), TEXT_CELLS)
    return f"{what[0]}: {text}" if quoting and text else what[0]


# --- how ---

PROGRAMS = {"iterm.app": "osc9", "wezterm": "osc777", "ghostty": "osc777", "kitty": "osc99"}
TERMS = {"xterm-kitty": "osc99", "xterm-ghostty": "osc777", "foot": "osc777", "rxvt-unicode": "osc777"}


def way(options: Options, environment: Mapping[str, str]) -> str:
    """bell, osc9, osc99, osc777, command or off: what the settings say, or what this terminal understands."""
    if options.notify != "auto":
        return options.notify
    return "command" if options.notify_command else _understood(environment)


def _understood(environment: Mapping[str, str]) -> str:
    """A multiplexer passes nothing on but the bell, and has a way of its own to show it."""
    term = environment.get("TERM", "")
    if environment.get("TMUX") or term.startswith(("tmux", "screen")):
        return "bell"
    by_program = PROGRAMS.get(environment.get("TERM_PROGRAM", "").lower())
    by_term = (kind for name, kind in TERMS.items() if term.startswith(name))
    return by_program or next(by_term, "bell")


def sequence(kind: str, text: str) -> str:
    """What to write to the terminal; `text` has passed printable(), so nothing in it can end a sequence."""
    if kind == "osc9":
        return f"\x1b]9;{text}\x1b\\"
    if kind == "osc777":
        return f"\x1b]777;notify;{TITLE};{text.replace(';', ',')}\x1b\\"
    if kind == "osc99":
        encoded = base64.b64encode(text.encode("utf-8", "replace")).decode()
        return f"\x1b]99;i={TITLE}:d=0;{TITLE}\x1b\\\x1b]99;i={TITLE}:p=body:e=1;{encoded}\x1b\\"
    return "\x07"
