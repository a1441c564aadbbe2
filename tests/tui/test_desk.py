"""Whom a word means; what is not clear is never guessed."""

import pytest
from msgspec.structs import replace

from lanmsg.api import LanmsgError, Peer, PeerId, Trust
from lanmsg.tui.desk import is_everyone, is_person, person
from lanmsg.tui.state import State
from tests.tui.double import Double, peer_id
from tests.tui.double import person as somebody
from tests.tui.given import state_of


def crowd() -> State:
    node = Double()
    node.meet(
        somebody("ben"),
        somebody("ben", key="other ben", trust=Trust.CHANGED),
        somebody("Anna", petname="aunt anna", key="anna"),
        somebody("cy", key="cy1", trust=Trust.NEW),
        somebody("cy", key="cy2", trust=Trust.NEW),
        somebody("di", key="di1", trust=Trust.NEW, present=False),
        somebody("di", key="di2", trust=Trust.NEW),
        somebody("eva@lab", key="eva"),
        somebody("eva@evil", key="other eva", trust=Trust.NEW),
        somebody("flo@lab", key="flo1", trust=Trust.NEW),
        somebody("flo@desk", key="flo2", trust=Trust.NEW),
    )
    return state_of(node)


@pytest.mark.parametrize(
    ("who", "key"),
    [
        ("ben", "ben"),
        ("BEN", "ben"),
        ("anna", "anna"),
        ("Aunt Anna", "anna"),
        (peer_id("cy1").hex()[:8], "cy1"),
        (peer_id("cy2").hex().upper()[:12], "cy2"),
        (f"cy~{peer_id('cy1').hex()[:4].upper()}", "cy1"),
        (f"ben~{peer_id('other ben').hex()[:4].upper()}", "other ben"),
        ("di", "di2"),
        ("Eva", "eva"),
        ("eva@evil", "other eva"),
        ("flo@desk", "flo2"),
    ],
)
def test_a_person_by_name_label_or_key(who: str, key: str) -> None:
    assert person(crowd(), who).id == peer_id(key)


@pytest.mark.parametrize(
    ("who", "code"),
    [("zoe", "not_found"), ("", "usage"), ("cy", "ambiguous"), ("flo", "ambiguous"), ("abc", "not_found")],
)
def test_what_is_not_clear_is_refused(who: str, code: str) -> None:
    with pytest.raises(LanmsgError) as caught:
        person(crowd(), who)
    assert caught.value.code == code
    if code == "ambiguous":
        assert len(caught.value.candidates) == 2


def test_an_ambiguous_name_is_a_name_all_the_same() -> None:
    assert is_person(crowd(), "cy")
    assert is_person(crowd(), "ben")
    assert not is_person(crowd(), "report.pdf")


# --- digits behind a name are of a key ---


@pytest.mark.parametrize("trust", [Trust.NEW, Trust.PINNED])
@pytest.mark.parametrize("trust_of_other", [Trust.NEW, Trust.PINNED])
def test_a_label_that_somebody_took_as_a_name_is_still_of_the_key(
    trust: Trust, trust_of_other: Trust
) -> None:
    node = Double()
    real = somebody("ben", key="ben1", trust=trust, present=False)
    node.meet(real, somebody("ben", key="ben2", trust=trust))
    label = f"ben~{real.id.hex()[:4].upper()}"
    node.meet(somebody(label, key="mallory", trust=trust_of_other))
    for who in (label, label.upper(), f"Ben~{real.id.hex()[:8]}"):
        assert person(state_of(node), who).id == real.id


def test_digits_of_nobody_are_nobody() -> None:
    node = Double()
    node.meet(somebody("ben~D7A3", key="mallory", trust=Trust.NEW), somebody("ben"))
    with pytest.raises(LanmsgError) as caught:
        person(state_of(node), "ben~D7A3")
    assert caught.value.code == "not_found"


def test_of_two_whose_keys_begin_alike_the_known_one_is_meant_here_or_not() -> None:
    state = State()
    keys = [PeerId(bytes.fromhex(digits.ljust(64, "0"))) for digits in ("d7a31111", "d7a32222")]
    known = Peer(keys[0], "ben", trust=Trust.PINNED)
    state.put_peer(known)
    state.put_peer(Peer(keys[1], "ben", present=True))
    assert person(state, "ben~D7A3").id == keys[0]
    state.put_peer(replace(known, trust=Trust.NEW))
    with pytest.raises(LanmsgError) as caught:
        person(state, "ben~D7A3")
    assert caught.value.candidates == ("ben~D7A31111", "ben~D7A32222")


def test_the_room_is_meant_by_its_name_whoever_takes_it() -> None:
    node = Double()
    node.meet(somebody("everyone", key="mallory", trust=Trust.NEW))
    assert [is_everyone(word) for word in ("everyone", "#Everyone", "every one", "", "ben")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    label = state_of(node).label(peer_id("mallory"))
    assert not is_everyone(label)
    assert person(state_of(node), label).id == peer_id("mallory")
