"""What could stand at the cursor: commands, people, offers, paths; nothing while somebody writes prose."""

import os
from pathlib import Path

from lanmsg.api import TransferState
from lanmsg.terminal import folded, printable
from lanmsg.tui.commands import BY_NAME, COMMANDS, quoted, take_word
from lanmsg.tui.options import BY_NAME as BY_OPTION
from lanmsg.tui.options import OPTIONS
from lanmsg.tui.state import Candidate, State
from lanmsg.tui.wording import presence_word, transfer_size, transfer_title

MOST = 200
"""Candidates offered; whoever needs more types another letter."""


def candidates(state: State, before: str) -> list[Candidate]:
    """For the text before the cursor; paths are not among them, they need the disk (see `paths`)."""
    if before.startswith("/") and not before.startswith("//") and "\n" not in before:
        return _in_command(state, before)
    start = before.rfind(" ") + 1
    word = before[start:]
    if word.startswith("@") and len(word) > 1 and "\n" not in word:
        return [
            Candidate(f"@{label} ", start, label)
            for label in _labels(state)
            if label.casefold().startswith(word[1:].casefold())
        ][:MOST]
    return []


def _in_command(state: State, before: str) -> list[Candidate]:
    if " " not in before:
        word = before[1:].lower()
        return [
            Candidate(f"/{command.name} ", 0, f"/{command.name} {command.usage}".strip(), command.help)
            for command in COMMANDS
            if any(name.startswith(word) for name in (command.name, *command.aliases))
        ]
    kinds, word, start = _argument(before)
    found: list[Candidate] = []
    if "peer" in kinds:
        found += _people(state, word, start)
    if "offer" in kinds or "transfer" in kinds:
        found += _transfers(state, word, start, offers="offer" in kinds)
    if "command" in kinds:
        found += [
            Candidate(f"{each.name} ", start, each.name, each.help)
            for each in COMMANDS
            if each.name.startswith(word)
        ]
    if "setting" in kinds:
        found += [
            Candidate(f"{each.name} ", start, f"{each.name} {each.usage}", each.help)
            for each in OPTIONS
            if each.name.startswith(word)
        ]
    if "value" in kinds:
        found += _words(_values_of(before), word, start)
    found += [each for kind in kinds if "|" in kind for each in _words(kind, word, start)]
    return found[:MOST]


def _values_of(before: str) -> str:
    """What the setting named in the line may be."""
    each = BY_OPTION.get(take_word(take_word(before[1:])[1])[0])
    return each.usage if each is not None and each.kind != "words" else ""


def _words(choices: str, word: str, start: int) -> list[Candidate]:
    words = [choice for choice in choices.split("|") if choice.startswith(word) and choice]
    return [Candidate(f"{choice} ", start, choice) for choice in words]


def _argument(before: str) -> tuple[list[str], str, int]:
    """What the word before the cursor may be, the word itself, and where it begins."""
    name, rest = take_word(before[1:])
    command = BY_NAME.get(name)
    if command is None or not command.completes:
        return [], "", len(before)
    position = 0
    while True:
        start = len(before) - len(rest)
        word, following = take_word(rest)
        if not rest or not _ended(rest, following):
            kind = command.completes[min(position, len(command.completes) - 1)]
            return kind.split(), word, start
        rest = following
        position += 1


def _ended(rest: str, following: str) -> bool:
    """Whether the first word is complete: a blank is behind it that is not inside open quotes."""
    in_quotes = rest[0] in "\"'" and rest.find(rest[0], 1) < 0
    return bool(following) or (rest[-1].isspace() and not in_quotes)


def _labels(state: State) -> list[str]:
    people = sorted(state.peers.values(), key=lambda peer: (not peer.present, folded(peer.name)))
    return [state.label(peer.id) for peer in people]


def _people(state: State, word: str, start: int) -> list[Candidate]:
    people = sorted(state.peers.values(), key=lambda peer: (not peer.present, folded(peer.name)))
    return [
        Candidate(f"{quoted(state.label(peer.id))} ", start, state.label(peer.id), presence_word(peer))
        for peer in people
        if state.label(peer.id).casefold().startswith(word.casefold())
    ]


def _transfers(state: State, word: str, start: int, *, offers: bool) -> list[Candidate]:
    open_ones = [each.transfer for each in state.transfers.values() if not each.transfer.state.is_final]
    if offers:
        open_ones = [each for each in open_ones if each.number in state.questions]
    else:
        failed = [p.transfer for p in state.transfers.values() if p.transfer.state is TransferState.FAILED]
        open_ones += failed[-5:]
    return [
        Candidate(
            f"{each.number} ",
            start,
            str(each.number),
            f"{state.label(each.peer)}: {transfer_title(each)} {transfer_size(each)}",
        )
        for each in open_ones
        if str(each.number).startswith(word)
    ]


def wants_paths(before: str) -> bool:
    if not before.startswith("/") or " " not in before:
        return False
    kinds, _, _ = _argument(before)
    return "path" in kinds or "folder" in kinds


def paths(before: str) -> list[Candidate]:
    """Files and folders that continue the last word. Reads the disk: not for the event loop."""
    kinds, word, start = _argument(before)
    shown_folder, name = os.path.split(word)
    found: list[Candidate] = []
    try:
        folder = Path(shown_folder or ".").expanduser()
        with os.scandir(folder) as listing:
            for entry in listing:
                if not entry.name.startswith(name) or (
                    entry.name.startswith(".") and not name.startswith(".")
                ):
                    continue
                is_folder = entry.is_dir()
                if "folder" in kinds and "path" not in kinds and not is_folder:
                    continue
                text = quoted(os.path.join(shown_folder, entry.name))  # noqa: PTH118 - "./" and "~/" stay as typed
                ending = "/" if is_folder else " "
                found.append(
                    Candidate(_open_quote(text, ending), start, printable(entry.name) + ending.strip())
                )
                if len(found) >= MOST:
                    break
    except (OSError, RuntimeError):  # RuntimeError: ~somebody who is not there
        return []
    return sorted(found, key=lambda candidate: candidate.shown)


def folders(text: str) -> list[str]:
    """Folders that continue a path which is not in quotes. Reads the disk: not for the event loop."""
    shown, name = os.path.split(text)
    try:
        with os.scandir(Path(shown or ".").expanduser()) as listing:
            names = [each.name for each in listing if each.name.startswith(name) and each.is_dir()]
    except (OSError, RuntimeError):  # RuntimeError: ~somebody who is not there
        return []
    inside = [each for each in names if name.startswith(".") or not each.startswith(".")]
    return [f"{os.path.join(shown, each)}/" for each in sorted(inside)[:MOST]]  # noqa: PTH118 - "~/" stays as typed


def _open_quote(text: str, ending: str) -> str:
    """A folder in quotes stays open, so that Tab goes on inside it."""
    return text[:-1] + "/" if ending == "/" and text.endswith('"') else text + ending


def common(found: list[Candidate]) -> str:
    """What all candidates begin with."""
    first, last = min(each.text for each in found), max(each.text for each in found)
    differing = (at for at in range(len(first)) if first[at] != last[at : at + 1])
    return first[: next(differing, len(first))]
