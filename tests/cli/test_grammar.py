"""Values on the command line, and what an option is called inside."""

import pytest

from lanmsg.cli.grammar import Option, number, rate, seconds, size


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("2.5", 2.5), ("1e2", 100.0)])
def test_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "inf"])
def test_no_seconds(text: str) -> None:
    with pytest.raises(ValueError, match="not a number of seconds"):
        seconds(text)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "x"])
def test_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        number(text)


def test_the_longest_flag_names_an_option() -> None:
    assert Option(("-0", "--null"), "").name == "null"
    assert Option(("--require-verified",), "").name == "require_verified"


@pytest.mark.parametrize(
    ("text", "value"), [("500", 500), ("500k", 500_000), ("2.5M", 2_500_000), ("1 GB/s", 10**9)]
)
def test_rates(text: str, value: int) -> None:
    assert rate(text) == value


@pytest.mark.parametrize("text", ["", "0", "fast", "-1", "1T", "0.1"])
def test_no_rates(text: str) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        rate(text)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("1.5k", 1500), ("2G", 2 * 10**9), ("1 TB", 10**12)])
def test_sizes(text: str, value: int) -> None:
    assert size(text) == value


@pytest.mark.parametrize("text", ["", "big", "-1", "1 MB/s"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        size(text)
