"""Each limit of protocol.md, chapter 16, beside the test that would fail without it."""

import re
from pathlib import Path

import pytest

from lanmsg.model import PeerId
from lanmsg.node import bulk
from lanmsg.protocol import constants
from lanmsg.protocol.admission import Admission
from lanmsg.protocol.announcement import Source
from lanmsg.protocol.constants import (
    CLAIM_SPREAD_FROM_PEERS,
    CLAIM_SPREAD_PER_PEER_S,
    CLAIMS_BURST,
    CLAIMS_PER_S,
    DISK_RESERVE_BYTES,
    DISK_RESERVE_SHARE,
    HANDSHAKES_PER_ADDRESS_PER_S,
    HANDSHAKES_PER_S,
    KNOWN_ADDRESS_HANDSHAKES_PER_S,
    NETWORK_BUDGET_PEERS,
    NEWCOMERS_BURST,
    NEWCOMERS_PER_S,
    NEWCOMERS_PER_SOURCE_BURST,
    NEWCOMERS_PER_SOURCE_PER_S,
    PROBES_BURST,
    PROBES_PER_S,
    PROTECTED_NEWCOMERS_BURST,
    PROTECTED_NEWCOMERS_PER_S,
    REPLY_BURST_PER_SOURCE,
    REPLY_RATE_PER_S,
    REPLY_RATE_PER_SOURCE_PER_S,
)
from lanmsg.protocol.pacing import Caller, NewcomerBudget, ReplyPacing, network_cost
from lanmsg.protocol.probes import Probes

CHECKOUT = Path(__file__).resolve().parents[1]
LIMITS: dict[str, dict[str, str]] = {
    "protocol/test_presence_table.py": {
        "test_a_table_is_full_at_its_limit": "PEER_TABLE_MAX",
        "test_too_many_addresses_replace_each_other_but_not_the_first_nor_a_proven_one": (
            "ENDPOINTS_PER_PEER_MAX "
        ),
    },
    "test_limits.py": {
        "test_newcomers_are_believed_at_these_rates": (
            "NEWCOMERS_PER_SOURCE_PER_S NEWCOMERS_PER_SOURCE_BURST NEWCOMERS_PER_S NEWCOMERS_BURST "
        ),
        "test_the_pinned_have_a_budget_of_their_own": "PROTECTED_NEWCOMERS_PER_S PROTECTED_NEWCOMERS_BURST",
        "test_questions_are_asked_at_these_rates": (
            "NETWORK_BUDGET_PEERS CLAIMS_PER_S CLAIMS_BURST PROBES_PER_S PROBES_BURST "
        ),
        "test_questions_about_a_claim_are_spread_in_a_crowd": (
            "CLAIM_SPREAD_FROM_PEERS CLAIM_SPREAD_PER_PEER_S "
        ),
        "test_replies_are_given_at_these_rates": (
            "REPLY_RATE_PER_SOURCE_PER_S REPLY_BURST_PER_SOURCE REPLY_RATE_PER_S "
        ),
        "test_handshakes_are_admitted_at_these_rates": (
            "HANDSHAKES_PER_S HANDSHAKES_PER_ADDRESS_PER_S KNOWN_ADDRESS_HANDSHAKES_PER_S "
        ),
        "test_so_much_of_a_disk_stays_free": "DISK_RESERVE_BYTES DISK_RESERVE_SHARE",
    },
    "protocol/test_probes.py": {
        "test_the_number_of_questions_is_bounded": "QUESTIONS_MAX",
    },
    "protocol/test_pacing.py": {
        "test_unicast_questions_beyond_the_budget_are_dropped": "REPLY_BURST",
        "test_memory_is_bounded": "REPLIES_WAITING_MAX",
        "test_sources_do_not_share_a_budget_and_are_forgotten_in_order": "SOURCES_REMEMBERED_MAX",
        "test_of_lone_callers_the_last_are_remembered": "BYE_ADDRESSES_MAX",
    },
    "protocol/test_sightings.py": {
        "test_the_memory_for_goodbyes_is_bounded": "LEFT_INSTANCES_MAX",
    },
    "protocol/test_discovery.py": {
        "test_who_hears_no_broadcasts_asks_where_it_would_announce_until_it_knows_enough": (
            "DEAF_QUERY_PEERS_MAX "
        ),
    },
    "protocol/test_neighbours.py": {
        "test_of_very_many_only_some_are_asked_and_who_is_news_goes_before_those_who_never_answered": (
            "NEIGHBOURS_MAX "
        ),
    },
    "node/test_crowds.py": {
        "test_who_was_known_at_an_address_gets_in_where_all_places_are_taken": (
            "UNAUTHENTICATED_CONNECTIONS_MAX "
        ),
        "test_all_sockets_that_others_may_open_leave_room_for_our_own": "LISTEN_BACKLOG",
        "test_the_strangers_of_one_host_have_so_many_sessions_and_those_of_others_theirs": (
            "NEW_PEERS_SESSIONS_PER_HOST_MAX "
        ),
        "test_one_peer_has_only_so_many_sessions": "MESSAGE_SESSIONS_PER_PEER_MAX",
        "test_a_known_peer_has_only_so_many_questions_open": "PENDING_OFFERS_PER_PEER_MAX PENDING_OFFERS_MAX",
        "test_all_peers_together_ask_only_so_often_to_compare": "VERIFY_REQUESTS_ALL_MAX",
    },
    "node/test_sessions.py": {
        "test_an_address_may_have_only_so_many_connections_that_prove_nothing": (
            "UNAUTHENTICATED_PER_ADDRESS_MAX "
        ),
        "test_the_idlest_of_too_many_sessions_is_closed": "SESSIONS_MAX",
    },
    "protocol/test_admission.py": {
        "test_all_addresses_together_have_a_limit_too": "HANDSHAKES_BURST",
        "test_one_address_cannot_make_us_pay_for_more_than_its_share": "HANDSHAKES_PER_ADDRESS_BURST",
        "test_where_somebody_known_is_others_have_their_share_and_no_more": "KNOWN_ADDRESS_HANDSHAKES_BURST",
        "test_failures_close_the_door_for_a_while_and_only_to_their_address": "FAILED_HANDSHAKES_MAX",
        "test_a_stranger_is_slowed_down_after_its_burst": "NEW_PEER_MESSAGES_PER_S NEW_PEER_MESSAGES_BURST",
        "test_a_host_has_no_more_to_say_with_many_keys": (
            "NEW_PEERS_MESSAGES_PER_HOST_PER_S NEW_PEERS_MESSAGES_PER_HOST_BURST "
        ),
        "test_a_host_fills_only_so_much_of_the_disk": (
            "NEW_PEERS_BYTES_PER_HOST_PER_S NEW_PEERS_BYTES_PER_HOST_BURST "
        ),
        "test_a_host_offers_no_more_with_many_keys": (
            "NEW_PEERS_OFFERS_PER_HOST_PER_S NEW_PEERS_OFFERS_PER_HOST_BURST "
        ),
    },
    "node/test_bulk.py": {
        "test_one_peer_cannot_take_all_the_room": "BULK_SESSIONS_PER_PEER_MAX",
        "test_the_room_has_an_end": "BULK_SESSIONS_MAX",
    },
    "protocol/test_session_bulk.py": {
        "test_a_driver_that_reads_on_instead_of_detaching_is_told": "BULK_PENDING_MAX_BYTES",
    },
    "node/test_connection.py": {
        "test_a_peer_that_never_reads_is_not_read_either": "OUTBOUND_QUEUE_MAX_BYTES",
    },
    "node/test_inbox.py": {
        "test_a_stranger_cannot_fill_the_history": "NEW_PEER_STORED_MESSAGES_MAX",
    },
    "node/test_offers.py": {
        "test_a_stranger_may_ask_only_so_much_and_a_known_peer_more": "PENDING_OFFERS_PER_NEW_PEER_MAX",
        "test_strangers_leave_room_for_the_known": "PENDING_OFFERS_NEW_PEERS_MAX",
        "test_a_stranger_cannot_fill_the_store_with_offers_that_it_withdraws": (
            "NEW_PEER_OFFERS_MAX NEW_PEER_OFFERS_WINDOW_S "
        ),
    },
    "node/test_verifications.py": {
        "test_three_times_an_hour_is_enough": "VERIFY_ATTEMPTS_MAX",
        "test_a_person_is_not_buried_in_questions": "VERIFY_REQUESTS_MAX",
    },
    "storage/test_verifications.py": {
        "test_attempts_are_counted_by_peer_and_forgotten_after_a_while": "VERIFY_ATTEMPTS_WINDOW_S",
    },
}
"""By file and function, the constants that it is about."""


def rows() -> list[str]:
    document = (CHECKOUT / "protocol.md").read_text(encoding="utf-8")
    chapter = document.partition("\n## 16 ")[2].partition("\n## 17 ")[0]
    return re.findall(r"^\| ([A-Z][A-Z0-9_]+) \|", chapter, re.MULTILINE)


def test_each_limit_has_its_test() -> None:
    listed = [name for tests in LIMITS.values() for names in tests.values() for name in names.split()]
    assert sorted(rows()) == sorted(listed)
    assert all(hasattr(constants, name) for name in listed)


@pytest.mark.parametrize("file", LIMITS)
def test_it_is_there(file: str) -> None:
    text = (CHECKOUT / "tests" / file).read_text(encoding="utf-8")
    assert [
        function for function in LIMITS[file] if not re.search(rf"\n(?:async )?def {function}\(", text)
    ] == []


def hosts(count: int) -> list[str]:
    return [f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(count)]


def test_newcomers_are_believed_at_these_rates() -> None:
    budget = NewcomerBudget()
    assert sum(budget.take("10.0.0.1", 0.0) for _ in range(500)) == NEWCOMERS_PER_SOURCE_BURST
    assert sum(budget.take("10.0.0.1", 10.0) for _ in range(500)) == 10 * NEWCOMERS_PER_SOURCE_PER_S
    budget = NewcomerBudget()
    assert sum(budget.take(host, 0.0) for host in hosts(10_000)) == NEWCOMERS_BURST
    assert sum(budget.take(host, 10.0) for host in hosts(10_000)) == 10 * NEWCOMERS_PER_S


def test_the_pinned_have_a_budget_of_their_own() -> None:
    budget = NewcomerBudget()
    for host in hosts(10_000):
        budget.take(host, 0.0)
    assert sum(budget.take_protected(0.0) for _ in range(5_000)) == PROTECTED_NEWCOMERS_BURST
    assert sum(budget.take_protected(10.0) for _ in range(5_000)) == 10 * PROTECTED_NEWCOMERS_PER_S


def probes() -> Probes:
    return Probes(bytes, lambda limit: limit, may_ask=True)


def peers(count: int) -> list[PeerId]:
    return [PeerId(number.to_bytes(32)) for number in range(count)]


SOMEWHERE = Source("10.0.0.9", 2372, "eth0", on_link=True, to_everyone=True)


def asked(questions: Probes, now: float, *, present: int, alive: bool = False) -> int:
    def ask(peer: PeerId) -> object:
        if alive:
            return questions.ask_if_alive(peer, SOMEWHERE, 1, present, now)
        return questions.ask_about_change(peer, SOMEWHERE, present, now)

    return sum(ask(peer) is not None for peer in peers(2_000))


@pytest.mark.parametrize("present", [0, 10 * NETWORK_BUDGET_PEERS])
def test_questions_are_asked_at_these_rates(present: int) -> None:
    cost = network_cost(present)
    assert cost == max(1, present / NETWORK_BUDGET_PEERS)
    claims, silence = probes(), probes()
    assert asked(claims, 0.0, present=present) == CLAIMS_BURST // cost
    assert asked(claims, 1.0, present=present) == CLAIMS_PER_S // cost
    assert asked(silence, 0.0, present=present, alive=True) == PROBES_BURST // cost
    assert asked(silence, 1.0, present=present, alive=True) == PROBES_PER_S // cost


def test_questions_about_a_claim_are_spread_in_a_crowd() -> None:
    for more in (0, 100):
        questions = probes()
        probe = questions.ask_about_change(PeerId(bytes(32)), SOMEWHERE, CLAIM_SPREAD_FROM_PEERS + more, 5.0)
        assert probe is not None
        assert probe.started_at == pytest.approx(5.0 + more * CLAIM_SPREAD_PER_PEER_S)


def answered(pacing: ReplyPacing, callers: list[str], now: float) -> int:
    for number, host in enumerate(callers):
        token = f"{now:08}{number:08}".encode()
        caller = Caller(host, 2372, "eth0", token, is_listener=False)
        pacing.asked(caller, to_everyone=False, present=0, now=now)
    return len(pacing.replies_due(now))


def test_replies_are_given_at_these_rates() -> None:
    pacing = ReplyPacing(lambda limit: limit)
    assert answered(pacing, ["10.0.0.1"] * 100, 0.0) == REPLY_BURST_PER_SOURCE
    assert answered(pacing, ["10.0.0.1"] * 100, 1.0) == REPLY_RATE_PER_SOURCE_PER_S
    pacing = ReplyPacing(lambda limit: limit)
    answered(pacing, hosts(1_000), 0.0)
    assert answered(pacing, hosts(1_000), 1.0) == REPLY_RATE_PER_S


def test_handshakes_are_admitted_at_these_rates() -> None:
    door = Admission()
    for rate, crowd in (
        (HANDSHAKES_PER_ADDRESS_PER_S, ["10.9.9.9"] * 500),
        (HANDSHAKES_PER_S, hosts(500)),
        (KNOWN_ADDRESS_HANDSHAKES_PER_S, ["10.8.8.8"] * 500),
    ):
        door = Admission()
        door.remember("10.8.8.8")
        for host in crowd:
            door.admit(host, 0.0)
        assert sum(door.admit(host, 1.0) for host in crowd) == rate


@pytest.mark.parametrize("total", [10**13, 10**9])
def test_so_much_of_a_disk_stays_free(total: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "free_space", lambda _: (total, total))
    assert bulk._reserve(tmp_path) == min(DISK_RESERVE_BYTES, int(total * DISK_RESERVE_SHARE))
