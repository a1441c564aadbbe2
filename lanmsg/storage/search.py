"""Finding a text in the history, in any case of any alphabet, with what every SQLite has.

No full-text index: see text_condition().
"""

from typing import Any


def text_condition(text: str) -> tuple[str, dict[str, Any]]:
    """SQL over m.text that is true where `text` occurs, and its values."""
    if text.isascii():
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return "m.text LIKE :like ESCAPE '\\'", {"like": f"%{escaped}%"}
    return "m.text GLOB :glob", {"glob": f"*{''.join(map(_either_case, text))}*"}


def _either_case(character: str) -> str:
    """One place of a GLOB pattern: the character itself, or a set of its cases."""
    cases = {character, character.lower(), character.upper(), character.title()}
    single = sorted(case for case in cases if len(case) == 1)
    if len(single) > 1 or character in "*?[":
        return f"[{''.join(single)}]"
    return character
