"""Which texts a search finds: in any case, and nothing in it is a pattern."""

import sqlite3

import pytest

from lanmsg.storage.search import text_condition


def found(text: str, wanted: str) -> bool:
    condition, values = text_condition(wanted)
    connection = sqlite3.connect(":memory:")
    sql = f"SELECT {condition} FROM (SELECT :text AS text) m"  # noqa: S608
    result = bool(connection.execute(sql, values | {"text": text}).fetchone()[0])
    connection.close()
    return result


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hello World", "hello"),
        ("hello", "LL"),
        ("Привет, мир", "привет"),
        ("привет", "ПРИВЕТ"),
        ("Über den Wolken", "über"),
        ("漢字かな", "字か"),
        ("a 👍🏽 b", "👍🏽"),
        ("100% of a_b", "0% of A_B"),
        ("back\\slash", "k\\s"),
        ("ü[*?]ü", "Ü[*?]Ü"),
        ("anything", ""),
        ("CAFÉ au lait", "café"),
    ],
)
def test_found(text: str, wanted: str) -> None:
    assert found(text, wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("abc", "a%c"), ("abc", "a_c"), ("übc", "ü*c"), ("übc", "ü?c"), ("übc", "ü[a-c]c"), ("ubc", "ü")],
)
def test_not_found(text: str, wanted: str) -> None:
    assert not found(text, wanted)
