"""A fault of the screen is written down without a word of what anybody wrote."""

from pathlib import Path

from lanmsg.tui import crash

NOW = 1_795_255_200.0


def fault(text: str) -> BaseException:
    try:
        _draw(text)
    except KeyError as error:
        return error
    raise AssertionError


def _draw(text: str) -> None:
    try:
        int(text)
    except ValueError as error:
        raise KeyError(f"cannot draw {text!r}") from error


def test_the_log_says_where_and_nothing_of_what(tmp_path: Path) -> None:
    told = crash.crashed(fault("my secret"), tmp_path, NOW)
    log = tmp_path / crash.FILE
    text = log.read_text(encoding="utf-8")
    assert "KeyError\n  test_crash.py:" in text
    assert "ValueError" in text
    assert "secret" not in text + str(told) + told.hint
    assert "KeyError at test_crash.py:" in str(told)
    assert str(log) in told.hint
    assert log.stat().st_mode & 0o077 == 0


def test_the_log_keeps_the_latest_and_has_an_end(tmp_path: Path) -> None:
    log = tmp_path / crash.FILE
    log.write_bytes(b"old\n" * 100_000)
    crash.write(fault("x"), tmp_path, NOW)
    assert log.stat().st_size <= crash.MAX_BYTES
    assert log.read_bytes().endswith(b"\n\n")
    assert b"ValueError" in log.read_bytes()
    assert [each.name for each in tmp_path.iterdir()] == [crash.FILE]


def test_a_home_that_cannot_be_written_is_no_second_fault(tmp_path: Path) -> None:
    told = crash.crashed(fault("x"), tmp_path / "gone", NOW)
    assert "could not be written down" in told.hint
