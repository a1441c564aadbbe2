"""The commands for what this home keeps and shows; the others, and all of them together, are in `table`."""

from lanmsg.cli.grammar import Command, Option, Positional, number, switch

OUTBOX = Command(
    "outbox",
    "messages that have not arrived yet, and why",
    "outbox:outbox",
    "lanmsg outbox cancel 17",
    "Talk",
    positionals=(
        Positional("action", "[list|cancel|retry]", required=False, choices=("list", "cancel", "retry")),
        Positional("which", "[NUMBER…|PEER|all]", many=True, required=False, completes="people"),
    ),
    options=(switch("--failed", help="list: also what has failed and is not tried again"),),
    details="cancel takes back what waits, retry queues once more what has failed. What waits leaves by "
    "itself as soon as the peer is here and a screen or lanmsg listen runs.",
)
FORGET = Command(
    "forget",
    "delete messages and finished transfers from this computer",
    "forget:forget",
    "lanmsg forget all --before 90d",
    "Talk",
    positionals=(
        Positional("conversation", "[PEER|everyone|all]", required=False, completes="conversations"),
    ),
    options=(
        Option(("--before",), "only what is older: a date, a date and time, or an age like 90d", "WHEN"),
        Option(("--message",), "one message, by its number in history --numbers", "N", number, repeat=True),
    ),
    conflicts=(("--before", "--message"),),
    details="What was sent stays with the others, and files that were saved stay. What waits in the outbox "
    "is kept: lanmsg outbox cancel.\nlanmsg config set history.keep_days 90 does this every day.",
    result=True,
)
STATUS = Command(
    "status",
    "what the others see: available, away or busy, with a note",
    "status:status",
    "lanmsg status away at lunch",
    "People",
    positionals=(
        Positional("status", "[available|away|busy]", required=False, choices=("available", "away", "busy")),
        Positional("note", "[NOTE…]", many=True, required=False),
    ),
    details="It holds until the screen or lanmsg listen of this home ends. Without a word, what is shown.",
)
