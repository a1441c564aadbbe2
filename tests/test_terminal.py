"""Peers' text on a terminal: it moves no cursor, reverses no row, hides nothing, pushes nothing aside."""

import sys
import unicodedata

import pytest
from prompt_toolkit.utils import get_cwidth

from lanmsg.terminal import (
    ONE_LINE_CELLS,
    Kind,
    cell_width,
    character_width,
    clip,
    clip_middle,
    clock,
    fingerprint,
    fit,
    folded,
    human_duration,
    human_rate,
    human_size,
    imitates,
    mixes_scripts,
    parse_size,
    plural,
    printable,
    shown_name,
    skeleton,
)

EVERYTHING = "".join(map(chr, range(sys.maxunicode + 1)))
NEVER_SHOWN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.LINE])
def test_no_code_point_reaches_the_terminal_as_a_control(kind: Kind) -> None:
    shown = {c: unicodedata.category(c) for c in set(printable(EVERYTHING, kind))}
    controls = {c for c, category in shown.items() if category in NEVER_SHOWN}
    if kind is Kind.TEXT:
        emoji_of_tomorrow = {c for c in controls if shown[c] == "Cn" and "\U0001f300" <= c < "\U0001fb00"}
        controls -= emoji_of_tomorrow | {"\n"}
    assert not controls


def test_widths_agree_with_those_that_the_screen_paints_by() -> None:
    """Over everything printable; two that changed between versions of Unicode are let be."""
    differing = [
        hex(ord(character))
        for character in EVERYTHING
        if unicodedata.category(character) not in NEVER_SHOWN
        and character_width(character) != get_cwidth(character)
        and character != "\u3164"  # the Hangul filler is never shown
    ]
    assert len(differing) < 20, differing


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "hello"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9b31mred", "\\x9b31mred"),
        ("over\rwritten", "over\\x0dwritten"),
        ("two\nrows", "two\\x0arows"),
        ("exe.\u202egpj", "exe.\\u202egpj"),
        ("be\u200dn", "be\\u200dn"),
        ("a\u2003\u3000b", "a  b"),
        ("\u3164", "␣"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("[red]<b>{x}%s", "[red]<b>{x}%s"),
    ],
)
def test_a_line_shows_what_it_must_not_do(text: str, shown: str) -> None:
    assert printable(text, Kind.LINE) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nrows", "two\nrows"),
        ("dos\r\nand\rmac\u2028and more", "dos\nand\nmac\nand more"),
        ("\tindented", "    indented"),
        ("family \U0001f468\u200d\U0001f469 heart \u2764\ufe0f", "family \U0001f468\U0001f469 heart \u2764"),
        ("\u202eevil", "\\u202eevil"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\U0001faff", "\U0001faff"),
    ],
)
def test_a_message_keeps_lines_and_drops_what_nobody_sees(text: str, shown: str) -> None:
    assert printable(text, Kind.TEXT) == shown


def test_marks_are_thinned_out() -> None:
    assert printable("z" + "\u0301" * 60 + "a", Kind.TEXT) == "z" + "\u0301" * 4 + "a"
    assert printable("e\u0301te\u0301", Kind.TEXT) == "e\u0301te\u0301"


def test_names_are_cut_at_the_end_and_files_in_the_middle() -> None:
    name = printable(" " + "ben" * 40, Kind.NAME)
    assert (cell_width(name), name[:3], name[-1]) == (ONE_LINE_CELLS, "ben", "…")
    file = printable("invoice.pdf" + " " * 90 + ".exe", Kind.FILE)
    assert cell_width(file) == ONE_LINE_CELLS
    assert file.startswith("invoice.pdf")
    assert file.endswith(".exe")


@pytest.mark.parametrize(
    ("text", "cells", "clipped"),
    [
        ("anna", 4, "anna"),
        ("annabel", 4, "ann…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("x", 0, ""),
        ("日", 1, "…"),
    ],
)
def test_clip(text: str, cells: int, clipped: str) -> None:
    assert clip(text, cells) == clipped
    assert cell_width(clip(text, cells)) <= cells


def test_clip_middle_and_fit() -> None:
    assert clip_middle("holiday-video.mkv", 12) == "holida…o.mkv"
    assert cell_width(clip_middle("日本語" * 9 + ".txt", 13)) <= 13
    assert fit("日本", 5) == "日本 "
    assert fit("日本", 3) == "日…"
    assert fit("", 2, "..") == "  "
    assert clip("annabel", 5, "..") == "ann.."


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (14_200, "14 kB"),
        (999_600, "1.0 MB"),
        (1_240_000, "1.2 MB"),
        (212e9, "212 GB"),
        (9.97e9, "10 GB"),
    ],
)
def test_human_size(count: float, shown: str) -> None:
    assert human_size(count) == shown


@pytest.mark.parametrize(
    ("typed", "size"),
    [("0", 0), ("500", 500), ("20k", 20_000), ("2.5 MB", 2_500_000), ("1gb", 10**9), ("3T", 3 * 10**12)],
)
def test_sizes_as_people_type_them(typed: str, size: int) -> None:
    assert parse_size(typed) == size


@pytest.mark.parametrize("typed", ["", "a lot", "-1", "1 x", "5 PB", "1e9"])
def test_what_is_no_size(typed: str) -> None:
    assert parse_size(typed) is None


def test_other_figures() -> None:
    assert human_rate(88e6) == "88 MB/s"
    durations = [human_duration(seconds) for seconds in (0, 45, 723, 3723, 200_000)]
    assert durations == ["0:00", "0:45", "12:03", "1:02:03", "2 days"]
    assert (plural(1, "file"), plural(2000, "file")) == ("1 file", "2,000 files")
    assert plural(2, "entry", "entries") == "2 entries"
    assert len(clock(1.0)) == 5
    assert fingerprint(bytes(range(32)), 2) == "0001 0203"
    assert len(fingerprint(bytes(32))) == 79


def test_names_that_deceive() -> None:
    assert mixes_scripts("b\u0435n")
    assert not mixes_scripts("ben")
    assert not mixes_scripts("\u0411\u0435\u043d")
    assert not mixes_scripts("日本 ben")
    assert folded("ＢＥＮ ") == folded("ben")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ben", "b\u0435n"),  # Cyrillic
        ("ben", "b\u03b5\u03bd"),  # Greek
        ("ben", "B.e-n"),
        ("ben", "be\u0301n"),
        ("ben", "b\u200ben"),
        ("Laura", "Iaura"),
        ("bill", "bi1|"),
        ("Olga", "0lga"),
        ("bernd", "bemd"),
        ("wim", "vvim"),
        ("ＢＥＮ", "ben"),
    ],
)
def test_names_that_look_alike(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ben", "bea"),
        ("ben", "benn"),
        ("ben@thinkpad", "ben"),
        ("anna", "hanna"),
        ("日本", "日木"),
        ("1", "2"),
    ],
)
def test_names_that_do_not(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_a_name_of_signs_has_nothing_to_look_like() -> None:
    assert skeleton("...") == ""


@pytest.mark.parametrize(
    "name",
    [
        *(
            "\u2713dave",
            "dave \u2713",
            "\u2714 dave",
            "\u25cfben",
            "ben!",
            "\uff01ben",
            "ben~4C42",
            "~4C42",
            "?",
            "a > b",
        ),
        *(
            "dave (verified)",
            "dave\uff08verified\uff09",
            "ben: hello",
            "you",
            "YOU",
            "y\u043eu",
            "everyone",
            "#everyone",
        ),
        *(
            "Every-one",
            "old key",
            "KEY CHANGED",
            "WARNING, KEY CHANGED",
            "transfer 1, a.exe",
            "you to everyone",
        ),
        *("ben to everyone", "ok dave", "new"),
    ],
)
def test_a_name_that_could_be_read_as_words_of_ours_imitates(name: str) -> None:
    assert imitates(name)
    assert not set("\u2713\u2714\u25cf!\uff01~?>#") & set(shown_name(name))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "ben",
            "ben@thinkpad",
            "mira-laptop",
            "Frau Keller",
            "Keller, Anna",
            "M\u00e9lanie d'Arc",
            "\u65e5\u672c",
            "Youto",
        ),
        *(
            "Mia New",
            "newton",
            "Okko",
            "everyone's friend Joe",
            "anna \u2764",
            "J. R. R.",
            "\u0430\u043d\u043d\u0430",
            "b_42",
        ),
    ],
)
def test_a_name_as_people_have_them_does_not(name: str) -> None:
    assert not imitates(name)
    assert shown_name(name) == printable(name, Kind.NAME)
