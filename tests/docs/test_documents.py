"""What the documents tell people to type works: blocks are run as they stand, words in passing are parsed."""

import re
import shlex
import shutil
import time
from dataclasses import dataclass, field

import pytest

from lanmsg.cli.parser import parse
from tests.docs.document import DOCUMENTS, PATIENCE_S, Block, Neighbourhood, blocks

BLOCKS = [block for file in DOCUMENTS for block in blocks(file)]
RUN = [block for block in BLOCKS if block.info == "console"]
ELSEWHERE = {"sh": "test_bots.py", "python": "test_bots.py and test_api_document.py"}

BY_HAND = {
    "scripts/lanmsg demo": "needs a terminal; tests/cli/test_demo.py, tests/tui/test_real_terminal.py",
    "scripts/lanmsg": "speaks on the real network",
    "python3 -m pip download --no-deps -r constraints.txt -d wheels": "needs the network",
    "PIP_NO_INDEX=1 PIP_FIND_LINKS=$PWD/wheels scripts/lanmsg": "needs what that has fetched",
    "lanmsg service install --now": "starts a service; tests/cli/test_service.py",
    "source <(lanmsg completion bash)": "of an interactive shell; tests/cli/test_completion.py",
    "lanmsg help --man | man -l -": "man may be missing; tests/cli/test_manual.py",
    "lanmsg doctor": "what it finds is this machine's; tests/cli/test_doctor.py and the lab",
    "scripts/test": "is what runs this",
}
"""What is marked `console by-hand`, and why, and what tests it in its place."""

PROMPT = re.compile(r"([a-z]*)\$ (.*)")
COMMENT = re.compile(r"\s{2,}# .*$")
STAYS = re.compile(r"^lanmsg (listen|send ben cakes)\b")
"""Started, and left to go on beside what follows."""

VARYING = [
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "DATE"),
    (re.compile(r"\d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"(\[[0-9a-f:]+\]|\d+\.\d+\.\d+\.\d+):\d+"), "ADDRESS"),
    (re.compile(r"ADDRESS(, ADDRESS)+"), "ADDRESS"),
    (re.compile(r"\b[0-9A-F]{8}\b"), "KEY"),
    (re.compile(r"\d+ min left"), "N min left"),
    (re.compile(r"[ \t]+"), " "),
]
"""What differs from run to run."""


@dataclass
class Step:
    who: str
    command: str
    expected: list[str] = field(default_factory=list)


def steps(block: Block) -> list[Step]:
    found: list[Step] = []
    for line in block.text.splitlines():
        if match := PROMPT.fullmatch(line):
            found.append(Step(match[1], COMMENT.sub("", match[2])))
        elif line.strip():
            found[-1].expected.append(line)
    return found


def alike(text: str) -> str:
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text.strip()


def test_every_block_is_run_or_counted() -> None:
    infos = {block.info for block in BLOCKS}
    assert infos <= {"console", "console by-hand", *ELSEWHERE}
    by_hand = [step.command for block in BLOCKS if block.info == "console by-hand" for step in steps(block)]
    assert sorted(by_hand) == sorted(BY_HAND)


@pytest.mark.parametrize("block", RUN, ids=str)
def test_a_block_does_what_it_shows(block: Block, neighbourhood: Neighbourhood) -> None:
    missing = [tool for tool in ("jq", "setsid") if tool in block.text and not shutil.which(tool)]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    cakes = neighbourhood.folder("anna") / "cakes"
    cakes.mkdir()
    (cakes / "carrot").write_text("one")
    (cakes / "cheese").write_text("more")
    going_on = []
    last = 0
    for step in steps(block):
        if STAYS.match(step.command):
            program = neighbourhood.start(step.who, ["sh", "-c", f"exec {step.command}"])
            for line in step.expected:
                program.wait_for_output(
                    alike(line).split(" ", 1)[1].partition(" ADDRESS")[0], within=PATIENCE_S
                )
            going_on.append((step, program))
        else:
            last = take(step, neighbourhood, last)
    for step, program in going_on:
        if "send" in step.command:
            assert program.wait(within=PATIENCE_S) == 0, program.transcript()


def take(step: Step, neighbourhood: Neighbourhood, before: int) -> int:
    """Runs it, again and again if it shows something that comes by itself; its exit code."""
    if step.command == "echo $?":
        assert step.expected == [str(before)]
        return 0
    deadline = time.monotonic() + PATIENCE_S
    while True:
        done = neighbourhood.run(step.who, ["sh", "-c", step.command])
        shown = [
            alike(line) for line in (done.stdout + done.stderr).splitlines() if not line.startswith("hint:")
        ]
        if shown == [alike(line) for line in step.expected]:
            return done.returncode
        assert step.expected, f"{step.command}: {done.stdout}{done.stderr}"
        assert time.monotonic() < deadline, f"{step.command}: {shown} instead of {step.expected}"
        time.sleep(0.2)


def in_passing() -> list[str]:
    """Commands of ours between backquotes, in prose and tables."""
    found = []
    for file in DOCUMENTS:
        prose = re.sub(r"(?ms)^```.*?^```", "", file.read_text(encoding="utf-8"))
        found += re.findall(r"`((?:\w+=\S+ )*lanmsg [^`]+)`", prose)
    return sorted(set(found))


@pytest.mark.parametrize("text", in_passing())
def test_a_command_in_passing_is_one(text: str) -> None:
    if re.search(r"[A-Z…|\\]{2,}|…", text):  # PEER, [TEXT…]: the usage of a command, made from the table
        assert text.split()[1] in {word for word in text.split() if word.islower()}
        return
    words = [word for word in shlex.split(text) if "=" not in word or word.startswith("-")]
    if len(words) == 2 and not words[1].startswith("-"):
        words.append("--help")  # named, not shown: what it needs is left out
    parse(words[1:])


def test_every_link_leads_somewhere() -> None:
    missing = [
        f"{file.name}: {target}"
        for file in DOCUMENTS
        for target in re.findall(r"\]\(([^)#]+)\)", file.read_text(encoding="utf-8"))
        if "://" not in target and not (file.parent / target).exists()
    ]
    assert missing == []


def test_the_documents_are_found() -> None:
    assert {file.name for file in DOCUMENTS} >= {"README.md", "CONTRIBUTING.md", "bots.md", "api.md"}
    assert len(RUN) >= 2
