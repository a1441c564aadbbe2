"""Runs one command: whatever happens ends in one sentence, a hint and an exit code."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from types import TracebackType
from typing import cast

from lanmsg import __version__
from lanmsg.cli.exit_codes import BROKEN_PIPE, INTERRUPTED, exit_code
from lanmsg.cli.output import Output, OutputClosedError, Result, TerminatedError, debugging, silence
from lanmsg.cli.parser import Invocation, parse
from lanmsg.model import LanmsgError

Function = Callable[[Invocation], Result]


def run(words: Sequence[str]) -> int:
    """Runs one command line and returns its exit code."""
    # The parser may fail before it has seen --json, and a program waits for JSON all the same.
    fill_standard_streams()
    output = Output(json="--json" in words)
    sys.excepthook = partial(unexpected, output)
    try:
        return understood(words, output)
    except LanmsgError as error:
        return told(error, output)
    except OutputClosedError:
        silence(sys.stdout, sys.stderr)
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED


def fill_standard_streams() -> None:
    """If one was closed when we started, the next file opened would get its number, and its text."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def understood(words: Sequence[str], output: Output) -> int:
    command, options = parse(words)
    output.configure(json=options.json, quiet=options.quiet, verbosity=options.verbose, color=options.color)
    if options.version:
        output.line(f"lanmsg {__version__}")
        return 0
    if options.help:
        function("help:command_help")(Invocation(command, options, output))
        return 0
    result = outcome(Invocation(command, options, output))
    if command.result and output.json:
        output.result(result)
    return result.exit


def outcome(invocation: Invocation) -> Result:
    """What the command came to; an error becomes a result too, so that --json can end with one."""
    try:
        return function(invocation.command.run)(invocation)
    except LanmsgError as error:
        told(error, invocation.output)
        return Result(error.code)
    except KeyboardInterrupt:
        return Result("interrupted")
    except TerminatedError:
        return Result("terminated")


def function(name: str) -> Function:
    """`module:function` of this room; a command pays only for what it imports itself."""
    module, _, attribute = name.partition(":")
    return cast("Function", getattr(import_module(f"lanmsg.cli.{module}"), attribute))


def told(error: LanmsgError, output: Output) -> int:
    if debugging():
        output.traceback(error)
    output.error(error)
    return exit_code(error.code)


def unexpected(
    output: Output, kind: type[BaseException], error: BaseException, _: TracebackType | None
) -> None:
    """A fault of ours: one sentence, and the traceback only for those who look for it. Exit code 1."""
    if debugging():
        output.traceback(error)
        return
    output.error(
        LanmsgError(
            f"internal error: {kind.__name__}: {error}",
            code="internal",
            hint="LANMSG_DEBUG=1 shows where; please report it",
        )
    )
