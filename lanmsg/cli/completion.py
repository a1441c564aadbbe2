"""Tab: what may stand where the cursor is, from the table and the store, never from the network.

The scripts in completions/ only hand over the words: `lanmsg completion --candidates -- WORD…`, of which the
last is the one under the cursor. The answer is a line `words`, `files` or `folders`, then a value and its
meaning on each line, with a tab between them.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from lanmsg.cli.grammar import Command, Option, Positional
from lanmsg.cli.options import EVENTS, GLOBAL_OPTIONS
from lanmsg.cli.table import BY_NAME, COMMANDS, TUI

if TYPE_CHECKING:
    from lanmsg.api import Store, Transfer
    from lanmsg.cli.output import Result
    from lanmsg.cli.parser import Invocation

SCRIPTS = {"bash": "lanmsg.bash", "zsh": "_lanmsg", "fish": "lanmsg.fish", "powershell": "lanmsg.ps1"}
FOLDER = Path(__file__).parent / "completions"

Candidates = Iterable[tuple[str, str]]
"""Values and what each means."""


class Answer(Struct, frozen=True):
    """`kind`: words, files or folders; for the latter two the shell looks for itself."""

    kind: str = "words"
    found: list[tuple[str, str]] = field(default_factory=list)


class Reading(Struct):
    """The words before the cursor, understood as far as they go."""

    command: Command = TUI
    named: bool = False
    only_words: bool = False
    """After `--`, where nothing is an option."""
    before: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    pending: Option | None = None
    """The option whose value is under the cursor."""

    @property
    def known(self) -> tuple[Option, ...]:
        return (*GLOBAL_OPTIONS, *self.command.options)

    def option(self, flag: str) -> Option | None:
        return next((option for option in self.known if flag in option.flags), None)

    def take(self, word: str) -> None:
        if self.pending is not None:
            self.options[self.pending.name] = word
            self.pending = None
        elif self.only_words or not word.startswith("-") or word == "-":
            self.take_word(word)
        elif word == "--":
            self.only_words = True
        else:
            flag, equals, value = word.partition("=")
            option = self.option(flag)
            if option is not None and option.metavar:
                if equals:
                    self.options[option.name] = value
                else:
                    self.pending = option

    def take_word(self, word: str) -> None:
        if not self.named and not self.only_words:
            self.command, self.named = BY_NAME.get(word, TUI), True
        else:
            self.before.append(word)

    @property
    def positional(self) -> Positional | None:
        """What the word under the cursor is to the command."""
        words = len(self.before)
        for index, positional in enumerate(self.command.positionals):
            if positional.many or index == words:
                return positional
        return None


def completion(invocation: "Invocation") -> "Result":
    """The script for a shell, on stdout."""
    from lanmsg.cli.output import Result

    script = FOLDER / SCRIPTS[invocation.options.shell]
    invocation.output.text(script.read_text(encoding="utf-8"))
    return Result()


def answer_tab(words: Sequence[str]) -> int:
    """Prints what could complete the last of `words`. Whatever goes wrong, Tab offers nothing, quietly."""
    try:
        answer = candidates(words)
        lines = [answer.kind, *(f"{value}\t{meaning}" for value, meaning in answer.found)]
        sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except Exception:  # noqa: BLE001 - a word about it would land in the middle of what is typed
        return 1
    return 0


def candidates(words: Sequence[str]) -> Answer:
    """What the last of `words` may become."""
    *before, current = words or ("",)
    reading = Reading()
    for word in before:
        reading.take(word)
    if reading.pending is not None:
        return values(reading.pending.completes, reading.pending.choices, reading, current)
    if reading.only_words or not current.startswith("-"):
        return positional_values(reading, current)
    flag, equals, rest = current.partition("=")
    option = reading.option(flag) if equals else None
    if option is not None and option.metavar:
        answer = values(option.completes, option.choices, reading, rest)
        return Answer(answer.kind, [(f"{flag}={value}", meaning) for value, meaning in answer.found])
    return Answer(found=beginning_with(current, flags_of(reading)))


def positional_values(reading: Reading, current: str) -> Answer:
    if not reading.named and not reading.only_words:
        names = [(command.name, command.summary) for command in COMMANDS]
        aliases = [(alias, command.summary) for command in COMMANDS for alias in command.aliases]
        # Both names of a command at once would be noise; whoever types the other one gets it.
        return Answer(found=beginning_with(current, names) or beginning_with(current, aliases))
    positional = reading.positional
    if positional is None:
        return Answer()
    kind = positional.completes
    if reading.command.name == "config" and positional.name == "value":
        kind = "folders" if reading.before[1:2] == ["downloads"] else ""
    return values(kind, positional.choices, reading, current)


def flags_of(reading: Reading) -> Candidates:
    """Those of the command first; the long one of two."""
    for option in (*reading.command.options, *GLOBAL_OPTIONS):
        if option.repeat or option.name not in reading.options:
            yield max(option.flags, key=len), option.help


def values(kind: str, choices: Sequence[str], reading: Reading, current: str) -> Answer:
    if kind in {"files", "folders"}:
        return Answer(kind)
    if choices:
        return Answer(found=beginning_with(current, [(choice, "") for choice in choices]))
    if kind == "events":
        chosen, comma, last = current.rpartition(",")
        named = [(f"{chosen}{comma}{event}", "") for event in EVENTS if event not in chosen.split(",")]
        return Answer(found=beginning_with(chosen + comma + last, named))
    return Answer(found=beginning_with(current, KINDS[kind](reading)) if kind else [])


def beginning_with(current: str, offered: Candidates) -> list[tuple[str, str]]:
    """Those that begin like this; where none does, those that do in whatever case."""
    every = list(offered)
    exact = [each for each in every if each[0].startswith(current)]
    return exact or [each for each in every if each[0].casefold().startswith(current.casefold())]


def topics(_: Reading) -> Candidates:
    from lanmsg.cli.topics import TOPICS

    yield from ((name, topic.summary) for name, topic in TOPICS.items())
    yield from ((command.name, command.summary) for command in COMMANDS)


def settings(_: Reading) -> Candidates:
    from lanmsg.cli.settings import ALL_KEYS

    return [(key, "") for key in ALL_KEYS]


def interfaces(_: Reading) -> Candidates:
    import socket

    return [(name, "") for _, name in socket.if_nameindex()]


def people(reading: Reading) -> Candidates:
    """Names that mean one person and can be typed; for the others their keys."""
    store = existing_store(reading)
    if store is None:
        return []
    from lanmsg.api import home_roster
    from lanmsg.terminal import shown_name

    try:
        everybody = home_roster(store).all()
    finally:
        store.close()
    names = [peer.name.casefold() for peer in everybody]
    found = []
    for peer in everybody:
        shown = shown_name(peer.name)
        is_plain = shown == peer.name and peer.name.casefold() not in ("", "everyone")
        clear = is_plain and names.count(peer.name.casefold()) == 1
        where = "here" if peer.present else "not here"
        key = peer.id.hex()[:8].upper()
        label = f"{peer.trust.word}, {where}, {key}" if clear else f"{shown}, {peer.trust.word}, {where}"
        found.append((peer.name if clear else key, label))
    return found


def conversations(reading: Reading) -> Candidates:
    return [("everyone", "what was said to all"), *people(reading)]


def offers(reading: Reading) -> Candidates:
    """What `accept` and `decline` answer."""
    open_rows = [row for row in open_transfers(reading) if row.direction.value == "in"]
    return [*labelled(row for row in open_rows if row.state.value == "offered"), ("all", "every one of them")]


def transfers(reading: Reading) -> Candidates:
    """What `cancel` stops."""
    return [*labelled(open_transfers(reading)), ("all", "every one of them")]


def open_transfers(reading: Reading) -> "list[Transfer]":
    store = existing_store(reading)
    if store is None:
        return []
    try:
        return list(store.transfers.open())
    finally:
        store.close()


def labelled(rows: "Iterable[Transfer]") -> Candidates:
    from lanmsg.cli.wording import state_of, title_of

    return [(str(row.number), f"{title_of(row)}, {state_of(row)}") for row in rows]


def existing_store(reading: Reading) -> "Store | None":
    """The home that the words name; looking must not make one."""
    from lanmsg.api import Settings, open_home
    from lanmsg.config import default_home

    named = reading.options.get("home")
    home = Path(named).expanduser().absolute() if named else default_home()
    if not (home / "lanmsg.db").is_file():
        return None
    return open_home(Settings(home=home, downloads=home, name="nobody"))


KINDS: dict[str, Callable[[Reading], Candidates]] = {
    "people": people,
    "conversations": conversations,
    "offers": offers,
    "transfers": transfers,
    "topics": topics,
    "settings": settings,
    "interfaces": interfaces,
}
"""What a value may be; `files` and `folders` are the shell's own business, `events` are a list."""
