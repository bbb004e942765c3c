"""What `reelhouse doctor` reports about Silver's parts, Gold's tables and the catalogue, on moto."""

from __future__ import annotations

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from insights.lake import Lake as GoldLake
from pipeline import aws, keys
from pipeline.columns import GOLD_TABLES
from pipeline.errors import LocalStackError, ReelhouseError, StorageFailed
from pipeline.gold import tables as gold_tables
from reelhouse.commands import doctor
from reelhouse.local import catalogue
from reelhouse.stack import Stack
from tests.integration.gold_of_films import build_gold
from tests.integration.moto_lake import Lake, as_stack
from tests.silver_rows import FIRST, SECOND


@pytest.fixture
def gold(lake: Lake) -> Stack:
    """A stack whose Gold was built from a few films."""
    build_gold(lake)
    databases = {f"{layer}DatabaseName": f"reelhouse_{layer.lower()}" for layer in ("Silver", "Gold")}
    return Stack("moto", as_stack(lake).outputs | databases)


def test_many_small_parts_are_no_fault_but_worth_a_compaction(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MOST_SMALL_PARTS", 2)
    check = dict(doctor.CHECKS)["Silver"]
    stack = Stack("reelhouse", {"SilverBucketName": "silver"})
    for index, run_id in enumerate((FIRST, FIRST, SECOND, SECOND)):
        lake.put("silver", keys.silver_part(run_id, f"{index:04x}", 1), b"")

    assert (check(stack).ok, check(stack).found) == (True, "4 parts of 2 runs")

    lake.put("silver", keys.silver_part(SECOND, "00ff", 1), b"")
    assert check(stack).ok is None
    assert "reelhouse compact" in check(stack).advice


def test_a_gold_table_without_its_key_column_is_a_fault(gold: Stack) -> None:
    check = dict(doctor.CHECKS)["Gold tables"]
    assert (check(gold).ok, check(gold).found) == (True, f"{len(GOLD_TABLES)} tables have their key columns and types")

    lake = gold.lake()
    key = gold_tables.parts("gold", "movies")[0].key  # type: ignore[index]
    body = aws.get(aws.client("s3"), "gold", key)[0]
    write(lake, key, pq.read_table(pa.BufferReader(body)).drop_columns(["imdb_id"]))
    assert check(gold).ok is False
    assert check(gold).found == f"{key}: has no column imdb_id"
    assert "reelhouse replay" in check(gold).advice

    write(lake, key, pa.table({"imdb_id": [1]}))
    assert check(gold).found == f"{key}: imdb_id is bigint, not string"


def test_a_damaged_pointer_is_a_fault_and_not_a_gold_that_was_never_built(gold: Stack) -> None:
    checks = dict(doctor.CHECKS)
    aws.client("s3").put_object(Bucket="gold", Key=keys.BUILD, Body=b"{")

    assert checks["Gold"](gold).ok is False
    assert checks["Gold"](gold).found.startswith(f"{keys.BUILD} is damaged")
    assert "builds Gold again" in checks["Gold"](gold).advice
    assert checks["Gold publication"](gold).ok is None

    aws.client("s3").delete_object(Bucket="gold", Key=keys.BUILD)
    assert checks["Gold"](gold).ok is False
    assert checks["Gold"](gold).found == f"{keys.BUILD} is missing, though 1 build of Gold is stored"
    assert "builds Gold again" in checks["Gold"](gold).advice


def test_missing_objects_are_named_with_what_repairs_them(lake: Lake, gold: Stack) -> None:
    def check() -> doctor.Check:
        return dict(doctor.CHECKS)["objects"](gold)

    films = ("tt0000001", "tt0000002", "tt0000009")
    lake.expect(FIRST, *films)
    for imdb_id in films:
        lake.put("bronze", keys.film(keys.MOVIES, FIRST, imdb_id), b"{}")
    assert check().found == (
        f"{keys.manifest(SECOND)} is missing in Bronze; "
        f"3 Bronze objects of run {FIRST} without an outcome in Silver; "
        f"8 films of run {SECOND} missing in Bronze that Gold has"
    )
    assert f"`reelhouse run --resume {FIRST}`" in check().advice
    assert "`reelhouse verify` names every object" in check().advice

    lake.expect(SECOND, *(f"tt{number:07}" for number in range(1, 9)))
    for number in range(1, 9):
        lake.put("bronze", keys.film(keys.MOVIES, SECOND, f"tt{number:07}"), b"{}")
    lake.put("silver", keys.silver_part(FIRST, "0f", 3), b"")
    lake.put("silver", keys.silver_part(SECOND, "0f", 8), b"")
    assert "is not the one that Gold was built from" in check().found

    lake.sqs.send_message(QueueUrl=gold["SilverEventsUrl"], MessageBody="{}")
    assert check().ok is True, "Silver is compared when the queues are empty"


def write(lake: GoldLake, key: str, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    aws.client("s3").put_object(Bucket=lake.gold_bucket, Key=key, Body=bytes(sink.getvalue()))


def test_a_dropped_table_is_a_fault_that_up_repairs(gold: Stack) -> None:
    check, glue = dict(doctor.CHECKS)["catalogue"], aws.client("glue")
    for database in ("reelhouse_gold", "reelhouse_silver"):
        glue.create_database(DatabaseInput={"Name": database})
    everything = catalogue.restore(gold)
    assert {"reelhouse_gold.movies", "reelhouse_silver.movies", "reelhouse_silver.movies_by_run"} <= set(everything)
    assert check(gold).ok is True
    before = glue.get_table(DatabaseName="reelhouse_gold", Name="movies")["Table"]["StorageDescriptor"]
    assert before["Location"].startswith("s3://gold/")

    glue.delete_table(DatabaseName="reelhouse_gold", Name="movies")
    assert (check(gold).ok, check(gold).found) == (False, "lacks reelhouse_gold.movies")
    assert "`reelhouse up`" in check(gold).advice
    assert catalogue.restore(gold) == ["reelhouse_gold.movies"]
    assert check(gold).ok is True
    assert catalogue.restore(gold) == []


@pytest.mark.parametrize(
    ("error", "found", "advice"),
    [
        (
            LocalStackError("it is not running", subject="local stack", next_step="`reelhouse up` starts it"),
            "local stack: it is not running",
            "`reelhouse up` starts it",
        ),
        (
            StorageFailed("Query answered X", subject="Athena", step="gold"),
            "Query answered X",
            "see docs/operations.md",
        ),
    ],
)
def test_a_failed_check_says_each_thing_once(error: ReelhouseError, found: str, advice: str) -> None:
    def refuse(_: object) -> doctor.Check:
        raise error

    check = doctor._safely("Athena", refuse, None)
    assert (check.found, check.advice) == (found, advice)
