"""The key table: complete, unambiguous, remappable."""

from itertools import combinations

import pytest
from prompt_toolkit.key_binding import KeyBindings

from lanmsg.api import ConfigError
from lanmsg.tui.keys import KEYS, in_force, shown, shown_all


def test_every_sequence_is_one_that_prompt_toolkit_knows() -> None:
    for key in KEYS:
        for sequence in key.keys:
            KeyBindings().add(*sequence.split())(lambda _: None)


def test_no_two_actions_share_a_key_where_both_hold() -> None:
    together = {frozenset(("talk", "ask")), frozenset(("page", "transfers"))}
    for one, other in combinations(KEYS, 2):
        clash = one.mode == other.mode or "any" in (one.mode, other.mode)
        clash = clash or frozenset((one.mode, other.mode)) in together
        assert not (clash and set(one.keys) & set(other.keys)), (one.action, other.action)


@pytest.mark.parametrize(
    ("sequence", "long", "short"),
    [
        ("c-k", "Ctrl-K", "^K"),
        ("escape a", "Alt-A", "Alt-A"),
        ("escape enter", "Alt-Enter", "Alt-Enter"),
        ("pageup", "PgUp", "PgUp"),
        ("f1", "F1", "F1"),
        ("c-x c-e", "Ctrl-X Ctrl-E", "^X ^E"),
        ("c-end", "Ctrl-End", "Ctrl-End"),
    ],
)
def test_keys_are_written_as_people_know_them(sequence: str, long: str, short: str) -> None:
    assert shown(sequence) == long
    assert shown(sequence, short=True) == short


def test_the_digits_are_one_line() -> None:
    slot = next(key for key in KEYS if key.action == "slot")
    assert shown_all(slot) == "Alt-1…9"


def test_a_person_may_move_keys() -> None:
    moved = next(key for key in in_force({"switch": "c-p"}) if key.action == "switch")
    assert moved.keys == ("c-p",)


@pytest.mark.parametrize(
    "overrides",
    [
        {"fly": "c-p"},
        {"switch": 5},
        {"switch": " "},
        {"switch": "ctrl-p"},
        {"switch": "x"},
        {"switch": "enter"},
        {"switch": "c-t"},
        {"reply": "c-y"},
    ],
)
def test_a_key_that_cannot_be_is_refused_by_its_name(overrides: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"tui\.keys"):
        in_force(overrides)


def test_two_actions_may_change_their_keys() -> None:
    keys = {key.action: key.keys for key in in_force({"switch": "c-t", "transfers": "c-k"})}
    assert (keys["switch"], keys["transfers"]) == (("c-t",), ("c-k",))


def test_f1_is_the_first_hint_and_so_the_last_to_go() -> None:
    assert next(key for key in KEYS if key.hint).action == "help"
