"""What a source puts into its records: entry after entry, as much as was agreed, as fast as allowed."""

import os
import select
import sys
from collections.abc import Callable, Sequence
from typing import Final

from lanmsg.node.bulk_channel import PING_INTERVAL_S, TICK_S, BulkChannel, TransferError
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.file_source import Start
from lanmsg.node.file_walk import LeftOut, Opened, Source, Stream, read_into, reason, walk
from lanmsg.protocol.constants import BLOCK_BYTES_MAX_BYTES, DATA_PLAINTEXT_MAX_BYTES
from lanmsg.protocol.entry import NO_ENTRIES, EntryHeader, Offered, chained, encode_entry
from lanmsg.protocol.payload import Ping
from lanmsg.protocol.transfer import Packer

INPUT_ENDED: Final = "its input ended with the command that read it"

PROGRESS_INTERVAL_S: Final = 0.1

LOOK_EVERY: Final = 8
"""Records between two looks at whether the other side has given up: each is a system call."""

LIMIT_CATCH_UP_S: Final = 0.5

LIMITED_RECORDS_PER_S: Final = 8
LIMITED_RECORD_MIN_BYTES: Final = 4096
"""With a limit, records are small enough to come evenly, and large enough for any block but one of bytes."""


class Packing:
    """Sends `sources` from `start` on. `left_out` and `changed` tell afterwards what did not go as it is.

    `limit`: bytes a second, at most. `progress` is told how many bytes are with the sink, ten times a second.
    """

    def __init__(
        self,
        channel: BulkChannel,
        offered: Offered,
        start: Start,
        *,
        progress: Callable[[int], None],
        limit: int | None = None,
    ) -> None:
        self.left_out = LeftOut()
        self.changed = LeftOut()
        self.entries = start.entry
        self.size = start.size
        self.at: tuple[str, int, int | None] = ("", 0, None)
        """Path, bytes sent and size of the entry that was last looked at."""
        self._has_grown = False
        self._channel = channel
        self._max_entries, self._max_bytes = offered.max_entries, offered.max_bytes
        self._start = start
        self._progress = progress
        self._limit = limit
        self._packer = Packer(channel.plaintext[: _record_size(limit)])
        self._records = 0
        self._header = EntryHeader("", "folder", 0, 0, executable=False)
        self._sent = 0
        self._began = steady_clock()
        self._told = 0.0

    def run(self, sources: Sequence[Source]) -> None:
        """Everything, and FINISH. Raises TransferError when there was nothing that could be sent."""
        passed, chain = 0, NO_ENTRIES
        for opened in walk(sources, self.left_out, now=wall_clock()):
            passed += 1
            if passed <= self._start.entry:
                chain = chained(chain, encode_entry(opened.header))
                continue
            if passed == self._start.entry + 1:
                self._check(chain)
            if self._fits(opened):
                self._send_entry(opened)
        if not self.entries:
            code = "changed" if self._has_grown else "unreadable"
            why = self.left_out.listed[0] if self.left_out.listed else ("", "there is nothing any more")
            raise TransferError(": ".join(each for each in why if each), code=code)
        if not self._packer.add_finish(self.entries, self.size):
            self._flush()
            self._packer.add_finish(self.entries, self.size)
        self._flush(is_last=True)
        self._progress(self.size)

    def _check(self, chain: bytes) -> None:
        if chain != self._start.chain:
            raise TransferError("the files changed since a moment ago", code="changed")

    def _fits(self, opened: Opened) -> bool:
        size = opened.header.size or 0
        if self.entries < self._max_entries and self.size + size <= self._max_bytes:
            return True
        self._has_grown = True
        self.left_out.add(opened.header.path, "more than was offered: it grew meanwhile")
        return False

    def _send_entry(self, opened: Opened) -> None:
        self._header = opened.header
        body = encode_entry(opened.header)
        if not self._packer.add_entry(body):
            self._flush()
            self._packer.add_entry(body)
        if opened.stream is not None:
            size: int | None = self._send_stream(opened.stream)
        else:
            size = self._send_file(opened) if opened.descriptor >= 0 else 0
        add_last = self._packer.add_void if size is None else self._packer.add_end
        if not add_last():
            self._flush()
            add_last()
        if size is not None:
            self.entries += 1
            self.size += size

    def _send_file(self, opened: Opened) -> int | None:
        """How long it is; None when it could not be read to its end."""
        path, size, descriptor = opened.header.path, opened.header.size or 0, opened.descriptor
        left = size
        if self.entries == self._start.entry and self._start.offset:
            left -= os.lseek(descriptor, self._start.offset, os.SEEK_SET)
        while left:
            room = self._packer.room(left)
            if not room:
                self._flush(size - left)
                continue
            try:
                count = read_into(descriptor, room)
            except OSError as error:
                self.left_out.add(path, reason(error))
                return None
            if not count:
                self.left_out.add(path, "it became shorter while it was read")
                return None
            self._packer.filled(count)
            left -= count
        self._look_again(opened)
        return size

    def _look_again(self, opened: Opened) -> None:
        before, after = opened.status, os.fstat(opened.descriptor)
        if before is not None and (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            self.changed.add(opened.header.path, "it changed while it was read: the copy may mix old and new")

    def _send_stream(self, stream: Stream) -> int:
        if not stream.take():
            raise TransferError("what is piped in can be sent once only", code="changed")
        size = 0
        while True:
            room = self._packer.room(BLOCK_BYTES_MAX_BYTES)
            if not room:
                self._flush(size)
                continue
            count = self._read_stream(stream, room)
            if not count:
                if not stream.is_whole():
                    raise TransferError(INPUT_ENDED, code="unreadable")
                return size
            self._packer.filled(count)
            size += count
            self._flush(size)  # the next bytes may be hours away

    def _read_stream(self, stream: Stream, room: memoryview) -> int:
        try:
            descriptor = stream.reader.fileno()
        except (OSError, AttributeError):  # io.UnsupportedOperation: not of the system, and never waits
            data = stream.reader.read(len(room))
            room[: len(data)] = data
            return len(data)
        try:
            self._wait_for_input(descriptor)
            return read_into(descriptor, room)
        except OSError as error:
            raise TransferError(
                f"cannot read what is piped in: {reason(error)}", code="unreadable"
            ) from error

    def _wait_for_input(self, descriptor: int) -> None:
        if sys.platform == "win32":  # select knows sockets only there
            return
        since = steady_clock()
        while not select.select([descriptor], [], [], TICK_S)[0]:
            since = self._idle(since)

    def _idle(self, since: float) -> float:
        """While there is nothing to send: look after the connection. `since`: when it last heard of us."""
        self._channel.check_stop()
        self._channel.check_peer()
        if steady_clock() - since < PING_INTERVAL_S:
            return since
        self._channel.send(Ping(0))
        return steady_clock()

    def _flush(self, in_progress: int = 0, *, is_last: bool = False) -> None:
        """Send what is packed. `in_progress`: bytes of the entry that has not ended yet.

        After the last one comes the sink's answer, which is for somebody else to hear.
        """
        length = self._packer.length
        if length:
            self._channel.send_data(length)
            self._packer.clear()
        self._sent += length
        self._records += 1
        self._channel.check_stop()
        if is_last:
            return
        if self._records % LOOK_EVERY == 0 or self._limit:
            self._channel.check_peer()
        now = steady_clock()
        if now - self._told >= PROGRESS_INTERVAL_S:
            self._told = now
            self.at = (self._header.path, in_progress, self._header.size)
            self._progress(self.size + in_progress)
        if self._limit:
            self._keep_to(self._limit)

    def _keep_to(self, limit: int) -> None:
        since = steady_clock()
        # What a stuck wire or disk has cost is not made up for by a flood.
        self._began = max(self._began, since - self._sent / limit - LIMIT_CATCH_UP_S)
        while (wait := self._began + self._sent / limit - steady_clock()) > 0:
            self._channel.pause(min(wait, TICK_S))
            since = self._idle(since)


def _record_size(limit: int | None) -> int:
    if not limit:
        return DATA_PLAINTEXT_MAX_BYTES
    return max(LIMITED_RECORD_MIN_BYTES, min(limit // LIMITED_RECORDS_PER_S, DATA_PLAINTEXT_MAX_BYTES))
