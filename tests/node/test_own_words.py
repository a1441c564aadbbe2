"""What a person writes, up to the limits of the protocol and not beyond."""

from pathlib import Path

import pytest

from lanmsg.model import LanmsgError, MessageId
from lanmsg.node.own_words import check_size, check_text, checked_name, checked_note, make_folder
from lanmsg.protocol.constants import NAME_MAX_BYTES, NOTE_MAX_BYTES, TEXT_MAX_BYTES
from lanmsg.protocol.payload import Message, encode


@pytest.mark.parametrize("text", ["x", "x" * TEXT_MAX_BYTES, "ä" * (TEXT_MAX_BYTES // 2), "two\nlines\t"])
def test_what_is_let_through_is_taken_by_the_protocol(text: str) -> None:
    check_text(text)
    assert encode(Message(MessageId(b"m" * 16), "private", text, 0))


@pytest.mark.parametrize("text", ["", " \n", "x" * (TEXT_MAX_BYTES + 1), "half \ud83d", "nul \0"])
def test_what_no_peer_would_take_is_refused_here(text: str) -> None:
    with pytest.raises(LanmsgError) as failure:
        check_text(text)
    assert failure.value.code == "usage"


def test_an_offer_needs_no_words() -> None:
    check_size("")
    with pytest.raises(LanmsgError):
        check_size("\0")


def test_a_name_is_one_line_that_fits_into_an_announcement() -> None:
    assert checked_name("  anna ") == "anna"
    assert checked_name("x" * NAME_MAX_BYTES)
    for name in ("", "  ", "x" * (NAME_MAX_BYTES + 1), "a\nb", "\x1b[2J", "\ud83d"):
        with pytest.raises(LanmsgError):
            checked_name(name)


def test_a_note_may_be_empty() -> None:
    assert checked_note("") == ""
    assert checked_note("at lunch") == "at lunch"
    for note in ("x" * (NOTE_MAX_BYTES + 1), "a\nb", "\0", "\ud83d"):
        with pytest.raises(LanmsgError):
            checked_note(note)


def test_a_folder_to_save_in_is_made_before_anybody_is_told_yes(tmp_path: Path) -> None:
    make_folder(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder").is_dir()
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(LanmsgError, match="cannot save into") as refusal:
            make_folder(folder)
        assert refusal.value.code == "disk"
