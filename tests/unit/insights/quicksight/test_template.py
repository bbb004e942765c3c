"""The QuickSight template: it is the one that the definition makes, AWS's schema takes it, and Trino its SQL."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import trino_sql_validator
import yaml
from trino_query_parser import parse_statement  # type: ignore[import-untyped]

from insights.dashboard import schema
from insights.dashboard.definition import load
from insights.quicksight import fields, template

DEFINITION = load()
RENDERED = template.render(DEFINITION)
TEMPLATE = template.template(DEFINITION)


def linted(text: str) -> list[str]:
    """Rule and message of each fault that cfn-lint finds; it takes a second to import."""
    from cfnlint.api import ManualArgs, lint  # noqa: PLC0415

    return [f"{match.rule.id} {match.message}" for match in lint(text, config=ManualArgs(regions=["eu-central-1"]))]


def test_the_committed_template_is_the_definitions() -> None:
    assert template.PATH.read_text(encoding="utf-8") == RENDERED, "run `python -m insights.quicksight`"


def test_cfn_lint_finds_what_only_a_schema_knows() -> None:
    changed: Any = copy.deepcopy(TEMPLATE)
    resources = changed["Resources"]
    (films,) = resources["FilmsDataSet"]["Properties"]["PhysicalTableMap"].values()
    frequency = resources["FilmsRefresh"]["Properties"]["Schedule"]["ScheduleFrequency"]
    sheet = resources["Dashboard"]["Properties"]["Definition"]["Sheets"][0]
    # given a wrong column type, import mode, key of a visual, key of a schedule, and reference
    films["CustomSql"]["Columns"][0]["Type"] = "DOUBLE"
    resources["FilmsDataSet"]["Properties"]["ImportMode"] = "SPYCE"
    sheet["Visuals"][0]["KPIVisual"]["AltText"] = "text"
    frequency["Timezone"] = frequency.pop("TimeZone")
    films["CustomSql"]["DataSourceArn"] = {"Fn::GetAtt": ["Elsewhere", "Arn"]}

    errors = [fault for fault in linted(yaml.safe_dump(changed)) if fault.startswith("E")]

    for named in ("DOUBLE", "SPYCE", "AltText", "Timezone", "Elsewhere"):
        assert any(named in error for error in errors), named


def test_it_says_nothing_of_a_date_and_waits_for_no_data() -> None:
    data_sets = [one for one in TEMPLATE["Resources"].values() if one["Type"] == "AWS::QuickSight::DataSet"]

    assert "StartAfterDateTime" not in RENDERED
    assert len(data_sets) == len(DEFINITION.data_sets)
    assert all(one["Properties"]["IngestionWaitPolicy"] == {"WaitForSpiceIngestion": False} for one in data_sets)


def test_types_are_golds() -> None:
    for name, data_set in DEFINITION.data_sets.items():
        resource = TEMPLATE["Resources"]["".join(map(str.title, name.split("_"))) + "DataSet"]
        (table,) = resource["Properties"]["PhysicalTableMap"].values()
        types = {column["Name"]: column["Type"] for column in table["CustomSql"]["Columns"]}
        for column in data_set.columns:
            glue = schema.glue_type(data_set.table, column)
            wanted = {
                "string": "STRING",
                "int": "INTEGER",
                "bigint": "INTEGER",
                "double": "DECIMAL",
                "timestamp": "DATETIME",
            }
            assert types[column] == wanted[glue or ""], f"{name}.{column}"


@pytest.mark.parametrize("name", list(DEFINITION.data_sets))
def test_trino_takes_the_sql(name: str) -> None:
    sql = schema.sql(DEFINITION.data_sets[name], "my-stack_gold")

    parse_statement(sql)
    assert trino_sql_validator.validate(sql, jinja="reject").error is None


def test_a_film_counts_once_however_many_rows_it_has() -> None:
    measures = DEFINITION.measures

    assert fields.formula(DEFINITION, measures["films"]) == "distinct_count({imdb_id})"
    assert fields.formula(DEFINITION, measures["imdb_mean"]) == (
        "10 * sum(max({imdb_rating}, [${visualDimensions}, {imdb_id}]))"
        " / distinct_countIf({imdb_id}, isNotNull({imdb_rating}))"
    )
    assert fields.formula(DEFINITION, measures["genre_share"]) == "sum({films}) / sum({films_in_year})"


def test_a_match_is_from_0_to_100() -> None:
    (format_of_match,) = fields.plain(DEFINITION, "similar_films", "recommendations", "similarity")[
        "FormatConfiguration"
    ]["NumberFormatConfiguration"]["FormatConfiguration"]

    assert schema.column_format(DEFINITION.data_sets["recommendations"], "similarity") == "score"
    assert format_of_match == "PercentageDisplayFormatConfiguration"


def test_nothing_is_averaged() -> None:
    expressions = [fields.formula(DEFINITION, measure) for measure in DEFINITION.measures.values()]

    assert not [one for one in expressions if re.search(r"\b(avg|median|percentile)", one, re.IGNORECASE)]
    assert "AVERAGE" not in RENDERED


def test_it_goes_where_it_is_wanted() -> None:
    pattern = re.compile(template.PRINCIPAL_PATTERN)

    assert pattern.match("arn:aws:quicksight:eu-west-1:123456789012:group/default/analysts")
    assert pattern.match("arn:aws-us-gov:quicksight:us-gov-west-1:123456789012:user/default/ann@example.org")
    assert not pattern.match("analysts")
    assert not pattern.match("arn:aws:iam::123456789012:role/QuickSight")


def test_the_template_takes_it_only_with_a_principal() -> None:
    text = (Path(template.PATH).parents[1] / "template.yaml").read_text(encoding="utf-8")

    assert 'HasQuickSight: !Not [!Equals [!Ref QuickSightPrincipalArn, ""]]' in text
    assert re.search(r"  QuickSight:\n    Type: AWS::CloudFormation::Stack\n    Condition: HasQuickSight\n", text)
    assert "TemplateURL: insights/quicksight.template.yaml" in text
