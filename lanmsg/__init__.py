"""lanmsg: a serverless messenger for one local network.

The rooms, from the bottom up; each imports only the rooms below it:

model      the nouns: PeerId, Peer, Message, Transfer, Trust (frozen values)
config     settings and platform paths, read once, passed down
terminal   text of other people made safe for a terminal; cell width
protocol   protocol.md as pure machines: bytes and time in, events and bytes out
storage    the home on disk, where the processes of one identity meet
node       sockets, timers and tasks around the two
api        the front door: what screens and scripts may use
tui, cli   the screen and the shell

A feature keeps its stem through the rooms: presence is protocol/discovery, node/beacon; a message is
protocol/payload, storage/history, node/outbox; a file is protocol/transfer, storage/transfers and
storage/downloads, node/file_pump; trust is protocol/handshake, storage/peers.
"""

__version__ = "0.1.0"
