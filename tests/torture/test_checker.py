"""The judge is judged: each wrong is found, and nothing else is called wrong."""

from collections.abc import Mapping, Sequence

import pytest

from tests.torture.checker import KINDS, Books, Row, judge

ANNA, BEN, CARA = b"a" * 32, b"b" * 32, b"c" * 32
Delivered = Mapping[tuple[int, bytes], tuple[str, str]]


def row(number: int, name: str, sender: bytes = b"", text: str = "", kind: str = "private") -> Row:
    return Row(number, name.encode(), sender, kind, text or f"text of {name}", 1000.25)


def annas(states: Sequence[str] = ("delivered", "delivered"), reason: str = "") -> Books:
    deliveries = {(number, BEN): (state, reason) for number, state in enumerate(states, start=1)}
    return Books(ANNA, [row(1, "one"), row(2, "two")], deliveries)


def bens(*rows: Row) -> Books:
    return Books(BEN, rows, {})


ONE, TWO = row(1, "one", ANNA), row(2, "two", ANNA)


def test_what_is_right_is_called_right() -> None:
    verdict = judge([annas(), bens(ONE, TWO)], promised=[(ANNA, b"one")])
    assert verdict.faults == {}
    assert (verdict.written, verdict.received, verdict.states) == (2, 2, {"delivered": 2})


@pytest.mark.parametrize(
    ("kind", "received"),
    [
        ("lost", [ONE]),
        ("duplicate", [ONE, TWO, row(3, "one", ANNA)]),
        ("misordered", [row(1, "two", ANNA), row(2, "one", ANNA)]),
        ("forged", [ONE, TWO, row(3, "three", ANNA)]),
        ("forged", [ONE, TWO, row(3, "one", b"x" * 32)]),
        ("altered", [ONE, row(2, "two", ANNA, "another text")]),
        ("altered", [ONE, row(2, "two", ANNA, kind="everyone")]),
    ],
)
def test_what_is_wrong_with_the_receiver(kind: str, received: list[Row]) -> None:
    verdict = judge([annas(), bens(*received)])
    assert list(verdict.faults) == [kind]
    assert verdict.count(kind) == 1
    assert kind in KINDS


def test_what_came_to_somebody_else_is_misdirected() -> None:
    verdict = judge([annas(), bens(ONE, TWO), Books(CARA, [ONE], {})])
    assert list(verdict.faults) == ["misdirected"]


def test_what_waits_may_have_arrived_or_not() -> None:
    for received in ([], [ONE], [ONE, TWO]):
        assert judge([annas(("sent", "queued")), bens(*received)]).faults == {}


def test_a_failure_needs_a_reason_and_must_be_one() -> None:
    assert judge([annas(("failed", "failed"), "refused"), bens()]).faults == {}
    assert judge([annas(("failed", "failed")), bens()]).count("untruthful") == 2
    assert judge([annas(("failed", "failed"), "refused"), bens(ONE)]).count("untruthful") == 1


def test_what_the_person_gave_up_may_have_arrived_all_the_same() -> None:
    verdict = judge([annas(("failed", "failed"), "cancelled"), bens(ONE)])
    assert verdict.faults == {}
    assert verdict.late == 1


def test_a_promise_is_kept_by_the_sender_s_own_store() -> None:
    assert judge([annas(), bens(ONE, TWO)], promised=[(BEN, b"one")]).count("forgotten") == 1


def test_order_is_of_one_sender_towards_one_receiver() -> None:
    cara = Books(CARA, [row(9, "nine")], {(9, BEN): ("delivered", "")})
    assert judge([annas(), cara, bens(ONE, row(2, "nine", CARA), row(3, "two", ANNA))]).faults == {}
