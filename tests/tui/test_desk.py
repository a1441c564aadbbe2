"""Whom a word means; what is not clear is never guessed."""

import pytest

from lanmsg.api import LanmsgError, Trust
from lanmsg.tui.desk import is_person, person
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
