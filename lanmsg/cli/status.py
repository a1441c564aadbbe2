"""status: how the listener of this home shows its person; said in the store, where it hears of it."""

from lanmsg.api import checked_note, wall_clock
from lanmsg.cli.output import Result
from lanmsg.cli.parser import Invocation
from lanmsg.model import LanmsgError, Status
from lanmsg.terminal import printable


def status(invocation: Invocation) -> Result:
    options, output = invocation.options, invocation.output
    store = invocation.home()
    try:
        is_shown = store.presence.is_live(wall_clock())
        if options.status is not None:
            if not is_shown:
                raise LanmsgError(
                    "no lanmsg of this home runs, so that nobody would see it",
                    hint="lanmsg, or lanmsg listen, and then again",
                )
            note = checked_note(" ".join(options.note))
            store.own_profile.say(Status[options.status.upper()], note)
        said = store.own_profile.get() if is_shown else None
    finally:
        store.close()
    shown = said.status.name.lower() if said else "available"
    note = said.note if said else ""
    if output.json:
        output.document(status=shown, note=note, shown=is_shown)
    elif options.status is None:
        output.line(f"{shown}  {printable(note)}".rstrip())
        if not is_shown:
            output.notice("no lanmsg of this home runs: the others do not see you")
    return Result()
