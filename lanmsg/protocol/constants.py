"""Every number of the protocol, its unit in the name, its reason beside it (protocol.md, Constants).

Two kinds. "Wire": both sides must have the same number, or they do not understand each other.
"Choice": what this implementation does within its own walls; another one may choose otherwise.
Sizes are in bytes and times in seconds unless the name says otherwise.
"""

from typing import Final

# ---------- General: wire

# Of datagrams and of sessions; a change of either that is not backward compatible counts both up.
PROTOCOL_VERSION: Final = 1
PORT: Final = 2372  # UDP and TCP; IANA gave it to "lanmessenger" in 2008.
PEER_ID_BYTES: Final = 32  # SHA-256: nobody can make a second key with the same fingerprint.
NAME_MAX_BYTES: Final = 48  # In UTF-8; a name is in every datagram, and 70 + 48 fits into ANNOUNCEMENT_BYTES.

# ---------- Identity: wire

RSA_KEY_BITS: Final = 3072  # 128-bit security, the floor of NIST and BSI beyond 2030.
RSA_PUBLIC_EXPONENT: Final = 65537  # One exponent for all, so that a modulus alone is the key.
# 384: the public key on the wire, big-endian; top bit set, odd, no ASN.1 to parse.
MODULUS_BYTES: Final = RSA_KEY_BITS // 8
# Separates the fingerprint's hash from every other hash in the protocol.
IDENTITY_DOMAIN: Final = b"lanmsg/1 identity"

# ---------- Discovery datagrams: wire

MULTICAST_GROUP: Final = "ff12::2372"  # IPv6, link-local, transient: "everyone" for those without IPv4.
# Set where the same goes to this link by IPv4 as well: who has IPv4 there heard it already.
FLAG_ALSO_IPV4: Final = 0x0001
ANNOUNCEMENT_MAGIC: Final = b"LMSD"  # Tells our datagrams from other people's on the same port.
# Separates the instance's hash from every other hash in the protocol.
INSTANCE_DOMAIN: Final = b"lanmsg/1 instance"
# Drawn at each start and shown only in BYE: 128 bits cannot be guessed, so a BYE proves itself.
LEAVE_SECRET_BYTES: Final = 16
# Hash of the leave secret, cut: a preimage costs 2^64, and it is worth one row in a list.
INSTANCE_ID_BYTES: Final = 8
TOKEN_BYTES: Final = 16  # Drawn for each question: who echoes it has received what was sent to that address.
# All fields before the name, at fixed places: there is no parser to attack.
ANNOUNCEMENT_HEADER_BYTES: Final = 70
# Every kind, padded with zeros: neither an answer nor a question is longer than what provoked it.
ANNOUNCEMENT_BYTES: Final = 128
# Longer ones are dropped unread; below any link's MTU, and room for later fields behind the 128.
DATAGRAM_MAX_BYTES: Final = 512
# What a u16 holds. A receiver believes LIFETIME_BELIEVED_MIN_S to LIFETIME_BELIEVED_MAX_S.
LIFETIME_MAX_S: Final = 65535

# ---------- Discovery timing: wire, as others rely on it to notice who is here and who is gone

# After a start or a change of interfaces. With the second and its answers, which take REPLY_JITTER_MAX_S at
# most, a newcomer and the others see each other within 1 s even when one datagram is lost.
QUERY_OFFSETS_S: Final = (0.0, 0.5, 3.0)
# With the lifetime it makes a crash visible within 15 s at up to 100 nodes.
ANNOUNCE_INTERVAL_MIN_S: Final = 5.0
# From 1,200 nodes on the rate of the whole network grows again, slowly; a crash shows within 4 minutes.
ANNOUNCE_INTERVAL_MAX_S: Final = 60.0
# Of all nodes of a network together: the interval is N / 20 s, so the network's load stays constant.
ANNOUNCE_RATE_PER_S: Final = 20.0
ANNOUNCE_JITTER: Final = 0.1  # Share of the interval, either way: nodes that started together drift apart.
# Intervals until a silent peer is asked: of two announcements, as late as they may be, one can be lost.
LIFETIME_INTERVALS: Final = 2.4
# A shorter claim counts as this, so that a forged one cannot make us ask all the time.
LIFETIME_BELIEVED_MIN_S: Final = 12
# A longer claim counts as this, so that a forged one cannot keep a dead row for 18 hours.
LIFETIME_BELIEVED_MAX_S: Final = 300
# A silent peer that could not be asked (budget, quiet mode) is gone after so many lifetimes.
UNASKED_LIFETIMES: Final = 1.5
# A peer that went silent is asked three times before it is called gone: loss is not absence.
PROBE_OFFSETS_S: Final = (0.0, 0.5, 1.0)
PROBE_TIMEOUT_S: Final = 1.5  # From the first question; 12 s of lifetime and this stay below 15 s.
# A QUERY to everyone is answered by everyone: 1,000 answers a second fit a default receive buffer.
REPLY_JITTER_PER_PEER_S: Final = 0.001
# Keeps "everybody within one second"; 5,000 answers need a receive buffer of 4 MiB.
REPLY_JITTER_MAX_S: Final = 0.5
# So many listeners waiting for an answer at once are answered by one broadcast: N nodes that start together
# cost O(N) datagrams, not O(N^2).
COLD_START_QUERIES_MIN: Final = 3
# Of the nodes present, if that is more: few newcomers in a large network do not make everybody shout.
COLD_START_SHARE: Final = 1 / 32
# Between any broadcast of ours and one on demand: two of these, and nobody has waited for 1 s.
COLD_START_PAUSE_S: Final = 0.5
# So many on demand before COLD_START_RATE_PER_S counts: a crowd comes in waves.
COLD_START_BURST: Final = 3
# Of all nodes together: no more than 3 on demand in 3 N / 200 s, so that forged QUERYs cannot make us shout.
COLD_START_RATE_PER_S: Final = 200.0
# A dialer that waits for somebody asks everybody again, so that who has come is found soon; ...
SEEK_INTERVAL_MIN_S: Final = 2.5
# ... in between the interval is N / 20 s: it provokes no more answers than all of them announce meanwhile.
SEEK_INTERVAL_MAX_S: Final = 30.0
# An interface that comes and goes all the time starts so many rounds of QUERYs, and then one in 10 s.
QUERY_ROUNDS_BURST: Final = 3
QUERY_ROUNDS_PER_S: Final = 0.1
# How often an absent static peer is asked, after the first three times: it comes back as others do.
STATIC_QUERY_INTERVAL_S: Final = 5.0
# One that hears no broadcasts says QUERY again, instead of ANNOUNCE. Everybody answers that, so it pauses for
# this and each peer that it knows: it provokes two answers a second, ...
DEAF_QUERY_PER_PEER_S: Final = 0.5
# ... and from so many peers on none: a network as large as that is not to answer it all day.
DEAF_QUERY_PEERS_MAX: Final = 32
# It asks an address on its links that its system knows of at once, after this (one datagram may be lost), ...
NEIGHBOUR_QUERY_AGAIN_S: Final = 2.0
# ... and then so often: firewalls forget after 30 s whom they expect an answer from.
NEIGHBOUR_QUERY_INTERVAL_S: Final = 20.0
BYE_COPIES: Final = 2  # A BYE is not answered, so it is sent twice; both lost is a crash, noticed by silence.

# ---------- Discovery limits: choice

PEER_TABLE_MAX: Final = 8192  # Room for 5,000 honest nodes; some 11 MiB when full of invented ones.
ENDPOINTS_PER_PEER_MAX: Final = 4  # Wired, wireless, VPN and one more.
# Fingerprints believed at once from one address, beyond the burst; further ones are asked first.
NEWCOMERS_PER_SOURCE_PER_S: Final = 1.0
# Homes of one host that start together; a flooder's inventions beyond it have to answer.
NEWCOMERS_PER_SOURCE_BURST: Final = 64
# The same for all addresses together, as those can be forged: bounds the events we make of a flood.
NEWCOMERS_PER_S: Final = 100.0
NEWCOMERS_BURST: Final = PEER_TABLE_MAX  # 5,000 nodes that start in the same second are all shown at once.
# Pinned peers have a budget of their own, so that no flood keeps them from appearing.
PROTECTED_NEWCOMERS_PER_S: Final = 20.0
PROTECTED_NEWCOMERS_BURST: Final = 1000  # Everybody that a person has pinned, back after a power failure.
QUESTIONS_MAX: Final = 4096  # Outstanding in all; beyond it claims are not followed up.
# From so many peers on, what one broadcast can make a node send costs N / 100 times as much of its budget,
# so that all nodes together send 10,000 datagrams a second at most, whatever is forged.
NETWORK_BUDGET_PEERS: Final = 100
# Questions because somebody claims to be a new address, instance or name of a peer.
CLAIMS_PER_S: Final = 100.0
CLAIMS_BURST: Final = 200  # Half of a room comes back from a power failure.
# Up to so many nodes ask at once about a claim that all of them heard; REPLY_BURST pays for the answers.
CLAIM_SPREAD_FROM_PEERS: Final = 200
# Each one beyond spreads the questions by this, as REPLY_RATE_PER_S allows.
CLAIM_SPREAD_PER_PEER_S: Final = 0.01
# Questions because of silence; apart from the claims, so that a liar cannot use them up.
PROBES_PER_S: Final = 100.0
PROBES_BURST: Final = 300  # A switch fails, and 100 peers go silent at the same moment: three questions each.
# A host with many dialers (a script in a loop) is served; a flooder is not.
REPLY_RATE_PER_SOURCE_PER_S: Final = 10.0
REPLY_BURST_PER_SOURCE: Final = 20  # Three questions of several commands started together.
# Of the whole node, once for QUERYs to everyone and once for those to us alone: 26 kB/s.
REPLY_RATE_PER_S: Final = 100.0
REPLY_BURST: Final = 200  # A room that opens its laptops at the same moment.
# Replies that wait for their jitter; half a second of them at five times REPLY_RATE_PER_S.
REPLIES_WAITING_MAX: Final = 512
# A QUERY that arrives twice (by both broadcast addresses) in this time is answered once.
REPEATED_QUERY_S: Final = 0.25
# Addresses whose rates are remembered; the table is a target too, the one seen longest ago is forgotten.
SOURCES_REMEMBERED_MAX: Final = 4096
# Runs that said BYE and never come back: a recorded announcement does not make a ghost of them.
LEFT_INSTANCES_MAX: Final = 4096
# Addresses that asked us alone, and may not hear broadcasts: told of our leaving as well.
BYE_ADDRESSES_MAX: Final = 64
# Addresses that one which hears no broadcasts asks: 3 datagrams a second, and no sweep of a subnet.
NEIGHBOURS_MAX: Final = 64
# Served so much later than asked for, a machine has slept: it looks around before it calls others gone.
LATE_S: Final = 2.0

# ---------- Handshake: wire

# The one suite; the transcript starts with it, so nothing about it can be negotiated away.
HANDSHAKE_NAME: Final = b"lanmsg/1 pqXX RSA3072-OAEP-SHA256 X25519+MLKEM768 HKDF-SHA256 AES256-GCM"
SESSION_MAGIC: Final = b"LMSG"  # First in M1, so that a stray HTTP client is dropped after its first bytes.
FRAME_HEADER_BYTES: Final = 3  # Type u8, length u16: the length of the body.
FRAME_M1: Final = 0x01
FRAME_M2: Final = 0x02
FRAME_M3: Final = 0x03
FRAME_M4: Final = 0x04
FRAME_M5: Final = 0x05
FRAME_ABORT: Final = 0x06  # Without a body: a failed handshake says nothing about why.
X25519_BYTES: Final = 32  # An X25519 public key, or shared secret.
MLKEM_PUBLIC_BYTES: Final = 1184  # An ML-KEM-768 encapsulation key (FIPS 203).
MLKEM_CIPHERTEXT_BYTES: Final = 1088  # An ML-KEM-768 ciphertext (FIPS 203).
WRAP_SECRET_BYTES: Final = 32  # What each side wraps to the other's key; unwrapping it is the authentication.
WRAP_BYTES: Final = MODULUS_BYTES  # An RSA-OAEP ciphertext is as long as the modulus.
HASH_BYTES: Final = 32  # SHA-256: h, ck and the session id.
KEY_BYTES: Final = 32  # AES-256.
TAG_BYTES: Final = 16  # AES-GCM's full tag.
M1_BYTES: Final = FRAME_HEADER_BYTES + 8 + X25519_BYTES + MLKEM_PUBLIC_BYTES
M2_BYTES: Final = FRAME_HEADER_BYTES + 4 + X25519_BYTES + MLKEM_CIPHERTEXT_BYTES + MODULUS_BYTES + TAG_BYTES
M3_BYTES: Final = FRAME_HEADER_BYTES + WRAP_BYTES + TAG_BYTES + MODULUS_BYTES + TAG_BYTES
M4_BYTES: Final = FRAME_HEADER_BYTES + WRAP_BYTES + TAG_BYTES
# 1227, 1527, 803, 403, 19, header included: each type has one length, anything else aborts.
M5_BYTES: Final = FRAME_HEADER_BYTES + TAG_BYTES
# From the connection to the first byte of M1: whoever only connects holds a socket no longer.
FIRST_BYTE_TIMEOUT_S: Final = 2.0
HANDSHAKE_TIMEOUT_S: Final = 5.0  # For all of it, not for each read: one byte a second does not prolong it.

# ---------- Records: wire

# Type u8, length u24 (the ciphertext with its tag): also the additional data of the encryption.
RECORD_HEADER_BYTES: Final = 4
RECORD_PAYLOAD: Final = 0x10
RECORD_DATA: Final = 0x11
RECORD_CLOSE: Final = 0x12
RECORD_REKEY: Final = 0x13
NONCE_BYTES: Final = 12  # Four zeros and the record's number u64; never sent, never twice under one key.
# One payload; twice the longest text, and a bound on what a peer makes us hold.
PAYLOAD_PLAINTEXT_MAX_BYTES: Final = 65_536
# File blocks; measured: speed is flat from 64 to 128 KiB and falls from 256 KiB up.
DATA_PLAINTEXT_MAX_BYTES: Final = 131_072
CLOSE_PLAINTEXT_MAX_BYTES: Final = 1024  # A code, and room for later fields.
# 128 GiB at most under one key: far below the bounds of AES-GCM. The receiver refuses one more.
REKEY_RECORDS: Final = 1 << 20
REKEY_INTERVAL_S: Final = 3600.0  # An old key taken from memory opens at most an hour.
# The next key of a direction is derived under this name from the one before.
REKEY_LABEL: Final = b"lanmsg/1 rekey"
PING_AFTER_SILENCE_S: Final = 30.0  # Also what keeps the state of a firewall alive.
DEAD_AFTER_SILENCE_S: Final = 90.0  # Three Pings without an answer.
# For an answer on a session whose peer's announcements stopped: a cut network shows in seconds.
SESSION_PROBE_TIMEOUT_S: Final = 3.0
CLOSE_TIMEOUT_S: Final = 2.0  # How long the side that said CLOSE waits for the other to hang up.

# ---------- Payloads: wire

MESSAGE_ID_BYTES: Final = 16  # Of messages, offers and transfers: random, so that two never meet.
TEXT_MAX_BYTES: Final = 32_768  # A message or the words of an offer, in UTF-8; longer things are files.
TIME_MAX_MS: Final = 253_402_300_799_999  # The end of the year 9999: later ones cannot be written as a date.
NOTE_MAX_BYTES: Final = 140  # The line under a name.
REASON_MAX_BYTES: Final = 140  # Of decline, cancel and failed: shown in one line.
CLIENT_MAX_BYTES: Final = 48  # Name and version of the program.
CAPABILITIES_MAX: Final = 32  # Names of what a peer can do beyond this version.
CAPABILITY_MAX_BYTES: Final = 32
CODE_MAX_BYTES: Final = 32  # Codes are for programs: short ASCII words.
# Top-level names that an offer lists; a folder of a million files is still one name.
OFFER_NAMES_MAX: Final = 100
FILE_NAME_MAX_BYTES: Final = 255  # What the common file systems take.
# What we put in `expires`: a question that nobody sees should not wait for ever.
OFFER_LIFETIME_S: Final = 600
OFFER_EXPIRES_MAX_S: Final = 7 * 86_400  # A longer claim is cut to this.
# An offer that was put off, or not answered as it should, is made again; who saw a break first has to wait.
OFFER_AGAIN_S: Final = 5.0
TELL_AGAIN_S: Final = 30.0  # A decision about a transfer, in one session: the peer could not store it before.
CALLBACK_INTERVAL_S: Final = 5.0  # One transfer's; dialling takes time, and may fail for as long as it likes.
TURN_LOST_AFTER_S: Final = (
    60.0  # A message that was put off may have been given up; those behind it then go on.
)

# ---------- Comparing words: wire

VERIFY_COMMIT_DOMAIN: Final = b"lanmsg/1 sas commit"  # Keeps this hash apart from all others.
VERIFY_WORDS_DOMAIN: Final = b"lanmsg/1 sas words"  # The same for the code that becomes words.
VERIFY_RANDOM_BYTES: Final = 16  # Of each side: nobody finds a second one that fits.
# As words of 8 bits: somebody in the middle has one blind try in 2^32.
VERIFY_CODE_BYTES: Final = 4
# From asking to the words, and again from the words to the answer: two people who find each other.
VERIFY_TIMEOUT_S: Final = 300.0

# ---------- File data: wire

BLOCK_HEADER_BYTES: Final = 5  # Kind u8, length u32.
BLOCK_ENTRY: Final = 1
BLOCK_BYTES: Final = 2
BLOCK_END: Final = 3
BLOCK_FINISH: Final = 4
BLOCK_VOID: Final = 5  # Instead of END: the source could not read this file to its end; none of it is kept.
# 131,067: one block of bytes fills one record.
BLOCK_BYTES_MAX_BYTES: Final = DATA_PLAINTEXT_MAX_BYTES - BLOCK_HEADER_BYTES
ENTRY_BLOCK_MAX_BYTES: Final = 2048  # An entry's MessagePack: its path and four small fields.
PATH_MAX_BYTES: Final = 1024  # A relative path in UTF-8, "/" between its parts.
# Parts of a path; deep enough for real source trees, shallow enough for one descriptor each.
PATH_DEPTH_MAX: Final = 64
ENTRIES_MAX: Final = 0xFFFF_FFFF  # u32 in FINISH: a transfer is a stream, so its length costs no memory.
MTIME_MAX_S: Final = 1 << 40  # Before and after 1970; what cannot be a time is not taken for one.
# An offer with a folder may grow by so much until it is sent (a log in it goes on); files alone may not.
GROWTH_SHARE: Final = 1 / 16
GROWTH_MIN_ENTRIES: Final = 16  # The same for small folders.
GROWTH_MIN_BYTES: Final = 1 << 20
FILE_SIZE_MAX_BYTES: Final = 1 << 62  # A claim beyond it is nonsense; keeps every sum below 2^63.

# ---------- Limits against strangers: choice
# They count what is unauthenticated, failed, or of a peer still `new`; a pinned peer meets back-pressure.
# Connections in their handshake: 5 s each, so strangers hold 32 sockets and no more.
UNAUTHENTICATED_CONNECTIONS_MAX: Final = 32
# Of them from one address (a /64 in IPv6): one host cannot take all; a script's commands in parallel fit.
UNAUTHENTICATED_PER_ADDRESS_MAX: Final = 8
LISTEN_BACKLOG: Final = 64  # Connections that the system holds before we accept them.
# Beyond the burst, for addresses without a proven peer: 20 RSA operations are 6 % of a core.
HANDSHAKES_PER_S: Final = 20.0
HANDSHAKES_BURST: Final = 200  # A room that starts to talk at once.
# A handshake that ends well for a pinned peer is given back: four commands a second all day are fine.
HANDSHAKES_PER_ADDRESS_PER_S: Final = 5.0
HANDSHAKES_PER_ADDRESS_BURST: Final = 20  # Several commands started together.
# From one address within FAILED_HANDSHAKES_WINDOW_S: then it is closed unread for as long again.
# An address at which somebody known has proven its key has a share of its own, which no flood from elsewhere
# uses up; a known peer's handshake is given back to it.
KNOWN_ADDRESS_HANDSHAKES_PER_S: Final = 20.0
KNOWN_ADDRESS_HANDSHAKES_BURST: Final = 200  # A terminal server full of people, of whom one is known.
FAILED_HANDSHAKES_MAX: Final = 5
FAILED_HANDSHAKES_WINDOW_S: Final = 60.0  # Never applied to the address of a peer with an open session.
# Open sessions in all; of strangers', then of all, the one idle longest is closed with `idle`.
SESSIONS_MAX: Final = 256
# Of one host's strangers together: a host has as many keys as it likes. The idlest comes back when it speaks.
NEW_PEERS_SESSIONS_PER_HOST_MAX: Final = 32
# A listener, and commands of its home in parallel; one more is closed with `duplicate`.
MESSAGE_SESSIONS_PER_PEER_MAX: Final = 16
BULK_SESSIONS_PER_PEER_MAX: Final = 4  # Transfers of one peer that run at the same time.
BULK_SESSIONS_MAX: Final = 16  # Transfers that run at the same time; each has a thread.
# A session on which nothing was said for so long is closed; the next message dials again.
IDLE_SESSION_S: Final = 600.0
OUTBOUND_QUEUE_MAX_BYTES: Final = 1 << 20  # Bytes waiting for one peer's socket before its senders wait.
WRITE_STALL_S: Final = 60.0  # A peer that takes nothing for so long is closed.
# A stranger's messages; beyond the burst they are answered `busy`, and the peer tries again later.
NEW_PEER_MESSAGES_PER_S: Final = 20.0
NEW_PEER_MESSAGES_BURST: Final = 200  # A log piped line by line by somebody who was never answered.
# The same for all strangers of one host (an address, a /64): five that talk at once behind one router.
NEW_PEERS_MESSAGES_PER_HOST_PER_S: Final = 100.0
NEW_PEERS_MESSAGES_PER_HOST_BURST: Final = 1000
# Text of all strangers of one host that is stored: with new keys each of its own share, it would fill a disk.
NEW_PEERS_BYTES_PER_HOST_PER_S: Final = 1024.0
NEW_PEERS_BYTES_PER_HOST_BURST: Final = 64 << 20  # 500,000 lines of a log.
# Unread ones: a stranger cannot fill the disk. Further ones are answered `full`.
NEW_PEER_STORED_MESSAGES_MAX: Final = 10_000
PENDING_OFFERS_PER_PEER_MAX: Final = 32  # Undecided offers of a known peer.
PENDING_OFFERS_PER_NEW_PEER_MAX: Final = 2  # A stranger cannot bury the screen in questions.
PENDING_OFFERS_MAX: Final = 256  # Undecided offers in all.
PENDING_OFFERS_NEW_PEERS_MAX: Final = 128  # Of them by strangers: the other half stays for the known.
# Of all strangers of one host together: 30 that ask at once, then 360 an hour.
NEW_PEERS_OFFERS_PER_HOST_PER_S: Final = 0.1
NEW_PEERS_OFFERS_PER_HOST_BURST: Final = 30
# A stranger's offers within NEW_PEER_OFFERS_WINDOW_S to which nobody said yes: each is a row that stays.
NEW_PEER_OFFERS_MAX: Final = 60
NEW_PEER_OFFERS_WINDOW_S: Final = 3600.0
# A transfer without a byte for so long is paused; a slow link still moves one.
TRANSFER_STALL_S: Final = 30.0
# Left free on the disk, or DISK_RESERVE_SHARE of it if that is less: a full disk hurts everything else.
DISK_RESERVE_BYTES: Final = 512 << 20
# So that a small disk can be used, and a large one does not keep 200 GB back.
DISK_RESERVE_SHARE: Final = 0.05
# Received bytes that a session holds for the bulk thread; its driver stops reading long before.
BULK_PENDING_MAX_BYTES: Final = 1 << 20
# Exchanges of words with one peer in VERIFY_ATTEMPTS_WINDOW_S, whoever asked: each is a liar's blind try.
VERIFY_ATTEMPTS_MAX: Final = 3
VERIFY_ATTEMPTS_WINDOW_S: Final = 3600.0
# Requests of one peer to compare that are shown in that time; further ones are answered `busy`.
VERIFY_REQUESTS_MAX: Final = 10
# The same for all peers together, since a stranger has as many keys as it likes.
VERIFY_REQUESTS_ALL_MAX: Final = 60
