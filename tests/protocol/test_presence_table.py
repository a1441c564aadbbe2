"""Who is kept when there are too many, and which address of a peer comes first."""

import pytest

from lanmsg.model import Address, PeerId, Status
from lanmsg.protocol import presence_table
from lanmsg.protocol.announcement import Source
from lanmsg.protocol.constants import ENDPOINTS_PER_PEER_MAX
from lanmsg.protocol.presence_table import Endpoint, KnownPeer, PresenceTable


def endpoint(
    host: str = "10.0.0.1", *, confirmed: bool = False, now: float = 0.0, port: int = 2372
) -> Endpoint:
    found = Endpoint(Source(host, port, "eth0", on_link=True), b"instance", 2372, now)
    found.confirmed = confirmed
    return found


def known(number: int, *, confirmed: bool = False, now: float = 0.0) -> KnownPeer:
    peer = PeerId(number.to_bytes(32, "big"))
    return KnownPeer(peer, f"peer-{number}", Status.AVAILABLE, endpoint(confirmed=confirmed, now=now))


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> PresenceTable:
    monkeypatch.setattr(presence_table, "PEER_TABLE_MAX", 4)
    return PresenceTable()


def fill(table: PresenceTable, *peers: KnownPeer) -> None:
    for each in peers:
        table.add(each)


# --- who is pushed out


def test_a_table_is_full_at_its_limit(table: PresenceTable) -> None:
    fullness = []
    for number in range(4):
        table.add(known(number))
        fullness.append(table.is_full)
    assert fullness == [False, False, False, True]
    assert len(table) == len(list(table)) == 4


def test_unconfirmed_newcomers_push_out_nobody(table: PresenceTable) -> None:
    fill(table, *(known(number) for number in range(4)))
    assert table.victim_for(known(9).peer, confirmed=False) is None


def test_confirmed_newcomers_push_out_the_unconfirmed_one_heard_longest_ago(table: PresenceTable) -> None:
    crowd = [known(number) for number in range(4)]
    fill(table, *crowd)
    table.heard(crowd[0].peer)
    assert table.victim_for(known(9).peer, confirmed=True) is crowd[1]


def test_confirmed_newcomers_do_not_push_out_the_confirmed(table: PresenceTable) -> None:
    fill(table, *(known(number, confirmed=True) for number in range(4)))
    assert table.victim_for(known(9).peer, confirmed=True) is None


def test_the_pinned_push_out_anybody_who_is_not(table: PresenceTable) -> None:
    crowd = [known(number, confirmed=True, now=number) for number in range(4)]
    fill(table, *crowd)
    table.protect(crowd[0].peer)
    table.protect(known(9).peer)
    assert table.victim_for(known(9).peer, confirmed=False) is crowd[1]


def test_pinned_and_connected_peers_stay(table: PresenceTable) -> None:
    crowd = [known(number) for number in range(4)]
    fill(table, *crowd)
    table.protect(crowd[0].peer)
    table.protect(crowd[1].peer)
    table.connect(crowd[2].peer)
    table.connect(crowd[3].peer)
    table.protect(known(9).peer)
    for confirmed in (False, True):
        assert table.victim_for(known(8).peer, confirmed=confirmed) is None
        assert table.victim_for(known(9).peer, confirmed=confirmed) is None


def test_protection_ends(table: PresenceTable) -> None:
    crowd = [known(number) for number in range(4)]
    fill(table, *crowd)
    for each in crowd:
        table.protect(each.peer)
        table.connect(each.peer)
    table.unprotect(crowd[2].peer)
    assert table.victim_for(known(9).peer, confirmed=True) is None
    assert table.is_connected(crowd[2].peer)
    table.disconnect(crowd[2].peer)
    assert table.victim_for(known(9).peer, confirmed=True) is crowd[2]
    table.remove(crowd[2])
    assert table.get(crowd[2].peer) is None
    assert table.victim_for(known(9).peer, confirmed=True) is None


# --- addresses of one peer


def test_the_first_endpoint_is_the_one_to_dial_and_others_stand_by() -> None:
    bob = known(1)
    assert bob.add(endpoint("10.0.0.2"))
    assert bob.presence().addresses == (Address("10.0.0.1", 2372), Address("10.0.0.2", 2372))
    bob.demote_first()
    assert bob.first.host == "10.0.0.2"
    bob.prefer(bob.endpoints[1])
    assert bob.first.host == "10.0.0.1"


def test_two_udp_ports_of_one_address_are_one_address_to_dial() -> None:
    bob = known(1)
    bob.add(endpoint("10.0.0.1", port=40000))
    assert bob.presence().addresses == (Address("10.0.0.1", 2372),)


def test_link_local_addresses_carry_their_interface() -> None:
    assert endpoint("fe80::1").address == Address("fe80::1%eth0", 2372)
    assert endpoint("fe80::1%eth7").address == Address("fe80::1%eth7", 2372)


def test_too_many_addresses_replace_each_other_but_not_the_first_nor_a_proven_one() -> None:
    bob = known(1)
    others = [endpoint(f"10.0.1.{number}", now=number) for number in range(ENDPOINTS_PER_PEER_MAX - 1)]
    others[0].proven = True
    for each in others:
        assert bob.add(each)
    assert bob.add(endpoint("10.0.2.1", now=9))
    assert [each.host for each in bob.endpoints] == ["10.0.0.1", "10.0.1.0", "10.0.1.2", "10.0.2.1"]
    for each in bob.endpoints:
        each.proven = True
    assert not bob.add(endpoint("10.0.2.2", now=10))


def test_a_session_belongs_to_the_endpoint_that_it_went_to() -> None:
    bob = known(1)
    bob.add(endpoint("fe80::2"))
    assert bob.reached_at(Address("10.0.0.1", 2372)) is bob.endpoints[0]
    assert bob.reached_at(Address("10.0.0.1", 0)) is bob.endpoints[0]
    assert bob.reached_at(Address("fe80::2%eth0", 2372)) is bob.endpoints[1]
    assert bob.reached_at(Address("10.0.0.1", 99)) is None
    assert bob.reached_at(Address("10.0.0.9", 2372)) is None


# --- lifetimes and questions


@pytest.mark.parametrize(("claimed", "believed"), [(0, 12), (12, 12), (144, 144), (65535, 300)])
def test_lifetimes_are_believed_within_bounds(claimed: int, believed: int) -> None:
    bob = endpoint()
    bob.believe(claimed, 10.0)
    assert bob.expires_at == 10 + believed


def test_a_shorter_lifetime_does_not_take_back_a_longer_one() -> None:
    bob = endpoint()
    bob.believe(144, 0.0)
    bob.believe(12, 1.0)
    assert bob.expires_at == 144


@pytest.mark.parametrize(
    ("spoken", "confirmed", "times"),
    [(0, False, 1), (1, False, 1), (2, False, 2), (9, False, 3), (0, True, 3)],
)
def test_an_address_that_never_answered_is_asked_no_more_than_it_spoke(
    spoken: int, confirmed: bool, times: int
) -> None:
    bob = endpoint(confirmed=confirmed)
    bob.times_heard = spoken
    assert bob.questions_owed == times
