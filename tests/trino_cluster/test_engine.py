"""The product's Athena engine on Trino: it builds, publishes, moves the catalogue's tables and expires old builds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load  # type: ignore[import-untyped]

from pipeline import aggregate_to_gold, aws, keys
from pipeline.columns import GOLD, GOLD_TABLES
from pipeline.gold import athena_engine
from pipeline.gold.athena import Queries
from pipeline.gold.athena_engine import AthenaEngine
from pipeline.gold.build import Build, build_in_use
from pipeline.runs import utc
from pipeline.settings import AggregateToGoldSettings
from reelhouse.stack import Stack
from tests.templates import ROOT
from tests.trino_cluster.athena import TrinoAthena
from tests.trino_cluster.server import Trino

pytestmark = [pytest.mark.trino, pytest.mark.timeout(1800)]
SECONDS = 900.0


@pytest.fixture
def settings(stack: Stack) -> AggregateToGoldSettings:
    return AggregateToGoldSettings(stack["SilverBucketName"], stack["GoldBucketName"], 256)


@pytest.fixture
def engine(stack: Stack, trino: Trino) -> Iterator[AthenaEngine]:
    """The engine as AggregateToGold makes it with GoldEngine=athena, and the stack's own build again afterwards."""
    create_builds_database(stack)
    athena = TrinoAthena(aws.client("s3"), trino)
    yield AthenaEngine(
        Queries(athena.client, "reelhouse", pause=0),
        stack["GoldBucketName"],
        stack["SilverDatabaseName"],
        stack["GoldDatabaseName"],
    )
    aws.client("lambda").invoke(FunctionName=stack["AggregateToGoldName"], Payload=b"{}")


def create_builds_database(stack: Stack) -> None:
    """Create what the template creates only with GoldEngine=athena: the tables of one build."""
    glue, database = aws.client("glue"), f"{stack['GoldDatabaseName']}_builds"
    if database in {found["Name"] for found in glue.get_databases()["DatabaseList"]}:
        return
    glue.create_database(DatabaseInput={"Name": database})
    tables: dict[str, Any] = load(str(ROOT / "lambdas" / "glue_tables.template.yaml"))["Resources"]
    for table in tables.values():
        if table.get("Condition") == "BuiltByAthena":
            definition = json.dumps(table["Properties"]["TableInput"])
            definition = definition.replace("${GoldBucketName}", stack["GoldBucketName"])
            definition = re.sub(r'\{"Fn::Sub": ("[^"]*")\}', r"\1", definition)
            definition = re.sub(r'\{"Ref": "GoldEngine"\}', '"athena"', definition)
            glue.create_table(DatabaseName=database, TableInput=json.loads(definition))


def test_a_build_by_trino_is_published_and_equal_to_the_one_by_duckdb(
    stack: Stack, trino: Trino, engine: AthenaEngine, settings: AggregateToGoldSettings
) -> None:
    before = {table.name: stack.lake().table(table.name) for table in GOLD}

    result = aggregate_to_gold.run(settings, engine, SECONDS, again=True)

    published = build_in_use(stack["GoldBucketName"])
    assert published == result.build
    assert result.build.engine == "athena"
    assert result.build.tables == {name: len(frame) for name, frame in before.items()}
    for name in GOLD_TABLES:
        location = f"s3://{stack['GoldBucketName']}/{keys.build_folder(name, result.build.build_id)}"
        table = aws.client("glue").get_table(DatabaseName=stack["GoldDatabaseName"], Name=name)["Table"]
        assert table["StorageDescriptor"]["Location"] == location
        rows = trino.rows(f'SELECT count(*) FROM aws."{stack["GoldDatabaseName"]}"."{name}"')
        assert rows == [(len(before[name]),)]
        assert len(stack.lake().table(name)) == len(before[name])
    assert engine.is_intact(result.build)


def test_a_replaced_build_is_tagged_for_expiry_once_its_readers_have_left(
    stack: Stack, engine: AthenaEngine, settings: AggregateToGoldSettings
) -> None:
    small = replace(engine, tables=(GOLD_TABLES["movies"], GOLD_TABLES["pipeline_runs"]))
    first = aggregate_to_gold.run(settings, small, SECONDS, again=True).build
    second = aggregate_to_gold.run(settings, small, SECONDS, again=True).build

    assert tagged(stack) == set()

    small.retire(second)

    assert tagged(stack) == set(), "its readers may still be there"

    small.retire(aged(second))

    assert first.build_id in tagged(stack)
    assert second.build_id not in tagged(stack)


def tagged(stack: Stack) -> set[str | None]:
    """Return the builds whose objects are tagged for expiry."""
    s3, bucket = aws.client("s3"), stack["GoldBucketName"]
    expected = [{"Key": athena_engine.REPLACED, "Value": "true"}]
    listed = [entry.key for entry in aws.list_objects(s3, bucket, keys.BUILDS)]
    return {keys.build_of(key) for key in listed if s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == expected}


def aged(build: Build) -> Build:
    """Return the build as if it had been published two hours ago."""
    return replace(build, built_at=utc(datetime.now(UTC) - timedelta(hours=2)))
