"""Writes tests/vectors/*.json from the reference implementation, or with --check compares them with it."""

import json
import sys
from pathlib import Path

from tests.vectors import comparisons, datagrams, handshakes, sessions
from tests.vectors.reference import Json

FOLDER = Path(__file__).parent


def scenarios() -> dict[str, Json]:
    """Every vector by the stem of its file."""
    return {
        "identity": datagrams.identity(),
        "announcements": datagrams.announcements(),
        "handshake": handshakes.handshake(),
        "handshake-later-version": handshakes.handshake_later_version(),
        **{f"refused-{name}": refusal.vector() for name, refusal in handshakes.refusals().items()},
        "records": sessions.records(),
        "payloads": sessions.payloads(),
        "verification": comparisons.verification(),
    }


def differences() -> list[str]:
    """Names of files that are not what the reference makes, that are missing, or that nothing makes."""
    made = {f"{name}.json": text_of(vector) for name, vector in scenarios().items()}
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    return sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))


def text_of(vector: Json) -> str:
    return json.dumps(vector, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    if sys.argv[1:] == ["--check"]:
        wrong = differences()
        print(f"differ: {', '.join(wrong)}" if wrong else "vectors: ok")
        return bool(wrong)
    for name, vector in scenarios().items():
        (FOLDER / f"{name}.json").write_text(text_of(vector), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
