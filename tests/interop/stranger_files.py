"""Chapter 12 of protocol.md: the contents of a transfer, from memory and into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.interop.stranger_crypto import sha256
from tests.interop.stranger_pack import pack, unpack
from tests.interop.stranger_session import DATA, BrokenRuleError, Session

ENTRY, BYTES, END, FINISH, VOID = 1, 2, 3, 4, 5
RECORD, PIECE = 131072, 131067


@dataclass(frozen=True)
class Item:
    path: str
    data: bytes = b""
    folder: bool = False
    mtime: int = 1_700_000_000
    exec: bool = False

    def body(self) -> bytes:
        kind = "folder" if self.folder else "file"
        fields = {"path": self.path, "kind": kind, "size": len(self.data), "mtime": self.mtime}
        return pack({**fields, "exec": self.exec})


def offer_of(ident: bytes, items: list[Item], text: str = "") -> dict[str, object]:
    tops = [item for item in items if "/" not in item.path]
    sizes = {
        top.path: sum(len(item.data) for item in items if item.path.split("/")[0] == top.path) for top in tops
    }
    return {
        "id": ident,
        "files": [{"name": top.path, "size": sizes[top.path], "folder": top.folder} for top in tops],
        "count": len(items),
        "total": sum(len(item.data) for item in items),
        "text": text,
        "expires": 600,
    }


def block(kind: int, body: bytes = b"") -> bytes:
    return bytes([kind]) + len(body).to_bytes(4, "big") + body


def digest_of(items: list[Item], entry: int, offset: int) -> bytes:
    chain = bytes(32)
    for item in items[:entry]:
        chain = sha256(chain + item.body())
    if not offset:
        return sha256(chain + b"\x00")
    return sha256(chain + items[entry].path.encode() + b"\x00" + items[entry].data[:offset])


def blocks_of(items: list[Item], entry: int = 0, offset: int = 0) -> Iterator[bytes]:
    for index, item in enumerate(items[entry:]):
        yield block(ENTRY, item.body())
        rest = item.data[offset if index == 0 else 0 :]
        for at in range(0, len(rest), PIECE):
            yield block(BYTES, rest[at : at + PIECE])
        yield block(END)
    total = sum(len(item.data) for item in items)
    yield block(FINISH, len(items).to_bytes(4, "big") + total.to_bytes(8, "big"))


def records_of(blocks: Iterator[bytes]) -> Iterator[bytes]:
    record = b""
    for one in blocks:
        if len(record) + len(one) > RECORD:
            yield record
            record = b""
        record += one
    yield record


@dataclass
class Begun:
    """What the sink has said that it has, and where the source begins."""

    entry: int
    offset: int
    digest: bytes | None
    resumed: bool


def begin(session: Session, ident: bytes, items: list[Item]) -> Begun:
    """As source, behind `bulk`: hear what is there, and say where we begin."""
    has = session.hear("accept")
    assert has["id"] == ident
    entry, offset, digest = has["entry"], has["offset"], has.get("digest")
    fits = entry < len(items) and offset <= len(items[entry].data) if offset else entry <= len(items)
    resumed = (entry, offset) != (0, 0) and fits and digest == digest_of(items, entry, offset)
    if not resumed:
        entry = offset = 0
    session.say("begin", id=ident, entry=entry, offset=offset)
    return Begun(has["entry"], has["offset"], digest, resumed)


def pour(session: Session, ident: bytes, items: list[Item]) -> Begun:
    begun = begin(session, ident, items)
    start = (begun.entry, begun.offset) if begun.resumed else (0, 0)
    for record in records_of(blocks_of(items, *start)):
        session.send_record(DATA, record)
    return begun


@dataclass
class Basin:
    """A sink: blocks in, items out, and every rule of 12.2 and 12.3 on the way."""

    offer: dict[str, Any]
    items: list[Item] = field(default_factory=list)
    open: dict[str, Any] | None = None
    data: bytearray = field(default_factory=bytearray)
    chain: bytes = bytes(32)
    body: bytes = b""
    total: int = 0
    finished: bool = False
    voids: int = 0

    def state(self) -> dict[str, object]:
        """The fields of `accept` in a bulk session."""
        entry = len(self.items) + self.voids
        if not entry and not self.data:
            return {"entry": 0, "offset": 0, "digest": None}
        path = self.open["path"].encode() if self.open and self.data else b""
        digest = sha256(self.chain + path + b"\x00" + bytes(self.data))
        return {"entry": entry, "offset": len(self.data), "digest": digest}

    def forget(self) -> None:
        self.items, self.data, self.chain, self.total, self.voids = [], bytearray(), bytes(32), 0, 0

    def take(self, record: bytes) -> None:
        at = 0
        while at < len(record) or not record:
            length = int.from_bytes(record[at + 1 : at + 5], "big")
            body = record[at + 5 : at + 5 + length]
            if len(record) < at + 5 or len(body) != length or self.finished:
                raise BrokenRuleError("a block that is not whole, or behind FINISH")
            self.block(record[at], body)
            at += 5 + length

    def block(self, kind: int, body: bytes) -> None:
        if kind == ENTRY and self.open is None:
            self.enter(body)
        elif kind == BYTES and self.open and self.open["kind"] != "folder" and 0 < len(body) <= PIECE:
            self.data += body
        elif kind in (END, VOID) and self.open and not body:
            self.leave(kind)
        elif kind == FINISH and self.open is None and len(body) == 12:
            counts = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:], "big")
            if counts != (len(self.items), self.total):
                raise BrokenRuleError(f"FINISH says {counts}, not {len(self.items)}, {self.total}")
            self.finished = True
        else:
            raise BrokenRuleError(f"block {kind} in a wrong place")
        most_entries, most_bytes = self.most()
        if most_bytes is not None and self.total + len(self.data) > most_bytes:
            raise BrokenRuleError("more bytes than offered")
        if len(self.items) + self.voids + (self.open is not None) > most_entries:
            raise BrokenRuleError("more entries than offered")

    def most(self) -> tuple[int, int | None]:
        """12.2: an offer with a folder, or with names that it does not list, may have grown."""
        count, total = self.offer["count"], self.offer["total"]
        if any(top["folder"] for top in self.offer["files"]) or count > len(self.offer["files"]):
            return count + max(count // 16, 16), None if total is None else total + max(total // 16, 1 << 20)
        return count, total

    def enter(self, body: bytes) -> None:
        self.open, self.body = unpack(body), body
        parts = self.open["path"].split("/")
        tops = {top["name"]: top["folder"] for top in self.offer["files"]}
        if any(part in ("", ".", "..") for part in parts) or parts[0] not in tops:
            raise BrokenRuleError(f"path {self.open['path']!r}")
        if tops[parts[0]] != (self.open["kind"] == "folder" or len(parts) > 1):
            raise BrokenRuleError("a folder for a file, or the reverse")

    def leave(self, kind: int) -> None:
        assert self.open is not None
        entry, self.open = self.open, None
        if kind == VOID:
            self.voids += 1
            self.chain = sha256(self.chain + self.body + b"\x00void")
        else:
            if entry["size"] not in (None, len(self.data)):
                raise BrokenRuleError("another size than said")
            self.chain = sha256(self.chain + self.body)
            self.total += len(self.data)
            folder = entry["kind"] == "folder"
            self.items.append(Item(entry["path"], bytes(self.data), folder, entry["mtime"], entry["exec"]))
        self.data = bytearray()


def drink(
    session: Session, ident: bytes, basin: Basin, *, stop_after: int | None = None
) -> tuple[tuple[int, int], bool]:
    """As sink, behind `bulk`: say what is there, take contents; where it began, and whether done was said."""
    had = basin.state()
    session.say("accept", id=ident, **had)
    begun = session.hear("begin")
    start: tuple[int, int] = (begun["entry"], begun["offset"])
    if start != (had["entry"], had["offset"]):
        assert start == (0, 0)
        basin.forget()
    basin.open = None
    while not basin.finished:
        kind, record = session.record()
        if kind != DATA:
            continue
        basin.take(record)
        if stop_after is not None and len(basin.data) >= stop_after:
            return start, False
    session.say("done", id=ident, entries=len(basin.items), bytes=basin.total)
    return start, True
