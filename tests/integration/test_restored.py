"""What `up` reports after a restart: films that Gold counted and that Bronze lacks, by run."""

from __future__ import annotations

import pytest

from pipeline import aws, keys
from pipeline.gold.build import Build, RunCounts, SilverInput
from pipeline.gold.publication import publish as publish_build
from pipeline.gold.publication import read_pointer
from reelhouse.commands.up import losses
from reelhouse.stack import Stack

WHOLE, DAMAGED = "20261124T030000Z-aaaaaaaa", "20261125T030000Z-bbbbbbbb"
FILMS = ["tt0000001", "tt0000002", "tt0000003"]
STACK = Stack("reelhouse", {"BronzeBucketName": "bronze", "GoldBucketName": "gold"})


def store(run_id: str, *films: str, body: bytes = b"{}") -> None:
    for film in films:
        aws.client("s3").put_object(Bucket="bronze", Key=keys.film("movies", run_id, film), Body=body)


def publish(*run_ids: str) -> None:
    counts = RunCounts(expected=3, stored=3, rejected=0, quarantined=0, in_gold=3, status="complete")
    build = Build(
        build_id="20261126T030000.000000Z", built_at="2026-11-26T03:00:00Z", seconds=1.0, code_version="v",
        engine="duckdb", silver=SilverInput("silver", 1, 1, "x"), tables={}, runs=dict.fromkeys(run_ids, counts),
    )  # fmt: skip
    publish_build("gold", build, read_pointer("gold"))


@pytest.fixture(autouse=True)
def buckets(cloud: None) -> None:
    for bucket in ("bronze", "gold"):
        aws.ensure_bucket(aws.client("s3"), bucket, "eu-central-1")


def test_without_a_build_nothing_is_known_to_be_lost() -> None:
    assert losses(STACK) == []


def test_with_all_films_there_is_nothing_to_say() -> None:
    store(WHOLE, *FILMS)
    publish(WHOLE)

    assert losses(STACK) == []


def test_a_run_that_lost_films_is_named_with_the_cure() -> None:
    store(WHOLE, *FILMS)
    store(DAMAGED, FILMS[0])
    store(DAMAGED, FILMS[1], body=b"")
    publish(WHOLE, DAMAGED)

    (sentence,) = losses(STACK)

    assert sentence.startswith(f"Bronze lost 2 of 3 films of run {DAMAGED}")
    assert f"reelhouse run --resume {DAMAGED}" in sentence
