"""Every statement of the QuickSight data sets: Trino accepts it, and its columns are those that the data set lists."""

from __future__ import annotations

from itertools import count

import pytest

from insights.columns import INSIGHTS_TABLES
from insights.quicksight import template
from pipeline.columns import GOLD
from tests.cloudformation import read_template
from tests.trino_cluster.lake import BUILD_ID, Silver, columns_of
from tests.trino_cluster.server import Trino

pytestmark = [pytest.mark.trino, pytest.mark.timeout(1800)]

# QuickSight's type of each type of Trino.
QUICKSIGHT_TYPES = {
    "varchar": "STRING",
    "integer": "INTEGER",
    "bigint": "INTEGER",
    "double": "DECIMAL",
    "date": "DATETIME",
    "timestamp(3)": "DATETIME",
    "boolean": "BIT",
}
NUMBERS = count()
DATA_SETS = {
    name: physical["CustomSql"]
    for name, resource in read_template(template.PATH)["Resources"].items()
    if resource["Type"] == "AWS::QuickSight::DataSet"
    for physical in resource["Properties"]["PhysicalTableMap"].values()
}


@pytest.fixture(scope="module")
def schema(small: Silver, trino: Trino) -> str:
    """A schema with all tables of Gold: those from Silver with rows, those of the notebooks empty."""
    schema = "files.quicksight"
    trino.rows(f"CREATE SCHEMA {schema}")
    for table in [*GOLD, *INSIGHTS_TABLES.values()]:
        folder = f"small/gold/{BUILD_ID}/{table.name}"
        if table in GOLD:
            small.built_by_trino(trino, table)
        (small.folder / folder).mkdir(parents=True, exist_ok=True)
        trino.rows(
            f"CREATE TABLE {schema}.{table.name} ({columns_of(table)}) "
            f"WITH (external_location = 'local:///{folder}', format = 'PARQUET')"
        )
    return schema


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_data_sets_statement_answers_its_columns(schema: str, trino: Trino, name: str) -> None:
    sql = DATA_SETS[name]["SqlQuery"]["Fn::Sub"].replace('"${GoldDatabaseName}"', schema)
    target = f"files.small_scratch.quicksight_{next(NUMBERS)}"

    rows = trino.rows(sql)
    trino.rows(f"CREATE TABLE {target} AS {sql} WITH NO DATA")
    described = [(row[0], QUICKSIGHT_TYPES[str(row[1])]) for row in trino.rows(f"DESCRIBE {target}")]

    assert described == [(column["Name"], column["Type"]) for column in DATA_SETS[name]["Columns"]]
    assert bool(rows) or any(f".{table} AS t" in sql for table in INSIGHTS_TABLES)
