"""Each kind of damage to stored data is caused with root credentials, found by verify, and repaired."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import aws, keys
from reelhouse.commands.replay import replay
from reelhouse.commands.verify import Verified, verify
from reelhouse.stack import Stack
from tests.gold_builds import keys_of
from tests.running import let_events_settle

PROBED = "run_id=20261124T000000Z-00000000/"


@pytest.fixture
def mended(stack: Stack, small_run: str) -> Iterator[None]:
    """After the test a replay repairs Silver and Gold."""
    yield
    assert replay(stack, [small_run], lambda *_: None).status == "complete"
    assert verify(stack, small_run).ok
    let_events_settle(stack)


def settle(stack: Stack) -> Verified:
    """What verify finds when all events that the damage caused are worked off and Gold is built."""
    let_events_settle(stack)
    stack.build_gold()
    return verify(stack)


def named(result: Verified, key: str) -> str:
    """What is said of one object, in one text."""
    return "; ".join(one.difference for one in result.differences if one.subject == key)


def unexplained(result: Verified) -> list[str]:
    """Differences but for what the probes of test_iam.py leave, which write to a run that never was."""
    return [one.subject for one in result.differences if PROBED not in one.subject]


def of_run(stack: Stack, bucket: str, prefix: str) -> list[str]:
    return [entry.key for entry in aws.list_objects(aws.client("s3"), stack[f"{bucket}BucketName"], prefix)]


def test_an_undisturbed_lakehouse_has_no_difference(stack: Stack, small_run: str) -> None:
    result = settle(stack)
    assert unexplained(result) == []
    assert result.checked["runs"] == len(set(stack.run_ids()) - {PROBED[7:-1]})
    assert result.checked["gold_tables"] == 12
    alone = verify(stack, small_run)
    assert (alone.ok, alone.waiting, alone.parked, alone.checked["bronze_objects"]) == (True, 0, 0, 12)


def part_of(table: pa.Table) -> bytes:
    """Return a part with a table's rows and types."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def without_a_row(body: bytes) -> bytes:
    return part_of(pq.read_table(io.BytesIO(body)).slice(1))


def with_numbers_as_titles(body: bytes) -> bytes:
    table = pq.read_table(io.BytesIO(body))
    index = table.column_names.index("title")
    return part_of(table.set_column(index, "title", pa.array([7] * table.num_rows)))


DAMAGES: list[tuple[Callable[[bytes], bytes], str]] = [
    (without_a_row, "cannot be used: holds "),
    (with_numbers_as_titles, "cannot be used: title is BIGINT, not VARCHAR"),
    (lambda _: b"no parquet", "cannot be used"),
]


@pytest.mark.usefixtures("mended")
def test_the_films_of_a_lost_part_of_silver_and_a_damaged_part_are_named(stack: Stack, small_run: str) -> None:
    # While a message of an earlier test is under way in SilverEvents, what Gold lacks counts as waiting.
    let_events_settle(stack)
    stack.build_gold()
    s3, bucket = aws.client("s3"), stack["SilverBucketName"]
    parts = of_run(stack, "Silver", keys.run_prefix("movies", small_run))
    body = aws.get(s3, bucket, parts[0])[0]
    films = set(pd.read_parquet(io.BytesIO(body))["bronze_key"])
    for part in parts:
        s3.delete_object(Bucket=bucket, Key=part)

    lost = verify(stack, small_run)

    assert len(lost.differences) == 10
    assert all("no outcome in Silver" in one.difference for one in lost.differences)
    assert "not built from the current Silver" in named(verify(stack, sample=1), keys.BUILD)
    for damage, said in DAMAGES:
        s3.put_object(Bucket=bucket, Key=parts[0], Body=damage(body))

        result = verify(stack, small_run)

        assert said in named(result, parts[0])
        assert {one.subject for one in result.differences} & films


@pytest.mark.usefixtures("mended")
def test_two_outcomes_of_one_film_are_named(stack: Stack, small_run: str) -> None:
    imdb_id = next(iter(stack.manifest(small_run).expected))
    key = keys.film("movies", small_run, imdb_id)
    body = {"imdb_id": imdb_id, "run_id": small_run, "reasons": ["year: none"], "bronze_key": key}
    quarantined = keys.film("quarantine", small_run, imdb_id)
    s3, bucket = aws.client("s3"), stack["SilverBucketName"]
    s3.put_object(Bucket=bucket, Key=quarantined, Body=json.dumps(body).encode())
    assert "2 outcomes" in named(verify(stack, small_run), key)
    assert replay(stack, [small_run], lambda *_: None).removed >= 1
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key=quarantined)


@pytest.fixture
def gold_table(stack: Stack) -> Iterator[str]:
    """The key of a Gold table; after the test it is built again."""
    let_events_settle(stack)
    stack.build_gold()
    (key,) = keys_of(stack["GoldBucketName"], "ratings_by_genre")
    yield key
    # The next event finds that an object of the published build is damaged, and builds it again.
    assert unexplained(settle(stack)) == []


def test_a_damaged_gold_table_is_named_row_by_row(stack: Stack, gold_table: str) -> None:
    s3, bucket = aws.client("s3"), stack["GoldBucketName"]
    table = pd.read_parquet(io.BytesIO(aws.get(s3, bucket, gold_table)[0]))
    table.loc[0, "mean"] += 1

    def said() -> str:
        return named(verify(stack, sample=1), gold_table.removesuffix("ratings_by_genre.parquet"))

    s3.put_object(Bucket=bucket, Key=gold_table, Body=table.iloc[:-1].to_parquet(index=False))
    output = said()
    assert f"holds {len(table) - 1} rows; the build wrote {len(table)}" in output
    assert "rows of Silver that are missing: 1; rows that are not in Silver: 0; rows that differ: 1" in output
    s3.put_object(Bucket=bucket, Key=gold_table, Body=b"no parquet")
    assert said() == "is no parquet file"
    s3.delete_object(Bucket=bucket, Key=gold_table)
    assert said() == "is missing"


def test_bronze_that_was_overwritten_deleted_or_put_there_by_hand_is_named(
    stack: Stack, new_run: Callable[[int, int], str]
) -> None:
    run_id = new_run(5, 5)
    s3, bucket = aws.client("s3"), stack["BronzeBucketName"]
    overwritten, hidden, removed, *_ = of_run(stack, "Bronze", keys.run_prefix("movies", run_id))
    odd = f"movies/run_id={run_id}/notes.txt"
    unexpected = keys.film("movies", run_id, "tt0000001")
    source = keys.source_list(run_id)
    body, version = aws.get(s3, bucket, removed)

    s3.put_object(Bucket=bucket, Key=overwritten, Body=b'{"run_id": "another"}')
    s3.delete_object(Bucket=bucket, Key=hidden)
    s3.delete_object(Bucket=bucket, Key=removed, VersionId=str(version))
    s3.put_object(Bucket=bucket, Key=odd, Body=b"notes")
    s3.put_object(Bucket=bucket, Key=unexpected, Body=body)
    s3.put_object(Bucket=bucket, Key=source, Body=b"[]")

    result = verify(stack, run_id)

    assert "2 versions" in named(result, overwritten)
    assert "another run or film" in named(result, overwritten)
    assert "delete marker" in named(result, hidden)
    # Messages that other tests left waiting might be this film's.
    assert "neither stored, rejected, waiting nor parked" in named(result, removed) or result.waiting >= 1
    assert "is not in Bronze" in named(result, removed)
    assert "not a key of Bronze" in named(result, odd)
    assert "does not expect" in named(result, unexpected)
    assert "SHA-256" in named(result, source)
