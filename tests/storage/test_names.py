"""Names that peers chose, each with what becomes of it: a table, and what must hold for any name at all."""

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanmsg.protocol import constants
from lanmsg.storage import names
from lanmsg.storage.names import UnsafeNameError, numbered_names, safe_name, safe_path

REFUSED = None

TRAVERSALS = [
    "..",
    ".",
    "../x",
    "../../etc/passwd",
    "/etc/passwd",
    "//server/share",
    "a/../b",
    "a/..",
    "a/./b",
    "./a",
    "a//b",
    "a/",
    "/",
    "",
    "a/b/../../../c",
    "..\\x",
    "..\\..\\windows\\system32\\evil.dll",
    "a\\b",
    "\\\\server\\share\\x",
    "\\",
    "C:\\x",
    "C:/x",
    "C:x",
    "c:",
    "file.txt:stream",
    "file.txt::$DATA",
    "a:b",
    "::",
    "a\0b",
    "\0",
    "a.txt\0.exe",
    "../",
    "/..",
    "/.",
    "....//",
    ".../../x",
    "a/ /../b",
    "~/../x",
    "\\\\?\\C:\\x",
    "\\\\.\\pipe\\x",
    "Macintosh HD:Users:x",
    "%2e%2e/..",
    "..%2f/../x",
    "a/b/",
    "a/b//",
    "\uff0e\uff0e/../x",
    "e\u0301/..",
    "..\u002f..",
    "x" * 256,
    "\u00e9" * 128,
    "\U0001f600" * 64,
    "/".join("a" * 100 for _ in range(11)),
    "/".join(["a"] * 65),
    "a" * 255 + "/" + "b" * 256,
    "-" * 255,
    "\ud800",
    "a\udcff",
    "a/\udc80/b",
]
"""Refused, and not mended: mended, they would be other names than anybody meant."""

NOTHING_LEFT = [
    " ",
    "  ",
    "...",
    "....",
    ". .",
    " .",
    " ..",
    ".. ",
    "... ...",
    ". . .",
    " . ",
    "\u0020.\u0020",
]
"""Made of what is stripped from the end; `.. ` is `..` on Windows."""

MENDED = {
    # a dot, a dash, a tilde in front
    ".bashrc": "_.bashrc",
    ".ssh": "_.ssh",
    ".": REFUSED,
    "..x": "_..x",
    "...x": "_...x",
    ".lanmsg-part": "_.lanmsg-part",
    "-rf": "_-rf",
    "--help": "_--help",
    "-": "_-",
    "~": "_~",
    "~root": "_~root",
    "~$report.docx": "_~$report.docx",
    # at the end
    "a.": "a",
    "a..": "a",
    "a ": "a",
    "a. .": "a",
    "evil.exe.": "evil.exe",
    "evil.exe ": "evil.exe",
    "evil.exe . . ": "evil.exe",
    # controls and escapes
    "a\nb": "a_b",
    "a\rb": "a_b",
    "a\tb": "a_b",
    "a\x1b[2Jb": "a_[2Jb",
    "\x1b]52;c;aGk=\x07": "_]52;c;aGk=_",
    "\x1b]8;;http_x\x1b\\": REFUSED,
    "a\x7fb": "a_b",
    "a\x80b": "a_b",
    "a\x9bb": "a_b",
    "a\x08\x08b": "a__b",
    "\x01": "_",
    "\n": "_",
    # text that runs backwards, hides, or is nobody's
    "gpj.\u202eexe": "gpj._exe",
    "invoice\u202excod.exe": "invoice_xcod.exe",
    "a\u202ab": "a_b",
    "a\u2066b\u2069": "a_b_",
    "a\u200eb": "a_b",
    "a\u200bb": "a_b",
    "a\u200db": "a_b",
    "a\ufeffb": "a_b",
    "a\u00adb": "a_b",
    "a\u2060b": "a_b",
    "a\u061cb": "a_b",
    "a\u180eb": "a_b",
    "a\U000e0041b": "a_b",
    "a\ue000b": "a_b",
    "a\U000f0000b": "a_b",
    "a\uffffb": "a_b",
    "a\U0010ffffb": "a_b",
    "a\u0378b": "a_b",
    "a\u2028b": "a_b",
    "a\u2029b": "a_b",
    "a\ufff9b": "a_b",
    "\u202e": "_",
    # wild ones
    "a<b": "a_b",
    "a>b": "a_b",
    'a"b': "a_b",
    "a|b": "a_b",
    "a?b": "a_b",
    "a*b": "a_b",
    "*": "_",
    "?": "_",
    '<>"|?*': "______",
    "*.txt": "_.txt",
    # devices
    "CON": "_CON",
    "con": "_con",
    "Con": "_Con",
    "CON.txt": "_CON.txt",
    "con.tar.gz": "_con.tar.gz",
    "CON .txt": "_CON .txt",
    "CON. ": "_CON",
    "PRN": "_PRN",
    "aux.c": "_aux.c",
    "NUL": "_NUL",
    "nul.": "_nul",
    "NUL.txt.exe": "_NUL.txt.exe",
    "CONIN$": "_CONIN$",
    "conout$.log": "_conout$.log",
    "COM0": "_COM0",
    "LPT0.x": "_LPT0.x",
    "COM\u00b9": "_COM\u00b9",
    "lpt\u00b2.txt": "_lpt\u00b2.txt",
    "COM\u00b3": "_COM\u00b3",
    "CLOCK$": "_CLOCK$",
    "C\u200bON": "C_ON",
    # no devices
    "CONSOLE": "CONSOLE",
    "COM": "COM",
    "COM10": "COM10",
    "xCON": "xCON",
    "NULL": "NULL",
    "a.CON": "a.CON",
    # composed, and not more than composed
    "e\u0301": "\u00e9",
    "\u1112\u1161\u11ab": "\ud55c",
    "\u212b": "\u00c5",
    "\u2126": "\u03a9",
    "\uff0e\uff0e": "\uff0e\uff0e",
    "\uff0fetc": "\uff0fetc",
    "\uff3cx": "\uff3cx",
    "\uff1ax": "\uff1ax",
    "\u2024\u2024": "\u2024\u2024",
    "\u2025": "\u2025",
    "\u2044x": "\u2044x",
    "\u2215x": "\u2215x",
    "\ufb01le": "\ufb01le",
    # honest ones, untouched
    "report.pdf": "report.pdf",
    "a": "a",
    "\u00fcber uns.txt": "\u00fcber uns.txt",
    "\u5199\u771f.jpg": "\u5199\u771f.jpg",
    "\u0444\u043e\u0442\u043e.png": "\u0444\u043e\u0442\u043e.png",
    "\u05e9\u05dc\u05d5\u05dd.txt": "\u05e9\u05dc\u05d5\u05dd.txt",
    "\U0001f600.png": "\U0001f600.png",
    "a b  c.txt": "a b  c.txt",
    "it's (1) [2] {3} & 4%, $5;^!#.txt": "it's (1) [2] {3} & 4%, $5;^!#.txt",
    "x" * 255: "x" * 255,
    "Makefile": "Makefile",
    "archive.tar.gz": "archive.tar.gz",
    "_": "_",
    "$HOME": "$HOME",
    "`id`": "`id`",
    "a;rm -rf": "a;rm -rf",
    "[bold]": "[bold]",
    "[@click=app.quit]x": "[@click=app.quit]x",
}

DEVICES = [
    f"{port}{number}{ending}"
    for port in ("COM", "com", "LPT", "lPt")
    for number in range(10)
    for ending in ("", ".txt", " .x")
]


def test_the_table_is_as_long_as_was_asked_for() -> None:
    assert len(TRAVERSALS) + len(NOTHING_LEFT) + len(MENDED) + len(DEVICES) >= 300


@pytest.mark.parametrize("path", TRAVERSALS)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(UnsafeNameError):
        safe_path(path)


@pytest.mark.parametrize("path", TRAVERSALS)
def test_so_it_is_inside_a_folder(path: str) -> None:
    with pytest.raises(UnsafeNameError):
        safe_path("folder/" + path)


@pytest.mark.parametrize("name", NOTHING_LEFT)
def test_a_name_of_nothing_but_dots_and_spaces_is_refused(name: str) -> None:
    with pytest.raises(UnsafeNameError):
        safe_name(name)


@pytest.mark.parametrize(("name", "expected"), MENDED.items())
def test_a_name_is_mended(name: str, expected: str | None) -> None:
    if expected is REFUSED:
        with pytest.raises(UnsafeNameError):
            safe_name(name)
    else:
        assert safe_name(name) == expected


@pytest.mark.parametrize("name", DEVICES)
def test_devices_of_windows_are_no_names(name: str) -> None:
    assert safe_name(name) == "_" + name.rstrip(" .")


@pytest.mark.parametrize("name", [".gitignore", ".git", ".env", "..x"])
def test_inside_a_folder_a_leading_dot_stays(name: str) -> None:
    assert safe_path("project/" + name) == ("project", name)


@pytest.mark.parametrize("name", ["-rf", "~root", "CON", "a?b"])
def test_inside_a_folder_all_else_is_mended_alike(name: str) -> None:
    assert safe_path("project/" + name) == ("project", safe_name(name))


def test_a_name_that_is_too_long_once_mended_is_refused() -> None:
    with pytest.raises(UnsafeNameError):
        safe_name("." + "x" * 254)
    assert safe_path("folder/." + "x" * 254) == ("folder", "." + "x" * 254)


def test_the_message_does_not_quote_the_name() -> None:
    with pytest.raises(UnsafeNameError) as caught:
        safe_name("\x1b[2J/..")
    assert "\x1b" not in str(caught.value)
    assert caught.value.code == "unsafe_name"


@given(st.text(alphabet=st.characters(codec=None), max_size=40))
def test_whatever_comes_out_is_one_plain_name(name: str) -> None:
    try:
        safe = safe_name(name)
    except UnsafeNameError:
        return
    assert safe not in ("", ".", "..")
    assert not set("/\\:\0") & set(safe)
    assert not {unicodedata.category(each) for each in safe} & names.UNSEEN
    assert safe[0] not in ".-~"
    assert safe[-1] not in " ."
    assert len(safe.encode()) <= 255
    assert safe_name(safe) == safe


@given(st.lists(st.sampled_from([*TRAVERSALS[:8], "a", "b.txt", ".x", "\u202e"]), max_size=70).map("/".join))
def test_a_path_stays_below_its_folder(path: str) -> None:
    try:
        parts = safe_path(path)
    except UnsafeNameError:
        return
    assert len(parts) <= names.DEPTH_MAX
    assert all(part not in ("", ".", "..") and "/" not in part for part in parts)


def test_every_code_point_ends_as_a_fit_one_or_not_at_all() -> None:
    for code in itertools.chain(range(0x3000), range(0xD800, 0xFFFF, 7), range(0x10000, 0x110000, 251)):
        try:
            safe = safe_name(f"a{chr(code)}b")
        except UnsafeNameError:
            continue
        assert all(unicodedata.category(each) not in names.UNSEEN for each in safe), hex(code)


def test_the_short_cut_lets_nothing_through_that_the_rule_would_change() -> None:
    for characters in itertools.product(map(chr, range(0x20, 0x7F)), repeat=2):
        name = "".join(characters)
        if names.PLAIN.fullmatch(name):
            assert name[0] not in ".-~ "
            assert name[1] not in " ."
            assert not set(name) & (names.SEPARATORS | names.WILD)


@pytest.mark.parametrize(
    ("name", "folder", "expected"),
    [
        ("report.pdf", False, "report (1).pdf"),
        ("report", False, "report (1)"),
        ("archive.tar.gz", False, "archive (1).tar.gz"),
        (".tar.gz", False, ".tar (1).gz"),
        ("_.bashrc", False, "_ (1).bashrc"),
        (".hidden", False, ".hidden (1)"),
        ("v1.2 photos", True, "v1.2 photos (1)"),
        (
            "a. no ending but a long sentence with a dot",
            False,
            "a. no ending but a long sentence with a dot (1)",
        ),
        ("x" * 255, False, "x" * 251 + " (1)"),
        ("x" * 251 + ".pdf", False, "x" * 247 + " (1).pdf"),
        ("\u00e9" * 127, False, "\u00e9" * 125 + " (1)"),
    ],
)
def test_a_taken_name_gets_a_number(name: str, folder: bool, expected: str) -> None:
    first, second, *_ = itertools.islice(numbered_names(name, folder=folder), 3)
    assert (first, second) == (name, expected)
    assert len(second.encode()) <= 255


def test_the_limits_are_those_of_the_protocol() -> None:
    assert names.NAME_MAX_BYTES == constants.FILE_NAME_MAX_BYTES
    assert names.PATH_MAX_BYTES == constants.PATH_MAX_BYTES
    assert names.DEPTH_MAX == constants.PATH_DEPTH_MAX


def test_a_deep_path_is_refused_before_it_is_walked() -> None:
    """512 parts fit into the bytes of a path, and a call for each is more than Python makes."""
    with pytest.raises(UnsafeNameError, match="too many folders"):
        safe_path("a/" * 511 + "a")
    assert len(safe_path("/".join("d" * 64))) == 64
