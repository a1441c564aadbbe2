"""The commands for files; the others, and all of them together, are in `table`."""

from lanmsg.cli.grammar import Command, Option, Positional, number, rate, seconds, size, switch
from lanmsg.cli.options import (
    FROM,
    KEEP_EXEC,
    OPEN_OFFERS,
    OPEN_TRANSFERS,
    PEER,
    TO,
    VERIFIED_ONLY,
    WHO,
    wait,
)

SEND = Command(
    "send",
    "offer files or folders; exit 0 means that they are saved at the other end",
    "send:send",
    "tar cz photos | lanmsg send ben - --as photos.tgz",
    "Files",
    positionals=(WHO, Positional("path", "PATH…", many=True, completes="files")),
    options=(
        Option(("--as",), "what to call the data from stdin", "NAME"),
        Option(("-m", "--message"), "a line to go with the offer", "TEXT", default=""),
        wait(5.0),
        Option(
            ("--timeout",),
            "wait this long for the person's answer (default: while the offer stands)",
            "SEC",
            seconds,
        ),
        Option(("--limit",), "at most this much a second, like 500k or 2.5M", "RATE", rate),
        VERIFIED_ONLY,
        Option(
            ("--progress",),
            "auto, always or never",
            "WHEN",
            default="auto",
            choices=("auto", "always", "never"),
        ),
    ),
    details=PEER + "\nThe path - is stdin.",
    result=True,
)
RECEIVE = Command(
    "receive",
    "take files; prints where each was saved",
    "receive:receive",
    "lanmsg receive --from ben --stdout | tar xz",
    "Files",
    aliases=("recv",),
    options=(
        FROM,
        TO,
        KEEP_EXEC,
        Option(
            ("--accept",),
            "from whom: known, verified or all (default known; with --from: that peer)",
            "WHOM",
            choices=("known", "verified", "all"),
        ),
        Option(("--count",), "end after N transfers (default 1; 0: never)", "N", number, 1),
        Option(("--timeout",), "give up after this long without a transfer", "SEC", seconds),
        switch("--stdout", help="the content of one file to stdout instead of a folder"),
        switch("-0", "--null", help="end each path with a zero byte, for xargs -0"),
        Option(
            ("--progress",),
            "auto, always or never",
            "WHEN",
            default="auto",
            choices=("auto", "always", "never"),
        ),
    ),
    conflicts=(
        ("--stdout", "--to"),
        ("--stdout", "--json"),
        ("--stdout", "--null"),
        ("--stdout", "--count"),
        ("--json", "--null"),
    ),
    details="known: peers that you have written to, accepted from, or trusted. Other offers stay open. "
    "Beside a listener this one gets the files that it waits for.",
    result=True,
)
LISTEN = Command(
    "listen",
    "be here without a screen; one line for each thing that happens",
    "listen:listen",
    "lanmsg listen --json --events message,offer",
    "Files",
    options=(
        Option(
            ("--accept",),
            "files: ask, none, known, verified or all (default ask)",
            "WHOM",
            default="ask",
            choices=("ask", "none", "known", "verified", "all"),
        ),
        TO,
        FROM,
        KEEP_EXEC,
        Option(("--events",), "only these, comma separated", "LIST", completes="events"),
        Option(("--count",), "end after N events", "N", number, 0),
        Option(("--timeout",), "end after this long", "SEC", seconds),
    ),
    details="ask leaves each offer open for `lanmsg accept` or the screen; none declines it. A rule for the "
    "person comes first: `lanmsg rule ben accept` with `listen --accept none` takes everything from ben, and "
    "nothing from others. What a `lanmsg receive` waits for is left to that one.",
)
OFFERS = Command(
    "offers", "files that wait for your answer", "offers:offers", "lanmsg offers --json", "Files"
)
ACCEPT = Command(
    "accept",
    "accept offered files",
    "answers:accept",
    "lanmsg accept 7 --to ~/papers",
    "Files",
    positionals=OPEN_OFFERS,
    options=(TO, KEEP_EXEC),
    details="With no screen or listener running, this waits for the files and prints where they were saved.",
    result=True,
)
DECLINE = Command(
    "decline",
    "decline offered files",
    "answers:decline",
    "lanmsg decline all",
    "Files",
    positionals=OPEN_OFFERS,
    result=True,
)
TRANSFERS = Command(
    "transfers", "files on their way, and those of late", "offers:transfers", "lanmsg transfers", "Files"
)
CANCEL = Command(
    "cancel",
    "stop a transfer or take an offer back",
    "answers:cancel",
    "lanmsg cancel 7",
    "Files",
    positionals=OPEN_TRANSFERS,
    result=True,
)
PAUSE = Command(
    "pause",
    "stop a transfer for now, on both sides",
    "pausing:pause",
    "lanmsg pause 7",
    "Files",
    positionals=OPEN_TRANSFERS,
    details="It goes on when you say lanmsg resume, and not before. The other side is told who paused it.",
    result=True,
)
RESUME = Command(
    "resume",
    "let a transfer go on that you have paused",
    "pausing:resume",
    "lanmsg resume all",
    "Files",
    positionals=OPEN_TRANSFERS,
    details="With no screen or listener running, this stays until the files are there.",
    result=True,
)
RETRY = Command(
    "retry",
    "try once more what has failed or stopped",
    "pausing:retry",
    "lanmsg retry 7",
    "Files",
    positionals=OPEN_TRANSFERS,
    details="What a fault has stopped goes on by itself; this does not wait for it. What has failed, was "
    "cancelled or expired is offered again by its sender. What has arrived is not sent twice.",
    result=True,
)
RULE = Command(
    "rule",
    "what becomes of the files that one peer offers",
    "rules:rule",
    "lanmsg rule ben accept --max 2G",
    "Files",
    positionals=(
        WHO,
        Positional(
            "rule",
            "[ask|accept|refuse|default]",
            required=False,
            choices=("ask", "accept", "refuse", "default"),
        ),
    ),
    options=(Option(("--max",), "accept: only up to this size", "SIZE", size), wait(5.0)),
    details=PEER
    + "\nIt holds for the screen, listen and receive alike, whatever --accept says. accept is for keys that "
    "you trust: never for one that is new or has changed. Without a rule, the one in force is told.",
    result=True,
)
