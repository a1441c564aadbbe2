"""What a peer sends, as the storage room sees it: entries cut into records, from any position on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lanmsg.storage.downloads import PartialTransfer, Position
from lanmsg.storage.part_journal import CHAIN_BYTES

RECORD_BYTES = 1000
MTIME = 1_600_000_000
NOW = 1_700_000_000.0
NAME = "0123456789abcdef"


@dataclass(frozen=True)
class Entry:
    path: str
    content: bytes | None = b""
    """None: a folder."""
    mtime: int = MTIME
    executable: bool = False

    @property
    def kind(self) -> str:
        return "folder" if self.content is None else "file"


def chain_after(entries: Sequence[Entry]) -> bytes:
    chain = bytes(CHAIN_BYTES)
    for entry in entries:
        chain = sha256(chain + entry.path.encode()).digest()
    return chain


Step = tuple[int, str, bytes]
"""Index of the entry; start, bytes or end; the bytes."""


def records(entries: Sequence[Entry], position: Position) -> Iterator[list[Step]]:
    """From `position` on, as many steps in a record as fit RECORD_BYTES."""
    record: list[Step] = []
    room = RECORD_BYTES
    for index, entry in enumerate(entries):
        if index < position.entry:
            continue
        content = (entry.content or b"")[position.offset if index == position.entry else 0 :]
        record.append((index, "start", b""))
        while content:
            record.append((index, "bytes", content[:room]))
            content, room = content[room:], room - len(content[:room])
            if not room:
                yield record
                record, room = [], RECORD_BYTES
        record.append((index, "end", b""))
    yield record


def feed(partial: PartialTransfer, entries: Sequence[Entry]) -> None:
    """What is still missing."""
    for record in records(entries, partial.position()):
        partial.begin_record([entries[index].path for index, step, _ in record if step == "start"])
        for index, step, data in record:
            entry = entries[index]
            if step == "start":
                size = len(entry.content or b"")
                partial.start_entry(entry.path, entry.kind, size, entry.mtime, executable=entry.executable)
            elif step == "bytes":
                partial.write(memoryview(data))
            else:
                partial.end_entry(chain_after(entries[: index + 1]))
        partial.end_record()


def opened(root: Path, **options: object) -> PartialTransfer:
    return PartialTransfer(root, NAME, now=lambda: NOW, **options)  # type: ignore[arg-type] # any option


def tree(root: Path) -> dict[str, bytes | None]:
    """What a person sees in `root`."""
    return {
        str(path.relative_to(root)): None if path.is_dir() else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if ".lanmsg-part" not in path.parts
    }
