"""`python -m lanmsg` and the installed command: nothing is imported before it is known to be needed."""

import os
import sys
from collections.abc import Sequence

from lanmsg import __version__

BROKEN_PIPE = 141
DATA = 8


def command() -> None:
    """The whole process. Clearing up each object of the interpreter at its end would cost 30 ms and tell
    nobody anything: all is closed, so the process just ends, unless a developer wants to see what is not.
    """
    code = main()
    is_watched = sys.flags.dev_mode or sys.getprofile() or sys.gettrace()
    if not is_watched and is_all_written():
        os._exit(code)
    sys.exit(code)


def is_all_written() -> bool:
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return False  # the interpreter says so
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words == ["--version"]:
        # Asked by scripts and shells all the time: answered before the parser's modules are read.
        return print_version()
    if words[:3] == ["completion", "--candidates", "--"]:
        # Asked at each press of Tab, by completions/*: not worth the parser either.
        from lanmsg.cli.completion import answer_tab

        return answer_tab(words[3:])
    from lanmsg.cli.main import run  # see above

    return run(words)


def print_version() -> int:
    if sys.stdout is None:
        return BROKEN_PIPE
    try:
        sys.stdout.write(f"lanmsg {__version__}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None  # or the interpreter flushes once more, loudly
        return BROKEN_PIPE
    except OSError as error:
        sys.stdout = None
        if sys.stderr is not None:
            sys.stderr.write(f"lanmsg: the output cannot be written: {error.strerror}\n")
        return DATA
    return 0


if __name__ == "__main__":
    command()
