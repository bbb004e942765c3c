"""Gold's tables as they are at one moment, to be compared with those of another; and bringing Gold up to date."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

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

    def compare(self, later: GoldTables) -> dict[str, Change]:
        """Count what changed from these tables to later ones, by table."""
        return {
            f"gold.{name}": self._compare(name, later) for name in NAMES if name in self.files and name in later.files
        }

    def _compare(self, name: str, later: GoldTables) -> Change:
        with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder, duckdb.connect() as database:
            before, after = Path(folder, "before.parquet"), Path(folder, "after.parquet")
            before.write_bytes(self.files[name])
            after.write_bytes(later.files[name])
            return compare(database, f"read_parquet('{before}')", f"read_parquet('{after}')", KEYS[f"gold.{name}"])


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
