"""Small tables that summaries need and Gold does not hold: computed from Gold and from nothing else.

Pure: reads Gold tables as data frames, writes nothing. A table whose source is missing or of an older schema is left
out. Every row carries the number of films behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pandas as pd
from scipy.stats import binomtest, false_discovery_control, hypergeom, mannwhitneyu

from insights import rating_sources
from insights.frames import listed
from insights.trends import rank_movers
from insights.trends.genre_ratings import HIGHER, LOWER, genre_ratings
from insights.trends.genre_trends import FALLING, RISING, selected_confidence

Tables = Mapping[str, pd.DataFrame]

TOP_SHARE = 10  # top-rated: the first tenth of the list by rank
WIDEST = 0.98  # 1.96 standard errors of a share of one half, times the root of n
LEAST_TOP_FILMS = 10  # of fewer films, shares say nothing
SIGNIFICANCE = 0.05
FALSE_DISCOVERY_RATE = 0.05  # among the differences between the top films and the list that are kept
_MOVES = {
    "climbed": rank_movers.CLIMBER,
    "fell": rank_movers.FALLER,
    "new": rank_movers.NEW_ENTRY,
    "left": rank_movers.LEAVER,
}
LEAST_FILMS = 10  # a mean of fewer films has no place among the others


def top_films(movies: pd.DataFrame) -> pd.DataFrame:
    """Films of the first tenth by rank; none when that would be fewer than ``LEAST_TOP_FILMS``."""
    ranked = movies[movies["rank"].notna()].sort_values(["rank", "imdb_id"])
    size = len(ranked) // TOP_SHARE
    return ranked.head(size if size >= LEAST_TOP_FILMS else 0)


def top_rated_traits(tables: Tables) -> pd.DataFrame:
    """Compare the genres and decades of the top films with those of the whole list.

    A row is kept only if a random tenth of the list would rarely differ as much: two-sided hypergeometric test,
    Benjamini-Hochberg over all traits at ``FALSE_DISCOVERY_RATE``.

    Returns
    -------
    DataFrame
        trait, name, decade (null for other traits), top_share and all_share (0-1), low and high (95% Wilson interval of
        top_share, which allows for the number of traits), difference (percentage points), top_count, top_films and
        all_films (films whose trait is known). A film counts in each of its genres.
    """
    movies = tables["movies"]
    top = top_films(movies)
    parts = []
    for trait, column in (("genre", "genres"), ("decade", "decade")):
        known, known_top = movies[movies[column].notna()], top[top[column].notna()]
        if known_top.empty:
            continue
        counts = pd.DataFrame(
            {
                "all_count": known[column].explode().value_counts(),
                "top_count": known_top[column].explode().value_counts(),
            }
        ).fillna(0)
        trait_counts = counts.astype("int64").rename_axis("name").reset_index()
        if trait == "decade":
            trait_counts = trait_counts.assign(
                name=trait_counts["name"].astype("int64").astype("str"), decade=trait_counts["name"]
            )
        parts.append(trait_counts.assign(trait=trait, top_films=len(known_top), all_films=len(known)))
    return _that_differ(pd.concat(parts, ignore_index=True)) if parts else pd.DataFrame()


def _that_differ(traits: pd.DataFrame) -> pd.DataFrame:
    counts = traits[["all_films", "all_count", "top_films", "top_count"]].to_numpy(dtype="int64").tolist()
    p = []
    for all_films, all_count, top_films, top_count in counts:
        drawn = hypergeom(all_films, all_count, top_films)
        p.append(min(1.0, 2 * min(drawn.cdf(top_count), drawn.sf(top_count - 1))))
    q = pd.Series(false_discovery_control(p))
    confidence = selected_confidence(q, FALSE_DISCOVERY_RATE)
    intervals = [binomtest(top, of).proportion_ci(confidence, method="wilson") for _, _, of, top in counts]
    shares = traits.assign(
        top_share=traits["top_count"] / traits["top_films"],
        all_share=traits["all_count"] / traits["all_films"],
        low=[interval.low for interval in intervals],
        high=[interval.high for interval in intervals],
    )
    shares["difference"] = (shares["top_share"] - shares["all_share"]) * 100
    differing: pd.DataFrame = shares[q <= FALSE_DISCOVERY_RATE]
    return differing.reset_index(drop=True)


def top_rated_runtime(tables: Tables) -> pd.DataFrame:
    """Compare the running time of the top films with that of all: one row, or none.

    Returns
    -------
    DataFrame
        top_median and all_median (minutes), top_films and all_films (with a known running time), differs (whether the
        top films run longer or shorter than the others: two-sided Mann-Whitney test at ``SIGNIFICANCE``), detectable
        (half the width of the widest 95% interval of a share of the top films, percentage points).
    """
    everything = tables["movies"]["runtime_minutes"].dropna()
    top = top_films(tables["movies"])["runtime_minutes"].dropna()
    others = everything.drop(top.index)
    if top.empty or others.empty:
        return pd.DataFrame()
    p = mannwhitneyu(top.astype("float64"), others.astype("float64")).pvalue
    medians = {"top_median": [float(top.median())], "all_median": [float(everything.median())]}
    counts = {"top_films": [len(top)], "all_films": [len(everything)]}
    reach = 100 * WIDEST / math.sqrt(len(top))
    return pd.DataFrame({**medians, **counts, "differs": [bool(p <= SIGNIFICANCE)], "detectable": [round(reach)]})


def top_rated_directors(tables: Tables) -> pd.DataFrame:
    """Directors with several of the top films: director, top_films, all_films (in the whole library)."""
    movies = tables["movies"]
    top = top_films(movies)["directors"].explode().value_counts()
    directors = top[top > 1].rename_axis("director").reset_index(name="top_films")
    everything = movies["directors"].explode().value_counts()
    directors = directors.assign(all_films=[int(everything[director]) for director in directors["director"]])
    return with_places(directors, "top_films")


def genre_share_by_decade(tables: Tables) -> pd.DataFrame:
    """Films of each genre and decade, among films of the decade with a genre: films, films_in_decade, share (0-1)."""
    shares = tables["genre_share_by_year"].assign(decade=lambda rows: rows["year"] // 10 * 10)
    in_decade = shares.drop_duplicates("year").groupby("decade")["films_in_year"].sum()
    films = shares.groupby(["decade", "genre"])["films"].sum().reset_index()
    films["films_in_decade"] = films["decade"].map(in_decade)
    return with_places(films.assign(share=films["films"] / films["films_in_decade"]), "share", within=["decade"])


def genres(tables: Tables) -> pd.DataFrame:
    """Films of each genre over all years: genre, films, films_with_genre, share (0-1)."""
    shares = tables["genre_share_by_year"]
    films = shares.groupby("genre")["films"].sum().reset_index()
    films["films_with_genre"] = int(shares.drop_duplicates("year")["films_in_year"].sum())
    return with_places(films.assign(share=films["films"] / films["films_with_genre"]), "share")


def rank_changes(tables: Tables) -> pd.DataFrame:
    """All moves on the list between the last two runs, as :func:`insights.trends.rank_movers.rank_movers` gives them.

    ``climbed`` and ``fell`` are the places moved, null unless it moved that way; ``moved`` is either.
    """
    history = tables["rank_history"]
    listed = tables.get("movies", pd.DataFrame(columns=["imdb_id"]))
    moves = rank_movers.rank_movers(history, listed, n=len(history))
    change = moves["change"].astype("float64")
    return moves.assign(climbed=change.where(change > 0), fell=-change.where(change < 0), moved=change.abs())


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
    """Gold's genre_trends with ``clear_trend``, rising or falling, and ``no_trend``; both null without an interval."""
    trends = tables["genre_trends"]
    clear, tested = trends["trend"].isin([RISING, FALLING]), trends["slope_low"].notna()
    return trends.assign(clear_trend=trends["trend"].where(clear), no_trend=trends["trend"].where(tested & ~clear))


def newest_runs(tables: Tables) -> pd.DataFrame:
    """The last two runs of pipeline_runs with ``which``: "the newest run", "the run before"."""
    runs = tables["pipeline_runs"].sort_values("run_id", ascending=False).head(2)
    return runs.assign(which=["the newest run", "the run before"][: len(runs)])


def with_places(
    frame: pd.DataFrame, value: str, *, films: str = "", within: list[str] | None = None, column: str = "place"
) -> pd.DataFrame:
    """Add the place of each row by a value: ``column`` (1 is the highest; null when tied) and ``column``_of (rows).

    Parameters
    ----------
    value : str
        Column that is compared.
    films : str
        Column of the films behind the value; rows of fewer than ``LEAST_FILMS`` have no place. "" compares all rows.
    within : list of str, optional
        Columns that rows must share to be compared; ratings of different sources never are.
    """
    frame = frame.reset_index(drop=True)
    eligible = frame[frame[value].notna() & ((frame[films] >= LEAST_FILMS) if films else True)]
    groups = eligible.groupby(within)[value] if within else eligible.groupby(lambda _: 0)[value]
    size = groups.transform("size")
    tied = eligible.groupby([*(within or []), value])[value].transform("size") > 1
    ranks = groups.rank(method="min", ascending=False).mask(tied | (size < 2))
    return frame.assign(**{column: ranks.reindex(frame.index), f"{column}_of": size.reindex(frame.index)})


def _movies(tables: Tables) -> pd.DataFrame:
    """Gold's movies with place (null when tied), place_of (ranked films), and height: larger the better the rank."""
    movies = tables["movies"]
    unshared = movies["rank"].mask(movies["rank"].duplicated(keep=False))
    height = -movies["rank"].astype("float64")
    return movies.assign(place=unshared, place_of=int(movies["rank"].notna().sum()), height=height)


def _rated_genres(tables: Tables) -> pd.DataFrame:
    """Gold's ratings_by_genre with places, and others and verdict where the genre clearly differs, else null."""
    rated = with_places(tables["ratings_by_genre"], "mean", films="films", within=["source"])
    movies = tables.get("movies", pd.DataFrame())
    compared = pd.concat([genre_ratings(movies, name).assign(source=name) for name in rating_sources.NAMES])
    clear = compared[compared["verdict"].isin([HIGHER, LOWER])][["genre", "source", "others", "verdict"]]
    return rated.merge(clear, on=["genre", "source"], how="left")


def _decades(tables: Tables) -> pd.DataFrame:
    placed = with_places(tables["box_office_by_decade"], "mean_usd", films="films_with_box_office")
    return with_places(placed, "films", column="films_place")


# Name of the table, what computes it, and the Gold columns it needs.
_DERIVED: Mapping[str, tuple[Callable[[Tables], pd.DataFrame], str, set[str]]] = {
    "top_rated_traits": (top_rated_traits, "movies", {"imdb_id", "rank", "genres", "decade"}),
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
    "genre_trends": (genre_trends, "genre_trends", {"genre", "measure", "trend", "slope", "slope_low"}),
    "newest_runs": (newest_runs, "pipeline_runs", {"run_id"}),
    "movies": (_movies, "movies", {"rank"}),
    "ratings_by_genre": (_rated_genres, "ratings_by_genre", {"genre", "source", "films", "mean"}),
    "box_office_by_decade": (
        _decades,
        "box_office_by_decade",
        {"decade", "films", "films_with_box_office", "mean_usd"},
    ),
}


def fact_tables(tables: Tables) -> dict[str, pd.DataFrame]:
    """Return Gold with the tables of this module added. Of ``movies`` only the films on the list are kept."""
    gold = {name: listed(frame) if name == "movies" else frame for name, frame in tables.items()}
    non_empty = {name: frame for name, frame in gold.items() if not frame.empty}
    derived = {
        name: compute(non_empty)
        for name, (compute, source, columns) in _DERIVED.items()
        if source in non_empty and columns <= set(non_empty[source].columns)
    }
    return {name: frame for name, frame in {**non_empty, **derived}.items() if not frame.empty}
