"""The commands as a table: the parser, every help text and the suggestions are made from it."""

from msgspec.structs import replace

from lanmsg.cli.grammar import Command, Option, Positional, number, seconds, switch
from lanmsg.cli.options import ACKNOWLEDGED, PEER, TO, VERIFIED_ONLY, WHO, wait
from lanmsg.cli.table_files import (
    ACCEPT,
    CANCEL,
    DECLINE,
    LISTEN,
    OFFERS,
    PAUSE,
    RECEIVE,
    RESUME,
    RETRY,
    RULE,
    SEND,
    TRANSFERS,
)
from lanmsg.cli.table_home import FORGET, OUTBOX, STATUS

TUI = Command(
    "tui",
    "the screen: who is here, conversations, files",
    "screen:tui",
    "lanmsg --plain        lines instead of a full screen, for screen readers and dumb terminals",
    "Screen",
    options=(
        switch("--plain", help="append-only lines, no full screen"),
        switch("--ascii", help="no characters outside ASCII"),
    ),
    details="F1 shows the keys, and / on an empty line every command; Ctrl-C twice leaves. Lines come by "
    "themselves where TERM is dumb, and ASCII where the locale is not UTF-8.\n"
    "Colours, the mouse, how you are called and other keys are settings: /set on the screen, or "
    "lanmsg config set tui.theme light. NO_COLOR turns colours off.\n"
    "A second screen of the same home is a view of the first, and takes over when that one ends. After a "
    "fault the terminal is as before, and crash.log in the home says where it was; it quotes nobody.",
)
DEMO = Command(
    "demo",
    "try the screen with a few lively peers on this machine alone",
    "demo:demo",
    "lanmsg demo --peers 5",
    "Screen",
    options=(
        Option(("--peers",), "how many people (default 3)", "N", number, 3),
        *TUI.options,
    ),
    details="Everything happens on loopback addresses and in a folder that is removed at the end.",
)
PEERS = Command(
    "peers",
    "who is here",
    "people:peers",
    "lanmsg peers --json | jq -r '.peers[].name'",
    "People",
    aliases=("who",),
    options=(
        Option(
            ("--wait",), "listen this long for answers (default 2; 0: what is known)", "SEC", seconds, 2.0
        ),
        switch("--all", help="also those who are known but not here"),
        switch("--watch", help="be here, one line for each who comes and goes"),
    ),
    conflicts=(("--watch", "--all"),),
)
ID = Command(
    "id",
    "own name, fingerprint and home",
    "people:own_id_command",
    "lanmsg id --qr",
    "People",
    options=(
        switch("--qr", help="the fingerprint as a QR code as well"),
        switch("--set-passphrase", help="lock the key by a passphrase, or change the one it has"),
        switch("--remove-passphrase", help="keep the key without one"),
    ),
    conflicts=(("--set-passphrase", "--remove-passphrase"),),
    details="A passphrase is typed on the terminal, or the first line of --passphrase-file (setting: "
    "passphrase_file; systemd: LoadCredential=lanmsg-passphrase:PATH); never from an argument or a variable.",
)
TRUST = Command(
    "trust",
    "know a peer by its key from now on, or accept a changed one",
    "trust:trust",
    'lanmsg trust ben --fingerprint "8F2A 11C0 5B7E 90D3"',
    "People",
    positionals=(WHO,),
    options=(
        Option(
            ("--fingerprint",),
            "exit 7 unless the key begins with these 8 or more hex digits; 16 verify it",
            "F",
        ),
        switch("--replace", help="put a changed key in the place of the old one"),
        wait(5.0),
    ),
    details=PEER
    + "\nA changed key is accepted only with --replace, and only after its fingerprint was compared.",
    result=True,
)
VERIFY = Command(
    "verify",
    "make sure who a peer is: you both see the same four words",
    "verify:verify",
    "lanmsg verify ben        (and ben, at the same time: lanmsg verify anna)",
    "People",
    positionals=(WHO,),
    options=(
        switch("--safety-number", help="print the 60 digits that are the same over there, and end"),
        switch("--qr", help="the safety number as a QR code"),
        Option(
            ("--confirm",),
            "the digits that you were told: verifies the key, or exit 7",
            "DIGITS",
            default=None,
        ),
        wait(30.0),
        Option(("--timeout",), "wait this long for the other person (default 300)", "SEC", seconds, 300.0),
    ),
    details=PEER
    + "\nRead the words to each other by telephone, or look at both screens; then type same, or different."
    "\nAfter different nothing is sent to that key any more. With --json the answer is a line on stdin."
    "\nThree comparisons an hour with one peer; the safety number works at any time, and without a network.",
    result=True,
)
BLOCK = Command(
    "block",
    "take no messages and no files from this key",
    "trust:block",
    "lanmsg block eve",
    "People",
    positionals=(WHO,),
    options=(wait(5.0),),
    details=PEER,
    result=True,
)
UNBLOCK = replace(
    BLOCK, name="unblock", summary="undo block", run="trust:unblock", example="lanmsg unblock eve"
)
RENAME = Command(
    "rename",
    "call a peer by a name of your own",
    "trust:rename",
    "lanmsg rename ben@thinkpad ben        (lanmsg rename ben '' takes the name away)",
    "People",
    positionals=(WHO, Positional("new_name", "NAME")),
    options=(wait(5.0),),
    details=PEER,
    result=True,
)
MSG = Command(
    "msg",
    "send a message; exit 0 means that it is on the peer's disk",
    "talk:msg",
    "df -h | lanmsg msg ben",
    "Talk",
    positionals=(WHO, Positional("text", "[TEXT…]", many=True, required=False)),
    options=(
        wait(5.0),
        ACKNOWLEDGED,
        switch("--queue", help="peer not here: leave it in the outbox, exit 0"),
        VERIFIED_ONLY,
    ),
    details=PEER + "\nNo text, or -, takes the message from stdin.",
    result=True,
)
BROADCAST = Command(
    "broadcast",
    "send a message to everyone who is here",
    "talk:broadcast",
    "lanmsg broadcast the kitchen has cake",
    "Talk",
    aliases=("all",),
    positionals=(Positional("text", "[TEXT…]", many=True, required=False),),
    options=(
        Option(("--wait",), "look for people this long (default 2)", "SEC", seconds, 2.0),
        Option(("--timeout",), "wait this long for the acknowledgements (default 10)", "SEC", seconds, 10.0),
    ),
    details="No text, or -, takes the message from stdin.",
    result=True,
)
HISTORY = Command(
    "history",
    "what was said",
    "history:history",
    "lanmsg history ben --since 2d --search printer",
    "Talk",
    positionals=(Positional("conversation", "[PEER|everyone]", required=False, completes="conversations"),),
    options=(
        Option(("--since",), "a date, a date and time, or an age like 30m, 4h, 2d", "WHEN"),
        Option(("--limit",), "the last N messages (default 100; 0: all)", "N", number),
        Option(("--search",), "only messages that contain this", "TEXT"),
        switch("--follow", help="go on with what comes next"),
        switch("--numbers", help="before each message its number, for lanmsg forget --message"),
        Option(("--export",), "everything, as text or json", "FORMAT", choices=("text", "json")),
    ),
    conflicts=(("--export", "--follow"),),
    details="The time is when this home stored it; `you (queued)` marks what has not arrived yet.",
)
DOCTOR = Command(
    "doctor",
    "why nobody shows up, and what to type about it",
    "doctor:doctor",
    "lanmsg doctor ben        (the way to somebody: a name or an address)",
    "More",
    positionals=(Positional("peer", "[PEER]", required=False, completes="people"),),
    options=(
        Option(("--wait",), "look around this long (default 2)", "SEC", seconds, 2.0),
        switch("--glyphs", help="print the signs of the screen, to see whether this terminal knows them"),
    ),
    details="Looks at interfaces, ports, firewalls, the home, disk and clock, and asks who is there; it"
    " changes nothing and needs no rights.\nExit 0: all is well, 1: something is not, 10: no interface or no"
    " port.",
)
NETWORK = Command(
    "network",
    "which networks lanmsg speaks on",
    "network:network",
    "lanmsg network trust wlan0",
    "More",
    positionals=(
        Positional("action", "[list|trust|quiet]", required=False, choices=("list", "trust", "quiet")),
        Positional("network_name", "[NAME]", required=False),
    ),
    details="NAME is an interface, a prefix like 192.168.1.0/24, or a gateway's hardware address; without it,"
    " all networks that you are on. On one that is quiet nothing is announced, asked or answered. A lanmsg"
    " that runs follows at once. `lanmsg config set networks.new quiet` keeps quiet on each new network."
    " Ports, firewalls and why somebody is not seen: lanmsg help network.",
)
CONFIG = Command(
    "config",
    "read or change the settings of this home",
    "settings:config",
    "lanmsg config set name anna",
    "More",
    positionals=(
        Positional("action", "get|set|path", choices=("get", "set", "path")),
        Positional("key", "[KEY]", required=False, completes="settings"),
        Positional("value", "[VALUE…]", many=True, required=False),
    ),
    details="Keys: name, port, interfaces, peers, downloads, quiet, keep_exec, passphrase_file, "
    "networks.new (trust or quiet), history.keep_days (older messages are deleted; 0 keeps all), and tui.* "
    "for the screen: theme, nick_colors, ascii, mouse, list, notify, notify_text, notify_command and keys "
    "(lanmsg config get lists what is in force, /set on the screen says what each does).",
)
HELP = Command(
    "help",
    "help on a command or a topic",
    "help:help_command",
    "lanmsg help exit-codes",
    "More",
    positionals=(Positional("topic", "[COMMAND|TOPIC]", required=False, completes="topics"),),
    options=(switch("--man", help="all of it, as a manual page for man -l"),),
)
SERVICE = Command(
    "service",
    "have lanmsg listen whenever you are logged in (systemd)",
    "service:service",
    "lanmsg service install --now --accept known",
    "More",
    positionals=(Positional("action", "install|uninstall|show", choices=("install", "uninstall", "show")),),
    options=(
        replace(LISTEN.options[0], help="files, as in lanmsg listen (default ask)"),
        TO,
        switch("--now", help="tell systemd as well: start it, or stop it before it is removed"),
    ),
    details="install writes a unit of your own and says what to type; without --now systemd is left alone. "
    "The global options that you give go into the unit.",
)
COMPLETION = Command(
    "completion",
    "what makes Tab complete commands, options, files and people",
    "completion:completion",
    "source <(lanmsg completion bash)        (in ~/.bashrc; zsh: the same in ~/.zshrc)",
    "More",
    positionals=(
        Positional(
            "shell",
            "bash|zsh|fish|powershell",
            choices=("bash", "zsh", "fish", "powershell"),
        ),
    ),
    details="fish: lanmsg completion fish > ~/.config/fish/completions/lanmsg.fish\n"
    "PowerShell: lanmsg completion powershell | Out-String | Invoke-Expression, in $PROFILE",
)

COMMANDS = (
    TUI,
    DEMO,
    PEERS,
    ID,
    VERIFY,
    TRUST,
    BLOCK,
    UNBLOCK,
    RENAME,
    STATUS,
    MSG,
    BROADCAST,
    HISTORY,
    OUTBOX,
    FORGET,
    SEND,
    RECEIVE,
    LISTEN,
    OFFERS,
    ACCEPT,
    DECLINE,
    TRANSFERS,
    PAUSE,
    RESUME,
    RETRY,
    CANCEL,
    RULE,
    DOCTOR,
    NETWORK,
    CONFIG,
    SERVICE,
    COMPLETION,
    HELP,
)
BY_NAME = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}
