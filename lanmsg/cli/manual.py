"""The manual page, made from the same table and topics as --help: `lanmsg help --man | man -l -`."""

from lanmsg import __version__
from lanmsg.cli.exit_codes import MEANINGS
from lanmsg.cli.grammar import Command, Option
from lanmsg.cli.options import GLOBAL_OPTIONS
from lanmsg.cli.table import COMMANDS, TUI
from lanmsg.cli.topics import TOPICS

DESCRIPTION = """\
lanmsg shows who is on the local network, and lets people there talk and hand over files, from a terminal
or a script: no server, no account, no Internet, no set-up. Bare lanmsg opens the screen; the commands do one
thing each."""

FILES = (
    ("~/.local/share/lanmsg", "the home: identity, history and settings (--home)"),
    ("~/.local/share/lanmsg/config.toml", "settings; see lanmsg config"),
    ("~/Downloads/lanmsg", "received files (--downloads)"),
    ("~/.config/systemd/user/lanmsg.service", "what lanmsg service install writes"),
)


def manual() -> str:
    """The page in the man macros."""
    lines = [
        f'.TH LANMSG 1 "" "lanmsg {__version__}" "User Commands"',
        *section("NAME", "lanmsg \\- " + escaped("a messenger without a server for one local network")),
        *section("SYNOPSIS", ".B lanmsg", "[\\fIOPTION\\fR...] [\\fICOMMAND\\fR] ..."),
        *section("DESCRIPTION", escaped(DESCRIPTION)),
        *section("OPTIONS", "These stand before or after the command."),
        *options(GLOBAL_OPTIONS),
        *section("COMMANDS"),
        *(line for command in COMMANDS for line in command_lines(command)),
        *section("EXIT STATUS"),
        *(line for code, meaning in MEANINGS.items() for line in entry(bold(str(code)), meaning)),
        *section("FILES"),
        *(line for path, meaning in FILES for line in entry(italic(path), meaning)),
    ]
    for name, topic in TOPICS.items():
        if name != "exit-codes":
            lines += [*section(name.upper()), ".nf", *map(guarded, escaped(topic.text).splitlines()), ".fi"]
    return "\n".join(lines) + "\n"


def section(title: str, *lines: str) -> list[str]:
    return [f".SH {title}", *lines]


def command_lines(command: Command) -> list[str]:
    name = command.usage if command is not TUI else "lanmsg [tui]"
    lines = [
        f'.SS "{escaped(name)}"',
        guarded(escaped(f"{command.summary[0].upper()}{command.summary[1:]}.")),
    ]
    if command.aliases:
        lines += ["Also called", ", ".join(map(bold, command.aliases)) + "."]
    for paragraph in command.details.splitlines():
        lines += [".PP", guarded(escaped(paragraph))]
    return [
        *lines,
        *options(command.options),
        ".PP",
        "Example:",
        ".RS",
        ".nf",
        guarded(escaped(command.example)),
        ".fi",
        ".RE",
    ]


def options(shown: tuple[Option, ...]) -> list[str]:
    return [line for option in shown for line in entry(option_name(option), option.help)]


def option_name(option: Option) -> str:
    flags = ", ".join(map(bold, option.flags))
    return f"{flags} {italic(option.metavar)}" if option.metavar else flags


def entry(term: str, text: str) -> list[str]:
    return [".TP", term, guarded(escaped(text))]


def bold(text: str) -> str:
    return f"\\fB{escaped(text)}\\fR"


def italic(text: str) -> str:
    return f"\\fI{escaped(text)}\\fR"


SIGNS = {
    "\\": "\\e",
    "-": "\\-",
    "…": "...",
    "’": "\\(cq",
    "“": "\\(lq",
    "”": "\\(rq",
    "`": "\\(ga",
    "'": "\\(aq",
    "^": "\\(ha",
    "~": "\\(ti",
}
"""What troff would read as something else, or not read at all."""


def escaped(text: str) -> str:
    return "".join(SIGNS.get(sign, sign if sign.isascii() else f"\\[u{ord(sign):04X}]") for sign in text)


def guarded(line: str) -> str:
    """A line that begins with a dot is a command to troff."""
    return "\\&" + line if line.startswith(".") else line
