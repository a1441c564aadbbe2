"""protocol.md against the code: the same constants, the same golden bytes, links that lead somewhere."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from lanmsg.protocol import constants
from tests.vectors import document

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENT = (CHECKOUT / "protocol.md").read_text(encoding="utf-8")

ROW = re.compile(r"^\| ([A-Z][A-Z0-9_]+) \| (.+?) \| (.*?) ?\| (wire|choice) \|", re.MULTILINE)

ROWS = {match[1]: match[2] for match in ROW.finditer(DOCUMENT)}
CONSTANTS = {name: value for name, value in vars(constants).items() if name.isupper()}


def parse(cell: str) -> Any:
    """The value of a cell: a Python literal, in backticks or not, or a power such as 2^20."""
    text = cell.strip("`")
    if power := re.fullmatch(r"(\d+)\^(\d+)", text):
        return int(power[1]) ** int(power[2])
    return ast.literal_eval(text)


def test_each_constant_has_one_row() -> None:
    found = [match[1] for match in ROW.finditer(DOCUMENT)]
    assert sorted(found) == sorted(CONSTANTS)


@pytest.mark.parametrize("name", sorted(CONSTANTS))
def test_constant_has_the_value_of_its_row(name: str) -> None:
    assert name in ROWS, f"protocol.md has no row for {name}"
    assert parse(ROWS[name]) == CONSTANTS[name]


def test_golden_bytes_are_those_of_the_vectors() -> None:
    shown = [match[2] for match in document.BLOCK.finditer(DOCUMENT)]
    assert sorted(shown) == sorted(document.MAKERS)
    assert document.filled(DOCUMENT) == DOCUMENT, "python -m tests.vectors.document writes them afresh"


def test_links_inside_the_document_lead_to_a_heading() -> None:
    headings = re.findall(r"^#+ (.+)$", DOCUMENT, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert [link for link in re.findall(r"\]\(#([^)]+)\)", DOCUMENT) if link not in anchors] == []


def test_sections_referred_to_exist() -> None:
    """Numbers of sections, as in "(12.3)" and "of 8.1"; those of payloads start a paragraph in bold."""
    sections = set(re.findall(r"^#+ (\d+(?:\.\d+)?) ", DOCUMENT, re.MULTILINE))
    sections |= set(re.findall(r"^\*\*(\d+\.\d+) ", DOCUMENT, re.MULTILINE))
    referred = set(re.findall(r"\((\d{1,2}(?:\.\d{1,2})?)\)", DOCUMENT)) | set(
        re.findall(r"(?:of|in|section|chapter) (\d{1,2}\.\d{1,2})\b(?! ?(?:s|%|intervals))", DOCUMENT)
    )
    assert sorted(referred - sections) == []


def test_tests_that_are_named_exist() -> None:
    """A file alone, or `file::function`: then the file has that function."""
    named = set(re.findall(r"`([a-z]+/test_\w+\.py)(?:::(\w+))?`", DOCUMENT))
    assert len(named) > 30
    assert sorted(test for test in named if not is_a_test(*test)) == []


def is_a_test(file: str, function: str) -> bool:
    path = CHECKOUT / "tests" / file
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return bool(re.search(rf"\n(?:async )?def {function}\b", text))


def test_every_property_of_the_security_chapter_names_its_test() -> None:
    section = DOCUMENT.partition("### 19.1 ")[2].partition("### 19.2 ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 15
    assert [row for row in rows if not re.search(r"`[a-z]+/test_\w+\.py::test_\w+`", row)] == []


def test_every_family_of_attacks_is_named() -> None:
    families = {f"attacks/{path.name}" for path in (CHECKOUT / "tests" / "attacks").glob("test_*.py")}
    assert sorted(family for family in families if family not in DOCUMENT) == []
