"""What grows with the catalogue, and with the runs that are kept: list, page, rows, recommendations, builds of Gold.

``python -m benchmarks.scale sizes`` makes Silver and Gold of the sample's best films in this process, without a stack,
and writes ``sizes.json``.
"""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import bronze_objects, silver_tables
from benchmarks.measure import fresh
from insights.dashboard import data, loading, page_maker
from insights.similar import recommendations
from pipeline.columns import SILVER_TABLES
from pipeline.gold.columns import GOLD
from pipeline.gold.engine import DuckdbEngine
from pipeline.runs import to_json
from pipeline.silver import parquet
from pipeline.silver.records import Quarantined, to_silver
from reelhouse.local.omdb import films as sample_films

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
    peak_mb: int


@dataclass(frozen=True)
class Sizes:
    """Catalogues, smallest first; two builds, of many films once and of few in many runs."""

    catalogues: list[Size]
    builds: list[Build]

    @property
    def largest(self) -> Size:
        """The catalogue of most films."""
        return self.catalogues[-1]

    @property
    def film_memory_bytes(self) -> float:
        """Memory that a film more takes while Gold is built, however many rows it has."""
        one, other = self.builds
        return (one.peak_mb - other.peak_mb) * 2**20 / (one.films - other.films)

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
    return Sizes(sizes, builds)


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


def build(rows: int, runs: int) -> Build:
    """Measure a build of so many rows of Silver, each film once in every run, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
        silver_tables.write(Path(folder, "silver"), rows, runs)
        Path(folder, "gold").mkdir()
        run = fresh("gold", "ours", folder=f"{folder}/silver", target=f"{folder}/gold")
    return Build(run.values["films"], runs, round(run.values["cpu_seconds"], 2), round(run.peak_mb or 0))


def gold(films: int) -> dict[str, pd.DataFrame]:
    """Every table of Gold, of one run with so many films."""
    engine = silver(films)
    engine.build()
    return {table.name: pd.read_parquet(engine.path(table.name)) for table in GOLD}


def silver(films: int) -> DuckdbEngine:
    """Silver of one run with so many films, in an engine."""
    engine = DuckdbEngine(1024)
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
