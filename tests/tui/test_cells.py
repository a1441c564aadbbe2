"""Rows as cells: wide characters, what differs, and what the terminal can move by itself."""

from lanmsg.tui.cells import BLANK, Line, Scroll, after_scroll, cells_of, runs, scroll, typed_cells


def plain(text: str, columns: int = 30) -> Line:
    return cells_of([("", text)], columns)


def test_a_row_is_as_many_cells_as_the_screen_is_wide() -> None:
    assert cells_of([("b", "ab"), ("", "c")], 5) == [("a", "b"), ("b", "b"), ("c", ""), BLANK, BLANK]
    assert cells_of([("", "abcdef")], 3) == [("a", ""), ("b", ""), ("c", "")]
    assert cells_of([], 2) == [BLANK, BLANK]


def test_wide_characters_take_two_cells_and_marks_none() -> None:
    assert cells_of([("", "a好b")], 5) == [("a", ""), ("好", ""), ("", ""), ("b", ""), BLANK]
    assert cells_of([("", "a好")], 2) == [("a", ""), BLANK]
    assert cells_of([("", "e\u0301x好\u0301")], 4) == [("e\u0301", ""), ("x", ""), ("好\u0301", ""), ("", "")]


def test_no_control_character_gets_through() -> None:
    assert not any(ord(text[0]) < 32 for text, _ in plain("a\x1b[2Jb\x07") if text)


def test_only_what_differs_is_written() -> None:
    assert runs(plain("person 1 is here"), plain("person 2 is here")) == [(7, 8)]
    assert runs(plain("abcdefghijkl"), plain("Xbcdefghijkl")) == [(0, 1)]
    assert runs(plain("a same words b"), plain("c same words d")) == [(0, 1), (13, 14)]
    assert runs(plain("a b cd"), plain("x b cy")) == [(0, 6)]
    assert runs(plain("same"), plain("same")) == []
    assert runs(Line([("a", "bold")]), Line([("a", "")])) == [(0, 1)]


def test_a_row_with_wide_characters_is_written_to_its_end() -> None:
    assert runs(plain("ab好cd", 10), plain("ab好ce", 10)) == [(2, 10)]
    assert runs(plain("ab好cd", 10), plain("abxycd", 10)) == [(2, 10)]
    assert runs(plain("ab好", 10), plain("ab語", 10)) == [(2, 10)]
    assert runs(typed_cells([("好", ""), ("", ""), ("x", "")]), plain("abx", 3)) == [(0, 3)]


def test_what_terminals_differ_about_is_written_whole() -> None:
    for text in ("ab❤cd", "ab🇩🇪cd", "abسلامcd", "abe\u0301cd", "ab1\u20e3cd", "ab👍🏾cd"):
        line = plain(text, 20)
        assert line.unsure == 2, text
        assert runs(line, plain(f"{text}!", 20)) == [(2, 20)], text
    for text in ("│ ● ben ✓ ─ é Ω я …", "plain"):
        assert plain(text, 20).unsure is None


def picture(*rows: str, columns: int = 60) -> list[Line]:
    return [plain(row, columns) for row in rows]


WORDS = [f"{'':25}{name * 15}" for name in "abcdefghi"]


def test_rows_that_moved_are_moved_by_the_terminal() -> None:
    old = picture("the title", *WORDS[:5], "footer")
    assert scroll(old, picture("the title", *WORDS[1:6], "footer")) == Scroll(1, 5, 1)
    assert scroll(picture(*WORDS[3:8]), picture(*WORDS[1:6])) == Scroll(0, 4, -2)
    moved = after_scroll(old, Scroll(1, 5, 1))
    assert moved == picture("the title", *WORDS[1:5], "", "footer")
    assert after_scroll(picture(*WORDS[1:4]), Scroll(0, 2, -1)) == picture("", *WORDS[1:3])


def test_a_list_on_the_left_stays() -> None:
    def beside(first: int) -> list[Line]:
        return picture(*(f"person {at:<13}{WORDS[at + first]}" for at in range(5)), columns=90)

    assert scroll(beside(0), beside(1)) == Scroll(0, 4, 1)


def test_nothing_moves_where_little_is_won() -> None:
    old = picture(*WORDS[:5])
    assert scroll(old, old) is None
    assert scroll(old, picture(*WORDS[:3], "other", "words")) is None
    assert scroll(old, picture("a", "b", "c", "d", "e")) is None
    assert scroll(picture("", "", "", "a"), picture("", "", "a", "")) is None
