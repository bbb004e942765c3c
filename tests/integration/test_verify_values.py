"""``reelhouse verify`` recomputes Silver from Bronze: a forged value is named, whatever the object is called."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from pipeline import keys
from reelhouse.commands.verify import Verified, verify
from reelhouse.stack import Stack
from tests.integration.moto_lake import Cold, Lake, Omdb, Top, as_stack, s3_event, sqs_event


@pytest.fixture
def stack(lake: Lake) -> Stack:
    return as_stack(lake)


@pytest.fixture
def run_id(lake: Lake, omdb: Omdb, handler: Cold, top: Top) -> str:
    """Ten films in Silver: one rejected, one quarantined."""
    ids = top(10)
    omdb.error(ids[0], "Incorrect IMDb ID.")
    omdb.film(ids[1], Year="3994")
    omdb.film(ids[2], BoxOffice="$28,700,000", Genre="Drama, Comedy")
    run_id = str(handler("get_movies_and_send_to_queue")({"top_n": 10, "batch_size": 5})["run_id"])
    handler("enrich_and_store_movie")(sqs_event(*lake.receive()))
    bronze = [key for key in lake.keys("bronze") if not key.startswith("source/")]
    handler("process_bronze_to_silver")(sqs_event(*(s3_event(key) for key in bronze)))
    return run_id


def checked(stack: Stack, run_id: str, sample: int | None = None) -> tuple[Verified, list[tuple[str, str]]]:
    result = verify(stack, run_id, sample)
    return result, [(one.layer, one.difference) for one in result.differences]


def test_unchanged_silver_has_no_differences(stack: Stack, run_id: str) -> None:
    result, differences = checked(stack, run_id)

    assert differences == []
    assert result.checked["recomputed_objects"] == 11, "ten films and the manifest"


def test_a_sample_names_its_size(stack: Stack, run_id: str) -> None:
    result, differences = checked(stack, run_id, sample=3)

    assert differences == []
    assert result.checked["recomputed_objects"] == 3


@pytest.mark.parametrize(
    ("column", "value"),
    [("box_office_usd", "287000000"), ("genres", "['Drama']")],
)
def test_a_part_rewritten_under_its_own_key_is_named(
    stack: Stack, lake: Lake, run_id: str, tmp_path: Path, column: str, value: str
) -> None:
    (part,) = lake.keys("silver", f"movies/run_id={run_id}/")
    (tmp_path / "part.parquet").write_bytes(lake.get("silver", part))
    with duckdb.connect() as database:
        forged = f"CASE WHEN box_office_usd = 28700000 THEN {value} ELSE {column} END AS {column}"
        rows = f"SELECT * REPLACE ({forged}) FROM '{tmp_path}/part.parquet'"
        database.execute(f"COPY ({rows}) TO '{tmp_path}/forged.parquet'")
    lake.put("silver", part, (tmp_path / "forged.parquet").read_bytes())

    result, differences = checked(stack, run_id)

    ((layer, difference),) = differences
    assert (layer, result.differences[0].subject) == ("silver", part)
    assert difference.startswith(f"its {column} differs from what Bronze gives for movies/run_id={run_id}/")


def test_a_part_whose_rows_are_of_other_bronze_versions_than_its_digest_says_is_named(
    stack: Stack, lake: Lake, run_id: str
) -> None:
    """One row is there twice, and another is gone: key columns, types and the number of rows are right."""
    (part,) = lake.keys("silver", f"movies/run_id={run_id}/")
    rows = pq.read_table(pa.BufferReader(lake.get("silver", part)))
    forged = pa.BufferOutputStream()
    pq.write_table(rows.take([1, *range(1, len(rows))]), forged)
    lake.put("silver", part, forged.getvalue().to_pybytes())

    result, _ = checked(stack, run_id)

    digest = "the digest in its key is not that of the Bronze versions of its rows"
    assert (part, digest) in [(one.subject, one.difference) for one in result.differences]


@pytest.mark.parametrize("kind", [keys.QUARANTINE, keys.REJECTED, keys.RUNS])
def test_a_rewritten_record_is_named(stack: Stack, lake: Lake, run_id: str, kind: str) -> None:
    (record,) = lake.keys("silver", f"{kind}/run_id={run_id}/")
    old, new = {
        keys.QUARANTINE: (b"3994", b"3995"),
        keys.REJECTED: (b"Incorrect", b"Correct"),
        keys.RUNS: (b'"expected": 10', b'"expected": 9'),
    }[kind]
    body = lake.get("silver", record)
    assert old in body
    lake.put("silver", record, body.replace(old, new))

    result, differences = checked(stack, run_id)

    assert [one.subject for one in result.differences] == [record]
    assert "from what Bronze gives for" in differences[0][1]


def test_a_film_moved_to_quarantine_is_named(stack: Stack, lake: Lake, run_id: str) -> None:
    (part,) = lake.keys("silver", f"movies/run_id={run_id}/")
    film = next(key for key in lake.keys("bronze", f"movies/run_id={run_id}/") if key.endswith("3.json"))
    (quarantined,) = lake.keys("silver", f"{keys.QUARANTINE}/run_id={run_id}/")
    other = keys.film(keys.QUARANTINE, run_id, str(keys.film_of(film)))
    source = keys.film(keys.MOVIES, run_id, str(keys.film_of(quarantined)))
    body = lake.get("silver", quarantined).replace(source.encode(), film.encode())
    lake.put("silver", other, body.replace(str(keys.film_of(quarantined)).encode(), str(keys.film_of(film)).encode()))

    _, differences = checked(stack, run_id)

    assert ("silver", f"{film} is quarantined here, but silver when recomputed from Bronze") in differences
    assert part


def test_a_damaged_manifest_is_a_difference_and_ends_nothing(stack: Stack, lake: Lake, run_id: str) -> None:
    lake.put("bronze", keys.manifest(run_id), b'{"expected": 1}')

    result, differences = checked(stack, run_id)

    assert ("bronze", "is not the manifest of its run") in differences
    assert result.checked["recomputed_objects"] == 10
