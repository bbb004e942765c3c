import re

import pandas as pd
import pytest

from insights.summaries import fact_wording, facts
from insights.summaries.fact_tables import fact_tables
from insights.summaries.facts import facts_of, rules
from pipeline.columns import GOLD_TABLES
from tests import gold_rows


def test_a_row_becomes_a_fact_with_its_source_unit_and_films() -> None:
    fact = facts_of("ratings_by_genre", gold_rows.ratings_by_genre())[0]
    assert (fact.id, fact.subject) == ("ratings_by_genre/genre=Drama/source=rotten_tomatoes", "Drama")
    assert fact.values["mean"] == facts.FactValue(
        "a Rotten Tomatoes mean of 65.2 out of 100 (8,913 films)",
        65.2441,
        "65.2 out of 100",
        "ratings_by_genre.mean/source=rotten_tomatoes",
    )


def test_what_is_not_known_is_no_value_and_no_part_of_the_telling() -> None:
    known, unknown = facts_of("box_office_by_decade", gold_rows.box_office_by_decade())
    assert set(known.values) == {"films", "mean", "median", "total"}
    assert known.tell == "{} has {.films} and {.mean}"
    assert set(unknown.values) == {"films"}
    assert unknown.tell == "{} has {.films}"


def test_a_trend_is_told_as_what_the_test_found() -> None:
    rows = fact_tables(gold_rows.gold())["genre_trends"]
    assert [fact.values["trend"].text for fact in facts_of("genre_trends", rows)] == [
        "a rising share of all films, +1.2 percentage points a decade (95% interval +0.8 to +1.6; 1940 to 2014, "
        "8,913 films)",
        "no clear trend in its median Metacritic rating (1940 to 2014, 3,906 films)",
        "no clear trend in its median box office in the dollars of the day (1940 to 2014, 12 films)",
    ]


@pytest.mark.parametrize("column", ["imdb_id", "title"])
def test_a_row_without_key_or_subject_makes_no_fact(column: str) -> None:
    assert facts_of("movies", gold_rows.movies(1).assign(**{column: None})) == []


def test_a_row_of_an_older_schema_makes_a_smaller_fact() -> None:
    (fact,) = facts_of("movies", pd.DataFrame({"imdb_id": ["tt1"], "title": ["Up"], "rank": [1]}))
    assert (fact.subject, set(fact.values)) == ("“Up”", {"rank"})


def test_an_id_keeps_its_parts_apart() -> None:
    rows = gold_rows.ratings_by_genre().iloc[:1].assign(genre="a/b=c é")
    assert facts_of("ratings_by_genre", rows)[0].id == "ratings_by_genre/genre=a%2Fb%3Dc %C3%A9/source=rotten_tomatoes"


@pytest.mark.parametrize("table", rules())
def test_the_rules_name_columns_and_formats_that_exist(table: str) -> None:
    rule = rules()[table]
    computed = fact_tables(gold_rows.gold()).get(table, pd.DataFrame()).columns
    columns = {*computed, *(GOLD_TABLES[table].column_names if table in GOLD_TABLES else [])}
    patterns = [*rule.subject, *(says for value in rule.values.values() for says in value.says)]
    used = [field for pattern in patterns for field in re.findall(r"\{(\w+):(\w+)\}", pattern)]
    used += [tuple(value.compares.split(":")) for value in rule.values.values() if value.compares]
    assert {kind for _, kind in used} <= fact_wording.KINDS
    assert {column for column, _ in used} | set(rule.key) <= columns
    told = {name for tell in rule.tells for name in re.findall(r"\{\.(\w+)\}", tell)}
    assert told <= set(rule.values)
