"""The word list: all of it, in its order, and as protocol.md prints it."""

from hashlib import sha256

import pytest

from lanmsg.protocol.words import EVEN_WORDS, ODD_WORDS, words_of
from tests.vectors.comparisons import word_list

KNOWN = "41db18a831d9c40dc35b374ef36f0bf616d4f563768fcc1a5aa11c7b6530cf5e"
"""Of all words in lower case, even ones first, one a line: as other programs with this list have them."""


def test_each_byte_has_two_words_and_each_word_one_byte() -> None:
    assert (len(EVEN_WORDS), len(ODD_WORDS)) == (256, 256)
    assert len({word.lower() for word in EVEN_WORDS + ODD_WORDS}) == 512


def test_it_is_the_list_that_others_have() -> None:
    lines = "\n".join(EVEN_WORDS + ODD_WORDS).lower()
    assert sha256(lines.encode()).hexdigest() == KNOWN


def test_it_is_the_list_of_the_document() -> None:
    assert word_list() == dict(enumerate(zip(EVEN_WORDS, ODD_WORDS, strict=True)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ()),
        (b"\x00\x00", ("aardvark", "adroitness")),
        (b"\xff\xff\xff", ("Zulu", "Yucatan", "Zulu")),
        (b"\xe5\x82\x94\xf2", ("topmost", "Istanbul", "Pluto", "vagabond")),
    ],
)
def test_words(data: bytes, words: tuple[str, ...]) -> None:
    assert words_of(data) == words
