"""Records over a blocking socket: whole, in order, and with an end that both sides understand."""

import socket
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from lanmsg.node import bulk_channel
from lanmsg.node.bulk_channel import BulkChannel, Stop, TransferError
from lanmsg.protocol import cipher
from lanmsg.protocol.constants import DATA_PLAINTEXT_MAX_BYTES, TRANSFER_STALL_S
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.payload import Begin, Close, CloseCode, Done, Failed, Ping, Profile, encode
from lanmsg.protocol.record import RecordKind, seal_record
from lanmsg.protocol.session import BulkKeys
from tests.node.bulk_pair import ID, Beside, channels, key_pairs, socket_pair

Pair = tuple[BulkChannel, BulkChannel]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are short: what is tested is what happens after them."""
    monkeypatch.setattr(bulk_channel, "TICK_S", 0.01)
    monkeypatch.setattr(bulk_channel, "CLOSE_TIMEOUT_S", 0.2)


@pytest.fixture
def pair() -> Iterator[Pair]:
    """They call a silence of 50 ms a stall."""
    near, far = channels(stall=0.05)
    yield near, far
    for end in (near, far):
        end._sock.close()


@pytest.fixture
def patient() -> Iterator[Pair]:
    """For a sender in a thread of its own: on a loaded machine it may not run for a while."""
    near, far = channels(stall=TRANSFER_STALL_S)
    yield near, far
    for end in (near, far):
        end._sock.close()


def send_data(channel: BulkChannel, data: bytes) -> None:
    channel.plaintext[: len(data)] = data
    channel.send_data(len(data))


def until_it_ends(step: Callable[[], object]) -> None:
    for _ in range(1000):
        step()


@pytest.mark.parametrize("data", [b"x", b"y" * DATA_PLAINTEXT_MAX_BYTES, b"z" * 1000])
def test_data_comes_as_it_was(patient: Pair, data: bytes) -> None:
    near, far = patient
    sending = Beside(lambda: send_data(near, data))
    assert bytes(far.next_data()) == data
    sending.result()


def test_many_records_in_one_read_are_taken_one_by_one(pair: Pair) -> None:
    near, far = pair
    for number in range(100):
        send_data(near, bytes([number]) * number)
    assert [len(far.next_data()) for _ in range(100)] == list(range(100))


def test_records_of_all_sizes_cross_the_buffers_end(patient: Pair) -> None:
    near, far = patient
    sizes = [1, 60_000, DATA_PLAINTEXT_MAX_BYTES, 17, 100_000, 4096, 130_000] * 4

    def send() -> None:
        for size in sizes:
            send_data(near, bytes([size % 251]) * size)

    sending = Beside(send)
    for size in sizes:
        assert bytes(far.next_data()) == bytes([size % 251]) * size
    sending.result()


def test_what_came_before_the_channel_took_over_is_not_lost() -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    early = b"".join(seal_record(ours.send, RecordKind.DATA, b"d" * 50_000, 0.0) for _ in range(8))
    pending = BulkKeys(theirs.send, theirs.receive, early[:390_000])
    channel = BulkChannel(far, pending, Stop())
    sending = Beside(lambda: near.sendall(early[390_000:]))
    assert [len(channel.next_data()) for _ in range(8)] == [50_000] * 8
    sending.result()
    near.close()
    far.close()


def test_an_answer_is_waited_for_and_what_says_nothing_is_passed_over(pair: Pair) -> None:
    near, far = pair
    near.send(Profile("ben", 0, "", 0, "test"))
    near.send(Ping(1))
    near.send(Begin(ID, 1, 2))
    assert far.expect(Begin) == Begin(ID, 1, 2)
    near.send(Done(ID, 1, 2))
    assert far.expect(Begin, Done) == Done(ID, 1, 2)


def test_data_in_the_place_of_an_answer_breaks_the_protocol(pair: Pair) -> None:
    near, far = pair
    send_data(near, b"x")
    with pytest.raises(RemoteProtocolError):
        far.expect(Begin)


@pytest.mark.parametrize("wait", ["data", "answer", "nothing"])
def test_the_other_side_gives_up(pair: Pair, wait: str) -> None:
    near, far = pair
    near.send(Failed(ID, "disk_full", "\x1b[2Jnonsense"))
    with pytest.raises(TransferError, match="no space left") as caught:
        {"data": far.next_data, "answer": lambda: far.expect(Done), "nothing": far.check_peer}[wait]()
    assert caught.value.code == "disk_full"
    assert caught.value.by_peer


def test_a_reason_that_we_do_not_know_is_still_one(pair: Pair) -> None:
    near, far = pair
    near.send(Failed(ID, "out_of_paper", "x"))
    with pytest.raises(TransferError, match="something went wrong") as caught:
        far.expect(Done)
    assert caught.value.code == "out_of_paper"


def test_nothing_said_is_nothing_heard(pair: Pair) -> None:
    pair[1].check_peer()


def test_the_reason_outlives_the_connection(pair: Pair) -> None:
    near, far = pair
    far.give_up(Failed(ID, "permission", ""))
    with pytest.raises(TransferError) as caught:
        until_it_ends(lambda: send_data(near, b"x" * 100_000))
    assert caught.value.code == "permission"


def test_what_still_comes_of_a_file_hides_no_reason_and_is_none(pair: Pair) -> None:
    near, far = pair
    for _ in range(3):
        send_data(near, b"of a file that nobody wants any more")
    near.send(Failed(ID, "cancelled", ""))
    with pytest.raises(TransferError) as failure:
        far.check_peer()
    assert failure.value.code == "cancelled"
    send_data(near, b"\xc1 no payload at all")
    near._sock.close()
    with pytest.raises(TransferError) as failure:
        until_it_ends(lambda: far.send(Ping(0)))
    assert failure.value.code == "lost"


def test_a_close_before_the_end_is_a_loss(pair: Pair) -> None:
    near, far = pair
    near.send(Close(CloseCode.BYE))
    with pytest.raises(TransferError, match="ended it") as caught:
        far.next_data()
    assert caught.value.code == "lost"


def test_an_end_without_a_close_is_a_loss(pair: Pair) -> None:
    near, far = pair
    send_data(near, b"x")
    near._sock.close()
    assert bytes(far.next_data()) == b"x"
    with pytest.raises(TransferError, match="hung up") as caught:
        far.next_data()
    assert caught.value.code == "lost"


def test_half_a_record_is_a_loss() -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    channel = BulkChannel(far, theirs, Stop())
    near.sendall(seal_record(ours.send, RecordKind.DATA, b"x" * 100, 0.0)[:-1])
    near.close()
    with pytest.raises(TransferError) as caught:
        channel.next_data()
    assert caught.value.code == "lost"
    far.close()


def test_a_sudden_reset_is_a_loss(pair: Pair) -> None:
    near, far = pair
    send_data(far, b"unread")
    near._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    near._sock.close()
    with pytest.raises(TransferError) as caught:
        far.next_data()
    assert caught.value.code == "lost"


@pytest.mark.parametrize("position", [0, 1, 2, 3, 4, 50, -1])
def test_any_changed_byte_ends_it_without_blame(position: int) -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    channel = BulkChannel(far, theirs, Stop(), stall=0.05)
    record = bytearray(seal_record(ours.send, RecordKind.DATA, b"x" * 100, 0.0))
    record[position] ^= 1
    near.sendall(record)
    with pytest.raises(TransferError) as caught:
        channel.next_data()
    assert caught.value.code in ("lost", "stalled")
    near.close()
    far.close()


@pytest.mark.parametrize("order", [[1], [0, 0], [0, 2], [1, 0]])
def test_records_left_out_repeated_or_swapped_end_it(order: list[int]) -> None:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    channel = BulkChannel(far, theirs, Stop())
    sent = [seal_record(ours.send, RecordKind.DATA, b"x", 0.0) for _ in range(3)]
    near.sendall(b"".join(sent[number] for number in order))
    with pytest.raises(TransferError, match="does not decrypt"):
        until_it_ends(channel.next_data)
    near.close()
    far.close()


def test_silence_is_a_stall(pair: Pair) -> None:
    with pytest.raises(TransferError) as caught:
        pair[1].next_data()
    assert caught.value.code == "stalled"


def test_a_side_that_takes_nothing_is_a_stall(pair: Pair) -> None:
    near, _ = pair
    with pytest.raises(TransferError) as caught:
        until_it_ends(lambda: send_data(near, b"x" * DATA_PLAINTEXT_MAX_BYTES))
    assert caught.value.code == "stalled"


@pytest.mark.parametrize("cancel", [True, False])
def test_a_wait_ends_when_this_side_shall_stop(cancel: bool) -> None:
    near, far = socket_pair()
    stop = Stop()
    channel = BulkChannel(far, key_pairs()[1], stop)
    waiting = Beside(channel.next_data)
    stop.cancel() if cancel else stop.set()
    assert waiting.error().code == ("cancelled" if cancel else "paused")
    near.close()
    far.close()


def test_keys_change_on_the_way(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cipher, "REKEY_RECORDS", 3)
    near, far = pair
    for number in range(20):
        send_data(near, bytes([number]))
        assert bytes(far.next_data()) == bytes([number])
        far.send(Begin(ID, number, 0))
        assert near.expect(Begin).entry == number


def test_work_beside_tells_the_other_side_that_we_live(
    patient: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_channel, "PING_INTERVAL_S", 0.01)
    near, far = patient
    enough = threading.Event()

    def listen() -> None:
        far.expect(Ping)
        far.expect(Ping)
        enough.set()

    pings = Beside(listen)
    assert near.work(lambda: enough.wait(5.0)) is True
    pings.result()


def test_what_fails_beside_fails_here(pair: Pair) -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        pair[0].work(fail)


def test_both_hang_up_without_losing_the_last_words(patient: Pair) -> None:
    near, far = patient

    def last_words() -> None:
        far.send(Done(ID, 1, 2))
        far.hang_up()

    leaving = Beside(last_words)
    assert near.expect(Done) == Done(ID, 1, 2)
    near.hang_up()
    leaving.result()


def test_after_half_a_record_nothing_more_is_said(pair: Pair) -> None:
    near, far = pair
    near._is_broken = True
    near.give_up(Failed(ID, "internal", ""))
    with pytest.raises(TransferError, match="hung up"):
        far.next_data()


def test_it_works_without_the_systems_own_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, as far as that can be had here."""

    def set_tick(sock: socket.socket) -> None:
        sock.settimeout(0.01)

    monkeypatch.setattr(bulk_channel, "_set_tick", set_tick)
    monkeypatch.setattr(bulk_channel, "DONT_WAIT", None)
    near, far = channels(stall=0.05)
    far.check_peer()
    send_data(near, b"x")
    assert bytes(far.next_data()) == b"x"
    near.send(Failed(ID, "changed", ""))
    with pytest.raises(TransferError, match="changed"):
        until_it_ends(far.check_peer)
    with pytest.raises(TransferError) as caught:
        near.next_data()
    assert caught.value.code == "stalled"
    for end in (near, far):
        end._sock.close()


def test_a_pause_ends_early_when_this_side_shall_stop(pair: Pair) -> None:
    pair[0]._stop.set()
    pair[0].pause(60.0)


def test_ticks_are_far_shorter_than_a_stall() -> None:
    waits = (0.5, bulk_channel.PING_INTERVAL_S, TRANSFER_STALL_S)
    assert all(long >= 3 * short for short, long in pairwise(waits))


def test_a_payload_larger_than_any_is_not_read(pair: Pair) -> None:
    near, far = pair
    near._sock.sendall(b"\x10\xff\xff\xff")
    with pytest.raises(TransferError, match="PAYLOAD record of"):
        far.next_data()
    assert len(encode(Ping(1))) < 100
