"""What a source sends, as the other end of the channel reads it."""

import os
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import cast

import pytest

from lanmsg.node import bulk_channel, file_packing
from lanmsg.node.bulk_channel import BulkChannel, TransferError
from lanmsg.node.file_packing import Packing
from lanmsg.node.file_source import FROM_THE_BEGINNING, Start, locate, sources_of
from lanmsg.node.file_walk import Source
from lanmsg.protocol.constants import DATA_PLAINTEXT_MAX_BYTES
from lanmsg.protocol.entry import NO_ENTRIES, EntryHeader, Offered, position_hash
from lanmsg.protocol.payload import Ping
from lanmsg.protocol.transfer import BytesReceived, EntryStarted, EntryVoided, Receiving
from tests.node.bulk_pair import Beside, chain_of, channels, offered_of

Pair = tuple[BulkChannel, BulkChannel]
ANYTHING = Offered(1 << 20, 1 << 50)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_channel, "TICK_S", 0.01)
    monkeypatch.setattr(file_packing, "TICK_S", 0.01)


@pytest.fixture
def pair() -> Iterator[Pair]:
    near, far = channels()
    yield near, far
    for end in (near, far):
        end._sock.close()


class Reader:
    """The sink's side: what came, entry by entry; a void one as None."""

    def __init__(self, channel: BulkChannel, receiving: Receiving) -> None:
        self.got: dict[str, bytes | None] = {}
        self.headers: list[EntryHeader] = []
        self.records: list[int] = []
        self._channel = channel
        self._receiving = receiving

    def run(self) -> None:
        path = ""
        while not self._receiving.is_finished:
            data = self._channel.next_data()
            self.records.append(len(data))
            for event in self._receiving.receive_data(data):
                if isinstance(event, EntryStarted):
                    path = event.header.path
                    self.headers.append(event.header)
                    self.got[path] = b""
                elif isinstance(event, BytesReceived):
                    self.got[path] = (self.got[path] or b"") + bytes(event.data)
                elif isinstance(event, EntryVoided):
                    self.got[path] = None


def transmit(
    pair: Pair,
    sources: tuple[Source, ...],
    *,
    start: Start = FROM_THE_BEGINNING,
    offered: Offered = ANYTHING,
    limit: int | None = None,
) -> tuple[Packing, Reader]:
    near, far = pair
    receiving = Receiving(
        ANYTHING, entry=start.entry, offset=start.offset, size=start.size, chain=start.chain
    )
    reader = Reader(far, receiving)
    progress: list[int] = []
    packing = Packing(near, offered, start, progress=progress.append, limit=limit)
    reading = Beside(reader.run)
    try:
        packing.run(sources)
    except TransferError:
        near._sock.close()
        with pytest.raises(TransferError):
            reading.result()
        raise
    reading.result()
    assert progress[-1] == packing.size
    return packing, reader


def test_files_large_and_small_come_as_they_are(pair: Pair, tmp_path: Path) -> None:
    content = {f"{size:06}": os.urandom(size) for size in (0, 1, 4095, 4096, 131_067, 131_072, 500_000)}
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    packing, reader = transmit(pair, sources_of(sorted(tmp_path.iterdir())))
    assert reader.got == content
    assert (packing.entries, packing.size) == (7, sum(map(len, content.values())))
    assert packing.left_out.count == packing.changed.count == 0


def test_many_small_files_go_in_few_records(pair: Pair, tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}").write_bytes(b"x" * 1000)
    _, reader = transmit(pair, sources_of([tmp_path]))
    assert len(reader.got) == 301
    assert len(reader.records) == 3


def test_it_goes_on_where_it_should(pair: Pair, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode() * 1000)
    sources = sources_of(sorted(tmp_path.iterdir()))
    between = locate(
        sources, 1, 0, position_hash(chain_of(sources, 1), "").digest(), is_stopped=lambda: False
    )
    start = Start(1, 400, between.size, between.chain)
    packing, reader = transmit(pair, sources, start=start)
    assert reader.got == {"b": b"b" * 600, "c": b"c" * 1000}
    assert (packing.entries, packing.size) == (3, 3000)


def test_what_changed_since_it_was_located_is_noticed(pair: Pair, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(TransferError) as caught:
        transmit(pair, sources_of(sorted(tmp_path.iterdir())), start=Start(1, 0, 1, NO_ENTRIES))
    assert caught.value.code == "changed"


def test_a_file_that_gets_shorter_is_left_out_and_the_rest_goes(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(b"x" * 300_000)
    reads = iter([None, "cut"])

    def cut(descriptor: int, room: memoryview) -> int:
        if next(reads, None) == "cut":
            os.truncate(tmp_path / "a", 150_000)
        return os.readv(descriptor, [room])

    monkeypatch.setattr(file_packing, "read_into", cut)
    packing, reader = transmit(pair, sources_of(sorted(tmp_path.iterdir())))
    assert [name for name, data in reader.got.items() if data is None] == ["a"]
    assert packing.left_out.listed == [("a", "it became shorter while it was read")]
    assert (packing.entries, packing.size) == (2, 600_000)


def test_a_file_that_cannot_be_read_on_is_left_out_and_the_rest_goes(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"x" * 200_000)
    reads = iter([None, OSError(5, "Input/output error")])

    def broken(descriptor: int, room: memoryview) -> int:
        if error := next(reads, None):
            raise error
        return os.readv(descriptor, [room])

    monkeypatch.setattr(file_packing, "read_into", broken)
    packing, reader = transmit(pair, sources_of(sorted(tmp_path.iterdir())))
    assert packing.left_out.listed == [("a", "input/output error")]
    assert reader.got["b"] == b"x" * 200_000


def test_a_file_that_is_written_to_goes_and_is_named(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").write_bytes(b"x" * 300_000)

    def growing(descriptor: int, room: memoryview) -> int:
        with (tmp_path / "log").open("ab") as file:
            file.write(b"more")
        return os.readv(descriptor, [room])

    monkeypatch.setattr(file_packing, "read_into", growing)
    packing, reader = transmit(pair, sources_of([tmp_path / "log"]))
    assert reader.got == {"log": b"x" * 300_000}
    assert packing.changed.listed[0][0] == "log"


def test_more_than_was_offered_is_left_out(pair: Pair, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(b"x" * 100)
    sources = sources_of(sorted(tmp_path.iterdir()))
    offered = offered_of(sources)
    (tmp_path / "b").write_bytes(b"x" * 201)
    packing, reader = transmit(pair, sources, offered=offered)
    assert reader.got == {"a": b"x" * 100, "c": b"x" * 100}
    assert packing.left_out.listed == [("b", "more than was offered: it grew meanwhile")]


def test_a_folder_may_have_grown_a_little(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "log").write_bytes(b"x" * 100)
    sources = sources_of([tmp_path / "d"])
    offered = offered_of(sources)
    (tmp_path / "d" / "log").write_bytes(b"x" * 200)
    (tmp_path / "d" / "new").write_bytes(b"y")
    _, reader = transmit(pair, sources, offered=offered)
    assert reader.got == {"d": b"", "d/log": b"x" * 200, "d/new": b"y"}


@pytest.mark.parametrize(("change", "code"), [("grew", "changed"), ("went", "unreadable")])
def test_when_nothing_can_be_sent_that_is_an_error(
    pair: Pair, tmp_path: Path, change: str, code: str
) -> None:
    (tmp_path / "a").write_bytes(b"x")
    sources = sources_of([tmp_path / "a"])
    offered = offered_of(sources)
    if change == "grew":
        (tmp_path / "a").write_bytes(b"xx")
    else:
        (tmp_path / "a").unlink()
    with pytest.raises(TransferError) as caught:
        transmit(pair, sources, offered=offered)
    assert caught.value.code == code


def test_an_empty_stream_and_one_without_a_descriptor(pair: Pair) -> None:
    data = os.urandom(300_000)
    _, reader = transmit(pair, sources_of([], stream=BytesIO(data), stream_name="x"))
    assert reader.got == {"x": data}
    assert reader.headers[0].size is None


def test_a_stream_goes_as_it_comes(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_packing, "PING_INTERVAL_S", 0.0)
    near, far = pair
    output, entrance = os.pipe()
    with open(output, "rb") as stream:  # noqa: PTH123 - a descriptor
        packing = Packing(near, Offered(1, None), FROM_THE_BEGINNING, progress=lambda _: None)
        sending = Beside(lambda: packing.run(sources_of([], stream=stream)))
        far.expect(Ping)  # it lives, though it has nothing to say
        receiving = Receiving(Offered(1, None))
        for word in (b"one", b"two"):
            os.write(entrance, word)
            while not any(
                isinstance(each, BytesReceived) for each in receiving.receive_data(far.next_data())
            ):
                pass
        os.close(entrance)
        while not receiving.is_finished:
            receiving.receive_data(far.next_data())
        sending.result()
    assert packing.size == 6


def test_a_stream_is_sent_once_whoever_names_it(pair: Pair) -> None:
    reader = BytesIO(b"x")
    transmit(pair, sources_of([], stream=reader))
    near, far = channels()
    with pytest.raises(TransferError) as caught:
        transmit((near, far), sources_of([], stream=reader))
    assert caught.value.code == "changed"
    far._sock.close()


def test_waiting_for_a_stream_ends_when_this_side_shall_stop(pair: Pair) -> None:
    near, _ = pair
    output, entrance = os.pipe()
    with open(output, "rb") as stream:  # noqa: PTH123 - a descriptor
        packing = Packing(near, Offered(1, None), FROM_THE_BEGINNING, progress=lambda _: None)
        sending = Beside(lambda: packing.run(sources_of([], stream=stream)))
        near._stop.set()
        assert sending.error().code == "paused"
    os.close(entrance)


class Wire:
    """Takes records in no time, by a clock that moves only while the sender waits; is `stuck` once."""

    def __init__(self, stuck: float = 0.0) -> None:
        self.now = 1000.0
        self.sent: list[tuple[float, int]] = []
        self.plaintext = memoryview(bytearray(DATA_PLAINTEXT_MAX_BYTES))
        self._stuck = stuck

    def send_data(self, length: int) -> None:
        self.sent.append((self.now, length))
        if len(self.sent) == 3:
            self.now += self._stuck

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def send(self, _: Ping) -> None: ...
    def check_stop(self) -> None: ...
    def check_peer(self) -> None: ...

    def rate(self, since: float) -> float:
        """Bytes a second from then on, the first record not counted."""
        counted = [(at, size) for at, size in self.sent if at >= since]
        return sum(size for _, size in counted[1:]) / (counted[-1][0] - counted[0][0])


@pytest.mark.parametrize("limit", [50_000, 2_000_000, 40_000_000])
@pytest.mark.parametrize("stuck", [0.0, 20.0])
def test_a_limit_is_kept_to_within_a_twentieth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, stuck: float
) -> None:
    wire = Wire(stuck)
    monkeypatch.setattr(file_packing, "steady_clock", lambda: wire.now)
    monkeypatch.setattr(file_packing, "TICK_S", 0.5)
    with (tmp_path / "a").open("wb") as file:
        file.truncate(limit * 10)
    channel = cast("BulkChannel", wire)
    Packing(channel, ANYTHING, FROM_THE_BEGINNING, progress=lambda _: None, limit=limit).run(
        sources_of([tmp_path / "a"])
    )
    assert sum(size for _, size in wire.sent) >= limit * 10
    assert max(size for _, size in wire.sent) <= max(limit // 8, 4096)
    assert wire.rate(0.0) <= limit * 1.05
    # After the wire was stuck it makes up for a second at most, and then goes on as before.
    caught_up = wire.sent[2][0] + stuck + 2.0
    assert limit * 0.95 <= wire.rate(caught_up) <= limit * 1.05


def test_a_low_limit_still_takes_any_block() -> None:
    assert file_packing._record_size(1) == file_packing.LIMITED_RECORD_MIN_BYTES
    assert file_packing._record_size(None) == file_packing._record_size(1 << 40)


def test_a_limited_source_hears_that_the_other_side_gave_up(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 200_000)
    near, far = pair
    packing = Packing(near, ANYTHING, FROM_THE_BEGINNING, progress=lambda _: None, limit=1000)
    sending = Beside(lambda: packing.run(sources_of([tmp_path / "a"])))
    far.next_data()
    threading.Thread(target=far.hang_up).start()
    assert sending.error().code == "lost"
