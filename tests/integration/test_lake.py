"""The lake on moto: tables of Gold and Silver, SQL, descriptions, and tables of one's own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Literal

import pandas as pd
import pytest

from insights.columns import RECOMMENDATIONS
from insights.guarded_query import Limits
from insights.lake import Lake as GoldLake
from pipeline import aws
from pipeline.columns import GOLD_TABLES
from pipeline.errors import InvalidInput, SilverDamaged, StorageFailed
from pipeline.gold.build import new_build_id
from tests.gold_builds import publish_files, rewrite
from tests.integration.gold_of_films import build_gold
from tests.integration.moto_lake import Lake
from tests.silver_rows import FILMS, silver_files

DATABASE = "reelhouse_gold"


@pytest.fixture
def used(lake: Lake) -> GoldLake:
    """A lake whose Gold was built from a few films."""
    build_gold(lake)
    aws.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    return GoldLake("gold", DATABASE, "silver")


def test_tables_are_gold_s_and_silver_s(used: GoldLake) -> None:
    assert set(used.tables()) == {
        *GOLD_TABLES,
        *(f"silver.{name}" for name in ("movies", "quarantine", "rejected", "runs")),
    }
    assert used.table("movies")["imdb_id"].is_unique
    silver = used.table("silver.movies")
    assert len(silver) == len(silver.drop_duplicates(["run_id", "imdb_id"])) > len(used.table("movies"))
    assert str(used.table("silver.runs")["started_at"].dtype).startswith("datetime64")
    assert used.table("silver.rejected").columns.tolist()[:2] == ["imdb_id", "run_id"]


def test_a_film_s_row_that_is_stored_twice_is_read_once(used: GoldLake, lake: Lake) -> None:
    before = used.table("silver.movies")
    (name, (_, body)) = next(iter(silver_files(FILMS, "movies", "again").items()))
    lake.put("silver", name.replace("part", "part-again"), body)
    pd.testing.assert_frame_equal(used.table("silver.movies"), before)


def test_columns_come_in_the_order_asked_for(used: GoldLake) -> None:
    assert used.table("movies", columns=["title", "imdb_id"]).columns.tolist() == ["title", "imdb_id"]
    with pytest.raises(InvalidInput, match="has no column colour"):
        used.table("movies", columns=["colour"])
    for columns in ("year", iter(["year"])):
        assert used.table("movies", columns=columns).columns.tolist() == ["year"]
    for odd in ("colour", [1]):
        with pytest.raises(InvalidInput, match=r"has no column (colour|1); it has: imdb_id"):
            used.table("movies", columns=odd)
    for name in ("nothing", "silver.nothing", "Movies", "gold.movies", "Silver.Movies", " movies", ""):
        with pytest.raises(InvalidInput, match=r"no such table; .*silver\.movies"):
            used.table(name)


def test_damage_names_the_object(used: GoldLake, lake: Lake) -> None:
    key = rewrite("gold", "movies", b"no parquet")
    with pytest.raises(StorageFailed, match=key):
        used.table("movies")
    lake.put("silver", "movies/part-x.parquet", b"no parquet")
    with pytest.raises(SilverDamaged, match=r"movies/part-x\.parquet"):
        used.table("silver.movies")


def test_sql_joins_gold_silver_and_the_caller_s_frames(used: GoldLake) -> None:
    mine = pd.DataFrame({"imdb_id": used.table("movies")["imdb_id"].head(2), "stars": [5, 3]})
    rows = used.sql("SELECT m.title, mine.stars FROM movies AS m JOIN mine USING (imdb_id) ORDER BY stars")
    assert rows["stars"].tolist() == [3, 5]
    assert len(mine) == 2
    counted = used.sql('SELECT (SELECT count(*) FROM silver.movies) AS s, (SELECT count(*) FROM gold."movies") AS g')
    assert counted.iloc[0].tolist() == [len(used.table("silver.movies")), len(used.table("movies"))]
    assert used.sql("SELECT count(*) AS n FROM movies", read_only=True)["n"].tolist() == [len(used.table("movies"))]


@pytest.mark.parametrize("name", ["query", "names", "tables", "limits", "connection", "self", "fields", "settings"])
def test_a_frame_may_have_the_name_of_a_variable_of_reelhouse(used: GoldLake, name: str) -> None:
    variables = {"lake": used, name: pd.DataFrame({"stars": [5, 3]})}
    exec(f"rows = lake.sql('SELECT sum(stars) AS stars FROM {name}')", variables)
    assert variables["rows"]["stars"].tolist() == [8]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables",
        "SELECT schema_name || '.' || table_name AS name FROM duckdb_tables()",
        "SELECT 'silver.' || name AS name FROM (SHOW TABLES FROM silver)",
    ],
)
@pytest.mark.parametrize("read_only", [False, True])
def test_duckdb_s_own_lists_have_all_tables(used: GoldLake, query: str, read_only: bool) -> None:
    names = {name.removeprefix("gold.") for name in used.sql(query, read_only=read_only)["name"]}
    assert names == {name for name in used.tables() if name.startswith("silver.") or "FROM silver" not in query}


def test_a_table_of_the_lake_comes_before_a_frame_of_its_name(used: GoldLake) -> None:
    movies = used.table("movies").head(1)
    title = "a text that has the name of a column"
    assert len(used.sql("SELECT title FROM Movies")) > len(movies), title


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("DROP TABLE movies", "not SELECT"),
        ("SELECT * FROM secret", "secret"),
        ("SELECT * FROM range(1000)", "more than 100 rows"),
    ],
)
def test_a_guarded_query_reads_tables_and_nothing_else(used: GoldLake, query: str, fault: str) -> None:
    """The unit test of the guarded query tries many more."""
    secret = pd.DataFrame({"password": ["planted"]})
    limits = Limits(rows=100, seconds=60, memory_mb=256)
    with pytest.raises(InvalidInput, match=f"(?i){fault}") as error:
        used.sql(query, read_only=True, limits=limits)
    assert "\n" not in str(error.value)
    assert len(secret) == 1


def test_similar_films_have_the_types_of_tables_also_when_there_are_none(used: GoldLake) -> None:
    movies = used.table("movies")
    first, second = movies["imdb_id"][:2]
    used.publish(RECOMMENDATIONS, pd.DataFrame([[first, 1, second, 0.5, "both"]], columns=RECOMMENDATIONS.column_names))
    some, none = used.similar(first), used.similar(second)
    assert (len(some), len(none)) == (1, 0)
    assert none.dtypes.equals(some.dtypes)
    assert all(some.dtypes[name] == movies.dtypes[name] for name in ("imdb_id", "title", "year"))


def test_another_engine_is_refused(used: GoldLake) -> None:
    with pytest.raises(InvalidInput, match="Athena: is no engine"):
        used.sql("SELECT 1", engine="Athena")  # type: ignore[arg-type]


def test_describe_gives_units_and_options(used: GoldLake) -> None:
    rows = pd.DataFrame([["tt1", 1, "tt2", 0.5, "both"]], columns=RECOMMENDATIONS.column_names)
    used.publish(RECOMMENDATIONS, rows, {"k": 5})
    about = used.describe("recommendations")
    assert about.options == {"k": 5}
    assert about.rows == 1
    assert about.columns.set_index("column").loc["similarity", "unit"] == "0-1"
    assert "k = 5" in repr(about)
    used.write("my_stars", pd.DataFrame({"a": [1]}), "What I think of films, from 1 to 5")
    assert "from 1 to 5. 1 row." in repr(used.describe("my_stars"))
    assert used.describe("my_stars").build_id == used.describe("recommendations").build_id == ""
    assert "<table" in about._repr_html_()
    build = used.build()
    assert build is not None
    assert used.describe("movies").build_id == build.build_id
    assert used.describe("silver.movies").build_id == ""


def test_a_table_of_one_s_own_is_typed_described_and_dropped(used: GoldLake) -> None:
    mine = pd.DataFrame({
        "film": ["A", None], "seen": [date(2026, 1, 2), None], "stars": [5, 4], "share": [0.5, None],
        "good": [True, False],
        "when": pd.to_datetime([datetime(2026, 1, 2, tzinfo=UTC), None]), "tags": [["a", "b"], None],
    })  # fmt: skip
    used.write("my_ratings", mine, "What I think of films – so far")
    used.write("my_ratings", mine.assign(stars=[1, 2]), "What I think of films – so far")

    assert used.table("my_ratings")["stars"].tolist() == [1, 2]
    about = used.describe("my_ratings")
    assert about.columns["type"].tolist() == [
        "string", "date", "bigint", "double", "boolean", "timestamp", "array<string>",
    ]  # fmt: skip
    entry = aws.client("glue").get_table(DatabaseName=DATABASE, Name="my_ratings")["Table"]
    assert entry["Description"] == about.meaning == "What I think of films – so far"
    assert used.sql("SELECT sum(stars) AS s FROM my_ratings")["s"].tolist() == [3]

    used.drop("my_ratings")
    assert "my_ratings" not in used.tables()
    with pytest.raises(aws.client("glue").exceptions.EntityNotFoundException):
        aws.client("glue").get_table(DatabaseName=DATABASE, Name="my_ratings")
    used.write("my_stars", mine)
    with pytest.raises(InvalidInput, match="no such table; tables of your own are: my_stars"):
        used.drop("my_ratings")


def test_columns_have_the_same_names_in_the_catalogue_and_in_the_file(used: GoldLake) -> None:
    used.write("takings", pd.DataFrame({"Box office": [1.0], "film": ["A"]}))
    entry = aws.client("glue").get_table(DatabaseName=DATABASE, Name="takings")["Table"]
    assert [column["Name"] for column in entry["StorageDescriptor"]["Columns"]] == ["Box office", "film"]
    assert used.table("takings").columns.tolist() == ["Box office", "film"]
    used.drop("takings")


def test_no_table_of_reelhouse_is_written_over(used: GoldLake) -> None:
    before = used.tables()
    for name in ("movies", "recommendations", "reports", "builds", "silver", "../x", "Mine", "", "x" * 70):
        with pytest.raises(InvalidInput):
            used.write(name, pd.DataFrame({"a": [1]}))
        with pytest.raises(InvalidInput):
            used.drop(name)
    assert used.tables() == before


def test_columns_that_no_table_can_have_are_named(used: GoldLake) -> None:
    with pytest.raises(InvalidInput, match="other types: odd"):
        used.write("mine", pd.DataFrame({"fine": [1], "odd": [{"a": 1}]}))
    for column, kind in (([1, "a"], "mixed-integer"), ([2**70], "integer"), ([[1]], "list<.*int64>")):
        with pytest.raises(InvalidInput, match=rf"other types: odd \({kind}\)"):
            used.write("mine", pd.DataFrame({"odd": column}))
    with pytest.raises(InvalidInput, match="named by text, not 0, 1"):
        used.write("mine", pd.DataFrame([[1, 2]]))
    with pytest.raises(InvalidInput, match="named by text, not none"):
        used.write("mine", pd.DataFrame())
    for names in (["a", "a"], ["a", "A"]):
        with pytest.raises(InvalidInput, match=f"same name, .*: {names[0]}, {names[1]}"):
            used.write("mine", pd.DataFrame([[1, 2]], columns=names))
    with pytest.raises(InvalidInput, match="not from a Series"):
        used.write("mine", pd.Series([1], name="a"))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match=r"would lose data: 1577872800123456789; .* column when"):
        used.write("mine", pd.DataFrame({"when": pd.to_datetime(["2020-01-01 10:00:00.123456789"])}))
    assert "mine" not in used.tables()


@pytest.mark.parametrize("engine", ["duckdb", "athena"])
def test_show_tables_and_describe_answer_the_same_for_both_engines(
    used: GoldLake, engine: Literal["duckdb", "athena"]
) -> None:
    used.write("my_table", pd.DataFrame({"a": [1]}), "Stars – mine")
    used.write("without", pd.DataFrame({"a": [1]}))
    meanings = used.sql("SHOW TABLES", engine=engine).set_index("table")["meaning"]
    assert meanings.index.tolist() == used.tables()
    assert meanings[["my_table", "without"]].tolist() == ["Stars – mine", "a user's table"]
    for name in ("movies", 'gold."movies"', '"Movies"'):
        pd.testing.assert_frame_equal(used.sql(f"DESCRIBE {name}", engine=engine), used.describe("movies").columns)


@pytest.mark.filterwarnings("error")
def test_times_become_utc_and_empty_lists_are_lists_of_text(used: GoldLake) -> None:
    when = pd.to_datetime(["2026-01-02 10:00", None]).tz_localize("Europe/Berlin")
    used.write("my_table", pd.DataFrame({"when": when, "tags": [[], []]}))
    table = used.table("my_table")
    assert table["when"].tolist() == [pd.Timestamp("2026-01-02 09:00"), pd.NaT]
    assert used.describe("my_table").columns["type"].tolist() == ["timestamp", "array<string>"]


def test_a_query_reads_all_its_tables_from_one_build(used: GoldLake) -> None:
    """Also when another build is published between two of them."""
    movies, first = len(used.table("movies")), used.build()
    assert first

    class Overtaken(GoldLake):
        def arrow(self, name: str) -> Any:
            table = super().arrow(name)
            publish_files("gold", {"movies": [b"another build"]}, build_id=new_build_id(datetime.now(UTC)))
            return table

    lake = Overtaken(used.gold_bucket, used.gold_database, used.silver_bucket)
    counted = lake.sql("SELECT (SELECT count(*) FROM movies) AS m, (SELECT count(*) FROM movie_ratings) AS r")

    assert counted.iloc[0].tolist() == [movies, first.rows["movie_ratings"]]
    assert used.build() != first
    assert "PINNED" not in lake.of_one_build().as_variables()
