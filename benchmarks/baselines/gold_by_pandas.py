"""All Gold tables the common way: one pandas DataFrame of all Silver, sorted and grouped.

Tables that the pipeline writes in no order are in no order here either.
``python -m benchmarks`` checks that they are the pipeline's, row by row.
"""

from __future__ import annotations

import time
from math import inf
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.columns import FILM, RATING_SOURCES

SOURCES = {source.name: (source.column, source.factor, source.votes) for source in RATING_SOURCES}
RANGES = {
    column.name: (-inf if column.low is None else column.low, inf if column.high is None else column.high)
    for column in FILM
    if (column.low, column.high) != (None, None)
}
LINEAGE = ["run_id", "bronze_key", "bronze_version", "fetched_at", "processed_at", "code_version"]
Frame = Any  # a DataFrame; pandas' own types cannot follow what is done to it here


def run(folder: str, target: str) -> dict[str, Any]:
    """Read Silver from a folder, build all tables, and write each as parquet into another."""
    started = time.perf_counter()
    silver = pd.read_parquet(Path(folder, "movies"))
    runs = pd.read_json(Path(folder, "runs.json"), lines=True, convert_dates=["started_at"])
    tables = build(silver, runs)
    for name, table in tables.items():
        table.to_parquet(Path(target, f"{name}.parquet"), compression="zstd", index=False)
    return {"seconds": time.perf_counter() - started}


def build(silver: Frame, runs: Frame) -> dict[str, Frame]:
    """Build all tables; there is neither quarantine nor rejection here."""
    rows = silver.sort_values(["run_id", "processed_at", "bronze_key"])
    films = rows.drop_duplicates("imdb_id", keep="last")
    films.insert(3, "decade", films["year"] - films["year"] % 10)
    films["on_list"] = on_list(films, rows, runs)
    last = films["run_id"] == films.groupby(["on_list", "rank"])["run_id"].transform("max")
    films["rank"] = films["rank"].where(films["on_list"] & last)
    movies = films[films["on_list"]]
    ratings = movie_ratings(movies)
    return {
        "movies": films,
        "movie_ratings": ratings,
        "ratings_by_genre": ratings_by_genre(movies, ratings),
        "box_office_by_decade": box_office_by_decade(movies),
        "films_by_director": films_by(movies, "directors", "director"),
        "films_by_language": films_by(movies, "languages", "language"),
        "films_by_country": films_by(movies, "countries", "country"),
        "films_by_year": films_by(movies, "year", "year"),
        "genre_share_by_year": genre_share_by_year(movies),
        "rank_history": rank_history(rows),
        "pipeline_runs": pipeline_runs(rows, films, runs),
        "data_quality": data_quality(movies),
    }


def on_list(films: Frame, rows: Frame, runs: Frame) -> Frame:
    """Whether no later complete run looked at least as deep as a film's last rank without listing it."""
    listed = rows.drop_duplicates(["run_id", "imdb_id"]).groupby("run_id")["rank"].agg(["size", "max"])
    known = runs.set_index("run_id").join(listed, how="inner").sort_index()
    depth = known[["top_n", "max"]].max(axis=1).where(known["size"] == known["expected"], 0)
    deepest_later = depth[::-1].cummax()[::-1].shift(-1, fill_value=0)
    return films["run_id"].map(deepest_later).fillna(0) < films["rank"]


def movie_ratings(movies: Frame) -> Frame:
    parts = []
    for source, (column, scale, votes) in SOURCES.items():
        part = movies[["imdb_id"]].assign(source=source, rating=movies[column] * scale)
        part["votes"] = movies[votes] if votes else None
        parts.append(part.dropna(subset=["rating"]))
    return pd.concat(parts)


def ratings_by_genre(movies: Frame, ratings: Frame) -> Frame:
    genres = movies[["imdb_id", "genres"]].explode("genres").dropna().rename(columns={"genres": "genre"})
    groups = genres.merge(ratings, on="imdb_id").groupby(["genre", "source"])["rating"]
    table = groups.agg(films="count", mean="mean", median="median")
    table["p90"] = groups.quantile(0.9)
    return table.reset_index()


def box_office_by_decade(movies: Frame) -> Frame:
    groups = movies.dropna(subset=["decade"]).groupby("decade")
    amounts = groups["box_office_usd"]
    table = pd.DataFrame({"films": groups.size(), "films_with_box_office": amounts.count()})
    table["mean_usd"], table["median_usd"] = amounts.mean(), amounts.median()
    table["total_usd"] = amounts.sum(min_count=1)
    return table.reset_index()


def films_by(movies: Frame, column: str, name: str) -> Frame:
    wanted = [column, *(rating for rating, _, _ in SOURCES.values()), "box_office_usd"]
    films = movies[wanted].explode(column) if column != "year" else movies[wanted]
    groups = films.dropna(subset=[column]).rename(columns={column: name}).groupby(name)
    table = pd.DataFrame({"films": groups.size()})
    for source, (rating, scale, _) in SOURCES.items():
        table[f"{source}_mean"], table[f"{source}_films"] = groups[rating].mean() * scale, groups[rating].count()
    amounts = groups["box_office_usd"]
    table["films_with_box_office"], table["box_office_mean_usd"] = amounts.count(), amounts.mean()
    table["box_office_total_usd"] = amounts.sum(min_count=1)
    return table.reset_index().sort_values(["films", name], ascending=[False, True])


def genre_share_by_year(movies: Frame) -> Frame:
    known = movies[["year", "genres"]].dropna()
    films = known.explode("genres").rename(columns={"genres": "genre"}).groupby(["year", "genre"]).size()
    table = films.reset_index(name="films").merge(known.groupby("year").size().reset_index(name="films_in_year"))
    return table.assign(share=table["films"] / table["films_in_year"])


def rank_history(rows: Frame) -> Frame:
    ranked = rows[["run_id", "imdb_id", "title", "rank"]].drop_duplicates(["run_id", "imdb_id"], keep="last")
    runs = sorted(ranked["run_id"].unique())
    before = dict(zip(runs[1:], runs, strict=False))
    ranked["previous_run_id"] = ranked["run_id"].map(before).astype(ranked["run_id"].dtype)
    previous = ranked[["run_id", "imdb_id", "rank"]].rename(
        columns={"run_id": "previous_run_id", "rank": "previous_rank"}
    )
    table = ranked.merge(previous, on=["previous_run_id", "imdb_id"], how="left")
    return table.assign(change=table["previous_rank"] - table["rank"])


def pipeline_runs(rows: Frame, movies: Frame, runs: Frame) -> Frame:
    stored = rows.drop_duplicates(["run_id", "imdb_id"]).groupby("run_id").size()
    table = runs.set_index("run_id")[["started_at", "expected"]]
    table.insert(1, "finished_at", rows.groupby("run_id")["processed_at"].max())
    table["stored"] = stored
    table["rejected"], table["quarantined"] = 0, 0
    table["in_gold"] = movies.groupby("run_id").size()
    table = table.fillna({"stored": 0, "in_gold": 0})
    complete = table["stored"] == table["expected"]
    return table.assign(status=complete.map({True: "complete", False: "incomplete"})).reset_index()


def data_quality(movies: Frame) -> Frame:
    columns = [name for name in movies if name not in {"imdb_id", "decade", "on_list", "unreadable", *LINEAGE}]
    filled = movies[columns].notna().sum()
    table = pd.DataFrame({"column_name": columns, "rows": len(movies), "filled": filled.to_numpy()})
    table["filled_share"] = table["filled"] / table["rows"]
    faults = movies["unreadable"].explode().dropna().astype(str).str.split(":").str[0].value_counts()
    table["unreadable"] = table["column_name"].map(faults).fillna(0)
    table["out_of_range"] = [_out_of_range(movies[name], name) for name in columns]
    return table


def _out_of_range(values: Frame, name: str) -> int:
    if name not in RANGES:
        return 0
    lowest, highest = RANGES[name]
    return int(((values < lowest) | (values > highest)).sum())
