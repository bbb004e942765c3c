"""Outcomes of Bronze objects in Silver, as they are stored and as they are recomputed from Bronze."""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipeline import keys
from pipeline.columns import SILVER, SILVER_TABLES, Table
from pipeline.documents import to_json
from pipeline.errors import DocumentInvalid, InvalidInput
from pipeline.silver.reader import SilverReader
from pipeline.silver.records import PROCESSING, BronzeObject, silver_row

# One row per outcome of a Bronze object; readers take a row before a quarantine, and either before a rejection.
OUTCOMES = """
    SELECT run_id, imdb_id, bronze_key, bronze_version, object_key, 'silver' AS outcome FROM silver.movies
    UNION ALL
    SELECT run_id, imdb_id, bronze_key, bronze_version, object_key, 'quarantined' AS outcome FROM silver.quarantine
    UNION ALL
    SELECT run_id, imdb_id, bronze_key, bronze_version, object_key, 'rejected' AS outcome FROM silver.rejected
"""
_OUTCOME_OF = {keys.MOVIES: "silver", keys.QUARANTINE: "quarantined", keys.REJECTED: "rejected"}
# The version is compared with Bronze's listing; a run's record has its own code version.
_NOT_COMPARED = {*PROCESSING, "bronze_version"}
_INSERT = """
    INSERT INTO recomputed.{table} BY NAME
    SELECT * FROM read_json(?, format = 'newline_delimited', columns = {types}, hive_partitioning = false)
"""


class Recomputation:
    """Silver's rows computed again from Bronze with this version's code, to be compared with Silver value by value.

    At most ``sample`` Bronze objects are recomputed, chosen at random; None means all. ``objects`` counts them, and
    ``failed`` says why one could not be recomputed, by its key.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, sample: int | None = None) -> None:
        self._database, self._sample = database, sample
        self.objects = 0
        self.failed: dict[str, str] = {}
        self._tables: dict[str, str] = {}
        database.execute("CREATE SCHEMA recomputed")
        for table in SILVER:
            columns = ", ".join(f'"{name}" {kind}' for name, kind in table.duckdb_types().items())
            database.execute(f"CREATE TABLE recomputed.{table.name} ({columns})")

    def choose(self, bronze_keys: Iterable[str]) -> set[str]:
        """Return the keys to recompute: all, or a random sample."""
        wanted = [key for key in bronze_keys if keys.parse_bronze(key)]
        if self._sample is None or len(wanted) <= self._sample:
            return set(wanted)
        return set(random.sample(wanted, self._sample))

    def add(self, objects: Iterable[BronzeObject]) -> None:
        """Compute the rows of Bronze objects."""
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for bronze in objects:
            try:
                computed = silver_row(bronze)
            except (InvalidInput, DocumentInvalid) as error:
                self.failed[bronze.path] = error.cause
                continue
            self.objects += 1
            self._tables[bronze.path] = computed.table
            rows[computed.table].append(computed.row)
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
            for name, computed_rows in rows.items():
                path = Path(folder, f"{name}.json")
                path.write_bytes(b"\n".join(map(to_json, computed_rows)))
                sql = _INSERT.format(table=name, types=SILVER_TABLES[name].duckdb_types())
                self._database.execute(sql, [str(path)])

    def differences(self, silver: SilverReader) -> Iterator[tuple[str, str]]:
        """Yield each Silver object and row that differs from the recomputed one, and how.

        Rows without a recomputed counterpart are skipped: they are outside the sample, or not from Bronze.
        """
        for bronze_key, object_key, outcome in silver.query(
            f"SELECT bronze_key, object_key, outcome FROM ({OUTCOMES})"
        ):
            expected = _OUTCOME_OF.get(self._tables.get(bronze_key, ""), outcome)
            if expected != outcome:
                yield object_key, f"{bronze_key} is {outcome} here, but {expected} when recomputed from Bronze"
        for table in SILVER:
            for source, object_key, columns in silver.query(_compared(table)):
                version = f"its {', '.join(columns)} differ{'s' if len(columns) == 1 else ''}"
                yield object_key, f"{version} from what Bronze gives for {source}"


def _compared(table: Table) -> str:
    """SELECT of the rows of a table whose values differ from the recomputed ones: identity, object, columns."""
    identity = "run_id" if table.name == keys.RUNS else "bronze_key"
    skipped = set() if table.name == keys.RUNS else _NOT_COMPARED
    cases = ", ".join(
        f'CASE WHEN s."{name}" IS DISTINCT FROM r."{name}" THEN \'{name}\' END'
        for name in table.column_names
        if name not in skipped
    )
    return f"""
        SELECT * FROM (
            SELECT s.{identity}, s.object_key, list_filter([{cases}], lambda name: name IS NOT NULL) AS differing
            FROM silver.{table.name} AS s JOIN recomputed.{table.name} AS r ON r.{identity} = s.{identity}
        ) WHERE len(differing) > 0 ORDER BY ALL
    """
