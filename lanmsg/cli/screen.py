"""Bare `lanmsg`: the screen on a terminal, a word of help without one."""

import sys

from lanmsg.cli.exit_codes import BROKEN_PIPE, DONE, INTERRUPTED, TERMINATED
from lanmsg.cli.help import overview
from lanmsg.cli.output import Result, is_terminal, silence
from lanmsg.cli.parser import Invocation
from lanmsg.config import Settings
from lanmsg.model import LanmsgError

NAMES = {
    DONE: "done", INTERRUPTED: "interrupted", BROKEN_PIPE: "broken_pipe", TERMINATED: "terminated"
}  # fmt: skip


def tui(invocation: Invocation) -> Result:
    if not invocation.options.plain:  # lines are as good between pipes
        require_terminal(invocation)
    return shown(invocation.settings, invocation)


def require_terminal(invocation: Invocation) -> None:
    """Raises LanmsgError where nobody could see or type anything."""
    if is_terminal(sys.stdin) and is_terminal(sys.stdout):
        return
    if not invocation.output.json:
        sys.stderr.write(overview() + "\n")
    raise LanmsgError("the screen needs a terminal", code="usage", hint="name a command: lanmsg help")


def shown(settings: Settings, invocation: Invocation) -> Result:
    """The screen until it is left."""
    from lanmsg.cli.passphrase import unlocked
    from lanmsg.cli.running import run_async  # asyncio, and below prompt_toolkit: a quarter of a second
    from lanmsg.tui.app import run_tui

    settings, options = unlocked(settings), invocation.options
    try:
        code = run_async(lambda: run_tui(settings, plain=options.plain, ascii=options.ascii))
    finally:
        let_go()
    return Result(NAMES.get(code, "failed"))


def let_go() -> None:
    """A terminal that hung up takes no goodbye; what was meant for it must not become a fault of ours."""
    try:
        sys.stdout.flush()
    except OSError:
        silence(sys.stdout, sys.stderr)
