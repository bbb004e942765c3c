"""What grows with the catalogue, and with the runs that are kept: list, page, rows, recommendations, builds of Gold.

``python -m benchmarks.scale sizes`` makes Silver and Gold of the sample's best films in this process, without a stack,
and writes ``sizes.json``.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import bronze_objects
from insights.dashboard import data, loading, page_maker
from insights.similar import recommendations
from pipeline import parquet
from pipeline.columns import SILVER_TABLES
from pipeline.gold.columns import GOLD
from pipeline.gold.engine import DuckdbEngine
from pipeline.records import Quarantined, to_silver
from pipeline.runs import to_json
from reelhouse import sample_films

FILE = Path(__file__).with_name("sizes.json")
MOVIES = SILVER_TABLES["movies"]
_AT_ONCE = 5000
_MADE = {"run_id": bronze_objects.RUN_ID, "fetched_at": "2026-11-24 03:00:00", "processed_at": "2026-11-24 03:01:00"}


@dataclass(frozen=True)
class Size:
    """A catalogue of so many films.

    Attributes
    ----------
    list_bytes : int
        The source list.
    row_bytes : int
        All rows of Gold's ``movies`` as JSON: what SPICE keeps, nearly.
    page_bytes : int
        The dashboard as one file.
    pairs_cpu_seconds : float
        Processor time of the recommendations: every film with every other.
    """

    films: int
    list_bytes: int
    row_bytes: int
    page_bytes: int
    pairs_cpu_seconds: float


@dataclass(frozen=True)
class Build:
    """A build of all tables of Gold, from so many films in each of so many runs."""

    films: int
    runs: int
    cpu_seconds: float


@dataclass(frozen=True)
class Sizes:
    """Catalogues, smallest first; two builds, of many films once and of few in many runs; a Silver row's memory."""

    catalogues: list[Size]
    builds: list[Build]
    row_memory_bytes: int

    @property
    def largest(self) -> Size:
        """The catalogue of most films."""
        return self.catalogues[-1]

    def build_cpu_seconds(self, films: int, runs: int) -> float:
        """Processor time of a build, by the two that were measured: so much a film, and so much a row."""
        one, other = self.builds
        rows = (one.films * one.runs, other.films * other.runs)
        determinant = one.films * rows[1] - other.films * rows[0]
        a_film = (one.cpu_seconds * rows[1] - other.cpu_seconds * rows[0]) / determinant
        a_row = (one.films * other.cpu_seconds - other.films * one.cpu_seconds) / determinant
        return a_film * films + a_row * films * runs


def read(path: Path = FILE) -> Sizes:
    """Read what was measured."""
    found = json.loads(path.read_text(encoding="utf-8"))
    sizes, builds = [Size(**each) for each in found["catalogues"]], [Build(**each) for each in found["builds"]]
    return Sizes(sizes, builds, found["row_memory_bytes"])


def write(sizes: Sizes, path: Path = FILE) -> None:
    """Write what was measured."""
    path.write_text(json.dumps(asdict(sizes), indent=1) + "\n", encoding="utf-8")


def measure(films: int) -> Size:
    """Measure a catalogue of the sample's best films."""
    best = sample_films.ranked(sample_films.read_films())[:films]
    items = [sample_films.source_item(dict(film), place) for place, film in enumerate(best, start=1)]
    tables = gold(films)
    movies = tables["movies"]
    started = time.process_time()
    tables["recommendations"] = recommendations.build(movies)
    pairs = time.process_time() - started
    definition = loading.load()
    page = page_maker.page(definition, data.frames(definition, tables), stands_on="")
    return Size(
        films=len(movies),
        list_bytes=len(to_json({"items": items})),
        row_bytes=len(movies.to_json(orient="records")),
        page_bytes=len(page.encode()),
        pairs_cpu_seconds=round(pairs, 2),
    )


def row_memory_bytes(runs: int = 30) -> int:
    """Measure what a row takes in DuckDB's memory, of the whole sample in so many runs."""
    engine = many(1, runs)
    held = engine.query("SELECT sum(memory_usage_bytes) / (SELECT count(*) FROM silver.movies) FROM duckdb_memory()")
    return round(float(str(held[0][0])))


def build(copies: int, runs: int) -> Build:
    """Measure a build of the whole sample, so many copies of it, each film once in every run."""
    engine = many(copies, runs)
    started = time.process_time()
    films = engine.build()["movies"]
    for table in GOLD:
        engine.parquet(table.name)
    return Build(films, runs, round(time.process_time() - started, 2))


def many(copies: int, runs: int) -> DuckdbEngine:
    """Silver of so many copies of the whole sample in each of so many runs, in an engine."""
    engine = silver(17_472)
    names = MOVIES.column_names
    changed = {
        "imdb_id": "concat(imdb_id, '-', copy)",
        "bronze_key": "concat(bronze_key, copy, '-', run)",
        "run_id": "concat('2026', lpad(CAST(run AS VARCHAR), 4, '0'), 'T030000Z-1a2b3c4d')",
    }
    columns = ", ".join(f"{changed.get(name, name)} AS {name}" for name in names)
    engine.query(
        f"CREATE TABLE many AS SELECT {columns} FROM silver.movies, range({copies}) AS c(copy), range({runs}) AS r(run)"
    )
    engine.query("DELETE FROM silver.movies; INSERT INTO silver.movies BY NAME SELECT * FROM many; DROP TABLE many")
    return engine


def gold(films: int) -> dict[str, pd.DataFrame]:
    """Every table of Gold, of one run with so many films."""
    engine = silver(films)
    engine.build()
    return {table.name: pd.read_parquet(io.BytesIO(engine.parquet(table.name))) for table in GOLD}


def silver(films: int) -> DuckdbEngine:
    """Silver of one run with so many films, in an engine."""
    engine = DuckdbEngine(6144)
    with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
        path = Path(folder, "bronze.json")
        bronze_objects.write(path, 1, films)
        for place, batch in enumerate(bronze_objects.read(path, _AT_ONCE)):
            rows = [row for key, body in batch if (row := _row(key, body))]
            engine.load(MOVIES, {str(place): ("", parquet.encode(rows, MOVIES))})
    return engine


def _row(key: str, body: bytes) -> dict[str, Any] | None:
    document = json.loads(body)
    cleaned = to_silver(document, document["omdb"]["imdbID"])
    if isinstance(cleaned, Quarantined):
        return None
    return {**cleaned.row, "unreadable": None, "bronze_key": key, "code_version": "1", **_MADE}
