"""The product's Athena engine on Trino: it builds, publishes, moves the catalogue's tables and lets builds expire."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline import aggregate_to_gold, aws, keys
from pipeline.columns import GOLD, GOLD_TABLES
from pipeline.gold.athena_engine import AthenaEngine, Queries
from pipeline.gold.publication import SETTLED_AFTER, UNREFERENCED, expire, published_build, read_pointer
from pipeline.settings import AggregateToGoldSettings
from reelhouse.stack import Stack
from tests.cloudformation import read_template
from tests.templates import ROOT
from tests.trino_cluster.athena import TrinoAthena
from tests.trino_cluster.server import Trino

pytestmark = [pytest.mark.trino, pytest.mark.timeout(1800)]
SECONDS = 900.0


@pytest.fixture
def settings(stack: Stack) -> AggregateToGoldSettings:
    return AggregateToGoldSettings(
        stack["SilverBucketName"], stack["GoldBucketName"], 256, gold_database=stack["GoldDatabaseName"]
    )


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
    if database in {entry["Name"] for entry in glue.get_databases()["DatabaseList"]}:
        return
    glue.create_database(DatabaseInput={"Name": database})
    tables: dict[str, Any] = read_template(ROOT / "lambdas" / "glue_tables.template.yaml")["Resources"]
    for table in tables.values():
        if table.get("Condition") == "BuiltByAthena":
            definition = json.dumps(table["Properties"]["TableInput"])
            definition = definition.replace("${GoldBucketName}", stack["GoldBucketName"])
            definition = re.sub(r'\{"Fn::Sub": ("[^"]*")\}', r"\1", definition).replace("${!", "${")
            glue.create_table(DatabaseName=database, TableInput=json.loads(definition))


def test_a_build_by_trino_is_published_and_equal_to_the_one_by_duckdb(
    stack: Stack, trino: Trino, engine: AthenaEngine, settings: AggregateToGoldSettings
) -> None:
    before = {table.name: stack.lake().table(table.name) for table in GOLD}

    result = aggregate_to_gold.run(settings, engine, SECONDS, again=True)

    assert published_build(stack["GoldBucketName"]) == result.build
    assert result.build.engine == "athena"
    assert result.build.rows == {name: len(frame) for name, frame in before.items()}
    assert set(result.build.written) == set(GOLD_TABLES)
    for name in GOLD_TABLES:
        location = f"s3://{stack['GoldBucketName']}/{keys.build_table(result.build.build_id, name)}"
        table = aws.client("glue").get_table(DatabaseName=stack["GoldDatabaseName"], Name=name)["Table"]
        assert table["StorageDescriptor"]["Location"] == location
        rows = trino.rows(f'SELECT count(*) FROM aws."{stack["GoldDatabaseName"]}"."{name}"')
        assert rows == [(len(before[name]),)]
        assert len(stack.lake().table(name)) == len(before[name])


def test_a_table_with_the_same_rows_refers_to_the_earlier_build(
    stack: Stack, engine: AthenaEngine, settings: AggregateToGoldSettings
) -> None:
    """Trino's checksum is the same for the same rows, in whatever order and in however many files it wrote them."""
    small = replace(engine, tables=(GOLD_TABLES["movies"], GOLD_TABLES["rank_history"], GOLD_TABLES["pipeline_runs"]))
    first = aggregate_to_gold.run(settings, small, SECONDS, again=True).build

    second = aggregate_to_gold.run(settings, small, SECONDS, again=True).build

    assert second.build_id > first.build_id
    assert second.written == []
    assert second.tables == first.tables


def test_what_was_replaced_too_long_ago_is_tagged_for_expiry(
    stack: Stack, engine: AthenaEngine, settings: AggregateToGoldSettings
) -> None:
    """The second build's own objects, which nothing refers to, expire; those of the first do not."""
    small = replace(engine, tables=(GOLD_TABLES["movies"], GOLD_TABLES["rank_history"], GOLD_TABLES["pipeline_runs"]))
    bucket = stack["GoldBucketName"]
    first = aggregate_to_gold.run(settings, small, SECONDS, again=True).build
    second = aggregate_to_gold.run(settings, small, SECONDS, again=True).build
    unreferenced = {e.key for e in aws.list_objects(aws.client("s3"), bucket, keys.build_folder(second.build_id))}
    unreferenced -= {keys.build_record(second.build_id)}

    assert unreferenced
    assert not unreferenced & tagged(stack)
    expire(bucket, read_pointer(bucket), datetime.now(UTC) + 2 * SETTLED_AFTER)

    assert unreferenced <= tagged(stack)
    assert not {entry.key for table in first.tables.values() for entry in table.objects} & tagged(stack)


def tagged(stack: Stack) -> set[str]:
    """Return the keys of objects that are tagged for expiry."""
    s3, bucket = aws.client("s3"), stack["GoldBucketName"]
    expected = [{"Key": UNREFERENCED, "Value": "true"}]
    listed = [entry.key for entry in aws.list_objects(s3, bucket, keys.BUILDS)]
    return {key for key in listed if s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == expected}
