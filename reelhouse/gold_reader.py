"""Gold's tables as they are at one moment, to be compared with those of another; and bringing Gold up to date."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from botocore.exceptions import BotoCoreError, ClientError

from pipeline import aws, keys
from pipeline.errors import StorageFailed
from pipeline.gold.columns import GOLD
from reelhouse.differences import KEYS, Change, compare
from reelhouse.stack import Stack

NAMES = [table.name for table in GOLD]


class GoldTables:
    """The tables that AggregateToGold builds, as parquet files in memory; a table that is not there is left out.

    Raises
    ------
    StorageFailed
        When Gold cannot be read.
    """

    def __init__(self, bucket: str) -> None:
        self.files: dict[str, bytes] = {}
        answers = aws.get_many(aws.client("s3"), bucket, [keys.gold_table(name) for name in NAMES])
        for name, answer in zip(NAMES, answers, strict=True):
            if isinstance(answer, ClientError) and aws.error_code(answer) in {"NoSuchKey", "404"}:
                continue
            if isinstance(answer, ClientError | BotoCoreError):
                raise StorageFailed("cannot be read", subject=keys.gold_table(name), step="gold") from answer
            self.files[name] = answer[0]

    @contextmanager
    def as_relation(self, database: duckdb.DuckDBPyConnection, name: str) -> Iterator[str | None]:
        """Hold a table as something that a query of the database can read; None when it is no parquet file."""
        with tempfile.NamedTemporaryFile(prefix="reelhouse-", suffix=".parquet") as file:
            file.write(self.files[name])
            file.flush()
            relation = f"read_parquet('{file.name}')"
            try:
                database.execute(f"SELECT count(*) FROM (SELECT * FROM {relation})")
            except duckdb.Error:
                yield None
            else:
                yield relation

    def compare(self, later: GoldTables) -> dict[str, Change]:
        """Count what changed from these tables to later ones, by table; one that cannot be read counts as empty."""
        found = {}
        with duckdb.connect() as database:
            for name in (name for name in NAMES if name in self.files and name in later.files):
                key = f"gold.{name}"
                with self.as_relation(database, name) as before, later.as_relation(database, name) as after:
                    if after is not None:
                        earlier = before or f"(SELECT * FROM {after} LIMIT 0)"
                        found[key] = compare(database, earlier, after, KEYS[key])
        return found


def bring_gold_up_to_date(stack: Stack) -> str:
    """Have AggregateToGold build Gold, unless it is up to date; returns the version of the code that built it.

    S3 announces new objects only. After objects were removed, somebody has to ask.

    Raises
    ------
    StorageFailed
        When the build fails.
    """
    name = stack["AggregateToGoldName"]
    with aws.failures_of("AggregateToGold", name, "Silver is complete; `reelhouse replay` tries again"):
        answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"Records": []}).encode())
        body = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise StorageFailed(str(body.get("errorMessage", "it failed"))[:300], subject=name, step="AggregateToGold")
    return str(stack.build().get("code_version", ""))
