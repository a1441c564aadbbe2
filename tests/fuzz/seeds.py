"""Where the fuzzer starts: the golden vectors, and little stories, in the form that each target reads."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from lanmsg.protocol.entry import EntryHeader, encode_entry
from lanmsg.protocol.payload import TAGS, Profile, encode
from lanmsg.protocol.transfer import Packer
from tests.fuzz.targets import TARGETS

VECTORS: Final = Path(__file__).parents[1] / "vectors"

PATHS: Final = (
    *("a.txt", "photos/2026/a b.jpg", "../../etc/passwd", "/abs", "a//b", "./a", "C:\\x", "x:stream"),
    *("CON", "nul.txt", "com¹.log", ".bashrc", "-rf", "~", "a. ", "\u202egnp.exe", "e\u0301", "\uff0e\uff0e"),
    *("x" * 256, "/".join("d" * 70), "\0", "\u2126", "a/" * 600),
)

JOURNAL: Final = "run b\n?a.txt\n=1 1 5 " + "00" * 32 + '\n>["a","b"]\n~\n.\n*a.txt\n-a.txt\n'


def _load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def _hex_in(value: Any) -> Iterator[bytes]:
    """Every text of hexadecimal digits, however deep."""
    match value:
        case dict():
            for each in value.values():
                yield from _hex_in(each)
        case list():
            for each in value:
                yield from _hex_in(each)
        case str():
            with suppress(ValueError):
                yield bytes.fromhex(value)
        case _:
            return


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(2) + data


def datagram_seeds() -> Iterator[bytes]:
    for data in _hex_in(_load("announcements")):
        if len(data) >= 128:
            yield bytes((1, 0, 0, 0)) + _counted(data)
    lie = bytes((1, 0, 0, 1, 1, 0, 0, 1, 1, 0)) + _counted(b"")
    yield b"".join(lie[:4] + bytes((kind,)) + lie[5:] for kind in range(4))


def handshake_seeds() -> Iterator[bytes]:
    for file in sorted(VECTORS.glob("*.json")):
        frames = _load(file.stem).get("frames", {})
        for name, data in frames.items():
            side = 0 if name in ("M1", "M3", "M5") else 1
            yield bytes((side, 255)) + bytes.fromhex(data)
    for frame in range(5):
        yield bytes((2, frame, 0, 5, 1, 1, 0xFF))
    yield bytes((3, 0, 0, 0, 1, 0x7F))
    yield bytes((4, 1, 0x7F, 0, 1, 0, 1)) + b"\2" * 384


def session_seeds() -> Iterator[bytes]:
    hello = _said(encode(Profile("them", 0, "", 2372, "fuzz")))
    for data in payload_seeds():
        yield b"\0" + hello + b"\4" + _said(data)
        yield b"\1" + b"\4" + hello + _said(data)
    close = encode_close()
    yield b"\0" + hello + bytes((0, 3)) + _counted(b"") + bytes((0, 2)) + _counted(close)
    yield b"\0" + hello + bytes((3, 4)) + b"\x10\x00\x00\x20" + bytes((5, 200, 6))


def _said(data: bytes) -> bytes:
    return bytes((0, 0)) + _counted(data)


def encode_close() -> bytes:
    return b"\x82\xa1t\xa5close\xa4code\xa3bye"


def payload_seeds() -> Iterator[bytes]:
    vectors = _load("payloads")
    yield from (bytes.fromhex(case["payload"]) for case in vectors["accepted"])
    yield from _hex_in(vectors["unknown"])
    yield from _hex_in(vectors["refused"])


def blocks_seeds() -> Iterator[bytes]:
    folder = EntryHeader("a", "folder", 0, 0, executable=False)
    file = EntryHeader("a/b.txt", "file", 5, 0, executable=True)
    stream = EntryHeader("b.txt", "stream", None, 0, executable=False)
    whole = _packed(folder, b"") + _packed(file, b"hello") + _finish(2, 5)
    yield bytes((1, 3, 1, 0, 0)) + _counted(whole)
    yield bytes((0, 0, 1, 0, 0)) + _counted(_packed(folder, b"")) + _counted(_packed(file, b"hello"))
    yield bytes((2, 0, 0, 0, 0)) + _counted(_packed(stream, b"x" * 40)) + _counted(_finish(1, 40))
    yield bytes((0, 3, 3, 1, 2)) + _counted(_packed(file, b"llo") + _finish(2, 5))


def _packed(header: EntryHeader, content: bytes) -> bytes:
    buffer = bytearray(4096)
    packer = Packer(memoryview(buffer))
    packer.add_entry(encode_entry(header))
    if content:
        packer.room(len(content))[:] = content
        packer.filled(len(content))
    packer.add_end()
    return bytes(buffer[: packer.length])


def _finish(entries: int, size: int) -> bytes:
    buffer = bytearray(64)
    packer = Packer(memoryview(buffer))
    packer.add_finish(entries, size)
    return bytes(buffer[: packer.length])


def names_seeds() -> Iterator[bytes]:
    yield from (path.encode() for path in PATHS)
    yield from (b"\xff" + path[:40].encode("utf-16-le") for path in PATHS)


def journal_seeds() -> Iterator[bytes]:
    yield JOURNAL.encode()


SEEDS: Final = {
    "datagram": datagram_seeds,
    "handshake": handshake_seeds,
    "session": session_seeds,
    "payload": payload_seeds,
    "blocks": blocks_seeds,
    "names": names_seeds,
    "journal": journal_seeds,
}
assert SEEDS.keys() == TARGETS.keys()

WORDS: Final = (
    b"LMSG",
    b"LMSD",
    *(bytes((0xA0 | len(word),)) + word.encode() for word in (
        "t", "id", "name", "status", "note", "port", "client", "caps", "to", "text", "time", "reply", "code",
        "files", "count", "total", "expires", "size", "folder", "entry", "offset", "digest", "reason", "role",
        "entries", "bytes", "token", "path", "kind", "mtime", "exec", "private", "everyone", "source", "sink",
        "file", "stream", *sorted(TAGS),
    )),
    b"\xc0", b"\xc4\x10", b"\xc4\x20", b"\xcf", b"\xd9", b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff", b"\xcb\x7f\xf8\0\0\0\0\0\0",
)  # fmt: skip
"""What a fuzzer would take long to find by itself: the decoder of MessagePack gives it no hints."""
