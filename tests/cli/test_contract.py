"""The contract with scripts, written out a second time: what goes from here breaks somebody's work.

Adding is free. A line is taken out of this file only together with a Breaking entry in the changelog.
"""

import json
import re
from typing import Any

import pytest

from lanmsg.api import (
    Address,
    Conversation,
    Delivery,
    Direction,
    Message,
    MessageId,
    OfferedFile,
    Peer,
    PeerId,
    Recipient,
    Status,
    Transfer,
    TransferId,
    TransferState,
    Trust,
)
from lanmsg.cli import fields
from lanmsg.cli.exit_codes import MEANINGS
from lanmsg.cli.options import EVENTS, GLOBAL_OPTIONS
from lanmsg.cli.output import Output, Result
from lanmsg.cli.table import BY_NAME
from lanmsg.cli.topics import TOPICS
from tests.cli.transcript import FOLDER, transcripts

test_transcript = transcripts("contract")

LINES = [
    line
    for file in FOLDER.glob("*.txt")
    for line in file.read_text(encoding="utf-8").splitlines()
    if re.search(r"[$&] .*lanmsg", line)
]
ON_A_TERMINAL = {"tui": ["--plain", "--ascii"]}
"""Options of the screen, which has tests of its own."""

GLOBAL = """--home --name --port --interface --peer --downloads --json -q -v --color --yes --version --help"""

COMMANDS = {
    "tui": "--plain --ascii",
    "demo": "--peers",
    "peers": "--wait --all --watch",
    "who": "--wait --all --watch",
    "msg": "--wait --timeout --queue --require-verified",
    "broadcast": "--wait --timeout",
    "all": "--wait --timeout",
    "send": "--as -m --wait --timeout --require-verified --limit --progress",
    "receive": "--from --to --accept --count --timeout --stdout -0",
    "recv": "--from --to --accept --count --timeout --stdout -0",
    "listen": "--accept --to --from --events --count --timeout",
    "offers": "",
    "accept": "--to",
    "decline": "",
    "transfers": "",
    "cancel": "",
    "history": "--since --limit --search --follow --export",
    "id": "--qr",
    "trust": "--fingerprint --replace",
    "block": "",
    "unblock": "",
    "rename": "",
    "doctor": "",
    "verify": "",
    "config": "",
    "completion": "",
    "service": "--accept --to --now",
    "help": "--man",
}
CHOICES = {
    ("listen", "--accept"): "ask none known verified all",
    ("receive", "--accept"): "known verified all",
    ("history", "--export"): "text json",
    ("send", "--progress"): "auto always never",
    ("peers", "--color"): "auto always never",
}
DEFAULTS = {
    ("peers", "--wait"): 2,
    ("msg", "--wait"): 5,
    ("msg", "--timeout"): 10,
    ("send", "--wait"): 5,
    ("receive", "--count"): 1,
    ("listen", "--accept"): "ask",
}
WORDS = {
    ("config", "action"): "get set path",
    ("completion", "shell"): "bash zsh fish powershell",
    ("service", "action"): "install uninstall show",
}
EXIT_CODES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130, 141)
HELP_TOPICS = "exit-codes json environment security network"

PEER = "id name host addrs present status note trust last_seen"
OFFER = "transfer peer files total count"
EVENT_FIELDS = {
    "ready": "id name tcp udp",
    "peer_seen": "peer",
    "peer_gone": "peer",
    "message": "id peer conversation text sent",
    "offer": OFFER,
    "transfer_progress": "transfer direction done total rate",
    "transfer_done": "transfer direction peer paths bytes seconds",
    "transfer_failed": "transfer direction code error",
    "delivered": "id peer",
    "key_changed": "peer before now",
}

SOMEBODY = Peer(
    PeerId(b"\1" * 32),
    "ben",
    trust=Trust.PINNED,
    present=True,
    status=Status.AWAY,
    addresses=(Address("10.1.2.3", 2372),),
)
TRANSFER = Transfer(
    7,
    TransferId(b"\2" * 16),
    Direction.IN,
    SOMEBODY.id,
    TransferState.DONE,
    (OfferedFile("a.txt", 12),),
    1,
    12,
    done=12,
    paths=("/tmp/a.txt",),
)
MESSAGE = Message(
    1, MessageId(b"\3" * 16), Conversation.with_peer(SOMEBODY.id), SOMEBODY.id, "hi", 1700000000.5, 0.0
)


def option_of(command: str, flag: str) -> Any:
    known = (*GLOBAL_OPTIONS, *BY_NAME[command].options)
    found = [option for option in known if flag in option.flags]
    assert found, f"lanmsg {command} takes no {flag} any more"
    return found[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_what_it_took(command: str) -> None:
    assert command in BY_NAME, f"there is no lanmsg {command} any more"
    for flag in (*COMMANDS[command].split(), *GLOBAL.split()):
        option_of(command, flag)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_played_in_a_transcript(command: str) -> None:
    names = {command, BY_NAME[command].name, *BY_NAME[command].aliases}
    played = [line for line in LINES if names & set(line.split())]
    unplayed = [flag for flag in COMMANDS[command].split() if not any(flag in line for line in played)]
    assert played or command == "tui"
    assert unplayed == ON_A_TERMINAL.get(command, [])


def test_every_global_option_is_played_in_a_transcript() -> None:
    assert [flag for flag in GLOBAL.split() if not any(flag in line for line in LINES)] == []


@pytest.mark.parametrize(("command", "flag"), CHOICES)
def test_choices_stay(command: str, flag: str) -> None:
    assert set(CHOICES[command, flag].split()) <= set(option_of(command, flag).choices)


@pytest.mark.parametrize(("command", "flag"), DEFAULTS)
def test_defaults_stay(command: str, flag: str) -> None:
    assert option_of(command, flag).default == DEFAULTS[command, flag]


@pytest.mark.parametrize(("command", "name"), WORDS)
def test_words_of_commands_stay(command: str, name: str) -> None:
    (positional,) = [each for each in BY_NAME[command].positionals if each.name == name]
    assert set(WORDS[command, name].split()) <= set(positional.choices)


def test_exit_codes_and_topics_stay() -> None:
    assert set(EXIT_CODES) <= set(MEANINGS)
    assert set(HELP_TOPICS.split()) <= set(TOPICS)


def test_events_stay() -> None:
    assert set(EVENT_FIELDS) <= set(EVENTS)


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("message", fields.message_fields(MESSAGE, SOMEBODY)),
        ("offer", fields.offer_fields(TRANSFER, SOMEBODY)),
        ("transfer_progress", fields.progress_fields(TRANSFER, 1.0)),
        ("transfer_done", fields.done_fields(TRANSFER, SOMEBODY, 0.25)),
        ("transfer_failed", fields.failed_fields(TRANSFER, SOMEBODY)),
    ],
)
def test_fields_stay(kind: str, made: dict[str, Any]) -> None:
    assert set(EVENT_FIELDS[kind].split()) <= set(made)
    assert set(PEER.split()) <= set(made.get("peer", fields.peer_fields(SOMEBODY)))
    json.dumps(made)


def test_values_keep_their_shapes() -> None:
    peer = fields.peer_fields(SOMEBODY)
    assert re.fullmatch("[0-9a-f]{64}", peer["id"])
    assert (peer["addrs"], peer["present"], peer["status"]) == (["10.1.2.3:2372"], True, "away")
    message = fields.message_fields(MESSAGE, SOMEBODY)
    assert re.fullmatch("[0-9a-f]{32}", message["id"])
    assert (message["sent"], message["conversation"]) == ("2023-11-14T22:13:20.500Z", "private")
    offer = fields.offer_fields(TRANSFER, SOMEBODY)
    assert offer["files"] == [{"name": "a.txt", "size": 12, "folder": False}]
    recipient = Recipient(SOMEBODY.id, Delivery.FAILED, "refused")
    assert fields.recipient_fields(recipient, SOMEBODY)["state"] == "failed"


def test_results_and_events_carry_what_they_did(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(json=True)
    output.result(Result("timeout"))
    output.event("delivered", id="x")
    result, event = map(json.loads, capsys.readouterr().out.splitlines())
    assert result == {"v": 1, "type": "result", "ok": False, "exit": 6, "code": "timeout"}
    assert (event["v"], event["type"]) == (1, "delivered")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["ts"])
