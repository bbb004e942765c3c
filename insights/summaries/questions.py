"""The questions that summaries answer, with the facts for each.

Reads ``questions.toml`` and Gold tables as data frames; writes nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from insights import wording
from insights.frames import plain
from insights.summaries.fact_tables import Tables, fact_tables
from insights.summaries.facts import Fact, Plain, facts_of, rules

_FILE = Path(__file__).with_name("questions.toml")
VALUE = "{value}"
FILMS = "{films}"

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """A question with its facts.

    Attributes
    ----------
    id : str
        Such as ``top_rated`` or ``genre/Drama``.
    asks : str
        The question in words.
    facts : mapping of str to Fact
        By the short name that sentences use: f1, f2 and so on, in the order of the question's selections.
    notes : tuple of str
        Definitions, and what there is no fact for.
    missing : tuple of str
        Tables of selections that found nothing.
    """

    id: str
    asks: str
    facts: Mapping[str, Fact]
    notes: tuple[str, ...]
    missing: tuple[str, ...]


@cache
def entries() -> tuple[Entry, ...]:
    """Return the questions of the file."""
    return tuple(tomllib.loads(_FILE.read_text(encoding="utf-8"))["question"])


def questions(tables: Tables) -> list[Question]:
    """Return all questions with their facts, in the file's order.

    Any Gold table may be missing, empty or of an older schema. A question for each value of a column appears once,
    without facts, when the column has no value.
    """
    known = fact_tables(tables)
    asked = []
    for entry in entries():
        each = entry.get("for_each")
        values = _values(known, each) if each else [None]
        asked += [_question(entry, known, value) for value in values] or [_without_facts(entry)]
    return asked


def _values(tables: Tables, each: Entry) -> list[Plain]:
    rows = _select(tables, each, None)
    values = [plain(cell) for cell in rows[each["column"]]] if each["column"] in rows else []
    return [value for value in values if value is not None]


def _question(entry: Entry, tables: Tables, value: Plain | None) -> Question:
    facts: dict[str, Fact] = {}
    missing = []
    notes = [entry["note"]] if "note" in entry else []
    for selection in entry["facts"]:
        known_ids = {fact.id for fact in facts.values()}
        rows = _select(tables, selection, value)
        new_facts = [fact for fact in facts_of(selection["table"], rows) if fact.id not in known_ids]
        if new_facts:
            facts |= {f"f{number}": fact for number, fact in enumerate(new_facts, start=len(facts) + 1)}
        else:
            missing.append(selection["table"])
            notes += [selection["otherwise"]] if "otherwise" in selection else []
    if not facts:
        return _without_facts(entry)
    asks, suffix = entry["asks"], ""
    if value is not None:
        name = wording.plain_name(value) if isinstance(value, str) else str(value)
        asks = asks.replace(VALUE, name).replace(FILMS, wording.kind_of_film(str(value)))
        suffix = f"/{wording.name(str(value))}"
    unique = tuple(dict.fromkeys(missing))
    return Question(f"{entry['id']}{suffix}", asks, facts, tuple(notes), unique)


def _without_facts(entry: Entry) -> Question:
    tables = dict.fromkeys(selection["table"] for selection in entry["facts"])
    return Question(entry["id"], entry.get("asks_all", entry["asks"]), {}, (entry["missing"],), tuple(tables))


def _select(tables: Tables, selection: Entry, value: Plain | None) -> pd.DataFrame:
    """Return the rows of a selection in its order; none when the table or a needed column is missing."""
    rows = tables.get(selection["table"], pd.DataFrame())
    where, contains = selection.get("where", {}), selection.get("contains", {})
    descending = selection.get("sort", "").startswith("-")
    sort = selection.get("sort", "").removeprefix("-")
    if not {*where, *contains, *selection.get("prefer", {}), *([sort] if sort else [])} <= set(rows.columns):
        return pd.DataFrame()
    for column, wanted in where.items():
        rows = rows[(rows[column] == (value if wanted == VALUE else wanted)).fillna(False).astype(bool)]
    for column, wanted in contains.items():
        entry = value if wanted == VALUE else wanted
        rows = rows[[entry in (plain(cell) or []) for cell in rows[column]]]
    for column, preferred in selection.get("prefer", {}).items():
        first = next((choice for choice in preferred if (rows[column] == choice).any()), None)
        rows = rows[rows[column] == first]
    if sort:
        keys = [key for key in rules()[selection["table"]].key if key in rows.columns and key != sort]
        order = [not descending] + [True] * len(keys)
        rows = rows[rows[sort].notna()].sort_values([sort, *keys], ascending=order)
    return rows.head(selection.get("limit", len(rows)))
