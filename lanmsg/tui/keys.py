"""The keys, as one table: bindings, the footer, F1 and the README are made from it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lanmsg.api import ConfigError


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that keys do. `keys`: each a sequence in prompt_toolkit's names. `mode`: where it holds.

    `hint` puts it in the footer; the footer drops hints from its right end as the terminal narrows.
    """

    keys: tuple[str, ...]
    action: str
    help: str
    category: str
    mode: str = "talk"
    hint: str = ""


TALKING, MOVING, READING, SCREEN, FILES = "Talking", "Conversations", "Reading", "Screen", "Transfers page"
FOUND = "What /search found"
CHOOSING = "In the list of conversations, and while finding"
CATEGORIES = (TALKING, MOVING, CHOOSING, READING, FOUND, SCREEN, FILES)

KEYS = (
    Key(("f1",), "help", "this help", SCREEN, "any", "help"),
    Key(("enter",), "send", "send", TALKING),
    Key(("escape enter", "c-j"), "newline", "new line", TALKING),
    Key(
        ("c-k",),
        "switch",
        "switch conversation; inside text: cut to the end of the line",
        MOVING,
        hint="switch",
    ),
    Key(("tab",), "tab", "complete; on an empty line: next unread conversation", TALKING, hint="next unread"),
    Key(("s-tab",), "menu_up", "back in the list of completions", TALKING),
    Key(("up",), "up", "earlier line typed; in a list: up", TALKING),
    Key(("down",), "down", "later line typed; in a list: down", TALKING),
    Key(("c-y",), "yes", "yes to the question; without one: paste what was cut", TALKING, "ask"),
    Key(("c-n",), "no", "no to the question", TALKING, "ask"),
    Key(("c-o",), "other", "the other answer: save a file elsewhere", TALKING, "ask"),
    Key(("escape r",), "reply", "answer a message: the last one, pressed again the one before", TALKING),
    Key(("c-x c-e",), "editor", "write in $EDITOR", TALKING),
    Key(("c-c",), "interrupt", "put the draft aside; on an empty line twice: quit", TALKING, "any"),
    Key(("c-d",), "end", "on an empty line: quit; on a page: leave it", TALKING, "any"),
    Key(("c-down",), "next", "next conversation", MOVING),
    Key(("c-up",), "previous", "previous conversation", MOVING),
    Key(tuple(f"escape {slot}" for slot in range(1, 10)), "slot", "the conversation of that number", MOVING),
    Key(("escape a",), "next_unread", "next unread conversation", MOVING),
    Key(("pageup",), "page_up", "a page up", READING, "any", hint="scroll"),
    Key(("pagedown",), "page_down", "a page down", READING, "any"),
    Key(("escape u",), "first_unread", "to the first unread message", READING),
    Key(("c-end",), "newest", "to the newest message", READING),
    Key(("c-f",), "find", "find in this conversation", READING, hint="find"),
    Key(
        ("escape",),
        "back",
        "close what is open, then to the newest; never discards what you typed",
        READING,
        "any",
    ),
    Key(("c-t",), "transfers", "transfers", SCREEN, "any", "transfers"),
    Key(("f2",), "list", "people list on or off", SCREEN),
    Key(("escape c",), "copy_mode", "copy mode: words only, to select with the mouse", SCREEN),
    Key(("escape m",), "mouse", "mouse on or off", SCREEN),
    Key(("c-l",), "redraw", "draw everything again", SCREEN, "any"),
    Key(("c-z",), "suspend", "suspend", SCREEN, "any"),
    Key(("up", "k"), "choose_up", "up", FILES, "page"),
    Key(("down", "j"), "choose_down", "down", FILES, "page"),
    Key(("enter",), "open_folder", "open its folder", FILES, "transfers", "open folder"),
    Key(("p",), "hold", "pause it, or let it go on", FILES, "transfers", "pause"),
    Key(("x",), "cancel", "cancel the chosen transfer", FILES, "transfers", "cancel"),
    Key(("r",), "retry", "try it again", FILES, "transfers", "retry"),
    Key(("y",), "copy_path", "copy its path", FILES, "transfers", "copy path"),
    Key(("enter",), "open_found", "go to the chosen message", FOUND, "search", "go there"),
    Key(("q",), "back", "back", FILES, "page"),
    Key(("enter",), "query_enter", "go there; finding: an earlier match", CHOOSING, "query"),
    Key(("up",), "query_up", "up; finding: an earlier match", CHOOSING, "query"),
    Key(("down", "tab"), "query_down", "down; finding: a later match", CHOOSING, "query"),
)
"""`mode`: talk, ask (a question is shown), page, transfers or search (that page), query (own line), any."""

NAMES = {
    "enter": "Enter",
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "tab": "Tab",
    "s-tab": "Shift-Tab",
    "up": "↑",
    "down": "↓",
    "end": "End",
}


def shown(sequence: str, *, short: bool = False) -> str:
    """A key as people know it: Ctrl-K (short: ^K), Alt-A, F1, PgUp."""
    parts = sequence.split()
    if parts[0] == "escape" and len(parts) > 1:
        rest = shown(parts[1])
        return f"Alt-{rest.upper() if len(rest) == 1 else rest}"
    return " ".join(_shown(part, short=short) for part in parts)


def _shown(part: str, *, short: bool) -> str:
    if part in NAMES:
        return NAMES[part]
    if part.startswith("c-"):
        rest = NAMES.get(part[2:], part[2:])
        return (
            f"^{rest.upper()}"
            if short and len(rest) == 1
            else f"Ctrl-{rest.upper() if len(rest) == 1 else rest}"
        )
    return part.upper() if part[1:].isdigit() else part


def shown_all(key: Key) -> str:
    """Every way to do it: "Alt-Enter, Ctrl-J"; a row of digits is a range."""
    if len(key.keys) == 9:
        return f"{shown(key.keys[0])}…9"
    return ", ".join(shown(sequence) for sequence in key.keys)


def in_force(overrides: Mapping[str, object]) -> tuple[Key, ...]:
    """The table with the person's own keys of the config: `[tui.keys] switch = "c-p"`. Raises ConfigError."""
    actions = {key.action for key in KEYS}
    for action, value in overrides.items():
        if action not in actions:
            raise ConfigError(f"config key tui.keys.{action}: no such action", hint="F1 lists the keys")
        if not isinstance(value, str) or not _is_key(value):
            raise ConfigError(
                f"config key tui.keys.{action}: a key is needed that writes no letter",
                hint='"c-p" is Ctrl-P, "escape p" is Alt-P, "f5" is F5',
            )
    keys = tuple(
        replace(key, keys=(str(overrides[key.action]),)) if key.action in overrides else key for key in KEYS
    )
    for key in keys:
        if key.action in overrides:
            _check_alone(key, keys)
    return keys


def _is_key(value: str) -> bool:
    """Whether prompt_toolkit knows it, and nobody needs it to write."""
    from prompt_toolkit.key_binding import KeyBindings

    parts = value.split()
    if not parts or len(parts[0]) == 1 or parts[0] in ("space", "backspace", "enter"):
        return False
    try:
        KeyBindings().add(*parts)(lambda _: None)
    except ValueError:
        return False
    return True


def _check_alone(key: Key, keys: tuple[Key, ...]) -> None:
    """Raises ConfigError when another action has that key in the same place: one of the two would be lost."""
    for other in keys:
        together = key.mode == other.mode or "any" in (key.mode, other.mode)
        together = together or {key.mode, other.mode} == {"talk", "ask"}
        if other.action != key.action and together and set(key.keys) & set(other.keys):
            raise ConfigError(
                f"config key tui.keys.{key.action}: {shown(key.keys[0])} is for {other.action} already",
                hint=f"give {other.action} another key as well, in [tui.keys]",
            )
