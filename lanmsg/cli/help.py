"""Every help text, made from the table; an example that works stands at the end of each."""

import re
import shutil
import textwrap

from lanmsg.cli.grammar import Command, Option
from lanmsg.cli.options import GLOBAL_OPTIONS
from lanmsg.cli.output import Result
from lanmsg.cli.parser import Invocation, suggestion
from lanmsg.cli.table import BY_NAME, COMMANDS, TUI
from lanmsg.cli.topics import TOPICS
from lanmsg.model import LanmsgError

WIDEST = 100
"""Longer lines are hard to read, however wide the terminal is."""

EXAMPLE = "EXAMPLE\n"

EXAMPLES = """\
  lanmsg                          the screen
  lanmsg peers                    who is here
  lanmsg msg ben lunch at noon?
  lanmsg send ben report.pdf
  lanmsg receive --from ben"""


def command_help(invocation: Invocation) -> Result:
    """--help, of one command or of them all."""
    command = invocation.command
    bare = command is TUI and not invocation.options.named
    invocation.output.line(overview() if bare else command_text(command))
    return Result()


def help_command(invocation: Invocation) -> Result:
    """`lanmsg help [COMMAND|TOPIC]`."""
    topic = invocation.options.topic
    if invocation.options.man:
        from lanmsg.cli.manual import manual  # only this pays for it

        invocation.output.text(manual())
        return Result()
    invocation.output.line(overview() if topic is None else topic_text(topic))
    return Result()


def topic_text(topic: str) -> str:
    if topic in TOPICS:
        return broken(TOPICS[topic].text)
    if topic in BY_NAME:
        return command_text(BY_NAME[topic])
    guess = suggestion(topic, [*TOPICS, *BY_NAME])
    raise LanmsgError(f"no help on {topic!r}{guess}", code="usage", hint="topics: " + ", ".join(TOPICS))


def broken(text: str) -> str:
    """Paragraphs are filled anew for this terminal; what is set in columns keeps them as long as they fit."""
    blocks = []
    for paragraph in text.split("\n\n"):
        lines = paragraph.split("\n")
        is_prose = len(lines) > 1 and not any(line.startswith(" ") for line in lines)
        if paragraph.startswith(EXAMPLE):
            blocks.append(paragraph)  # to be copied
        else:
            blocks.append(filled(paragraph) if is_prose else "\n".join(map(hung, lines)))
    return "\n\n".join(blocks)


def hung(line: str) -> str:
    """What does not fit goes on under the last of its columns."""
    columns = [found.end() for found in re.finditer(r"(?:^|\S)( {2,})", line)]
    fitting = [column for column in columns if column <= width() // 2]
    return filled(line, indent=fitting[-1] if fitting else 0)


def filled(text: str, *, indent: int = 0) -> str:
    """Words stay whole: options and paths are copied."""
    later = " " * indent
    return textwrap.fill(
        text, width(), subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def overview() -> str:
    """What `lanmsg --help` prints."""
    sections = ["USAGE\n  lanmsg [OPTION…] [COMMAND] …\n  lanmsg                          the screen"]
    for group in dict.fromkeys(command.group for command in COMMANDS):
        rows = [(command.name, command.summary) for command in COMMANDS if command.group == group]
        sections.append(f"{group.upper()}\n{table(rows)}")
    sections.append("OPTIONS, before or after the command\n" + option_table(GLOBAL_OPTIONS))
    sections.append("TOPICS\n" + table([(name, topic.summary) for name, topic in TOPICS.items()]))
    sections.append("EXAMPLES\n" + EXAMPLES)
    return "\n\n".join(["Messages and files between the people of one network.", *sections])


def command_text(command: Command) -> str:
    """What `lanmsg COMMAND --help` prints."""
    summary = f"{command.summary[0].upper()}{command.summary[1:]}."
    sections = [summary, f"USAGE\n  {command.usage}" + (" [OPTION…]" if command.options else "")]
    if command.aliases:
        sections.append("ALSO CALLED\n  " + ", ".join(command.aliases))
    if command.details:
        sections.append("\n".join(textwrap.fill(line, width()) for line in command.details.splitlines()))
    if command.options:
        sections.append("OPTIONS\n" + option_table(command.options))
    sections.append("The options of `lanmsg --help` work here too.")
    sections.append(f"EXAMPLE\n  {command.example}")
    return "\n\n".join(sections)


def option_table(options: tuple[Option, ...]) -> str:
    return table(
        [(", ".join(option.flags) + f" {option.metavar}".rstrip(), option.help) for option in options]
    )


def table(rows: list[tuple[str, str]]) -> str:
    """Two columns; what does not fit is wrapped under its own column."""
    left = min(max(len(first) for first, _ in rows), 26)
    lines = []
    for first, second in rows:
        wrapped = textwrap.wrap(second, max(20, width() - left - 4))
        start = f"  {first:<{left}}  "
        if len(first) > left:
            lines.append(start.rstrip())
            start = " " * (left + 4)
        lines.extend([start + wrapped[0], *(" " * (left + 4) + line for line in wrapped[1:])])
    return "\n".join(lines)


def width() -> int:
    return min(shutil.get_terminal_size().columns, WIDEST)
