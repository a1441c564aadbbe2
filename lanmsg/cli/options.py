"""Options that several commands share, those of all commands, and what the events are called."""

from lanmsg.cli.grammar import Option, Positional, seconds, switch

PEER = "PEER is a name (ben for ben@thinkpad), 8 or more hex digits of the fingerprint, or an address."


def wait(default: float) -> Option:
    return Option(("--wait",), f"look for the peer this long (default {default:g})", "SEC", seconds, default)


VERIFIED_ONLY = switch("--require-verified", help="exit 7 unless this key was verified in person")
ACKNOWLEDGED = Option(
    ("--timeout",), "wait this long for the acknowledgement (default 10)", "SEC", seconds, 10.0
)
TO = Option(("--to",), "save in this folder", "DIR", completes="folders")
KEEP_EXEC = switch("--keep-exec", help="what may be run there may be run here (default: nothing may)")
FROM = Option(("--from",), "only from this peer", "PEER", completes="people")
OPEN_OFFERS = (Positional("id", "ID…|all", many=True, completes="offers"),)
OPEN_TRANSFERS = (Positional("id", "ID…|all", many=True, completes="transfers"),)
WHO = Positional("peer", "PEER", completes="people")
EVENTS = (
    "ready",
    "peer_seen",
    "peer_changed",
    "peer_gone",
    "message",
    "offer",
    "transfer_progress",
    "transfer_paused",
    "transfer_done",
    "transfer_failed",
    "delivered",
    "delivery_failed",
    "key_changed",
    "verification",
)
"""What `listen` tells of, in the words of the JSON contract; --events chooses among them."""

GLOBAL_OPTIONS = (
    Option(("--home",), "identity, history and settings live here", "DIR", completes="folders"),
    Option(("--name",), "nickname for this run", "NAME"),
    Option(("--port",), "discovery port and preferred TCP port (default 2372)", "N"),
    Option(
        ("--interface",),
        "use only this interface or address (repeatable)",
        "NAME|ADDRESS",
        repeat=True,
        completes="interfaces",
    ),
    Option(("--peer",), "ask this address too (repeatable)", "HOST[:PORT]", repeat=True),
    Option(("--downloads",), "where received files go", "DIR", completes="folders"),
    Option(
        ("--passphrase-file",),
        "its first line opens the key (lanmsg id --set-passphrase)",
        "PATH",
        completes="files",
    ),
    switch("--json", help="machine-readable output"),
    switch("-q", "--quiet", help="no notices and no progress"),
    Option(("-v", "--verbose"), "say more (repeatable)", default=0, repeat=True),
    Option(
        ("--color",),
        "colours: auto, always or never",
        "WHEN",
        default="auto",
        choices=("auto", "always", "never"),
    ),
    switch("--yes", help="answer yes to questions (never to security ones)"),
    switch("--version", help="print the version"),
    switch("-h", "--help", help="print this help"),
)
