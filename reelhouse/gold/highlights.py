"""What came out: the few tables that ``make run`` prints, and the commands to try next."""

from __future__ import annotations

import pandas as pd

from insights import lake
from reelhouse import show

NEXT = (
    ("reelhouse status", "runs and queues"),
    ("reelhouse table", "the names of all Gold tables"),
    ("reelhouse table films_by_country --output countries.csv", "any of them as a file"),
    ("reelhouse run --top-n 20 --batch-size 5", "another run"),
    ("reelhouse doctor", "is everything well?"),
    ("reelhouse down", "stop; the data stays (--delete removes it)"),
)
_SOURCES = ("imdb", "rotten_tomatoes", "metascore")


def show_tables() -> None:
    """Print films, top genres, box office by decade, and the most frequent directors."""
    movies = lake.table("movies")
    years = f", {movies['year'].min()}–{movies['year'].max()}" if movies["year"].notna().any() else ""
    show.out.print(f"\n[bold]{len(movies):,} films in Gold[/]{years}\n")
    source, genres = top_genres(lake.table("ratings_by_genre"))
    show.frame(f"Top genres by {source} rating (0-100; n = films rated)", genres)
    show.frame("Box office by decade (US dollars of the day; n = films with one)", decades())
    directors = lake.table("films_by_director").head(8)[["director", "films"]]
    show.frame("Most frequent directors", directors)


def show_next() -> None:
    """Print the commands to try next."""
    show.out.print("[bold]Next[/]")
    for command, purpose in NEXT:
        show.out.print(f"  {command:<58} {purpose}")


def top_genres(ratings: pd.DataFrame, least: int = 20) -> tuple[str, pd.DataFrame]:
    """The eight best rated genres with at least ``least`` films, by the source that rates most films."""
    films = ratings.groupby("source")["films"].sum()
    source = max(_SOURCES, key=lambda name: films.get(name, 0))
    chosen = ratings[(ratings["source"] == source) & (ratings["films"] >= least)]
    best = chosen.sort_values(["mean", "genre"], ascending=[False, True]).head(8)
    return source, best[["genre", "mean", "median", "films"]].rename(columns={"films": "n"})


def decades() -> pd.DataFrame:
    """Mean and median box office of each decade."""
    data = lake.table("box_office_by_decade")
    data = data[data["films_with_box_office"] > 0]
    shown = data[["decade", "mean_usd", "median_usd", "films_with_box_office"]]
    return shown.rename(columns={"films_with_box_office": "n"})
