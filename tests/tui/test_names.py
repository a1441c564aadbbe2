"""Names that two share, names that imitate our marks, and one label for one key."""

import pytest
from msgspec.structs import replace

from lanmsg.api import EVERYONE, Peer, PeerId, Trust
from lanmsg.tui.lines import Lines
from lanmsg.tui.names import Names, is_odd
from lanmsg.tui.theme import ASCII
from tests.tui.double import Double, peer_id, person
from tests.tui.given import open_talk, picture, state_of


def test_namesakes_are_told_apart_by_their_keys() -> None:
    state = state_of()
    state.put_peer(person("ben", trust=Trust.NEW))
    assert state.label(peer_id("ben")) == "ben"
    state.put_peer(person("Ben", key="other", trust=Trust.NEW))
    assert state.label(peer_id("ben")) == f"ben~{peer_id('ben').hex()[:4].upper()}"
    assert state.label(peer_id("other")) == f"Ben~{peer_id('other').hex()[:4].upper()}"


def test_the_bare_name_is_the_known_key() -> None:
    state = state_of()
    state.put_peer(person("ben"))
    state.put_peer(person("ben", key="other", trust=Trust.CHANGED))
    assert state.label(peer_id("ben")) == "ben"
    assert "~" in state.label(peer_id("other"))


def test_a_rename_ends_the_likeness() -> None:
    state = state_of()
    state.put_peer(person("ben", trust=Trust.NEW))
    state.put_peer(person("ben", key="other", trust=Trust.NEW))
    assert "~" in state.label(peer_id("ben"))
    epoch = state.epoch
    state.put_peer(replace(state.peers[peer_id("other")], petname="benjamin"))
    assert state.label(peer_id("ben")) == "ben"
    assert state.epoch > epoch


def test_names_are_made_safe_and_the_nameless_are_called_by_their_key() -> None:
    state = state_of()
    state.put_peer(person("e\x1b[2Jve", key="eve"))
    assert state.label(peer_id("eve")) == "e\\x1b[2Jve"
    state.put_peer(person("", key="nobody"))
    assert state.label(peer_id("nobody")).startswith("~")


def test_names_of_mixed_alphabets_are_marked() -> None:
    assert is_odd(person("b\u0435n"))
    assert not is_odd(person("ben"))
    assert not is_odd(person("b\u0435n", petname="ben"))


def test_names_that_differ_only_where_they_are_cut_are_told_apart() -> None:
    state = state_of()
    name = "alexander.the.great@macedonia-laptop-"
    state.put_peer(person(f"{name}01", key="known"))
    state.put_peer(person(f"{name}02", key="other", trust=Trust.NEW))
    assert "~" not in state.label(peer_id("known"))
    assert "~" in state.label(peer_id("other"))


# --- names that imitate our marks ---


def stranger(name: str, key: str = "mallory") -> Peer:
    return person(name, key=key, trust=Trust.NEW)


def suffix(key: str, digits: int = 4) -> str:
    return f"~{peer_id(key).hex()[:digits].upper()}"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\u2713dave", "_dave"),
        ("dave (verified)", "dave (verified)"),
        ("you", "you"),
        ("You", "You"),
        ("#everyone", "_everyone"),
        ("ben~D7A3", "ben_D7A3"),
        ("!! ben", "__ ben"),
        ("ok dave", "ok dave"),
        ("WARNING, KEY CHANGED", "WARNING, KEY CHANGED"),
        ("transfer 1, a.exe", "transfer 1, a.exe"),
    ],
)
def test_a_name_like_a_mark_of_ours_has_its_digits_always_and_none_of_our_signs(
    name: str, shown: str
) -> None:
    state = state_of()
    for peer in (stranger(name), person(name, key="mallory"), person("eve", key="mallory", petname=name)):
        state.put_peer(peer)
        assert state.label(peer.id) == f"{shown}{suffix('mallory')}"
    assert is_odd(stranger(name))


def rows_of(peer: Peer, key: str) -> tuple[str, str]:
    """What somebody said to all, as a row of the room, and as a line."""
    node = Double()
    node.meet(peer)
    message = node.hear(key, "hello", everyone=True)
    state = state_of(node)
    open_talk(state, node, EVERYONE)
    row = next(row for row in picture(state, 120, 24).split("\n") if row.endswith("hello"))
    return row, Lines(state).message(message)[0]


@pytest.mark.parametrize(
    "name", ["\u2713dave", "\u2713 dave", "\u2714dave", "dave (verified)", "dave\uff08verified\uff09"]
)
def test_who_only_says_that_he_is_verified_does_not_look_like_it(name: str) -> None:
    real = rows_of(person("dave", trust=Trust.VERIFIED), "dave")
    row, line = rows_of(stranger(name), "mallory")
    assert row != real[0]
    assert "\u2713" in real[0]
    assert "\u2713" not in row
    assert f"{suffix('mallory')}  hello" in row
    assert real[1] == "dave (verified) to everyone: hello"
    assert line.endswith(f"{suffix('mallory')} (this name imitates marks of lanmsg) to everyone: hello")


def test_nobody_speaks_as_this_person() -> None:
    row, line = rows_of(stranger("you"), "mallory")
    assert f"!you{suffix('mallory')}  hello" in row
    assert line.startswith(f"you{suffix('mallory')} (")


def test_signs_of_ascii_are_no_part_of_a_name_either() -> None:
    node = Double()
    node.meet(stranger("ok dave"))
    node.hear("mallory", "hello", everyone=True)
    state = state_of(node, glyphs=ASCII)
    open_talk(state, node, EVERYONE)
    row = next(row for row in picture(state, 120, 24).split("\n") if row.endswith("hello"))
    assert "!ok d" in row
    assert f"{suffix('mallory')}  hello" in row


# --- one label for one key ---


def test_digits_that_somebody_took_as_a_name_are_not_those_of_the_key() -> None:
    node = Double()
    real, other = stranger("ben", "ben1"), stranger("ben", "ben2")
    node.meet(real, other)
    label = state_of(node).label(real.id)
    node.meet(stranger(label))
    state = state_of(node)
    assert state.label(real.id) == label == f"ben{suffix('ben1')}"
    assert len({state.label(peer) for peer in state.peers}) == 3


def test_two_of_a_name_whose_keys_begin_alike_show_more_digits() -> None:
    names = Names()
    keys = [PeerId(bytes.fromhex(digits.ljust(64, "0"))) for digits in ("d7a31111", "d7a32222", "d7a3111122")]
    for key in keys:
        names.put(Peer(key, "ben"))
    assert [names.label(key) for key in keys] == ["ben~D7A311110000", "ben~D7A32222", "ben~D7A311112200"]
    names.put(Peer(keys[1], "eva"))
    assert names.label(keys[1]) == "eva"


def test_a_person_named_everyone_is_not_titled_like_the_room() -> None:
    state = state_of()
    state.put_peer(stranger("everyone"))
    assert state.label(peer_id("mallory")) == f"everyone{suffix('mallory')}" != state.title(EVERYONE)


def test_names_that_somebody_had_are_not_kept() -> None:
    state = state_of()
    state.put_peer(person("ben"))
    for number in range(100):
        state.put_peer(stranger(f"mallory {number}"))
        state.label(peer_id("mallory"))
    assert set(state.names.sharing) == {"ben", "mallory 99"}
    assert len(state.names.labels) == 1
