"""Compaction on moto: Gold is identical at every step, and concurrent writes or interruptions lose nothing."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from botocore.exceptions import EndpointConnectionError
from moto.s3.models import s3_backends

from pipeline import aws, keys, process_bronze_to_silver
from pipeline.columns import SILVER, SILVER_TABLES
from pipeline.errors import StorageFailed
from pipeline.gold.duckdb_engine import GoldDatabase
from reelhouse.commands.compact import Compaction, compact_silver
from tests.integration.moto_lake import FEW_TABLES, Lake
from tests.silver_rows import FILMS, QUARANTINE, REJECTED, RUNS, SECOND, Row, film, silver_files

FOREVER = datetime.max.replace(tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("few_tables")
Gold = dict[str, list[tuple[object, ...]]]


def put_part(lake: Lake, rows: list[Row], digest: str) -> str:
    """Write rows of one run as ProcessBronzeToSilver does."""
    key = keys.silver_part(rows[0]["run_id"], digest, len(rows))
    lake.put("silver", key, process_bronze_to_silver.encode(rows, SILVER_TABLES["movies"]))
    return key


@pytest.fixture
def parts(lake: Lake) -> list[str]:
    """Create a Silver of two runs with one row a part, written two hours ago; return the parts' keys."""
    for name, rows in (("quarantine", QUARANTINE), ("rejected", REJECTED), ("runs", RUNS)):
        for key, (_, body) in silver_files(rows, name).items():
            lake.put("silver", key, body)
    written = [put_part(lake, [row], f"{index:04x}") for index, row in enumerate(FILMS)]
    age(2)
    return written


def age(hours: int) -> None:
    """Make all of Silver this many hours older."""
    for account in s3_backends.values():
        for entry in account["aws"].buckets["silver"].keys.values():
            entry.last_modified -= timedelta(hours=hours)


def compacted(run_ids: list[str] | None = None) -> Compaction:
    return compact_silver("silver", run_ids, datetime.now(UTC) - timedelta(hours=1), lambda *_: None)


def gold(lake: Lake) -> Gold:
    """Return every row of every table built from the current Silver."""
    return gold_of(tuple((key, lake.get("silver", key)) for key in lake.keys("silver")))


@cache
def gold_of(objects: tuple[tuple[str, bytes], ...]) -> Gold:
    """Build Gold from objects of Silver; many tests begin with the same ones."""
    engine = GoldDatabase(256)
    for table in SILVER:
        engine.load(table, {key: ("etag", body) for key, body in objects if key.startswith(f"{table.name}/")})
    engine.build()
    return {table.name: engine.query(f"SELECT * FROM gold.{table.name} ORDER BY ALL") for table in FEW_TABLES}


def rows_of(lake: Lake, key: str) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(lake.get("silver", key)))


def rewritten(lake: Lake, key: str, select: str) -> bytes:
    """Return a part rewritten by a SELECT."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as database:
        Path(folder, "part.parquet").write_bytes(lake.get("silver", key))
        database.execute(f"COPY ({select} FROM '{folder}/part.parquet') TO '{folder}/new.parquet'")
        return Path(folder, "new.parquet").read_bytes()


def test_small_parts_become_one_a_run_and_go_an_hour_later_with_gold_the_same_all_along(
    lake: Lake, parts: list[str]
) -> None:
    before, others = gold(lake), [key for key in lake.keys("silver") if not key.startswith("movies/")]

    assert compacted() == Compaction(runs=2, merged=11, written=2, removed=0, waiting=12)

    merged = [key for key in lake.keys("silver", "movies/") if keys.is_compacted(key)]
    assert set(lake.keys("silver", "movies/")) == {*parts, *merged}
    assert [keys.rows_of(key) for key in merged] == [3, 8]
    assert gold(lake) == before
    # A second one in the meantime finds nothing to do.
    assert compacted() == Compaction(waiting=12)

    age(2)
    assert compacted() == Compaction(runs=2, removed=12)
    assert lake.keys("silver", "movies/") == merged
    assert [key for key in lake.keys("silver") if not key.startswith("movies/")] == others
    assert gold(lake) == before
    assert compacted() == Compaction()


def test_merged_rows_are_the_rows_that_were_there(lake: Lake, parts: list[str], tmp_path: Path) -> None:
    """Every column, lineage and nulls included; of the film that was processed twice the row made last."""
    expected = pd.concat([rows_of(lake, key) for key in parts if keys.run_of(key) == SECOND])
    expected = expected.sort_values("processed_at").drop_duplicates("bronze_key", keep="last").sort_values("bronze_key")

    compacted([SECOND])

    merged = [key for key in lake.keys("silver", "movies/") if keys.is_compacted(key)]
    assert len(merged) == 1
    pd.testing.assert_frame_equal(rows_of(lake, merged[0]), expected.reset_index(drop=True))
    file = tmp_path / "merged.parquet"
    file.write_bytes(lake.get("silver", merged[0]))
    described = duckdb.connect().execute(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '{file}')")
    assert dict(described.fetchall()) == SILVER_TABLES["movies"].duckdb_types()


def test_a_run_that_is_still_coming_in_is_left_alone(lake: Lake, parts: list[str]) -> None:
    late = put_part(lake, [film(99)], "ffff")

    assert compacted() == Compaction(runs=1, merged=3, written=1, waiting=3)
    assert {late, *parts} <= set(lake.keys("silver", "movies/"))


def test_a_late_part_joins_its_run(lake: Lake, parts: list[str]) -> None:
    compacted()
    put_part(lake, [film(99)], "ffff")
    age(2)

    # The newest merged part wins over the older one, so that one waits with all ten parts.
    assert compacted() == Compaction(runs=2, merged=2, written=1, removed=3, waiting=11)
    age(2)
    compacted()

    assert [keys.rows_of(key) for key in lake.keys("silver", "movies/")] == [3, 9]


def test_a_part_that_was_written_again_after_the_merge_keeps_its_newer_rows(lake: Lake, parts: list[str]) -> None:
    """A message delivered twice, or a replay: the same key, newer rows."""
    compacted([SECOND])
    key = next(key for key in parts if keys.run_of(key) == SECOND and rows_of(lake, key)["imdb_id"][0] == "tt0000002")
    again = film(2, title="Made anew", processed_at="2026-11-24 09:00:00.000000")
    lake.put("silver", key, process_bronze_to_silver.encode([again], SILVER_TABLES["movies"]))
    age(2)
    before = gold(lake)
    assert "Made anew" in str(before["movies"])

    for _ in range(3):
        compacted([SECOND])
        assert gold(lake) == before
        age(2)

    assert len(lake.keys("silver", keys.run_prefix("movies", SECOND))) == 1


def test_a_compaction_that_died_is_finished_by_the_next(lake: Lake, parts: list[str]) -> None:
    before = gold(lake)
    compacted()
    age(2)
    for key in [key for key in parts if keys.run_of(key) == SECOND][:4]:
        lake.s3.delete_object(Bucket="silver", Key=key)
    assert gold(lake) == before

    compacted()

    assert all(keys.is_compacted(key) for key in lake.keys("silver", "movies/"))
    assert gold(lake) == before


def test_whichever_call_fails_no_row_is_lost_and_the_next_compaction_finishes(lake: Lake) -> None:
    rows = [film(1), film(2), film(2, processed_at="2026-11-24 04:00:00.000000")]

    def newest() -> dict[str, str]:
        held = pd.concat([rows_of(lake, key) for key in lake.keys("silver")])
        return {str(film): str(times.max()) for film, times in held.groupby("imdb_id")["processed_at"]}

    parts = [put_part(lake, [row], f"{index:04x}") for index, row in enumerate(rows)]
    bodies, before = {key: lake.get("silver", key) for key in parts}, newest()
    for call in count():
        for key in lake.keys("silver"):
            lake.s3.delete_object(Bucket="silver", Key=key)
        for key, body in bodies.items():
            lake.put("silver", key, body)
        left = iter([None] * call)

        def fail(left: Iterator[None] = left, **_: Any) -> None:
            if next(left, "struck") == "struck":
                raise EndpointConnectionError(endpoint_url="s3")

        lake.s3.meta.events.register("before-call.s3", fail)
        try:
            compact_silver("silver", None, FOREVER, lambda *_: None)
            failed = False
        except (StorageFailed, EndpointConnectionError):
            failed = True
        finally:
            lake.s3.meta.events.unregister("before-call.s3", fail)

        assert newest() == before
        compact_silver("silver", None, FOREVER, lambda *_: None)
        assert newest() == before
        assert [keys.rows_of(key) for key in lake.keys("silver")] == [2]
        if not failed:
            break

    assert call > len(rows)


def test_what_an_older_part_lacks_is_null(lake: Lake) -> None:
    older = put_part(lake, [film(1, rated="PG"), film(2, rated="PG")], "0001")
    put_part(lake, [film(3, rated="PG")], "0002")
    lake.put("silver", older, rewritten(lake, older, "SELECT * EXCLUDE (rated)"))
    age(2)

    compacted()

    merged = next(key for key in lake.keys("silver") if keys.is_compacted(key))
    assert rows_of(lake, merged)["rated"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("SELECT *, 'x' AS later", "its columns later are unknown"),
        ("SELECT * EXCLUDE (bronze_key)", "rows without bronze_key"),
        ("", "rebuilds it"),
    ],
    ids=["unknown column", "key column lost", "unreadable"],
)
def test_a_run_that_would_lose_something_is_left_as_it_is(lake: Lake, parts: list[str], select: str, said: str) -> None:
    damaged = next(key for key in parts if keys.run_of(key) == SECOND)
    lake.put("silver", damaged, rewritten(lake, damaged, select) if select else b"no parquet")
    age(2)

    result = compacted()

    assert (result.runs, result.merged, list(result.skipped)) == (1, 3, [SECOND])
    assert said in result.skipped[SECOND]
    assert set(parts) <= set(lake.keys("silver", "movies/"))


def test_a_listing_from_before_can_still_be_read(lake: Lake, parts: list[str]) -> None:
    """A build that had listed Silver finds every object that it listed, until it must have ended."""
    listed: Any = aws.list_objects(lake.s3, "silver")

    compacted()
    compacted()

    assert all(isinstance(result, tuple) for result in aws.get_many(lake.s3, "silver", [entry.key for entry in listed]))
