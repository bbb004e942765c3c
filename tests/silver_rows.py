"""A small Silver, made by hand: two runs, a film processed twice, nulls, an empty list, every outcome of a film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import process_bronze_to_silver
from pipeline.columns import GOLD_TABLES, SILVER_TABLES
from pipeline.documents import to_json
from pipeline.gold.duckdb_engine import GoldDatabase

FIRST, SECOND = "20261123T030000Z-aaaaaaaa", "20261124T030000Z-bbbbbbbb"
Row = dict[str, Any]
Files = dict[str, tuple[str, bytes]]


def film(number: int, run_id: str = SECOND, **values: Any) -> Row:
    """One row of movies."""
    imdb_id = f"tt{number:07}"
    return {
        "imdb_id": imdb_id,
        "title": f"Film {number}",
        "rank": number,
        "run_id": run_id,
        "bronze_key": f"movies/run_id={run_id}/imdb_id={imdb_id}.json",
        "fetched_at": f"{run_id[:4]}-11-{run_id[6:8]} 03:00:00.000000",
        "processed_at": f"{run_id[:4]}-11-{run_id[6:8]} 03:01:00.000000",
        "code_version": "1",
    } | values


FILMS = [
    film(1, FIRST, year=1994, genres=["Drama"], imdb_rating=1.0, rank=2),
    film(2, FIRST, year=1972, genres=["Crime", "Drama"], imdb_rating=9.2, metascore=100, rank=1),
    film(9, FIRST, year=1994, genres=["Western"], imdb_rating=5.0, box_office_usd=7, rank=3),
    # processed twice in one run: the row made last counts
    film(1, year=1994, genres=["Drama"], imdb_rating=2.0, rank=1, processed_at="2026-11-24 03:00:59.000000"),
    film(
        1,
        year=1994,
        genres=["Drama"],
        directors=["Ann"],
        languages=["English"],
        countries=["United States"],
        imdb_rating=9.3,
        imdb_votes=2_400_369,
        metascore=80,
        rotten_tomatoes=91,
        rotten_tomatoes_reviews=146,
        box_office_usd=28_767_189,
        source_rating=9.2,
        source_rating_count=2_757_004,
        rank=1,
    ),
    film(
        2,
        year=1972,
        genres=["Crime", "Drama"],
        directors=["Bob", "Ann"],
        languages=["English", "Italian"],
        countries=["United States", "Italy"],
        imdb_rating=9.1,
        metascore=100,
        box_office_usd=136_381_073,
        rank=2,
    ),
    film(3, year=1979, genres=["Drama", "Crime"], directors=["Bob"], imdb_rating=7.0, rotten_tomatoes=0, rank=3),
    film(4, year=1972, genres=None, directors=["Cy"], imdb_rating=6.0, box_office_usd=0, rank=4),
    film(5, year=None, genres=["Comedy"], directors=None, imdb_rating=0.0, box_office_usd=10**10, rank=5),
    film(6, year=1994, genres=["Comedy"], unreadable=["runtime_minutes: '34S min' is not a running time"], rank=6),
    film(7, rank=7),
    film(8, year=1990, genres=[], countries=["Italy"], metascore=50, rank=8),
]
RUNS = [
    {
        "run_id": run_id,
        "started_at": f"2026-11-{day} 03:00:00.000000",
        "source_uri": "s3://lists/top.json",
        "source_sha256": "0" * 64,
        "top_n": 250,
        "batch_size": 10,
        "expected": expected,
        "code_version": "1",
    }
    for run_id, day, expected in ((FIRST, 23, 3), (SECOND, 24, 12))
]
LINEAGE = {"run_id": SECOND, "bronze_key": "k", "bronze_version": None, "fetched_at": "2026-11-24 03:00:00"} | {
    "processed_at": "2026-11-24 03:05:00.000000",
    "code_version": "1",
}
QUARANTINE = [{"imdb_id": "tt0000010", "reasons": ["year: 3994"], **LINEAGE}]
# One film was refused first and stored by a retry: it counts once, as stored.
REJECTED = [{"imdb_id": imdb_id, "reason": "Movie not found!", **LINEAGE} for imdb_id in ("tt0000011", "tt0000001")]


def silver_files(rows: list[Row], name: str, etag: str = "1") -> Files:
    """Silver objects of rows: one parquet part, or one JSON a row."""
    table = SILVER_TABLES[name]
    if table.format == "parquet":
        return {f"{name}/part-{etag}.parquet": (etag, process_bronze_to_silver.encode(rows, table))}
    return {f"{name}/{index}.json": (etag, to_json(row)) for index, row in enumerate(rows)}


def engine_of(**tables: list[Row]) -> GoldDatabase:
    """An engine with the rows of these Silver tables loaded."""
    engine = GoldDatabase(256)
    for name, rows in tables.items():
        engine.load(SILVER_TABLES[name], silver_files(rows, name))
    return engine


def movies_of(engine: GoldDatabase) -> pd.DataFrame:
    """Gold's ``movies`` alone; the other tables take most of the time of a build."""
    engine._build(GOLD_TABLES["movies"])
    return pd.read_parquet(engine.path("movies"))


def odd_folder(parent: Path) -> Path:
    """Make a folder below others whose names mean something to DuckDB: partitions, quotes, patterns and escapes."""
    folder = parent.joinpath("year=2024", "run_id=x", "lake=gold", "it's two words", "[a-z]", "a*b?", "100%", 'say "é"')
    folder.mkdir(parents=True)
    return folder
