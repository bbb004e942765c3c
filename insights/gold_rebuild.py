"""A build of Gold by the very step that the Lambda runs, with what it changed: for notebook 01.

Reads Silver and Gold; writes Gold, as ``AggregateToGold`` does.
"""

from __future__ import annotations

import time

import pandas as pd

from insights import inputs, lake
from pipeline import aggregate_to_gold, aws, settings
from pipeline.columns import GOLD_TABLES
from pipeline.errors import InvalidInput
from pipeline.gold.build import build_in_use
from pipeline.gold.engine import DuckdbEngine
from pipeline.settings import AggregateToGoldSettings, LakeSettings

LONGEST_SECONDS = 600.0
NOT_BUILT = pd.DataFrame(columns=["table", "meaning", "rows_before", "rows", "same_rows"])


def rebuild() -> pd.DataFrame:
    """Build Gold anew from all of Silver, and compare it with what was there.

    Returns
    -------
    DataFrame
        One row a table: its name and meaning, rows before (null when it was not there) and now, and whether they are
        the same rows. ``attrs["seconds"]`` is the time of the build alone. No rows when Gold was never built, and when
        Athena builds it: its builds are AggregateToGold's alone.

    Raises
    ------
    StorageFailed
        When Silver cannot be read or Gold cannot be written.
    """
    gold = settings.load(LakeSettings).gold_bucket
    with aws.failures_of("gold_rebuild", gold):
        build = build_in_use(gold)
    if build is None or build.engine == "athena":
        return NOT_BUILT
    silver = build.silver.bucket
    inputs.read(inputs.SILVER + silver, inputs.of_silver(silver))
    before = _tables()
    started = time.monotonic()
    step = AggregateToGoldSettings(silver_bucket=silver, gold_bucket=gold)
    aggregate_to_gold.run(step, DuckdbEngine(step.duckdb_memory_mb), LONGEST_SECONDS, again=True)
    seconds = time.monotonic() - started
    compared = compare(before, _tables())
    compared.attrs["seconds"] = round(seconds, 1)
    _note(compared)
    return compared


def _note(compared: pd.DataFrame) -> None:
    """Note Gold as it is now for how it has to be found: with the same rows, the next run says what this one says."""
    for name, fingerprint in inputs.now([inputs.TABLE + name for name in GOLD_TABLES]).items():
        inputs.wrote(name, fingerprint)
    if not compared["same_rows"].all():
        inputs.never_the_same("Gold came out differently")


def _tables() -> dict[str, pd.DataFrame]:
    there = set(lake.tables())
    return {name: lake.table(name) for name in GOLD_TABLES if name in there}


def compare(before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Compare two builds, table by table. Pure; see :func:`rebuild` for what it gives.

    Raises
    ------
    InvalidInput
        When the later build lacks a table.
    """
    lacking = [name for name in GOLD_TABLES if name not in after]
    if lacking:
        raise InvalidInput(f"lacks {', '.join(lacking)}", subject="the new build of Gold")
    rows = [
        {
            "table": name,
            "meaning": table.meaning,
            "rows_before": len(before[name]) if name in before else None,
            "rows": len(after[name]),
            "same_rows": name in before and _rows(before[name]) == _rows(after[name]),
        }
        for name, table in GOLD_TABLES.items()
    ]
    return pd.DataFrame(rows).astype({"rows_before": "Int64"})


def _rows(frame: pd.DataFrame) -> list[str]:
    """All rows as text, in no order of the table's own, columns by name."""
    named = frame.reindex(columns=sorted(frame.columns))
    return sorted(named.to_json(orient="records", lines=True, date_format="iso", double_precision=12).splitlines())
