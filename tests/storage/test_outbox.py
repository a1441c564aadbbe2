"""Deliveries: their states, their leases, and in which order they wait."""

import pytest

from lanmsg.model import EVERYONE, Delivery, Message, PeerId
from lanmsg.storage import outbox as module
from lanmsg.storage.errors import StorageError
from lanmsg.storage.history import History
from lanmsg.storage.outbox import BOX_FULL, CANCELLED, WAITING
from lanmsg.storage.store import Store
from tests.storage.people import BEN, CLEO, DAN, NOW, WITH_BEN, WITH_CLEO, message_id

US, THEM = b"us-1", b"them"


@pytest.fixture
def history(store: Store) -> History:
    return store.history


def move(history: History, message: Message, peer: PeerId, to: Delivery, *, reason: str = "") -> bool:
    return history.set_deliveries([(message.number, peer)], to, reason=reason, now=NOW) > 0


def queue(history: History, *peers: PeerId, text: str = "hi", owner: bytes | None = None) -> Message:
    conversation = WITH_BEN if peers == (BEN,) else EVERYONE
    return history.add_outgoing(
        conversation, text, peers, message_id=message_id(), now=NOW, lease_owner=owner, lease_until=NOW + 30
    )


def state(history: History, message: Message, peer: PeerId) -> tuple[Delivery, str]:
    found = history.get(message.number)
    assert found is not None
    return next((each.state, each.reason) for each in found.recipients if each.peer == peer)


def waiting(history: History, owner: bytes = US, now: float = NOW, peer: PeerId | None = None) -> list[int]:
    return [each.message.number for each in history.outbox(owner=owner, now=now, peer=peer)]


def test_what_is_queued_waits_oldest_first(history: History) -> None:
    first, second, third = queue(history, BEN), queue(history, CLEO), queue(history, BEN)
    assert waiting(history) == [first.number, second.number, third.number]
    assert waiting(history, peer=BEN) == [first.number, third.number]
    assert [each.message.number for each in history.outbox(owner=US, now=NOW, limit=2)] == [1, 2]
    pending = history.outbox(owner=US, now=NOW, peer=CLEO)[0]
    assert (pending.message, pending.peer, pending.state, pending.attempts) == (
        second,
        CLEO,
        Delivery.QUEUED,
        0,
    )


def test_sent_without_an_answer_waits_and_is_counted(history: History) -> None:
    message = queue(history, BEN)
    for _ in range(2):
        assert move(history, message, BEN, Delivery.SENT)
        assert move(history, message, BEN, Delivery.QUEUED, reason="away")
    assert history.outbox(owner=US, now=NOW)[0].attempts == 2
    assert state(history, message, BEN) == (Delivery.QUEUED, "away")


@pytest.mark.parametrize("last", [Delivery.DELIVERED, Delivery.FAILED])
def test_what_ended_waits_no_more(history: History, last: Delivery) -> None:
    message = queue(history, BEN, owner=US)
    assert move(history, message, BEN, last)
    assert waiting(history) == []
    assert history.waiting_peers(owner=US, now=NOW) == []
    assert history.renew_leases(US, NOW + 60) == 0


@pytest.mark.parametrize(
    ("path", "moves"),
    [
        ([Delivery.SENT, Delivery.DELIVERED], [True, True]),
        ([Delivery.DELIVERED, Delivery.QUEUED], [True, False]),
        ([Delivery.DELIVERED, Delivery.SENT], [True, False]),
        ([Delivery.DELIVERED, Delivery.FAILED], [True, False]),
        ([Delivery.FAILED, Delivery.QUEUED], [True, False]),
        ([Delivery.FAILED, Delivery.SENT], [True, False]),
        ([Delivery.FAILED, Delivery.DELIVERED], [True, True]),
        ([Delivery.SENT, Delivery.SENT], [True, False]),
    ],
)
def test_which_moves_are_allowed(history: History, path: list[Delivery], moves: list[bool]) -> None:
    message = queue(history, BEN)
    assert [move(history, message, BEN, each) for each in path] == moves


def test_a_delivery_that_is_not_there_does_not_move(history: History) -> None:
    message = queue(history, BEN)
    assert not move(history, message, CLEO, Delivery.DELIVERED)
    assert not history.set_deliveries([(99, BEN)], Delivery.DELIVERED, now=NOW)


def test_many_move_at_once(history: History) -> None:
    messages = [queue(history, BEN) for _ in range(3)]
    pairs = [(each.number, BEN) for each in messages] + [(77, BEN)]
    assert history.set_deliveries(pairs, Delivery.DELIVERED, now=NOW) == 3
    assert history.set_deliveries(pairs, Delivery.DELIVERED, now=NOW) == 0


def test_nothing_changed_is_no_news(store: Store) -> None:
    message = queue(store.history, BEN)
    move(store.history, message, BEN, Delivery.SENT)
    before = store.revision()
    move(store.history, message, BEN, Delivery.SENT)
    assert store.revision() == before


def test_retry_queues_what_failed_and_only_that(history: History) -> None:
    message = queue(history, BEN, CLEO)
    move(history, message, BEN, Delivery.FAILED, reason="refused")
    move(history, message, CLEO, Delivery.DELIVERED)
    assert history.retry(message.number, NOW)
    assert state(history, message, BEN) == (Delivery.QUEUED, "")
    assert state(history, message, CLEO) == (Delivery.DELIVERED, "")
    assert not history.retry(message.number, NOW)


def test_cancel_ends_what_is_queued_and_only_that(history: History) -> None:
    message = queue(history, BEN, CLEO)
    move(history, message, CLEO, Delivery.SENT)
    assert history.cancel(message.number, NOW)
    assert state(history, message, BEN) == (Delivery.FAILED, CANCELLED)
    assert state(history, message, CLEO) == (Delivery.SENT, "")
    assert not history.cancel(message.number, NOW)


def test_what_another_process_serves_is_not_ours_until_its_lease_ends(history: History) -> None:
    theirs = queue(history, BEN, owner=THEM)
    free = queue(history, BEN)
    to_cleo = queue(history, CLEO)
    assert waiting(history) == [to_cleo.number], "the free one behind it must not overtake it"
    assert history.waiting_peers(owner=US, now=NOW) == [CLEO]
    move(history, to_cleo, CLEO, Delivery.DELIVERED)
    assert waiting(history, THEM) == [theirs.number, free.number]
    assert waiting(history, now=NOW + 30) == [theirs.number, free.number]
    assert waiting(history, now=NOW - 31) == [theirs.number, free.number]  # the clock was set back


def test_only_own_is_what_this_process_put_there(history: History) -> None:
    queue(history, CLEO)
    ours = queue(history, BEN, owner=US)
    pending = history.outbox(owner=US, now=NOW, only_own=True)
    assert [each.message.number for each in pending] == [ours.number]
    assert history.waiting_peers(owner=US, now=NOW, only_own=True) == [BEN]


def test_a_command_sends_what_was_written_before_unless_a_listener_does(history: History) -> None:
    before = queue(history, BEN)
    ours = queue(history, BEN, owner=US)
    behind = queue(history, BEN)
    queue(history, BEN, owner=THEM)

    def sends(*, listener_lives: bool) -> list[int]:
        pending = history.outbox(owner=US, now=NOW, only_own=True, listener_lives=listener_lives)
        peers = history.waiting_peers(owner=US, now=NOW, only_own=True, listener_lives=listener_lives)
        assert peers == ([BEN] if pending else [])
        return [each.message.number for each in pending]

    assert sends(listener_lives=False) == [before.number, ours.number, behind.number]
    assert sends(listener_lives=True) == []
    move(history, before, BEN, Delivery.DELIVERED)
    assert sends(listener_lives=True) == [ours.number]
    assert history.outbox(owner=US, now=NOW, only_own=True, peer=CLEO) == []


def test_peers_for_whom_something_waits(history: History) -> None:
    assert history.waiting_peers(owner=US, now=NOW) == []
    for peers in ((BEN,), (CLEO, BEN), (BEN,)):
        queue(history, *peers)
    queue(history, DAN, owner=THEM)
    assert history.waiting_peers(owner=US, now=NOW) == [BEN, CLEO]
    assert history.waiting_peers(owner=THEM, now=NOW) == [BEN, CLEO, DAN]
    assert history.waiting_peers(owner=US, now=NOW + 60) == [BEN, CLEO, DAN]


def test_released_leases_are_free(history: History) -> None:
    message = queue(history, BEN, owner=US)
    history.release_leases(THEM)
    assert waiting(history, THEM) == []
    history.release_leases(US)
    assert waiting(history, THEM) == [message.number]


def test_a_lease_can_be_renewed(history: History) -> None:
    message = queue(history, BEN, owner=US)
    assert history.renew_leases(US, NOW + 80) == 1
    assert waiting(history, THEM, now=NOW + 50) == []
    assert waiting(history, THEM, now=NOW + 81) == [message.number]


def test_leases_are_no_news_for_screens(store: Store) -> None:
    queue(store.history, BEN, owner=US)
    before = store.revision()
    store.history.renew_leases(US, NOW + 2)
    store.history.release_leases(US)
    assert store.revision() == before


def test_an_id_is_used_once(history: History) -> None:
    identifier = message_id()
    history.add_outgoing(WITH_BEN, "one", [BEN], message_id=identifier, now=NOW)
    with pytest.raises(StorageError) as caught:
        history.add_outgoing(WITH_CLEO, "two", [CLEO], message_id=identifier, now=NOW)
    assert caught.value.code == "exists"
    assert len(history.messages(None)) == 1


@pytest.mark.parametrize("peer", [None, BEN])
def test_the_outbox_is_found_by_its_index(store: Store, peer: PeerId | None) -> None:
    """However long the history is, only what waits is looked at."""
    condition = "" if peer is None else "peer = x'00' AND "
    sql = f"SELECT message FROM deliveries WHERE {condition}{WAITING} ORDER BY message, peer LIMIT 5"  # noqa: S608
    plan = store.database.all(f"EXPLAIN QUERY PLAN {sql}")
    assert [row for row in plan if "deliveries_waiting" in row[3]]
    assert not [row for row in plan if "TEMP B-TREE" in row[3]]


def test_a_full_outbox_says_so_and_keeps_nobody_elses_message(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OF_PEER_MAX", 3)
    waiting_ones = [queue(history, BEN) for _ in range(3)]
    with pytest.raises(StorageError, match="outbox is full") as caught:
        queue(history, BEN)
    assert caught.value.code == "outbox_full"
    to_all = queue(history, BEN, CLEO)
    assert state(history, to_all, BEN) == (Delivery.FAILED, BOX_FULL)
    assert state(history, to_all, CLEO) == (Delivery.QUEUED, "")
    move(history, waiting_ones[0], BEN, Delivery.DELIVERED)
    assert queue(history, BEN).state is Delivery.QUEUED


def test_all_of_it_has_a_bound_too(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOTAL_MAX", 2)
    queue(history, BEN)
    queue(history, CLEO)
    with pytest.raises(StorageError, match="outbox is full"):
        queue(history, DAN)
    assert len(history.messages(None)) == 2


def test_what_is_sent_cannot_be_taken_back_and_what_was_taken_back_is_not_sent(history: History) -> None:
    first, second = queue(history, BEN), queue(history, BEN)
    assert history.cancel(second.number, NOW)
    assert history.mark_sent([first.number, second.number], BEN, NOW) == {second.number}
    assert not history.cancel(first.number, NOW)
    assert waiting(history) == [first.number]


def test_what_was_sent_before_may_have_arrived(history: History) -> None:
    never, once = queue(history, BEN), queue(history, BEN, owner=US)
    history.mark_sent([once.number], BEN, NOW)
    history.release_leases(US)
    assert history.cancel(never.number, NOW)
    assert history.cancel(once.number, NOW)
    assert (history.may_have_arrived(never.number), history.may_have_arrived(once.number)) == (False, True)


@pytest.mark.parametrize("owner", [US, None])
def test_what_was_sent_waits_again_when_its_process_ends(history: History, owner: bytes | None) -> None:
    ours, answered, theirs = (
        queue(history, BEN, owner=owner),
        queue(history, BEN),
        queue(history, BEN, owner=THEM),
    )
    history.mark_sent([ours.number, answered.number, theirs.number], BEN, NOW)
    move(history, answered, BEN, Delivery.DELIVERED)
    if owner is None:
        history.requeue_sent()
    else:
        history.release_leases(owner)
    assert [state(history, each, BEN)[0] for each in (ours, answered, theirs)] == [
        Delivery.QUEUED,
        Delivery.DELIVERED,
        Delivery.SENT,
    ]


def test_what_waits_and_what_has_failed_can_be_listed(history: History) -> None:
    first, second, third = queue(history, BEN), queue(history, BEN, CLEO), queue(history, BEN)
    move(history, first, BEN, Delivery.DELIVERED)
    move(history, second, BEN, Delivery.DELIVERED)
    move(history, third, BEN, Delivery.FAILED)
    assert [each.number for each in history.waiting_messages()] == [second.number]
    assert [each.number for each in history.waiting_messages(failed=True)] == [second.number, third.number]
