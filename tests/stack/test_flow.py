"""The whole flow on the deployed stack, and its numbers against an independent computation from Bronze."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from typing import Any

import pandas as pd
import pytest

from pipeline import aws, keys
from reelhouse import lake
from reelhouse.stack import Stack
from tests.running import run_to_the_end

MISSING = {"N/A", "", None}


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    """Bronze objects by key; none is ever overwritten, so each is read once."""
    return {}


@pytest.fixture
def bronze(stack: Stack, documents: dict[str, Any]) -> pd.DataFrame:
    """Every film's newest Bronze object, as OMDb and the list have it."""
    s3, bucket = aws.client("s3"), stack["BronzeBucketName"]
    newest: dict[str, Any] = {}
    for entry in aws.list_objects(s3, bucket, "movies/"):
        if entry.key not in documents:
            documents[entry.key] = json.loads(aws.get(s3, bucket, entry.key)[0])
        newest[documents[entry.key]["omdb"]["imdbID"]] = documents[entry.key]
    return pd.DataFrame([{**d["omdb"], "rank": int(d["source"]["rank"]), "run": d["run_id"]} for d in newest.values()])


def number(text: Any) -> float | None:
    return None if text in MISSING else float(re.sub(r"[$,%]", "", str(text)))


def assert_equal(actual: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same keys, columns and numbers, whatever pandas calls the types."""
    actual, expected = (frame.astype("float64").sort_index() for frame in (actual, expected))
    assert list(actual.columns) == list(expected.columns)
    assert list(actual.index) == list(expected.index)
    assert actual.to_numpy().ravel().tolist() == pytest.approx(expected.to_numpy().ravel().tolist(), nan_ok=True)


def split(text: Any) -> list[str]:
    return [] if text in MISSING else list(dict.fromkeys(part.strip() for part in text.split(", ")))


def test_twenty_films_in_batches_of_five_and_again_as_a_second_run(stack: Stack) -> None:
    report = run_to_the_end(stack, 20, 5)

    assert (report.status, report.messages, report.expected, report.stored) == ("complete", 4, 20, 20)
    assert (report.rejected, report.quarantined, report.silver_rows) == (0, 0, 20)
    assert stack.count("Bronze", keys.MOVIES, report.run_id) == 20
    assert len(silver_rows(stack, report.run_id)) == 20
    sent = Counter(len(films) for films in messages_of(stack, report.run_id))
    assert sent == {5: 4}

    second = run_to_the_end(stack, 20, 10)

    movies = lake.table("movies")
    assert (second.status, second.messages) == ("complete", 2)
    assert not movies["imdb_id"].duplicated().any()
    assert (movies["run_id"] == second.run_id).sum() == 20
    history = lake.table("rank_history").set_index("run_id").loc[second.run_id]
    assert set(history["previous_run_id"]) == {report.run_id}
    assert (history["change"] == 0).all()
    assert lake.table("pipeline_runs").set_index("run_id").loc[second.run_id, "status"] == "complete"


def messages_of(stack: Stack, run_id: str) -> list[list[str]]:
    """The films of each message, by the manifest's order: batches are cut from the films in rank order."""
    manifest = stack.manifest(run_id)
    ids = sorted(manifest.expected, key=manifest.expected.get)
    size = manifest.batch_size
    return [ids[first : first + size] for first in range(0, len(ids), size)]


def silver_rows(stack: Stack, run_id: str) -> list[tuple[Any, ...]]:
    s3, bucket = aws.client("s3"), stack["SilverBucketName"]
    rows: set[tuple[Any, ...]] = set()
    for entry in aws.list_objects(s3, bucket, keys.run_prefix("movies", run_id)):
        frame = pd.read_parquet(io.BytesIO(aws.get(s3, bucket, entry.key)[0]))
        rows |= set(zip(frame["imdb_id"], frame["run_id"], strict=True))
    return sorted(rows)


def test_gold_has_each_film_once_with_its_lineage(stack: Stack, bronze: pd.DataFrame) -> None:
    movies = lake.table("movies")

    assert sorted(movies["imdb_id"]) == sorted(bronze["imdbID"])
    s3, bucket = aws.client("s3"), stack["BronzeBucketName"]
    for row in movies.sample(10, random_state=1).itertuples():
        body, version = aws.get(s3, bucket, row.bronze_key)
        document = json.loads(body)
        assert version == row.bronze_version
        assert document["omdb"]["Title"] == row.title
        assert document["run_id"] == row.run_id


def test_ratings_by_genre_equal_pandas(stack: Stack, bronze: pd.DataFrame) -> None:
    films = bronze.assign(genre=bronze["Genre"].map(split)).explode("genre").dropna(subset="genre")
    films = films.assign(metascore=films["Metascore"].map(number), rotten_tomatoes=films["tomatoMeter"].map(number))
    long = films.melt(["imdbID", "genre"], ["metascore", "rotten_tomatoes"], "source", "rating").dropna()
    expected = long.groupby(["genre", "source"])["rating"].agg(
        films="count", mean="mean", median="median", p90=lambda ratings: ratings.quantile(0.9)
    )

    actual = lake.table("ratings_by_genre").set_index(["genre", "source"])

    assert_equal(actual, expected)


def test_box_office_by_decade_equals_pandas(stack: Stack, bronze: pd.DataFrame) -> None:
    films = bronze.assign(decade=bronze["Year"].astype(int) // 10 * 10, usd=bronze["BoxOffice"].map(number))
    expected = films.groupby("decade")["usd"].agg(
        films="size", films_with_box_office="count", mean_usd="mean", median_usd="median", total_usd="sum"
    )
    expected.loc[expected["films_with_box_office"] == 0, "total_usd"] = None

    actual = lake.table("box_office_by_decade").set_index("decade")

    assert_equal(actual, expected)


@pytest.mark.parametrize(
    ("table", "column", "field"),
    [
        ("films_by_director", "director", "Director"),
        ("films_by_language", "language", "Language"),
        ("films_by_country", "country", "Country"),
    ],
)
def test_films_by_equal_pandas(stack: Stack, bronze: pd.DataFrame, table: str, column: str, field: str) -> None:
    films = bronze.assign(value=bronze[field].map(split)).explode("value").dropna(subset="value")
    films = films.assign(rt=films["tomatoMeter"].map(number), usd=films["BoxOffice"].map(number))
    expected = films.groupby("value").agg(films=("imdbID", "nunique"), mean=("rt", "mean"), total=("usd", "sum"))

    actual = lake.table(table).set_index(column)

    assert actual["films"].to_dict() == expected["films"].to_dict()
    assert_equal(actual[["rotten_tomatoes_mean"]], expected[["mean"]].set_axis(["rotten_tomatoes_mean"], axis=1))
    assert actual["box_office_total_usd"].sum() == expected["total"].sum()


def test_genre_shares_equal_pandas(stack: Stack, bronze: pd.DataFrame) -> None:
    films = bronze.assign(genre=bronze["Genre"].map(split), year=bronze["Year"].astype(int))
    films = films[films["genre"].map(bool)]
    in_year = films.groupby("year").size()
    expected = films.explode("genre").groupby(["year", "genre"]).size()

    actual = lake.table("genre_share_by_year").set_index(["year", "genre"]).sort_index()

    assert actual["films"].to_dict() == expected.to_dict()
    shares = {(year, genre): n / in_year[year] for (year, genre), n in expected.items()}
    assert actual["share"].to_dict() == pytest.approx(shares)


def test_the_catalogue_describes_what_is_there(stack: Stack) -> None:
    glue, build = aws.client("glue"), stack.build()
    assert build is not None
    for name in [name for name in lake.tables() if not name.startswith("silver.")]:
        columns = glue.get_table(DatabaseName=stack["GoldDatabaseName"], Name=name)["Table"]["StorageDescriptor"]
        assert [column["Name"] for column in columns["Columns"]] == list(lake.table(name).columns)
        folder = build.tables[name].folder if name in build.tables else f"{name}/"
        assert columns["Location"] == f"s3://{stack['GoldBucketName']}/{folder}"
