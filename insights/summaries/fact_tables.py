"""Small tables that summaries stand on and Gold does not hold itself: computed from Gold, never from elsewhere.

Pure: reads Gold tables as data frames, writes nothing. A table whose source is missing or of an older schema is
left out. Every row carries the number of films behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from insights.summaries import fact_wording
from insights.trends import rank_movers

Tables = Mapping[str, pd.DataFrame]

TOP_SHARE = 10  # top-rated: the first of so many parts of the source list, by rank
LEAST_TOP_FILMS = 10  # below this, shares of the top films say nothing
_MOVES = {
    "climbed": rank_movers.CLIMBER,
    "fell": rank_movers.FALLER,
    "new": rank_movers.NEW_ENTRY,
    "left": rank_movers.LEAVER,
}
RISING, FALLING = "rising", "falling"  # as genre_trends has them; its module would load SciPy
LEAST_FILMS = 10  # a mean of fewer films takes no place among the others


def top_films(movies: pd.DataFrame) -> pd.DataFrame:
    """Films of the first tenth by rank; none when that would be fewer than ``LEAST_TOP_FILMS``."""
    ranked = movies[movies["rank"].notna()].sort_values(["rank", "imdb_id"])
    size = len(ranked) // TOP_SHARE
    return ranked.head(size if size >= LEAST_TOP_FILMS else 0)


def top_rated_traits(tables: Tables) -> pd.DataFrame:
    """Share of genres, decades and countries among the top films and among all.

    Returns
    -------
    pandas.DataFrame
        trait, name, decade (null for other traits), top_share and all_share (0-1), difference (percentage points),
        top_films and all_films (films whose trait is known). A film counts in each of its genres and countries.
    """
    movies = tables["movies"]
    top = top_films(movies)
    parts = []
    for trait, column in (("genre", "genres"), ("decade", "decade"), ("country", "countries")):
        known, known_top = movies[movies[column].notna()], top[top[column].notna()]
        if known_top.empty:
            continue
        shares = pd.DataFrame(
            {
                "top_share": known_top[column].explode().value_counts() / len(known_top),
                "all_share": known[column].explode().value_counts() / len(known),
            }
        ).dropna()
        found = shares.rename_axis("name").reset_index()
        if trait == "decade":
            found = found.assign(name=found["name"].astype("int64").astype("str"), decade=found["name"])
        parts.append(found.assign(trait=trait, top_films=len(known_top), all_films=len(known)))
    if not parts:
        return pd.DataFrame()
    traits = pd.concat(parts, ignore_index=True)
    traits["difference"] = (traits["top_share"] - traits["all_share"]) * 100
    return traits


def top_rated_runtime(tables: Tables) -> pd.DataFrame:
    """Median running time, in minutes, of the top films and of all: one row, or none."""
    everything = tables["movies"]["runtime_minutes"].dropna()
    top = top_films(tables["movies"])["runtime_minutes"].dropna()
    if top.empty:
        return pd.DataFrame()
    medians = {"top_median": [float(top.median())], "all_median": [float(everything.median())]}
    return pd.DataFrame({**medians, "top_films": [len(top)], "all_films": [len(everything)]})


def top_rated_directors(tables: Tables) -> pd.DataFrame:
    """Directors with several of the top films: director, top_films, all_films (in the whole library)."""
    movies = tables["movies"]
    top = top_films(movies)["directors"].explode().value_counts()
    found = top[top > 1].rename_axis("director").reset_index(name="top_films")
    everything = movies["directors"].explode().value_counts()
    return found.assign(all_films=[int(everything[director]) for director in found["director"]])


def genre_share_by_decade(tables: Tables) -> pd.DataFrame:
    """Films of each genre and decade, among films of the decade with a genre: films, films_in_decade, share (0-1)."""
    shares = tables["genre_share_by_year"].assign(decade=lambda rows: rows["year"] // 10 * 10)
    in_decade = shares.drop_duplicates("year").groupby("decade")["films_in_year"].sum()
    films = shares.groupby(["decade", "genre"])["films"].sum().reset_index()
    films["films_in_decade"] = films["decade"].map(in_decade)
    return films.assign(share=films["films"] / films["films_in_decade"])


def genres(tables: Tables) -> pd.DataFrame:
    """Films of each genre over all years: genre, films, films_with_genre, share (0-1)."""
    shares = tables["genre_share_by_year"]
    films = shares.groupby("genre")["films"].sum().reset_index()
    films["films_with_genre"] = int(shares.drop_duplicates("year")["films_in_year"].sum())
    return films.assign(share=films["films"] / films["films_with_genre"])


def rank_changes(tables: Tables) -> pd.DataFrame:
    """All moves on the list between the last two runs.

    Returns
    -------
    pandas.DataFrame
        What :func:`insights.trends.rank_movers.rank_movers` gives, with climbed and fell: places moved, null unless it
        moved that way. Empty when there is no run before.
    """
    history = tables["rank_history"]
    moves = rank_movers.rank_movers(history, n=len(history))
    change = moves["change"].astype("float64")
    return moves.assign(climbed=change.where(change > 0), fell=-change.where(change < 0))


def run_changes(tables: Tables) -> pd.DataFrame:
    """How many films climbed, fell, stayed the same, are new or left: one row, or none without a run before."""
    history = tables["rank_history"]
    runs = sorted(history["run_id"].unique())
    if len(runs) < 2:
        return pd.DataFrame()
    last, before = (history[history["run_id"] == run].set_index("imdb_id")["rank"] for run in (runs[-1], runs[-2]))
    same = int((last == before.reindex(last.index)).sum())
    moves = rank_changes(tables)["move"]
    counts = {name: [int((moves == move).sum())] for name, move in _MOVES.items()}
    return pd.DataFrame({"run_id": [runs[-1]], **counts, "same": [same]})


def genre_trends(tables: Tables) -> pd.DataFrame:
    """Gold's genre_trends with ``clear_trend`` (rising or falling) and ``no_trend``, of which one is null."""
    trends = tables["genre_trends"]
    clear = trends["trend"].isin([RISING, FALLING])
    return trends.assign(clear_trend=trends["trend"].where(clear), no_trend=trends["trend"].where(~clear))


def newest_runs(tables: Tables) -> pd.DataFrame:
    """The last two runs of pipeline_runs with ``which``: "the newest run", "the run before"."""
    runs = tables["pipeline_runs"].sort_values("run_id", ascending=False).head(2)
    return runs.assign(which=["the newest run", "the run before"][: len(runs)])


def with_places(frame: pd.DataFrame, value: str, films: str, within: list[str]) -> pd.DataFrame:
    """Add ``place`` (text) and ``placed`` (how many were compared) among rows of at least ``LEAST_FILMS`` films.

    Parameters
    ----------
    frame : pandas.DataFrame
        A Gold table.
    value, films : str
        Columns of the value compared and of the films behind it.
    within : list of str
        Columns that rows must share to be compared; ratings of different sources never are.
    """
    eligible = frame[(frame[films] >= LEAST_FILMS) & frame[value].notna()]
    groups = eligible.groupby(within)[value] if within else eligible.groupby(lambda _: 0)[value]
    position = groups.rank(method="min", ascending=False)
    count, equal = groups.transform("size"), eligible.groupby([*within, value])[value].transform("size")
    texts = {
        index: fact_wording.place(int(position[index]), int(count[index]), tied=bool(equal[index] > 1))
        for index in eligible.index
        if count[index] > 1
    }
    return frame.assign(place=pd.Series(texts, dtype="object").reindex(frame.index), placed=count.reindex(frame.index))


def _rated_genres(tables: Tables) -> pd.DataFrame:
    return with_places(tables["ratings_by_genre"].reset_index(drop=True), "mean", "films", ["source"])


def _earning_decades(tables: Tables) -> pd.DataFrame:
    return with_places(tables["box_office_by_decade"].reset_index(drop=True), "mean_usd", "films_with_box_office", [])


# Name of the table, what computes it, and the Gold columns it needs.
_DERIVED: Mapping[str, tuple[Callable[[Tables], pd.DataFrame], str, set[str]]] = {
    "top_rated_traits": (top_rated_traits, "movies", {"imdb_id", "rank", "genres", "decade", "countries"}),
    "top_rated_runtime": (top_rated_runtime, "movies", {"imdb_id", "rank", "runtime_minutes"}),
    "top_rated_directors": (top_rated_directors, "movies", {"imdb_id", "rank", "directors"}),
    "genre_share_by_decade": (
        genre_share_by_decade,
        "genre_share_by_year",
        {"year", "genre", "films", "films_in_year"},
    ),
    "genres": (genres, "genre_share_by_year", {"year", "genre", "films", "films_in_year"}),
    "rank_changes": (rank_changes, "rank_history", {"run_id", "imdb_id", "title", "rank"}),
    "run_changes": (run_changes, "rank_history", {"run_id", "imdb_id", "title", "rank"}),
    "genre_trends": (genre_trends, "genre_trends", {"genre", "measure", "trend"}),
    "newest_runs": (newest_runs, "pipeline_runs", {"run_id"}),
    "ratings_by_genre": (_rated_genres, "ratings_by_genre", {"genre", "source", "films", "mean"}),
    "box_office_by_decade": (_earning_decades, "box_office_by_decade", {"decade", "films_with_box_office", "mean_usd"}),
}


def fact_tables(tables: Tables) -> dict[str, pd.DataFrame]:
    """Return Gold with the tables of this module added; Gold's own rows are unchanged."""
    found = {name: frame for name, frame in tables.items() if not frame.empty}
    derived = {
        name: compute(found)
        for name, (compute, source, columns) in _DERIVED.items()
        if source in found and columns <= set(found[source].columns)
    }
    return {name: frame for name, frame in {**found, **derived}.items() if not frame.empty}
