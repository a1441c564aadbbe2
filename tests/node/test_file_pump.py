"""Both ends of a transfer, over TCP: what arrives, what each side is told, where the next run goes on."""

import errno
import os
import socket
import struct
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from lanmsg.node import bulk_channel, file_packing, file_pump
from lanmsg.node.bulk_channel import BulkChannel, Stop, TransferError
from lanmsg.node.file_pump import ReceiveReport, SendReport, receive_files, refuse, send_files
from lanmsg.node.file_source import sources_of
from lanmsg.protocol.constants import BLOCK_BYTES, BLOCK_END, BLOCK_ENTRY, BLOCK_FINISH
from lanmsg.protocol.entry import EntryHeader, Offered, encode_entry
from lanmsg.protocol.payload import Accept, Begin, Done, Failed
from lanmsg.protocol.session import BulkKeys
from lanmsg.storage.downloads import PartialTransfer
from lanmsg.storage.errors import StorageError
from lanmsg.storage.folder import disk_error
from tests.node.bulk_pair import ID, PART, Beside, Run, key_pairs, part, seen, socket_pair

BIG = os.urandom(3_000_000)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(bulk_channel, "TICK_S", 0.01)
    monkeypatch.setattr(bulk_channel, "CLOSE_TIMEOUT_S", 0.5)
    monkeypatch.setattr(file_pump, "PROGRESS_INTERVAL_S", 0.0)
    monkeypatch.setattr(file_packing, "PROGRESS_INTERVAL_S", 0.0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "downloads"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    (top / "sub" / "empty").mkdir(parents=True)
    (top / "a.txt").write_bytes(b"hello")
    (top / "big.bin").write_bytes(BIG)
    (top / "sub" / "z").write_bytes(b"")
    (top / "sub" / "\u00fcber uns.txt").write_bytes(b"u")
    return top


def part_is_there(root: Path) -> bool:
    return (root / ".lanmsg-part" / PART / "journal").exists()


def test_a_folder_arrives(tree: Path, root: Path) -> None:
    run = Run([tree], root).start()
    sent, received = run.reports()
    assert seen(root / "top") == seen(tree)
    assert received.paths == (root / "top",)
    assert (sent.entries, sent.size) == (received.entries, received.size) == (7, 3_000_006)
    assert (received.missing, received.renamed, sent.left_out.count, sent.changed.count) == (0, 0, 0, 0)
    assert run.source_progress[-1] == run.sink_progress[-1] == 3_000_006
    assert run.sink_progress == sorted(run.sink_progress)
    assert not (root / ".lanmsg-part").exists()


def test_several_things_arrive_and_nothing_is_overwritten(tree: Path, root: Path) -> None:
    for _ in range(2):
        Run([tree / "sub", tree / "a.txt"], root).start().reports()
    assert {path.name for path in root.iterdir()} == {"sub", "sub (1)", "a.txt", "a (1).txt"}


def test_what_is_piped_in_arrives(root: Path) -> None:
    sources = sources_of([], stream=BytesIO(BIG), stream_name="dump.sql")
    _, received = Run([], root, sources=sources).start().reports()
    assert seen(root) == {"dump.sql": BIG}
    assert received.size == len(BIG)


def test_what_could_not_be_read_is_missing_and_both_know(tree: Path, root: Path) -> None:
    run = Run([tree], root)
    run.sources = sources_of([tree])
    run.offered = Offered(7, 3_000_006, {"top": True})
    (tree / "a.txt").unlink()
    (tree / "a.txt").symlink_to("/etc/passwd")
    sent, received = run.start().reports()
    assert sent.left_out.listed == [("top/a.txt", "a link, device, socket or pipe")]
    assert received.missing == 1
    assert "top/a.txt" not in seen(root)


def receive_beside(
    sock: socket.socket, keys: BulkKeys, root: Path, offered: Offered
) -> Beside[ReceiveReport]:
    """A sink, against a source that the test plays itself."""

    def receive() -> ReceiveReport:
        with part(root) as partial:
            return receive_files(
                sock, keys, partial, transfer_id=ID, offered=offered, stop=Stop(), progress=lambda _: None
            )

    return Beside(receive)


def send_beside(sock: socket.socket, keys: BulkKeys, path: Path, offered: Offered) -> Beside[SendReport]:
    """A source, against a sink that the test plays itself."""
    return Beside(
        lambda: send_files(
            sock,
            keys,
            sources_of([path]),
            transfer_id=ID,
            offered=offered,
            stop=Stop(),
            progress=lambda _: None,
        )
    )


def send_raw(channel: BulkChannel, record: bytes) -> None:
    channel.plaintext[: len(record)] = record
    channel.send_data(len(record))


# ---------- runs that end early


def stop_at(run: Run, size: int, action: Callable[[], None], *, at_source: bool = False) -> Run:
    due = [action]

    def check(done: int) -> None:
        if done >= size and due:
            due.pop()()  # once: a connection cannot be cut twice

    if at_source:
        run.on_source_progress = check
    else:
        run.on_sink_progress = check
    return run


@pytest.mark.parametrize("by_source", [True, False])
def test_a_pause_keeps_what_came_and_the_next_run_goes_on(tree: Path, root: Path, by_source: bool) -> None:
    run = Run([tree], root)
    stop = run.source_stop if by_source else run.sink_stop
    ours, theirs = stop_at(run, 1_000_000, stop.set, at_source=by_source).start().errors()
    assert (ours.code, theirs.code) == ("paused", "paused")
    assert (ours.by_peer, theirs.by_peer) == (not by_source, by_source)
    assert seen(root) == {}
    assert part_is_there(root)
    again = Run([tree], root).start()
    _, received = again.reports()
    assert seen(root / "top") == seen(tree)
    assert received.entries == 7
    if not by_source:
        assert again.source_progress[0] >= 1_000_000


@pytest.mark.parametrize("by_source", [True, False])
def test_a_cancel_deletes_what_came(tree: Path, root: Path, by_source: bool) -> None:
    run = Run([tree], root)
    stop = run.source_stop if by_source else run.sink_stop
    ours, theirs = stop_at(run, 1_000_000, stop.cancel, at_source=by_source).start().errors()
    assert (ours.code, theirs.code) == ("cancelled", "cancelled")
    assert list(root.iterdir()) == []


def test_what_changed_meanwhile_is_sent_afresh(tree: Path, root: Path) -> None:
    run = Run([tree], root)
    stop_at(run, 1_000_000, run.sink_stop.set).start().errors()
    (tree / "big.bin").write_bytes(BIG[::-1])
    Run([tree], root).start().reports()
    assert seen(root / "top") == seen(tree)


def test_a_broken_connection_shows_nothing_and_the_next_run_goes_on(
    tree: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[socket.socket] = []
    pair = socket_pair()
    ends.extend(pair)
    monkeypatch.setattr("tests.node.bulk_pair.socket_pair", lambda: pair)
    run = Run([tree], root)
    stop_at(run, 1_000_000, lambda: ends[1].shutdown(socket.SHUT_RDWR)).start()
    ours, theirs = run.errors()
    assert (ours.code, theirs.code) == ("lost", "lost")
    assert seen(root) == {}
    monkeypatch.undo()
    Run([tree], root).start().reports()
    assert seen(root / "top") == seen(tree)


@pytest.mark.parametrize(
    ("number", "code", "stays"),
    [
        *[(errno.EFBIG, "too_large", False), (errno.ENOSPC, "disk_full", True)],
        *[(errno.EACCES, "permission", True), (errno.EIO, "disk", True)],
    ],
)
def test_a_fault_of_the_disk_is_told_to_both(
    tree: Path, root: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, stays: bool
) -> None:
    really = PartialTransfer.write

    def failing(self: PartialTransfer, data: memoryview) -> None:
        if self.position().done > 1_000_000:
            raise disk_error("write to", "downloads", OSError(number, os.strerror(number)))
        really(self, data)

    monkeypatch.setattr(PartialTransfer, "write", failing)
    ours, theirs = Run([tree], root).start().errors()
    assert ours.by_peer
    assert (ours.code, theirs.code) == (code, code)
    assert os.strerror(number) in str(theirs)
    assert str(root) not in str(ours)
    assert seen(root) == {}
    assert part_is_there(root) == stays
    monkeypatch.undo()
    Run([tree], root).start().reports()
    assert seen(root / "top") == seen(tree)


def file_pump_error(number: int) -> StorageError:
    from lanmsg.storage.folder import disk_error

    return disk_error("write to", "downloads", OSError(number, os.strerror(number)))


def test_too_little_room_is_told_before_anything_is_sent(tree: Path, root: Path) -> None:
    run = Run([tree], root, options={"reserve": 1 << 60}).start()
    ours, theirs = run.errors()
    assert (ours.code, theirs.code) == ("disk_full", "disk_full")
    assert run.source_progress == []


def test_nothing_left_to_send_is_told_to_both(tree: Path, root: Path) -> None:
    run = Run([tree / "a.txt"], root)
    run.sources = sources_of([tree / "a.txt"])
    run.offered = Offered(1, 5, {"a.txt": False})
    (tree / "a.txt").unlink()
    ours, theirs = run.start().errors()
    assert (ours.code, theirs.code) == ("unreadable", "unreadable")


def test_what_is_complete_is_only_confirmed(tree: Path, root: Path) -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    with part(root) as partial:
        partial.begin_record(["a"])
        partial.start_entry("a", "file", 0, 0, executable=False)
        partial.end_entry(bytes(32))
        partial.publish()
    receiving = receive_beside(far, theirs, root, Offered(1, 0))
    sent = send_beside(near, ours, tree, Offered(1, 0)).result()
    received = receiving.result()
    assert (sent.entries, sent.size) == (1, 0)
    assert received.paths == (root / "a",)
    assert seen(root) == {"a": b""}


def test_what_is_saved_is_saved_even_if_nobody_is_left_to_be_told(root: Path) -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    receiving = receive_beside(far, theirs, root, Offered(1, 1))
    source = BulkChannel(near, ours, Stop())
    source.expect(Accept)
    source.send(Begin(ID, 0, 0))
    send_raw(source, entry_block("x", 1) + WHOLE + FINISH)
    near.close()
    assert receiving.result().paths == (root / "x",)
    assert seen(root) == {"x": b"x"}


def test_a_sync_that_takes_long_is_no_stall(tree: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_channel, "PING_INTERVAL_S", 0.02)
    really = BulkChannel.__init__

    def impatient(self: BulkChannel, sock: socket.socket, keys: BulkKeys, stop: Stop) -> None:
        really(self, sock, keys, stop, stall=0.2)

    monkeypatch.setattr(BulkChannel, "__init__", impatient)
    publish = PartialTransfer.publish

    def slow(self: PartialTransfer) -> list[Path]:
        threading.Event().wait(0.5)
        return publish(self)

    monkeypatch.setattr(PartialTransfer, "publish", slow)
    Run([tree], root).start().reports()
    assert seen(root / "top") == seen(tree)


# ---------- a side that breaks the rules


def block(kind: int, body: bytes = b"") -> bytes:
    return struct.pack(">BI", kind, len(body)) + body


def entry_block(path: str, size: int) -> bytes:
    """Also with a path that `encode_entry` would not let out."""
    honest = encode_entry(EntryHeader("x" * len(path.encode()), "file", size, 0, executable=False))
    return block(BLOCK_ENTRY, honest.replace(b"x" * len(path.encode()), path.encode(), 1))


FINISH = block(BLOCK_FINISH, struct.pack(">IQ", 1, 1))
WHOLE = block(BLOCK_BYTES, b"x") + block(BLOCK_END)

HOSTILE = {
    "a way out": entry_block("../evil", 1) + WHOLE + FINISH,
    "an absolute path": entry_block("/tmp/evil", 1) + WHOLE + FINISH,
    "a way out on Windows": entry_block("..\\evil", 1) + WHOLE + FINISH,
    "another disk": entry_block("C:evil", 1) + WHOLE + FINISH,
    "a folder that was not announced": entry_block("d/evil", 1) + WHOLE + FINISH,
    "one byte too many": entry_block("evil", 1) + block(BLOCK_BYTES, b"xy") + block(BLOCK_END) + FINISH,
    "one byte too few": entry_block("evil", 1) + block(BLOCK_END) + FINISH,
    "an end inside a file": entry_block("evil", 1) + FINISH,
    "more than was offered": entry_block("evil", 1 << 40),
    "nonsense": b"\xff" * 100,
}


@pytest.mark.parametrize("record", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_source_writes_nothing_and_is_told_so(root: Path, tmp_path: Path, record: bytes) -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    receiving = receive_beside(far, theirs, root, Offered(9, 1000))
    evil = BulkChannel(near, ours, Stop())
    evil.expect(Accept)
    evil.send(Begin(ID, 0, 0))
    send_raw(evil, record)
    with pytest.raises(TransferError) as told:
        evil.expect(Failed)
    assert told.value.code == "invalid"
    evil.hang_up()
    assert receiving.error().code == "invalid"
    assert not part_is_there(root)
    assert [path.name for path in tmp_path.rglob("*evil*")] == []
    assert seen(root) == {}


@pytest.mark.parametrize(("entry", "offset"), [(1, 0), (0, 1), (5, 5)])
def test_a_source_that_begins_elsewhere_is_refused(root: Path, entry: int, offset: int) -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    receiving = receive_beside(far, theirs, root, Offered(9, 1000))
    source = BulkChannel(near, ours, Stop())
    source.expect(Accept)
    source.send(Begin(ID, entry, offset))
    assert receiving.error().code == "invalid"
    source.hang_up()


def test_a_sink_that_confirms_something_else_is_not_believed(tree: Path) -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    sending = send_beside(near, ours, tree / "a.txt", Offered(1, 5))
    sink = BulkChannel(far, theirs, Stop())
    sink.send(Accept(ID, 0, 0, None))
    sink.expect(Begin)
    sink.next_data()
    sink.send(Done(ID, 1, 4))
    assert sending.error().code == "invalid"
    sink.hang_up()


def test_a_truncated_stream_never_looks_complete(root: Path) -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    receiving = receive_beside(far, theirs, root, Offered(1, None))
    source = BulkChannel(near, ours, Stop())
    source.expect(Accept)
    source.send(Begin(ID, 0, 0))
    record = entry_block("x", 1) + WHOLE
    send_raw(source, record)
    source.hang_up()
    assert receiving.error().code == "lost"
    assert seen(root) == {}


def test_a_run_that_cannot_begin_is_refused_with_its_reason() -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    refusing = Beside(lambda: refuse(far, theirs, ID, StorageError("no", code="no_space")))
    source = BulkChannel(near, ours, Stop())
    with pytest.raises(TransferError) as caught:
        source.expect(Accept)
    assert caught.value.code == "disk_full"
    source.hang_up()
    refusing.result()


def test_every_code_that_we_send_has_words_on_the_other_side() -> None:
    assert set(file_pump.WORDS) == set(bulk_channel.PEER_REASONS)
