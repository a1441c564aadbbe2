"""The slash commands, as one table: parsing, completion, /help and the README are made from it."""

import re
from dataclasses import dataclass

from lanmsg.api import LanmsgError
from lanmsg.tui.options import THEMES, WAYS

TALKING, FILES, PEOPLE, READING, SELF, NETWORK, SCREEN = (
    "Talking", "Files", "People", "Reading", "Yourself", "Network", "Screen",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """`completes`: what each argument is: peer, path, folder, offer, transfer, command, setting, value, words
    in quotes by themselves; the last repeats. `more`: what /help COMMAND says besides.
    """

    name: str
    usage: str
    help: str
    category: str
    aliases: tuple[str, ...] = ()
    completes: tuple[str, ...] = ()
    more: str = ""


COMMANDS = (
    Command(
        "msg", "PEER [TEXT]", "open a conversation, or send to it", TALKING, ("m", "query"), ("peer", "")
    ),
    Command("reply", "[N] TEXT", "answer the last message of the others, or the Nth last", TALKING, ("re",)),
    Command("me", "TEXT", "say what you do", TALKING),
    Command(
        "broadcast",
        "[TEXT]",
        "talk to everyone who is here at once",
        TALKING,
        ("all", "everyone"),
    ),
    Command("retry", "[N]", "send failed messages here again, or transfer N", TALKING, (), ("transfer",)),
    Command(
        "send",
        "[PEER|everyone] PATH…",
        "offer files or folders",
        FILES,
        ("file",),
        ("peer path everyone|", "path"),
    ),
    Command(
        "accept",
        "[N|all] [FOLDER]",
        "accept an offer; yes to a question",
        FILES,
        ("yes",),
        ("offer", "folder"),
    ),
    Command("decline", "[N|all]", "decline an offer; no to a question", FILES, ("reject", "no"), ("offer",)),
    Command("transfers", "", "all transfers", FILES, ("files",)),
    Command("pause", "[N]", "hold transfer N until /resume", FILES, (), ("transfer",)),
    Command("resume", "[N]", "let transfer N go on", FILES, (), ("transfer",)),
    Command(
        "cancel",
        "[N]",
        "stop transfer N, or the message here that still waits",
        FILES,
        (),
        ("transfer",),
    ),
    Command(
        "open", "[N]", "open the folder of transfer N, or of the last file saved", FILES, (), ("transfer",)
    ),
    Command("path", "[N]", "show and copy where it was saved", FILES, (), ("transfer",)),
    Command("who", "[PEER]", "who is here: address, key, since when", PEOPLE, ("names", "peers"), ("peer",)),
    Command(
        "verify",
        "[PEER]",
        "compare words with the person: is it really their key?",
        PEOPLE,
        (),
        ("peer",),
        "Both screens show the same words when nobody sits in between. Read them to each other on another "
        "channel, by telephone or in one room, never here. /yes or /no answers.",
    ),
    Command("trust", "[PEER]", "know this key by its name from now on", PEOPLE, (), ("peer",)),
    Command("block", "[PEER]", "refuse this key", PEOPLE, (), ("peer",)),
    Command("unblock", "[PEER]", "accept this key again", PEOPLE, (), ("peer",)),
    Command("rename", "[PEER] NAME", "your own name for somebody", PEOPLE, (), ("peer", "")),
    Command(
        "rule",
        "[PEER] ask|accept|refuse",
        "what becomes of files they offer; a size after accept is the most",
        PEOPLE,
        ("auto",),
        ("peer", "ask|accept|refuse|default", ""),
    ),
    Command("mute", "[PEER]", "no bell for them; again: bell", PEOPLE, ("unmute",), ("peer",)),
    Command("search", "TEXT", "find in everything that was said", READING, ("find",)),
    Command("history", "[DATE]", "go to a day: 2026-11-21, 21.11., yesterday; or back to now", READING),
    Command("last", "[N]", "go back to the Nth last message", READING),
    Command("read", "[N]", "all of the last long message here, or of the Nth last", READING),
    Command("copy", "[N]", "copy the last message here, or the Nth last", READING),
    Command("export", "PATH", "write this conversation into a new file", READING, (), ("path",)),
    Command(
        "forget",
        "[N|PEER|everyone|all]",
        "delete the last message here, the Nth last, or all of a talk, on this computer",
        READING,
        ("delete",),
        ("peer everyone|all",),
        "With a name: all that was said with that person; everyone: what was said to everyone; all: "
        "everything. You are asked first. The others keep what they have.",
    ),
    Command("clear", "", "empty this view; nothing is deleted, PgUp brings it back", READING),
    Command("close", "", "take this conversation off the list until somebody writes", READING, ("part",)),
    Command("name", "NEW", "what others call you", SELF, ("nick",)),
    Command("away", "[TEXT]", "show others that you are away", SELF),
    Command("busy", "[TEXT]", "show others that you are busy", SELF),
    Command("back", "", "available again", SELF),
    Command("connect", "HOST[:PORT]", "ask at an address", NETWORK),
    Command("doctor", "[PEER]", "why nobody shows up, or that one does not", NETWORK, (), ("peer",)),
    Command(
        "network", "[trust|quiet [NAME]]", "on which networks to speak", NETWORK, (), ("trust|quiet", "")
    ),
    Command(
        "status",
        "[available|away|busy] [NOTE]",
        "what the others see of you; by itself: that, and how the network is used",
        SELF,
        (),
        ("available|away|busy", ""),
    ),
    Command("set", "[KEY [VALUE]]", "settings: list, show, change", SCREEN, (), ("setting", "value")),
    Command("theme", "[NAME]", "colours", SCREEN, (), ("|".join(THEMES),)),
    Command("notify", "[test|WAY]", "how you are called", SCREEN, (), ("|".join(("test", *WAYS)),)),
    Command("help", "[COMMAND]", "keys and commands", SCREEN, ("?",), ("command",)),
    Command("quit", "", "leave", SCREEN, ("q", "exit")),
)

ROOM_WORDS = frozenset(("room", "rooms", "join", "j", "invite", "leave", "group", "topic"))
"""Of other programs; what somebody who types them wants is said instead of a guess."""

BY_NAME = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}


class CommandError(LanmsgError):
    """A line that begins with a slash and cannot be carried out; it stays in the input."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command with what follows it, not yet split: the text of a message keeps its blanks."""

    command: Command
    rest: str


def parse(line: str) -> Call | str:
    """What was typed: a command, or text to send (`//text` sends one slash). Raises CommandError."""
    if not line.startswith("/"):
        return line
    if line.startswith("//"):
        return line[1:]
    word, rest = take_word(line[1:])
    if not word:
        raise CommandError("a command is needed", hint="/help lists them")
    return Call(find(word.lower()), rest)


def find(word: str) -> Command:
    """The command of that name or alias, or the only one that begins so. Raises CommandError."""
    exact = BY_NAME.get(word)
    if exact is not None:
        return exact
    starting = {command.name: command for name, command in BY_NAME.items() if name.startswith(word)}
    if len(starting) == 1:
        return next(iter(starting.values()))
    if starting:
        raise CommandError(f"/{word} could be /{' or /'.join(starting)}")
    raise CommandError(f"there is no /{word}", hint=_suggestion(word))


def _suggestion(word: str) -> str:
    import difflib

    if word in ROOM_WORDS:
        return "there are no rooms yet: /broadcast writes to everyone who is here, /msg NAME to one person"
    close = difflib.get_close_matches(word, BY_NAME, n=1, cutoff=0.5)
    meant = f"did you mean /{close[0]}?" if close else "/help lists them"
    return f"{meant} (// sends a line that begins with a slash)"


SHELL = re.compile(r"\blanmsg ([a-z]+)\b")


def on_screen(text: str) -> str:
    """Commands of the shell that are here too, as they are typed here: `lanmsg doctor` is /doctor."""
    return SHELL.sub(
        lambda found: f"/{found[1]}" if found[1] in BY_NAME and found[1] != "help" else found[0], text
    )


def take_word(text: str) -> tuple[str, str]:
    """The first word and what follows; a word with blanks stands in quotes or has backslashes before them."""
    text = text.lstrip()
    if text[:1] in ('"', "'"):
        end = text.find(text[0], 1)
        if end > 0:
            return text[1:end], text[end + 1 :].lstrip()
        return text[1:], ""
    word, position = [], 0
    while position < len(text) and not text[position].isspace():
        # Only a blank or a quote needs one; elsewhere it is part of a Windows path.
        if text[position] == "\\" and text[position + 1 : position + 2] in (" ", '"', "'"):
            position += 1
        word.append(text[position])
        position += 1
    return "".join(word), text[position:].lstrip()


def words(text: str) -> list[str]:
    found = []
    while text.strip():
        word, text = take_word(text)
        found.append(word)
    return found


def quoted(word: str) -> str:
    """`word` as take_word reads it back."""
    if not any(character in word for character in " \"'\\"):
        return word
    for quote in ('"', "'"):
        if quote not in word:
            return f"{quote}{word}{quote}"
    return "".join(f"\\{character}" if character in " \"'" else character for character in word)
