"""Gold's tables as they are at one moment, to be compared with another; and a build on request."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
from botocore.exceptions import BotoCoreError, ClientError

from pipeline import aws
from pipeline.columns import GOLD, GOLD_TABLES
from pipeline.database import connect
from pipeline.errors import StorageFailed
from pipeline.gold import tables
from reelhouse.operate.differences import Change, compare
from reelhouse.stack import Stack, function_error

NAMES = [table.name for table in GOLD]
TYPES = {table.name: table.duckdb_types() for table in GOLD}


class GoldTables:
    """The published build's tables as parquet files in memory. Tables that are not there in full are omitted.

    Attributes
    ----------
    files : dict of str to list of bytes
        By table. Athena writes any number of files, and none for an empty table.

    Raises
    ------
    StorageFailed
        When Gold cannot be read.
    """

    def __init__(self, bucket: str) -> None:
        with aws.failures_of("gold", bucket):
            parts = tables.parts_of(bucket, NAMES)
        paths = [part.key for found in parts.values() for part in found]
        bodies: dict[str, bytes] = {}
        for path, answer in zip(paths, aws.get_many(aws.client("s3"), bucket, paths), strict=True):
            if isinstance(answer, ClientError) and aws.is_missing(answer):
                continue
            if isinstance(answer, ClientError | BotoCoreError):
                raise StorageFailed("cannot be read", subject=path, step="gold") from answer
            bodies[path] = answer[0]
        self.files = {
            name: [bodies[part.key] for part in found]
            for name, found in parts.items()
            if all(part.key in bodies for part in found)
        }

    @contextmanager
    def as_relation(self, database: duckdb.DuckDBPyConnection, name: str) -> Iterator[str | None]:
        """Make a table available to queries of a database, as a relation; None when it is not readable as parquet."""
        if not self.files[name]:
            yield _empty(name)
            return
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
            paths = [Path(folder, f"{place}.parquet") for place in range(len(self.files[name]))]
            for path, body in zip(paths, self.files[name], strict=True):
                path.write_bytes(body)
            # A path may hold any character, so that it never becomes part of the SQL.
            variable = f"gold_{name}_{id(self)}"
            database.execute(f"SET VARIABLE {variable} = ?", [list(map(str, paths))])
            relation = f"read_parquet(getvariable('{variable}'), hive_partitioning = false)"
            try:
                database.execute(f"SELECT count(*) FROM (SELECT * FROM {relation})")
            except duckdb.Error:
                yield None
            else:
                yield relation

    def compare(self, later: GoldTables) -> dict[str, Change]:
        """Count the changes from these tables to later ones, by table; one that cannot be compared is left out."""
        changes = {}
        with connect() as database:
            for name in (name for name in NAMES if name in self.files and name in later.files):
                key = f"gold.{name}"
                with self.as_relation(database, name) as before, later.as_relation(database, name) as after:
                    if after is not None:
                        earlier = before or f"(SELECT * FROM {after} LIMIT 0)"
                        with suppress(duckdb.Error):
                            changes[key] = compare(database, earlier, after, GOLD_TABLES[name].key)
        return changes


def _empty(name: str) -> str:
    types = TYPES[name].items()
    return f"(SELECT {', '.join(f'CAST(NULL AS {kind}) AS {column}' for column, kind in types)} WHERE false)"


def bring_gold_up_to_date(stack: Stack) -> str:
    """Have AggregateToGold build Gold, unless it is up to date; return the version of the code that built it.

    S3 announces only new objects; after objects were removed, a build must be requested.

    Raises
    ------
    StorageFailed
        When the build fails.
    """
    name = stack["AggregateToGoldName"]
    with aws.failures_of("AggregateToGold", name, "Silver is unchanged; `reelhouse replay` tries again"):
        answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"Records": []}).encode())
        body = answer["Payload"].read()
    if "FunctionError" in answer:
        raise StorageFailed(function_error(body), subject=name, step="AggregateToGold")
    build = stack.build()
    return build.code_version if build else ""
