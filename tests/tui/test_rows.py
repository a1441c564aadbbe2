"""Fragments cut and filled to cells."""

from lanmsg.tui.rows import all_in, clipped, filled, first_that_fits, spread, width, with_plain_signs


def text(row: list[tuple[str, str]]) -> str:
    return "".join(part for _, part in row)


def test_a_row_is_cut_inside_a_fragment_and_keeps_its_styles() -> None:
    row = [("bold", "anna"), ("", " is here")]
    assert clipped(row, 8) == [("bold", "anna"), ("", " is…")]
    assert clipped(row, 4) == [("bold", "anna")]
    assert width(clipped([("", "日本語")], 5)) <= 5


def test_a_row_is_filled_to_its_cells() -> None:
    assert text(filled([("", "日")], 5)) == "日   "
    assert width(filled([("", "a long row")], 4)) == 4


def test_two_ends_share_a_row_and_the_left_one_gives_way() -> None:
    assert text(spread([("", "left")], [("", "right")], 12)) == "left   right"
    assert text(spread([("", "left side")], [("", "right")], 10)) == "lef… right"
    assert text(spread([("", "left")], [], 6)) == "left  "
    assert width(spread([("", "left")], [("", "right")], 3)) == 3


def test_the_longest_wording_that_fits_is_taken() -> None:
    wordings = [[("", "a long one")], [("", "short")], [("", "s")]]
    assert text(first_that_fits(wordings, 6)) == "short"
    assert text(first_that_fits(wordings, 0)) == "s"


def test_a_style_over_a_row() -> None:
    assert all_in("reverse", [("bold", "a"), ("", "b")]) == [("bold reverse", "a"), ("reverse", "b")]


def test_plain_signs_keep_every_column() -> None:
    row = [("", "↑ a…"), ("bold", "“é”×")]
    assert with_plain_signs([row]) == [[("", "^ a~"), ("bold", '"é"x')]]
    assert width(with_plain_signs([row])[0]) == width(row)
