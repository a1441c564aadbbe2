"""The topics of `lanmsg help`: what holds for all commands."""

from msgspec import Struct

from lanmsg.cli.exit_codes import MEANINGS


class Topic(Struct, frozen=True):
    summary: str
    text: str


EXIT_CODES = (
    "Exit codes\n\n"
    + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())
    + """

EXAMPLE
  lanmsg msg ben "backup is done" || echo "ben was not told: $?"
"""
)

JSON = """\
With --json stdout carries one JSON object a line, flushed at once, and stderr as well.
Every object has "v":1. Fields are only ever added. Sizes are bytes, times RFC 3339 in UTC.
peers, id, offers, transfers, doctor, network and config print one object. msg, broadcast, send,
receive, listen, accept, decline, cancel and `peers --watch` print events; each event has "type", "ts".

  peer              {"id":…,"name":…,"host":…,"addrs":[…],"present":…,
                     "status":…,"note":…,"trust":…,"last_seen":…,
                     "verified_at":…,"lookalike_of":…,"words_differ":…}
  ready             id, name, tcp, udp
  peer_seen         peer            peer_changed, peer_gone: the same
  message           id, peer, conversation (private or everyone), text, sent
  offer             transfer, direction, peer, files [{name, size}], total, count
  transfer_progress transfer, direction, done, total, rate            at most one a second
  transfer_paused   transfer, direction, peer, done, total, held (you, peer), code, error
  transfer_done     transfer, direction, peer, paths, bytes, seconds
  transfer_failed   transfer, direction, peer, code, error
  delivered         id, peer
  delivery_failed   id, peer, error
  key_changed       peer, before, now
  verification      peer, stage (asked, comparing, same, different, failed, expired), words,
                    ours (this side's doing), reason
  checks            of doctor: [{code, ok, severity, message, hint, commands}], and ok for all
  networks          of network: [{key, interface, state, here, first_seen, last_seen}], and new
  result            ok, exit, code: the last line of a command that ends by itself
  error, notice     code, message, hint: on stderr; with -vv step as well: ts, step

A peer's text is in JSON as it came: make it safe before you print it.

EXAMPLE
  lanmsg listen --json --events message | jq --unbuffered -r '.peer.name + ": " + .text'
"""

ENVIRONMENT = """\
An option on the command line wins over the environment, that over config.toml in the home.

  LANMSG_HOME       --home        LANMSG_INTERFACE  --interface, comma separated
  LANMSG_NAME       --name        LANMSG_PEERS      --peer, comma separated
  LANMSG_PORT       --port        LANMSG_DOWNLOADS  --downloads
  LANMSG_DEBUG=1    tracebacks    NO_COLOR=1        no colours
  LANMSG_PASSPHRASE_FILE          --passphrase-file; a passphrase itself never stands in a variable

EXAMPLE
  LANMSG_HOME=~/lanmsg-of-the-build-server lanmsg msg ben "build 812 is green"
"""

SECURITY = """\
A peer is its key: the fingerprint that `lanmsg id` shows over there. Names are only labels. The first
key that you write to, accept from or trust is known by its name from then on.

  new        nothing was decided yet       verified   you compared, and it was right: lanmsg verify
  known      you have dealt with it        blocked    you refuse it
  changed    another key uses the name of one you know, or the words were different:
             nothing is sent, no file is taken
  LOOKS LIKE  a new name that a hurried reader takes for one you know: it has to be named by its key

How to be sure that ben is ben. Call him, or sit down beside him. You type `lanmsg verify ben`, he types
`lanmsg verify anna` (on the screen: /verify ben). Both of you see four words. Read them to each other.
The same: type same, and ben is verified, with today's date. Other words: somebody sits between you, or
that is not ben: type different, and nothing is sent to that key any more. Do not send the words by
lanmsg itself. If you cannot meet: `lanmsg verify ben --safety-number` prints 60 digits, the same at both
ends, also without a network; `--confirm DIGITS` checks those that you were told, and --qr shows them.

A changed key never replaces a pin by itself. Ask the person on another channel, and compare: a verified
key, or `lanmsg trust PEER --replace --fingerprint F`, takes the place of the old one; else `lanmsg block
PEER`. What is queued for the old key stays queued for it. --yes answers none of this.
Everything on the wire is encrypted, and there is no way to switch that off. Whoever watches the network
sees that you use lanmsg, your nickname and your fingerprint.

Your own key is a file in the home, for you alone to read. `lanmsg id --set-passphrase` locks it: it is
asked for at each start, on the terminal, or read from a file of which nobody else can read a byte
(--passphrase-file, the setting passphrase_file, or in a unit of systemd
LoadCredential=lanmsg-passphrase:PATH). The history beside it is not encrypted: that is the disk's matter.

EXAMPLE
  lanmsg msg ben --require-verified "the door code is 4711"
"""

NETWORK = """\
lanmsg uses UDP and TCP port 2372 and talks to this network only. People show up by themselves, within
about a second. If somebody does not, `lanmsg doctor` says why and what to type, here and over there;
`lanmsg doctor ben` tries the way to one of them. Likeliest first:

  1  is lanmsg running over there (`lanmsg`, or `lanmsg listen`)?
  2  a firewall, here or there: allow UDP and TCP port 2372
  3  guest Wi-Fi or client isolation keeps devices apart: use another network
  4  a VPN, or two networks: name the right one with --interface
  5  another subnet: name the address with --peer 10.1.2.3

On a network that you do not trust, keep quiet: `lanmsg network quiet`. With `lanmsg config set
networks.new quiet` that holds for each new one until `lanmsg network trust`: nothing is announced, asked
or answered there, and connections are closed unheard. A network is known by its addresses and its
gateway's hardware address, so a café with the numbers of your home is another one. What has no gateway,
or is not on Linux, is known by its addresses alone; whoever copies the hardware address passes for it.

`lanmsg network --help` is about the command of that name.

Several people on one computer need no options. To try several nodes on one machine, give each its
own home and its own loopback address.

EXAMPLE
  lanmsg --home ~/try-ben --name ben --interface 127.0.0.2 listen
"""

TOPICS = {
    "exit-codes": Topic("what the exit code says", EXIT_CODES.rstrip()),
    "json": Topic("machine-readable output", JSON.rstrip()),
    "environment": Topic("variables", ENVIRONMENT.rstrip()),
    "security": Topic("keys, trust and what is not protected", SECURITY.rstrip()),
    "network": Topic("ports, interfaces, and why somebody is not seen", NETWORK.rstrip()),
}
