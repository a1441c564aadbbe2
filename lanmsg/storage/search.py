"""Finding a text in the history, in any case of any alphabet, with what every SQLite has.

No full-text index: one of trigrams, which finds parts of words in every script, more than doubled the file
(161 to 370 MB for 500,000 messages), made storing a thousand messages six times as slow, and would have been
built for minutes by the first start that has it. Without it the latest hits of a common word come at once; to
look through everything for a word that is nowhere takes a second, beside all else (node/disk).
"""

from typing import Any


def text_condition(text: str) -> tuple[str, dict[str, Any]]:
    """SQL over m.text that is true where `text` occurs, and its values."""
    if text.isascii():
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return "m.text LIKE :like ESCAPE '\\'", {"like": f"%{escaped}%"}
    values = {"glob": f"*{''.join(map(_either_case, text))}*"}
    values |= {f"case{index}": case for index, case in enumerate(_cases(_rarest(text)))}
    found = " OR ".join(f"instr(m.text, :{name})" for name in values if name.startswith("case"))
    return f"({found}) AND m.text GLOB :glob", values


def _rarest(text: str) -> str:
    """The first character beyond ASCII: looked for alone, it makes a search three times as fast."""
    return next(character for character in text if not character.isascii())


def _cases(character: str) -> list[str]:
    cases = {character, character.lower(), character.upper(), character.title()}
    return sorted(case for case in cases if len(case) == 1)


def _either_case(character: str) -> str:
    """One place of a GLOB pattern: the character itself, or a set of its cases."""
    single = _cases(character)
    if len(single) > 1 or character in "*?[":
        return f"[{''.join(single)}]"
    return character
