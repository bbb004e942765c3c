from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest

from insights.summaries import facts
from insights.summaries.fact_tables import fact_tables
from insights.summaries.facts import Claim, Plain, facts_of, is_true, rules
from pipeline.columns import GOLD_TABLES
from tests import gold_rows
from tests.prose_facts import named_facts

FACTS = named_facts()


def test_a_row_becomes_a_fact_with_its_source_unit_measure_and_place() -> None:
    fact = facts_of("ratings_by_genre", fact_tables(gold_rows.gold())["ratings_by_genre"])[0]
    assert (fact.id, fact.subject) == ("ratings_by_genre/genre=Drama/source=rotten_tomatoes", "Drama")
    mean = fact.values["mean"]
    assert (mean.text, mean.number, mean.shown) == (
        "an average of 65.2 out of 100 on Rotten Tomatoes",
        65.2441,
        "65.2 out of 100",
    )
    assert (mean.place, mean.placed, mean.among) == (1, 3, "genres with ten or more such films")
    assert mean.measure == {"average", "critics", "earned", "rating", "score"}


def test_unknown_values_are_left_out() -> None:
    known, unknown = facts_of("box_office_by_decade", gold_rows.box_office_by_decade())
    assert set(known.values) == {"films", "known", "mean", "median", "total"}
    assert set(unknown.values) == {"films", "known"}


def test_values_of_different_sources_have_different_scales() -> None:
    ratings = facts_of("ratings_by_genre", gold_rows.ratings_by_genre())
    assert len({fact.values["mean"].scale for fact in ratings}) == 2


def test_a_trend_fact_states_the_test_result() -> None:
    rows = fact_tables(gold_rows.gold())["genre_trends"]
    trends = [fact.values["trend"] for fact in facts_of("genre_trends", rows) if "trend" in fact.values]
    assert [(value.text, value.trend) for value in trends] == [
        (
            "a rising share of the listed films (+1.2 percentage points a decade, "
            "95% confidence interval +0.8 to +1.6)",
            1,
        ),
        ("no clear trend in its median Metacritic rating", 0),
    ], "the box office of two years is not tested"


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
    placed = {value.place for value in rule.values.values() if value.place}
    assert {kind for _, kind in used} <= facts.KINDS
    assert {column for column, _ in used} | set(rule.key) | placed | {f"{name}_of" for name in placed} <= columns
    assert all(value.measure for value in rule.values.values())


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (65.2441, "points", "65.2 out of 100"),
        (8.75, "tenths", "8.8 out of 10"),
        (0.1249, "share", "12%"),
        (3.21, "signed_points", "+3.2"),
        (1_234_000_000, "dollars", "$1.23 billion"),
        (1, "films", "1 film"),
        (8913, "films", "8,913 films"),
        (1970, "year", "1970"),
        (["A", "B", "C", "D", "E"], "names", "A, B, C and 2 others"),
        ("rotten_tomatoes", "source", "Rotten Tomatoes"),
        ("Drama 99.9", "name", "“Drama 99.9”"),
        ("Say ”99” and “stop”", "title", "“Say ’99’ and ‘stop’”"),
        ("two\nlines\u202e\x00 of <b>", "title", "“two lines of <b>”"),
        ("x" * 100, "text", "x" * 79 + "…"),
        (None, "points", None),
        (float("inf"), "points", None),
        (True, "films", None),
        ("8", "films", None),
        (8, "name", None),
        (" \u200b", "name", None),
        ([], "names", None),
        (8, "no such format", None),
    ],
)
def test_a_value_is_written_with_its_unit_or_not_at_all(value: Plain | None, kind: str, text: str | None) -> None:
    assert facts.written(value, kind) == text


def test_the_first_pattern_whose_values_are_known_is_used_and_braces_in_names_stay() -> None:
    patterns = ["{a:number} of {b:number}", "{a:number}"]
    assert facts.fill(patterns, {"a": 1, "b": 2}) == "1 of 2"
    assert facts.fill(patterns, {"a": 1, "b": None}) == "1"
    assert facts.fill(patterns, {"b": 2}) is None
    assert facts.fill(["{a:title} {b:number}"], {"a": "{b:number}", "b": 7}) == "“{b:number}” 7"


def test_what_looks_equal_is_not_larger_and_what_is_alone_is_not_the_highest() -> None:
    first, second = FACTS["f1"].values["mean"], FACTS["f2"].values["mean"]
    values = {"a": first, "same": replace(first, number=65.2449), "alone": replace(second, place=1, placed=1)}
    facts = {"f1": replace(FACTS["f1"], values=values)}
    assert is_true(Claim("greater", ("f1.same",), ("f1.a",)), facts) is False
    assert is_true(Claim("highest", ("f1.alone",)), facts) is False
    assert is_true(Claim("lowest", ("f1.alone",)), facts) is False


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        (Claim("greater", ("f1.mean",), ("f2.mean", "f3.mean")), True),
        (Claim("greater", ("f2.mean",), ("f1.mean", "f3.mean")), False),
        (Claim("greater", ("f1.mean", "f3.mean"), ("f2.mean",)), False),
        (Claim("greater", ("f1.mean",), ("f1.mean",)), False),
        (Claim("greater", ("f1.mean",)), False),
        (Claim("greater", ("f1.mean",), ("f6.mean",)), False),
        (Claim("less", ("f2.mean", "f3.mean"), ("f1.mean",)), True),
        (Claim("less", ("f1.mean",), ("f2.mean",)), False),
        (Claim("highest", ("f1.mean",)), True),
        (Claim("highest", ("f2.mean",)), False),
        (Claim("lowest", ("f3.mean",)), True),
        (Claim("lowest", ("f1.mean",)), False),
        (Claim("lowest", ("f4.mean",)), False),
        (Claim("rising", ("f10.trend", "f18.move")), True),
        (Claim("rising", ("f10.trend", "f12.trend")), False),
        (Claim("falling", ("f11.trend", "f19.move")), True),
        (Claim("falling", ("f11.trend", "f10.trend")), False),
        (Claim("all", ("f10.trend", "f11.trend")), True),
        (Claim("all", ("f10.trend",)), False),
        (Claim("greater", ("f1.mean",), ("f99.mean",)), None),
        (Claim("rising", ("f10.colour",)), None),
        (Claim("rising", ()), None),
        (Claim("nicer", ("f1.mean",)), None),
    ],
)
def test_a_claim_holds_for_the_values_that_make_it_true(claim: Claim, holds: bool | None) -> None:
    assert is_true(claim, FACTS) is holds
