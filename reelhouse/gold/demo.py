"""``reelhouse demo``, which `make run` calls: the whole pipeline once, and its results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from insights.lake import Lake
from insights.reports import notebooks
from pipeline import settings
from reelhouse import stack
from reelhouse.console import out
from reelhouse.gold import dashboard, frames, report
from reelhouse.local import up
from reelhouse.local.stack import REAL_LIST, REAL_OMDB, Options
from reelhouse.run.start import WATCH_SECONDS, print_report, start, watch_to_end

# OMDb's free tier allows 1,000 calls a day.
MOST_REAL_FILMS = 250
REPORTS = Path("reports")
NEXT = (
    ("reelhouse status", "runs and queues"),
    ("reelhouse table", "names of all Gold tables"),
    ("reelhouse table films_by_country --output countries.csv", "a table as a file"),
    ("reelhouse run --top-n 20 --batch-size 5", "another run"),
    ("reelhouse doctor", "check everything"),
    ("reelhouse down", "stop; --delete also removes the data"),
)
_SOURCES = ("imdb", "rotten_tomatoes", "metascore")


def command(films: Annotated[int, typer.Option(min=1, help="Films to ingest.")] = 1000) -> None:
    """Run everything once: stack, films, reports, results. `make run` does this.

    With OMDB_API_KEY set, it uses the real list and the real OMDb, and at most 250 films.

    Example: [bold]reelhouse demo --films 100[/]
    """
    key = settings.variable("OMDB_API_KEY")
    up.start(Options(REAL_LIST, REAL_OMDB, key) if key else Options())
    found = stack.find(None)
    reply = start(found, min(films, MOST_REAL_FILMS) if key else films, 10 if key else 20)
    result = watch_to_end(found, reply, WATCH_SECONDS)
    print_report(result)
    if result.status != "complete":
        raise typer.Exit(1)
    show_tables(found.lake())
    published = report.run(found, notebooks.discover(), {}, REPORTS)
    report.print_published(published, REPORTS, found)
    dashboard.tell(dashboard.make(found.lake(), REPORTS / "dashboard.html"), browser=False)
    show_next()
    if not all(one.succeeded for one in published):
        raise typer.Exit(1)


def show_tables(lake: Lake) -> None:
    """Print the number of films, the top genres, box office by decade, and the most frequent directors."""
    movies = lake.table("movies")
    years = f", {movies['year'].min()}–{movies['year'].max()}" if movies["year"].notna().any() else ""
    out.print(f"\n[bold]{len(movies):,} films in Gold[/]{years}\n")
    source, genres = top_genres(lake.table("ratings_by_genre"))
    frames.show(genres, f"Top genres by {source} rating (0-100; n = films rated)")
    frames.show(decades(lake), "Box office by decade (nominal US dollars; n = films with a figure)")
    frames.show(lake.table("films_by_director").head(8)[["director", "films"]], "Most frequent directors")


def show_next() -> None:
    """Print commands to try next."""
    out.print("[bold]Next[/]")
    for example, purpose in NEXT:
        out.print(f"  {example:<58} {purpose}")


def top_genres(ratings: pd.DataFrame, least: int = 20) -> tuple[str, pd.DataFrame]:
    """Return the eight best rated genres with at least ``least`` films, by the source that rates most films."""
    films = ratings.groupby("source")["films"].sum()
    source = max(_SOURCES, key=lambda name: films.get(name, 0))
    chosen = ratings[(ratings["source"] == source) & (ratings["films"] >= least)]
    best = chosen.sort_values(["mean", "genre"], ascending=[False, True]).head(8)
    return source, best[["genre", "mean", "median", "films"]].rename(columns={"films": "n"})


def decades(lake: Lake) -> pd.DataFrame:
    """Return mean and median box office of each decade."""
    data = lake.table("box_office_by_decade")
    data = data[data["films_with_box_office"] > 0]
    columns = ["decade", "mean_usd", "median_usd", "films_with_box_office"]
    return data[columns].rename(columns={"films_with_box_office": "n"})
