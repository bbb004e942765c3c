"""The catalogue's tables follow the published build, and nothing else about them changes."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline import aws, keys
from pipeline.columns import GOLD
from pipeline.gold.publication import point_at
from tests.fake_athena import make_catalogue
from tests.gold_builds import BUILD_ID, a_build, a_table
from tests.integration.moto_lake import Lake

DATABASE = "reelhouse_gold"
BUILD = a_build(tables={table.name: a_table(BUILD_ID, table.name) for table in GOLD})


@pytest.fixture(autouse=True)
def _catalogue(lake: Lake) -> None:
    make_catalogue(aws.client("glue"))
    mine = {"Name": "mine", "StorageDescriptor": {"Location": "s3://gold/mine/", "Columns": []}}
    aws.client("glue").create_table(DatabaseName=DATABASE, TableInput=mine)


def entry(name: str) -> dict[str, Any]:
    stored: dict[str, Any] = aws.client("glue").get_table(DatabaseName=DATABASE, Name=name)["Table"]
    return stored


def test_all_tables_move_once_and_keep_all_else() -> None:
    before = entry("movies")
    assert before["StorageDescriptor"]["Location"] == f"s3://gold/{keys.UNPUBLISHED}movies/"

    assert point_at(BUILD, DATABASE, "gold") == len(GOLD)
    assert point_at(BUILD, DATABASE, "gold") == 0

    after = entry("movies")
    moved = {"Location": f"s3://gold/{keys.build_table(BUILD_ID, 'movies')}"}
    assert after["StorageDescriptor"] == before["StorageDescriptor"] | moved
    assert after["Parameters"]["classification"] == before["Parameters"]["classification"]
    assert entry("mine")["StorageDescriptor"]["Location"] == "s3://gold/mine/"


def test_a_table_that_a_deployment_reset_moves_back() -> None:
    point_at(BUILD, DATABASE, "gold")
    reset = {"Name": "movies", "StorageDescriptor": {"Location": "s3://gold/builds/unpublished/movies/", "Columns": []}}
    aws.client("glue").update_table(DatabaseName=DATABASE, TableInput=reset)

    assert point_at(BUILD, DATABASE, "gold") == 1


def test_a_table_of_an_earlier_build_stays_where_it_is() -> None:
    point_at(BUILD, DATABASE, "gold")
    later = BUILD_ID.replace("24T", "25T")
    build = a_build(build_id=later, tables={**BUILD.tables, "movies": a_table(later, "movies")})

    assert point_at(build, DATABASE, "gold") == 1
