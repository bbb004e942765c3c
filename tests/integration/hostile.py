"""Malformed and hostile documents, made from valid ones with a seeded random generator."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

DEEP = "[" * 300 + "]" * 300
# Replacements of a JSON value, as text.
VALUES = (
    "null", "true", "[]", "{}", "0", "-1", "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "1" * 400,
    "9" * 5000, "0.1e-400",
    '""', '"N/A"', '" "', '"\\u0000"', '"\\ud800"', '"\\udfff x"', '"\\u202e"', '"é 😀"', '"<script>alert(1)</script>"',
    '"\'; DROP TABLE movies; --"', '"../../x"', '"tt0000001\\n"', '"tt9999999"', '"tt00000000000000001"', '"=cmd()"',
    '"&#0;&#xD800;&#1114112;"', '"((((((((((a, b)"', '"{path}"', '"${jndi:x}"', '["a", ["b"]]', '{"a": {"b": 1}}',
    '"1 h 99999999999 min"', f'"{"9" * 4300} h"', '"$99999999999999999999"', '"-5"', '"31 Feb 1999"', '"0000–9999"',
    '"１９９４"', '"٣"', '"1994"', DEEP,
    '"' + "x" * 20_000 + '"', '"' + "a, " * 5_000 + '"', '"' + "\\ud83d\\ude00" * 2_000 + '"',
)  # fmt: skip


def value(chance: random.Random, text: str) -> str:
    """Replace one value of an object with a hostile one."""
    record = json.loads(text)
    name = chance.choice(sorted(record))
    marked = json.dumps({**record, name: "<<here>>"}, ensure_ascii=False)
    return marked.replace('"<<here>>"', chance.choice(VALUES))


def doubled(chance: random.Random, text: str) -> str:
    """Duplicate a key."""
    name = chance.choice(sorted(json.loads(text)))
    return f'{text[:-1]}, "{name}": {chance.choice(VALUES)}}}'


def without(chance: random.Random, text: str) -> str:
    """Remove a value."""
    record = json.loads(text)
    del record[chance.choice(sorted(record))]
    return json.dumps(record)


def cut(chance: random.Random, text: str) -> str:
    """Truncate the document."""
    return text[: chance.randrange(1, len(text))]


def changed(chance: random.Random, text: str) -> str:
    """Replace some characters."""
    characters = list(text)
    for _ in range(chance.randint(1, 5)):
        characters[chance.randrange(len(characters))] = chance.choice('"\\{}[],: \x00\n\td0é')
    return "".join(characters)


def wrapped(chance: random.Random, text: str) -> str:
    """Nest the document inside another."""
    return chance.choice((f"[{text}]", f'"{text}"', f"{text}{text}", f"call({text})", f"\ufeff{text}", f"{text}\n "))


def other(chance: random.Random, text: str) -> str:
    """Return an unrelated document."""
    return chance.choice(VALUES)


KINDS: tuple[Callable[[random.Random, str], str], ...] = (
    value, value, value, value, doubled, without, cut, changed, wrapped, other,
)  # fmt: skip


def mutations(seed: int, good: dict[str, Any], count: int) -> list[str]:
    """Return hostile variants of a valid document."""
    chance, text = random.Random(seed), json.dumps(good, ensure_ascii=False)
    return [chance.choice(KINDS)(chance, text) for _ in range(count)]


def encoded(text: str) -> bytes:
    """Encode as UTF-8; lone surrogates become bytes that no decoder accepts."""
    return text.encode("utf-8", "surrogatepass")
