"""Account for a run's films, and compare Gold with the Gold of a run without faults."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipeline import aws, keys
from pipeline.silver.reader import SilverReader
from reelhouse.operate.outcomes import OUTCOMES
from reelhouse.operate.parked import parked
from reelhouse.stack import Stack

# Lineage columns, which differ between runs even when the data is the same.
MAKING = (
    "run_id", "previous_run_id", "bronze_key", "bronze_version", "fetched_at", "processed_at", "started_at",
    "finished_at", "code_version",
)  # fmt: skip
# Tables with rows of each run. The others hold the newest row of each film, or are computed from those.
BY_RUN = ("rank_history", "pipeline_runs")

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Account:
    """A run's films by outcome.

    Attributes
    ----------
    lost : list of str
        Films neither stored, rejected nor parked.
    doubled : list of str
        Duplicates: versions of a Bronze object, outcomes of a film in Silver, rows of a film in Gold.
    repeated : int
        Redundant rows of Silver, of which readers take one.
    """

    run_id: str
    expected: int = 0
    stored: int = 0
    rejected: int = 0
    quarantined: int = 0
    parked: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    repeated: int = 0


def account(stack: Stack, run_id: str) -> Account:
    """Account for every film that a run expected."""
    expected = set(stack.manifest(run_id).expected)
    stored, rejected = (stack.films("Bronze", kind, run_id) for kind in (keys.MOVIES, keys.REJECTED))
    result = Account(run_id, len(expected), len(stored), len(rejected - stored))
    left = expected - stored - rejected
    if left:
        waiting = {
            film for one in parked(stack, "MovieQueue") if one.run_id == run_id and one.why for film in one.films
        }
        result.parked, result.lost = len(left & waiting), sorted(left - waiting)
    result.quarantined = stack.count("Silver", keys.QUARANTINE, run_id)
    result.doubled = [*_versions(stack, run_id), *_outcomes(stack, run_id, result), *_rows_of_gold(stack, run_id)]
    return result


def _versions(stack: Stack, run_id: str) -> list[str]:
    pages = (
        aws.client("s3")
        .get_paginator("list_object_versions")
        .paginate(Bucket=stack["BronzeBucketName"], Prefix=keys.run_prefix(keys.MOVIES, run_id))
    )
    counted = Counter(version["Key"] for page in pages for version in page.get("Versions", []))
    return [f"{key}: {number} versions" for key, number in counted.items() if number > 1]


def _outcomes(stack: Stack, run_id: str, result: Account) -> list[str]:
    silver = SilverReader(stack["SilverBucketName"], [run_id])
    silver.refresh()
    sql = f"SELECT imdb_id, count(*), count(DISTINCT outcome) FROM ({OUTCOMES}) GROUP BY imdb_id"
    counted = silver.query(sql)
    result.repeated = sum(rows - outcomes for _, rows, outcomes in counted)
    return [f"{imdb_id}: {outcomes} outcomes in Silver" for imdb_id, _, outcomes in counted if outcomes > 1]


def _rows_of_gold(stack: Stack, run_id: str) -> list[str]:
    rows = gold_rows(stack, run_id)
    counted = Counter(str(row[0]) for row in rows["movies"])
    ranked = Counter(str(row[0]) for row in rows["rank_history"])
    return [f"{film}: {number} rows in Gold" for film, number in (counted | ranked).items() if number > 1]


def gold_rows(stack: Stack, run_id: str) -> Rows:
    """Return all rows of all Gold tables, ordered, without lineage; of tables by run, only this run's rows."""
    tables: Rows = {}
    lake = stack.lake().of_one_build()
    with duckdb.connect() as database:
        for name in lake.pinned.tables if lake.pinned else ():
            database.register("stored", lake.arrow(name))
            described = database.execute("DESCRIBE SELECT * FROM stored").fetchall()
            said = ", ".join(f'"{row[0]}"' for row in described if row[0] not in MAKING)
            only = f"WHERE run_id = '{run_id}'" if name in BY_RUN else ""
            rows = database.execute(f"SELECT {said} FROM stored {only} ORDER BY ALL").fetchall()
            tables[name] = [tuple(_rounded(value) for value in row) for row in rows]
    return tables


def _rounded(value: Any) -> Any:
    """Round to nine digits, since a sum depends on the order of its terms."""
    return float(f"{value:.9g}") if isinstance(value, float) else value


def differences(rows: Rows, undisturbed: Rows, *, by_run: bool = True) -> list[str]:
    """Return names of tables that differ; ``by_run=False`` omits tables in which a rejected film must show."""
    names = [name for name in undisturbed if by_run or name not in BY_RUN]
    return [name for name in names if rows.get(name) != undisturbed[name]]
