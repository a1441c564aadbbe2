"""The pages of the screen as sentences, for `--plain`: no columns, no bars, signs as words."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from lanmsg.api import EVERYONE, Conversation, Direction, Finding, Peer, Severity, TransferState
from lanmsg.terminal import human_duration, human_rate, plural, printable
from lanmsg.tui.commands import COMMANDS, quoted
from lanmsg.tui.moves import ordered_transfers
from lanmsg.tui.options import OPTIONS, shown
from lanmsg.tui.pages import last_seen, page_rows
from lanmsg.tui.progress import Progress
from lanmsg.tui.rows import with_plain_signs
from lanmsg.tui.state import Page, State
from lanmsg.tui.theme import ASCII
from lanmsg.tui.wording import (
    TRUST_MEANINGS,
    TRUST_WORDS,
    likeness,
    percent,
    presence_word,
    silence,
    transfer_size,
    transfer_state,
    transfer_title,
    trust_word,
    warning,
    who,
)

SIGNS = replace(ASCII, delivered="", failed="", new="")
"""What is said in words needs no sign before it."""

Menu = Sequence[Conversation | str]
"""What /1, /2 and so on stand for: conversations, or lines."""

UNBROKEN = 10_000
"""Cells of a line here: where it is broken is for whoever writes it."""

KEYS = (
    ("Enter", "sends, or carries out a command; on an empty line says where you are"),
    ("Alt-Enter", "begins a new line of the same message"),
    ("Tab", "completes a command, a name or a path; on an empty line opens what is unread"),
    ("Up, Down", "earlier and later lines that you typed"),
    ("Ctrl-C", "puts the line aside; on an empty line twice: quit"),
    ("Ctrl-D", "on an empty line: quit"),
    ("Ctrl-Z", "suspend"),
)


def said(state: State, page: Page) -> list[str]:
    """Every line of a page, its title first."""
    lines = PAGES[page.kind](state, page)
    return [in_ascii(line) for line in lines if line]


def in_ascii(line: str) -> str:
    """Our own signs outside ASCII as ASCII; letters of people stay."""
    return with_plain_signs([[("", line.replace("…", "..."))]])[0][0][1]


def phrase(state: State, progress: Progress) -> str:
    """What a transfer does."""
    transfer = progress.transfer
    words = transfer_state(state, transfer).strip()
    done = percent(transfer)
    if transfer.state is not TransferState.RUNNING or done is None:
        return words
    rate, missing = progress.rate_at(state.tick), (transfer.total or 0) - transfer.done
    if still := silence(progress, state.tick):
        return f"{words}, {done} percent, {still}"
    speed = f", {human_rate(rate)}, {human_duration(missing / rate)} left" if rate else ""
    return f"{words}, {done} percent{speed}"


# --- people ---


def present_first(state: State) -> list[Peer]:
    return sorted(state.peers.values(), key=lambda each: (not each.present, state.label(each.id).casefold()))


def people_menu(state: State) -> list[Conversation]:
    """What each number of the list of people stands for: whatever they are called when it is typed."""
    return [*(Conversation.with_peer(peer.id) for peer in present_first(state)), EVERYONE]


def _people(state: State, page: Page) -> list[str]:
    if page.topic:
        return _rows(state, page)
    away = len(state.peers) - state.here
    lines = [f"{state.here} here, {away} not here. /1 opens the first, and so on."]
    lines += [f"{number}. {_person(state, peer)}" for number, peer in enumerate(present_first(state), 1)]
    return [*lines, f"{len(state.peers) + 1}. everyone: all who are here at once"]


def _person(state: State, peer: Peer) -> str:
    talk = next((each for each in state.talks.values() if each.conversation.peer == peer.id), None)
    parts = [
        presence_word(peer),
        "" if peer.present else last_seen(state, peer),
        trust_word(peer),
        f"{talk.unread} unread" if talk is not None and talk.unread else "",
        peer.host if peer.addresses else "",
        printable(peer.note) if peer.present else "",
        likeness(state, peer),
    ]
    return f"{state.label(peer.id)}: {', '.join(part for part in parts if part)}"


def opening_line(state: State, conversation: Conversation) -> str:
    """The command that opens it."""
    return f"/msg {quoted(state.title(conversation))}"


def chosen(state: State, menu: Menu, line: str) -> str:
    """/2: the second of the list that was said last; any other line is itself."""
    number = line.strip()[1:]
    if line.startswith("/") and number.isdecimal() and 1 <= int(number) <= len(menu):
        found = menu[int(number) - 1]
        return found if isinstance(found, str) else opening_line(state, found)
    return line


# --- transfers ---


def _transfers(state: State, page: Page) -> list[str]:  # noqa: ARG001 - the signature of a page
    ordered = ordered_transfers(state)
    if not ordered:
        return ["No transfers yet. /send PEER PATH offers a file or a folder."]
    active = sum(each.transfer.state is TransferState.RUNNING for each in ordered)
    waiting = f"{len(state.questions)} waiting for your answer"
    lines = [f"{plural(len(ordered), 'transfer')}: {active} moving, {waiting}."]
    return lines + [transfer_line(state, each) for each in ordered]


def transfer_line(state: State, progress: Progress) -> str:
    transfer = progress.transfer
    incoming = transfer.direction is Direction.IN
    peer = f"from {who(state, transfer)}" if incoming else f"to {state.label(transfer.peer)}"
    alarm = f", {warning(transfer)}" if incoming and warning(transfer) else ""
    what = f"{transfer_title(transfer)}, {transfer_size(transfer)}{alarm}"
    return f"transfer {transfer.number} {peer}: {what}: {phrase(state, progress)}"


# --- help, settings, doctor ---


def _help(state: State, page: Page) -> list[str]:
    if page.topic:
        return _rows(state, page)
    lines = ["Type and press Enter. A line that begins with / is a command; // sends a slash.", "Keys:"]
    lines += [f"{key}: {words}" for key, words in KEYS]
    lines.append("Commands:")
    for command in COMMANDS:
        usage = f"/{command.name} {command.usage}".strip()
        lines.append(f"{usage}: {command.help}")
    lines.append("People's keys:")
    lines += [f"{TRUST_WORDS[trust]}: {meaning}" for trust, meaning in TRUST_MEANINGS.items()]
    return [*lines, "/help COMMAND says more about one."]


def _settings(state: State, page: Page) -> list[str]:
    lines = ["/set KEY VALUE changes a setting, here and in the config file."]
    lines += [
        f"{each.name} is {shown(state.options.get(each.name))}: {each.help}: {each.usage}" for each in OPTIONS
    ]
    lines.append("These count from the next start on:")
    given = (line.partition("  ") for line in page.lines)
    return lines + [f"{key} is {value.strip() or 'not set'}" for key, _, value in given]


SEVERITIES = {
    Severity.PROBLEM: "problem",
    Severity.WARNING: "warning",
    Severity.SUSPICION: "perhaps",
    Severity.NOTE: "note",
    Severity.OK: "fine",
}


def _doctor(state: State, page: Page) -> list[str]:  # noqa: ARG001 - as above
    wrong = sum(not finding.ok for finding in page.findings)
    verdict = "all is well" if not wrong else plural(wrong, "thing to look at", "things to look at")
    return [f"Doctor: {verdict}.", *(line for finding in page.findings for line in _finding(finding))]


def _finding(finding: Finding) -> list[str]:
    lines = [f"{SEVERITIES[finding.severity]}: {printable(finding.message)}"]
    lines += [f"    do: {printable(finding.hint)}"] if finding.hint else []
    return lines + [f"    type: {printable(command)}" for command in finding.commands]


# --- all others ---


def _rows(state: State, page: Page) -> list[str]:
    """As on the screen, but for the columns."""
    return [_sentence("".join(text for _, text in row)) for row in page_rows(state, page, UNBROKEN)]


def _sentence(row: str) -> str:
    """The first two gaps between columns as signs; what follows may be words of people, and stays."""
    first, *rest = re.split(r" {2,}", row.strip(), maxsplit=2)
    return f"{first.rstrip(':')}: {', '.join(rest)}" if rest else first


PAGES: dict[str, Callable[[State, Page], list[str]]] = {
    "help": _help,
    "transfers": _transfers,
    "people": _people,
    "status": _rows,
    "settings": _settings,
    "doctor": _doctor,
    "search": _rows,
    "text": _rows,
}
