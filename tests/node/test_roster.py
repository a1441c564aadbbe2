"""The roster: who a name means, what a datagram may change of somebody we know, and whose name is whose."""

from typing import Any

import pytest

from lanmsg.model import Address, LanmsgError, Peer, PeerId, Status, Trust
from lanmsg.node.roster import Roster, folded
from lanmsg.protocol.events import Presence

ME, BEN, EVE, CARLA = (PeerId(bytes([number]) * 32) for number in (1, 2, 3, 4))


def present(peer: PeerId, name: str, **known: Any) -> Peer:
    return Peer(peer, name, present=True, addresses=(Address(f"10.0.0.{peer[0]}", 2372),), **known)


def roster(*here: Peer, book: tuple[Peer, ...] = ()) -> Roster:
    made = Roster(ME)
    made.load_book(book)
    made.set_shared(here)
    return made


def test_a_name_is_exact_before_it_is_any_case() -> None:
    both = roster(present(BEN, "Ben"), present(EVE, "ben"))
    assert both.one("ben") == both.get(EVE)
    assert both.one("Ben") == both.get(BEN)
    with pytest.raises(LanmsgError) as ambiguous:
        both.one("BEN")
    assert ambiguous.value.code == "ambiguous"
    assert ambiguous.value.candidates == ("Ben~02020202", "ben~03030303")


@pytest.mark.parametrize(
    "who", ["0202020202", "02020202 0202", "ben~0202", "Ben@10.0.0.2", "10.0.0.2", "10.0.0.2:2372"]
)
def test_fingerprint_and_address_find_a_peer_too(who: str) -> None:
    found = roster(present(BEN, "ben"), present(EVE, "eve")).one(who)
    assert found is not None
    assert found.id == BEN


@pytest.mark.parametrize("who", ["ben", "BEN"])
def test_the_name_before_the_at_is_enough(who: str) -> None:
    here = roster(present(BEN, "ben@thinkpad"), present(EVE, "eve@ben"))
    assert here.one(who) == here.get(BEN)
    assert here.one("@thinkpad") is None
    two = roster(present(BEN, "ben@thinkpad"), present(EVE, "ben@desk"))
    with pytest.raises(LanmsgError, match="2 people"):
        two.one(who)
    assert two.one("ben@desk") == two.get(EVE)


@pytest.mark.parametrize("name", ["ben", "ben@thinkpad.evil", "BEN"])
def test_whom_this_person_knows_is_meant_by_the_short_name_whoever_takes_it(name: str) -> None:
    pinned = Peer(BEN, "ben@thinkpad", trust=Trust.PINNED, proven=True)
    found = roster(present(EVE, name), book=(pinned,)).one("ben")
    assert found is not None
    assert found.id == BEN


@pytest.mark.parametrize("is_here", [True, False])
def test_digits_behind_a_name_are_those_of_a_key_and_never_a_name(is_here: bool) -> None:
    pinned = Peer(BEN, "ben", trust=Trust.PINNED, proven=True)
    liar = present(EVE, "ben~0202")
    found = roster(*([present(BEN, "ben")] if is_here else []), liar, book=(pinned,)).one("ben~0202")
    assert found is not None
    assert found.id == BEN
    assert roster(liar).one("ben~0202") is None
    assert roster(present(CARLA, "✓carla")).one("_carla~0404") is not None


@pytest.mark.parametrize("looks_like", ["0202020202", "10.0.0.2", "10.0.0.2:2372"])
def test_a_stranger_does_not_catch_what_is_meant_for_a_fingerprint_or_an_address(looks_like: str) -> None:
    found = roster(present(EVE, looks_like), present(BEN, "ben")).one(looks_like)
    assert found is not None
    assert found.id == BEN


def test_a_name_that_this_person_gave_counts_whatever_it_looks_like() -> None:
    book = (Peer(CARLA, "carla", petname="0202020202"),)
    found = roster(present(BEN, "ben"), present(CARLA, "carla"), book=book).one("0202020202")
    assert found is not None
    assert found.id == CARLA


@pytest.mark.parametrize("who", ["", " ", "~", "@", "~02", "@10.0.0.2"])
def test_no_name_is_nobodys_name(who: str) -> None:
    assert roster(present(BEN, "ben")).one(who) is None


def test_a_pinned_name_means_the_pinned_key_even_when_it_is_away() -> None:
    liar = roster(present(EVE, "ben"), book=(Peer(BEN, "ben", trust=Trust.PINNED, proven=True),))
    found = liar.one("ben")
    assert found is not None
    assert found.id == BEN
    assert not found.present


def test_a_new_key_under_a_pinned_name_is_marked() -> None:
    liar = roster(present(EVE, "ＢＥＮ "), book=(Peer(BEN, "ben", trust=Trust.PINNED),))
    assert liar.trust_of(EVE) is Trust.CHANGED
    assert liar.trust_of(BEN) is Trust.PINNED


def test_a_decision_of_the_person_outweighs_the_name() -> None:
    book = (Peer(BEN, "ben", trust=Trust.PINNED), Peer(EVE, "ben", trust=Trust.PINNED, petname="ben at work"))
    assert roster(present(EVE, "ben"), book=book).trust_of(EVE) is Trust.PINNED


def test_a_datagram_does_not_rename_somebody_whose_name_is_proven() -> None:
    known = Peer(BEN, "ben", trust=Trust.PINNED, proven=True)
    seen = roster(present(BEN, "the boss"), book=(known,)).get(BEN)
    assert seen is not None
    assert (seen.name, seen.present) == ("ben", True)


def test_a_petname_is_what_this_person_calls_somebody() -> None:
    named = roster(present(BEN, "ben"), book=(Peer(BEN, "ben", petname="printer room"),))
    found = named.one("printer room")
    assert found is not None
    assert found.id == BEN


def test_nobody_and_almost_somebody() -> None:
    people = roster(present(CARLA, "Carla"))
    assert people.one("dmitri") is None
    assert people.nearest("karla") == "Carla"
    assert people.nearest("xyz") == ""


def test_names_are_the_same_beyond_case_and_width() -> None:
    assert folded(" Ｂen ") == folded("ben")
    assert folded("STRASSE") == folded("straße")


@pytest.mark.parametrize("name", ["b\u0435n", "Ben.", "be\u0301n"])
def test_a_new_name_that_looks_like_a_known_one_is_marked(name: str) -> None:
    known = Peer(BEN, "Benjamin", petname="Ben", trust=Trust.PINNED)
    both = roster(present(EVE, name), book=(known,))
    eve = both.get(EVE)
    assert eve is not None
    assert (eve.trust, eve.lookalike_of) == (Trust.NEW, "Ben")


def test_whom_this_person_has_named_or_pinned_looks_like_nobody() -> None:
    known = Peer(BEN, "ben", trust=Trust.PINNED)
    for eve in (present(EVE, "b\u0435n", petname="Eve"), present(EVE, "b\u0435n", trust=Trust.PINNED)):
        found = roster(eve, book=(known, eve)).get(EVE)
        assert found is not None
        assert found.lookalike_of == ""


@pytest.mark.parametrize(("name", "like"), [("anna", "anna@home"), ("Anna@h0me", "anna@home"), ("ann", "")])
def test_a_stranger_who_uses_our_own_name_is_marked(name: str, like: str) -> None:
    made = Roster(ME, lambda: "anna@home")
    made.set_shared([present(EVE, name)])
    eve = made.get(EVE)
    assert eve is not None
    assert eve.lookalike_of == like
    assert Roster(ME, lambda: "mia")._judged(present(EVE, "MIA")).lookalike_of == "mia"


def test_a_key_whose_words_differed_is_told_from_one_whose_place_another_took() -> None:
    book = (
        Peer(BEN, "ben", trust=Trust.CHANGED),
        Peer(EVE, "ben", trust=Trust.CHANGED, replaced=True),
        Peer(CARLA, "ben", trust=Trust.PINNED),
    )
    made = roster(present(BEN, "ben"), present(EVE, "ben"), book=book)
    ben, old = made.get(BEN), made.get(EVE)
    assert ben is not None
    assert old is not None
    assert (ben.words_differ, old.words_differ) == (True, False)
    assert (ben.is_old_key, old.is_old_key, old.name) == (False, True, "ben (old key)")
    assert made.one("ben (old key)") == old
    assert made.pinned_namesake(old) == CARLA  # whom it would replace in turn


def test_what_somebody_is_shown_as_goes_before_what_another_one_says() -> None:
    name = "Frau Keller"
    keller = Peer(BEN, name, trust=Trust.PINNED)
    mia = Peer(EVE, name, petname="Mia", trust=Trust.PINNED)
    both = roster(present(BEN, name), present(EVE, name), book=(keller, mia))
    for who in (name, name.upper()):
        found = both.one(who)
        assert found is not None
        assert found.id == BEN


def test_a_name_that_nobody_has_proven_does_not_follow_a_datagram_once_it_is_pinned() -> None:
    found = roster(present(EVE, "ben"), book=(Peer(EVE, "eve", trust=Trust.PINNED),)).get(EVE)
    assert found is not None
    assert found.name == "eve"


def test_a_name_of_signs_looks_like_nobody() -> None:
    known = Peer(BEN, "...", trust=Trust.PINNED)
    found = roster(present(EVE, "***"), book=(known,)).get(EVE)
    assert found is not None
    assert found.lookalike_of == ""


def test_a_known_person_is_meant_before_a_stranger_who_writes_the_name_exactly() -> None:
    found = roster(present(EVE, "ben"), book=(Peer(BEN, "Ben", trust=Trust.PINNED),)).one("Ben")
    assert found is not None
    assert found.id == BEN
    both = roster(present(EVE, "ben"), book=(Peer(BEN, "Ben", trust=Trust.PINNED),)).search("ben")
    assert [each.id for each in both] == [BEN]


def test_who_has_moved_is_dialled_first_where_the_listener_of_the_home_saw_them() -> None:
    moved = roster(present(BEN, "ben"))
    before = Address("10.0.0.99", 2372)
    moved.set_air(Presence(BEN, "ben", Status.AVAILABLE, (before,), "eth0", bytes(8), confirmed=True))
    assert moved.addresses_of(BEN) == (Address("10.0.0.2", 2372), before)
    moved.clear_shared(BEN)
    assert moved.addresses_of(BEN) == (before,)
    assert moved.addresses_of(EVE) == ()
