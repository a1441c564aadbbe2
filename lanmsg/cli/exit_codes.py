"""Exit codes and the names of what happened; scripts are written against both."""

from collections.abc import Sequence

DONE = 0
FAILED = 1
USAGE = 2
NOT_FOUND = 3
AMBIGUOUS = 4
DECLINED = 5
TIMED_OUT = 6
SECURITY = 7
DATA = 8
PARTLY = 9
NETWORK = 10
INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143

MEANINGS = {
    DONE: "done: delivered, stored and checked, not merely sent",
    FAILED: "failed",
    USAGE: "wrong use: an option, an argument or a setting",
    NOT_FOUND: "nobody by that name is here, or no such offer or transfer",
    AMBIGUOUS: "the name fits several people: the candidates are listed",
    DECLINED: "the person at the other end declined",
    TIMED_OUT: "timed out waiting for a person, an acknowledgement or an event",
    SECURITY: "security: the key changed, is not verified or blocked, or your own is locked (--yes or not)",
    DATA: "data or disk: no space, unreadable, not allowed, damaged",
    PARTLY: "partly done: each item is reported",
    NETWORK: "network: no interface, no free port, or the connection stays broken",
    INTERRUPTED: "interrupted (Ctrl-C)",
    BROKEN_PIPE: "the reader of the output went away",
    TERMINATED: "asked to stop (SIGTERM), or its terminal was closed (SIGHUP)",
}

EXIT_CODES = {
    "done": DONE,
    "delivered": DONE,
    "queued": DONE,
    "accepted": DONE,
    "failed": FAILED,
    "cancelled": FAILED,
    "outbox_full": FAILED,
    "internal": FAILED,
    "usage": USAGE,
    "not_found": NOT_FOUND,
    "ambiguous": AMBIGUOUS,
    "declined": DECLINED,
    "timeout": TIMED_OUT,
    "expired": TIMED_OUT,
    "key_changed": SECURITY,
    "not_verified": SECURITY,
    "blocked": SECURITY,
    "security": SECURITY,
    "locked": SECURITY,
    "disk": DATA,
    "disk_full": DATA,
    "no_space": DATA,
    "store": DATA,
    "unreadable": DATA,
    "changed": DATA,
    "permission": DATA,
    "too_large": DATA,
    "name": DATA,
    "checksum": DATA,
    "partly": PARTLY,
    "network": NETWORK,
    "no_interface": NETWORK,
    "port_taken": NETWORK,
    "paused": NETWORK,
    "lost": NETWORK,
    "stalled": NETWORK,
    "interrupted": INTERRUPTED,
    "broken_pipe": BROKEN_PIPE,
    "terminated": TERMINATED,
}


def exit_code(code: str) -> int:
    """The exit code for the name of an outcome; a name that is not in the table is a plain failure."""
    return EXIT_CODES.get(code, FAILED)


def total_code(codes: Sequence[str]) -> str:
    """The items' own code if they all agree, `partly` if some of them went well, else `failed`."""
    if not codes:
        return "done"
    if len(set(codes)) == 1:
        return codes[0]
    return "partly" if not {"delivered", "done", "accepted"}.isdisjoint(codes) else "failed"
