"""Messages in their turn: nothing overtakes what was put off."""

from lanmsg.protocol.constants import TURN_LOST_AFTER_S
from lanmsg.protocol.payload import RefusedCode
from lanmsg.protocol.turns import REMEMBERED_MAX, Turns


def name(number: int) -> bytes:
    return number.to_bytes(16, "big")


def put_off(*numbers: int, code: RefusedCode = RefusedCode.FULL) -> Turns:
    turns = Turns()
    for number in numbers:
        turns.put_off(name(number), code, 100.0)
    return turns


def test_nothing_waits_where_nothing_was_put_off() -> None:
    assert Turns().held_up(name(1), 0.0) is None


def test_what_comes_behind_is_put_off_for_the_same_reason() -> None:
    turns = put_off(1)
    assert turns.held_up(name(2), 100.0) is RefusedCode.FULL
    turns.put_off(name(2), RefusedCode.BUSY, 100.0)
    assert turns.held_up(name(3), 100.0) is RefusedCode.FULL


def test_once_it_comes_again_all_go_on() -> None:
    turns = put_off(1, 2)
    assert turns.held_up(name(1), 101.0) is None
    assert turns.held_up(name(2), 101.0) is None
    assert turns.held_up(name(3), 101.0) is None


def test_of_several_any_one_begins_the_next_pass_as_the_first_may_have_been_given_up() -> None:
    assert put_off(1, 2, 3).held_up(name(2), 101.0) is None


def test_put_off_again_it_holds_the_others_up_again() -> None:
    turns = put_off(1, 2)
    assert turns.held_up(name(1), 101.0) is None
    turns.put_off(name(1), RefusedCode.BUSY, 101.0)
    assert turns.held_up(name(2), 101.0) is RefusedCode.BUSY


def test_who_waits_for_what_was_given_up_waits_only_so_long() -> None:
    turns = put_off(1)
    assert turns.held_up(name(2), 100.0 + TURN_LOST_AFTER_S) is RefusedCode.FULL
    assert turns.held_up(name(2), 100.1 + TURN_LOST_AFTER_S) is None


def test_what_is_remembered_has_a_bound() -> None:
    turns = put_off(*range(REMEMBERED_MAX + 100))
    assert len(turns._put_off) == REMEMBERED_MAX
    assert turns.held_up(name(REMEMBERED_MAX + 1), 100.0) is RefusedCode.FULL
    assert turns.held_up(name(0), 100.0) is None
