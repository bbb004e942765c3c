"""The one home of table definitions: columns with their types, units, ranges and meanings.

The Glue tables, ``docs/data.md``, the parquet schemas, ``data_quality`` and the QuickSight data sets are derived from
these definitions. Column types are Glue's; :data:`TYPES` maps them to those of DuckDB, Athena and pandas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from pipeline import keys


class EngineTypes(NamedTuple):
    """Names of one Glue type in other systems; ``athena`` is the name in a CAST."""

    duckdb: str
    athena: str
    pandas: str


# pandas: integers are nullable, since NaN would turn a count into a fraction; dates and lists are Python objects.
TYPES = {
    "string": EngineTypes("VARCHAR", "varchar", "str"),
    "int": EngineTypes("INTEGER", "integer", "Int32"),
    "bigint": EngineTypes("BIGINT", "bigint", "Int64"),
    "double": EngineTypes("DOUBLE", "double", "float64"),
    "boolean": EngineTypes("BOOLEAN", "boolean", "boolean"),
    "date": EngineTypes("DATE", "date", "object"),
    "timestamp": EngineTypes("TIMESTAMP", "timestamp", "datetime64[us]"),
    "array<string>": EngineTypes("VARCHAR[]", "array(varchar)", "object"),
}
DUCKDB_TYPES = {glue: types.duckdb for glue, types in TYPES.items()}


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name, type : str
        The name, and the Glue type.
    meaning : str
        What a value says, in one line.
    unit : str
        Unit and range, or "" for text.
    null : str
        What a missing value means; "never" where the column is always filled.
    low, high : float or None
        Smallest and largest possible value; None where there is no such limit.
    """

    name: str
    type: str
    meaning: str
    unit: str = ""
    null: str = "never"
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Table:
    """One table of a layer.

    Attributes
    ----------
    folder : str
        Where its objects are in the layer's bucket; "" for a folder of the table's name.
    key : tuple of str
        Columns that identify a row. An object without them is damaged; in Silver, so is one with a null there.
    groups : str
        Column of ``movies`` that groups the films; unless it is also the key, it holds lists. "" for other tables.
    partition : Column or None
        Column that is read from the objects' keys, ``…/column=value/…``, and is not among ``columns``. A query must
        name its values (Athena's "injected" projection), and then reads those folders alone.
    order : tuple of str
        Sort order for readers; files are in no order that a reader may rely on.
    """

    name: str
    layer: str
    meaning: str
    columns: tuple[Column, ...]
    format: str = "parquet"
    folder: str = ""
    partition: Column | None = None
    order: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    groups: str = ""

    def by_folder(self, name: str, partition: Column, **changes: Any) -> Table:
        """Return a second table over the same objects, partitioned by their keys."""
        columns = tuple(column for column in self.columns if column != partition)
        return replace(self, name=name, columns=columns, partition=partition, **changes)

    @property
    def column_names(self) -> list[str]:
        """Names of all columns, in order."""
        return [column.name for column in self.columns]

    def duckdb_types(self) -> dict[str, str]:
        """Column names with their DuckDB types, in order."""
        return {column.name: TYPES[column.type].duckdb for column in self.columns}


@dataclass(frozen=True)
class RatingSource:
    """A source of ratings: its name in Gold and for readers, its columns of ``movies``, and the factor to 0-100."""

    name: str
    label: str
    column: str
    factor: int
    votes: str | None


RATING_SOURCES = (
    RatingSource("imdb", "IMDb", "imdb_rating", 10, "imdb_votes"),
    RatingSource("metascore", "Metacritic", "metascore", 1, None),
    RatingSource("rotten_tomatoes", "Rotten Tomatoes", "rotten_tomatoes", 1, "rotten_tomatoes_reviews"),
    RatingSource("source_list", "source list", "source_rating", 10, "source_rating_count"),
)

# ── Silver ───────────────────────────────────────────────────────────────────────────────────────────────────────────

NOT_GIVEN, NOT_LISTED = "OMDb gives none", "the list gives none"
# "Passage de Venus", the oldest entry of IMDb, is from 1874.
FIRST_YEAR = 1870
# No source list is that long, and it fits Silver's type of rank.
MAX_FILMS = 10**9

RUN_ID = Column("run_id", "string", "Run that fetched the film; sorts by time")
IMDB_ID = Column("imdb_id", "string", "IMDb id; identifies the film")
TITLE = Column("title", "string", "Title as OMDb has it", null=NOT_GIVEN)
YEAR = Column("year", "int", "Year of release; the first year of a series", "calendar year", NOT_GIVEN, low=FIRST_YEAR)
RANK = Column("rank", "int", "Rank on the source list of that run", "1 is best", low=1, high=MAX_FILMS)
FILM = (
    IMDB_ID,
    TITLE,
    YEAR,
    Column("type", "string", "movie, series, episode or game", null=NOT_GIVEN),
    Column("rated", "string", "Age rating, one spelling each", null=NOT_GIVEN),
    Column("released", "date", "Day of release", null=NOT_GIVEN),
    Column("runtime_minutes", "int", "Running time", "minutes", NOT_GIVEN, low=1, high=60_000),
    Column("genres", "array<string>", "Genres in OMDb's order", null=NOT_GIVEN),
    Column("directors", "array<string>", "Directors in OMDb's order", null=NOT_GIVEN),
    Column("writers", "array<string>", "Writers, without notes such as (screenplay)", null=NOT_GIVEN),
    Column("actors", "array<string>", "Cast in OMDb's order", null=NOT_GIVEN),
    Column("languages", "array<string>", "Languages, most important first", null=NOT_GIVEN),
    Column("countries", "array<string>", "Countries, one spelling each (USA becomes United States)", null=NOT_GIVEN),
    Column("plot", "string", "Plot, HTML entities decoded", null=NOT_GIVEN),
    Column("awards", "string", "Awards, in OMDb's words", null=NOT_GIVEN),
    Column("poster", "string", "URL of the poster", null=NOT_GIVEN),
    Column("production", "string", "Production company", null=NOT_GIVEN),
    Column("imdb_rating", "double", "IMDb rating", "0-10", NOT_GIVEN, 0, 10),
    Column("imdb_votes", "bigint", "Votes behind imdb_rating", "votes", NOT_GIVEN, 0, 10**12),
    Column("metascore", "int", "Metacritic score", "0-100", NOT_GIVEN, 0, 100),
    Column("rotten_tomatoes", "int", "Tomatometer: percentage of favourable reviews", "0-100", NOT_GIVEN, 0, 100),
    Column("rotten_tomatoes_average", "double", "Average rating by critics", "0-10", NOT_GIVEN, 0, 10),
    Column("rotten_tomatoes_reviews", "int", "Reviews behind rotten_tomatoes", "reviews", NOT_GIVEN, 0, 10**6),
    Column("box_office_usd", "bigint", "Reported box office, nominal", "US dollars", NOT_GIVEN, 0, 10**10),
    RANK,
    Column("source_rating", "double", "Rating on the source list", "0-10", NOT_LISTED, 0, 10),
    Column("source_rating_count", "bigint", "Votes behind source_rating", "votes", NOT_LISTED, 0, 10**12),
)
UNREADABLE = Column("unreadable", "array<string>", "Unparseable values of OMDb, null in their own columns", "", "none")
LINEAGE = (
    RUN_ID,
    Column("bronze_key", "string", "Key of the Bronze object behind the row"),
    Column("bronze_version", "string", "Version of that object", null="the bucket keeps no versions"),
    Column("fetched_at", "timestamp", "Time of OMDb's answer", "UTC"),
    Column("processed_at", "timestamp", "Time when the Silver row was made", "UTC"),
    Column("code_version", "string", "Code version that made the row"),
)

SILVER = (
    Table(
        "movies",
        "silver",
        "One row per film and run, cleaned and typed.",
        (*FILM, UNREADABLE, *LINEAGE),
        key=("imdb_id", "run_id"),
    ),
    Table(
        "quarantine",
        "silver",
        "Films with impossible values in OMDb's answer, with every reason.",
        (
            Column("imdb_id", "string", "IMDb id asked for"),
            RUN_ID,
            Column("reasons", "array<string>", "Field, value and violated rule, one entry each"),
            *LINEAGE[1:],
        ),
        format="json",
        key=("imdb_id", "run_id"),
    ),
    Table(
        "rejected",
        "silver",
        "Films that OMDb rejected permanently, or answered with an unreadable body.",
        (
            Column("imdb_id", "string", "IMDb id asked for"),
            RUN_ID,
            Column("reason", "string", "OMDb's error, or the fault of the body"),
            *LINEAGE[1:],
        ),
        format="json",
        key=("imdb_id", "run_id"),
    ),
    Table(
        "runs",
        "silver",
        "One row per run, from its manifest.",
        (
            RUN_ID,
            Column("started_at", "timestamp", "Start of the run", "UTC"),
            Column("source_uri", "string", "URI of the source list"),
            Column("source_sha256", "string", "SHA-256 of the source list"),
            Column("top_n", "int", "Films requested", "films"),
            Column("batch_size", "int", "Films per message", "films"),
            Column("expected", "int", "Films sent to the queue", "films"),
            Column("code_version", "string", "Code version that started the run"),
        ),
        format="json",
        key=("run_id",),
    ),
)

SILVER_TABLES = {table.name: table for table in SILVER}
# The same objects partitioned by run, for queries about one run.
SILVER_BY_RUN = tuple(
    t.by_folder(f"{t.name}_by_run", RUN_ID, folder=t.name, meaning=f"{t.meaning} Queries must name run_id.")
    for t in SILVER
)

# ── Gold ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

UNKNOWN = "not known"
ON_LIST = Column(
    "on_list", "boolean", "False when a later complete run looked as deep as the film's last rank and did not list it"
)
LEFT = "the film is not on the list, or a later run gave its rank to another film"
DECADE = Column("decade", "int", "First year of the decade", "calendar year")
FILMS = Column("films", "bigint", "Films behind the row", "films")
BOX_OFFICE = (
    Column("films_with_box_office", "bigint", "Films with a known box office", "films"),
    Column("box_office_mean_usd", "double", "Mean over those films, nominal", "US dollars", "no film has one"),
    Column("box_office_total_usd", "bigint", "Sum over those films, nominal", "US dollars", "no film has one"),
)
SOURCE = Column("source", "string", f"{', '.join(s.name for s in RATING_SOURCES[:-1])} or {RATING_SOURCES[-1].name}")
RATINGS_BY_SOURCE = tuple(
    column
    for s in RATING_SOURCES
    for column in (
        Column(f"{s.name}_mean", "double", f"Mean rating by {s.label}", "0-100", f"no film has a {s.label} rating"),
        Column(f"{s.name}_films", "bigint", f"Films with a rating by {s.label}", "films"),
    )
)
# What takes the place of a column of a film's Silver row in Gold.
_IN_GOLD = {
    "year": (YEAR, replace(DECADE, null=NOT_GIVEN)),
    "rank": (ON_LIST, replace(RANK, meaning="Rank on the source list, from the newest runs", null=LEFT)),
}


def films_by(column: Column, groups: str) -> Table:
    """Gold table of the films on the list, their ratings by source and box office, for each value of ``groups``."""
    each = "" if groups == column.name else f"; a film counts for each of its {groups}"
    meaning = f"Films on the list by {column.meaning.lower()}{each}."
    columns, key = (column, FILMS, *RATINGS_BY_SOURCE, *BOX_OFFICE), (column.name,)
    return Table(f"films_by_{column.name}", "gold", meaning, columns, key=key, groups=groups)


GOLD = (
    Table(
        "movies",
        "gold",
        "The newest row of each film, also of films that have left the list.",
        (*(column for own in FILM for column in _IN_GOLD.get(own.name, (own,))), UNREADABLE, *LINEAGE),
        order=("rank", "imdb_id"),
        key=("imdb_id",),
    ),
    Table(
        "movie_ratings",
        "gold",
        "One row per film on the list and rating source, all on one scale.",
        (
            IMDB_ID,
            SOURCE,
            Column("rating", "double", "The source's rating", "0-100"),
            Column("votes", "bigint", "Votes or reviews behind it", "votes", UNKNOWN),
        ),
        order=("imdb_id", "source"),
        key=("imdb_id", "source"),
    ),
    Table(
        "ratings_by_genre",
        "gold",
        "Ratings of the films on the list by genre and source; a film counts in each of its genres.",
        (
            Column("genre", "string", "Genre"),
            SOURCE,
            Column("films", "bigint", "Films with a rating by this source", "films"),
            Column("mean", "double", "Mean rating", "0-100"),
            Column("median", "double", "Median rating", "0-100"),
            Column("p90", "double", "90th percentile of the ratings", "0-100"),
        ),
        key=("genre", "source"),
        groups="genres",
    ),
    Table(
        "box_office_by_decade",
        "gold",
        "Box office of the films on the list by decade of release, nominal.",
        (
            DECADE,
            FILMS,
            BOX_OFFICE[0],
            Column("mean_usd", "double", "Mean box office, nominal", "US dollars", "no film has one"),
            Column("median_usd", "double", "Median box office, nominal", "US dollars", "no film has one"),
            Column("total_usd", "bigint", "Sum of box office, nominal", "US dollars", "no film has one"),
        ),
        key=("decade",),
        groups="decade",
    ),
    films_by(Column("director", "string", "Director"), "directors"),
    films_by(Column("language", "string", "Language"), "languages"),
    films_by(Column("country", "string", "Country"), "countries"),
    films_by(Column("year", "int", "Year of release", "calendar year"), "year"),
    Table(
        "genre_share_by_year",
        "gold",
        "Share of each genre among a year's listed films, no row if 0; shares of a year add up to more than 1.",
        (
            Column("year", "int", "Year of release", "calendar year"),
            Column("genre", "string", "Genre"),
            Column("films", "bigint", "Films of that year and genre", "films"),
            Column("films_in_year", "bigint", "Films of that year with a genre", "films"),
            Column("share", "double", "films / films_in_year", "0-1"),
        ),
        key=("year", "genre"),
    ),
    Table(
        "rank_history",
        "gold",
        "Rank of each film in each run, and its change since the previous run; films that left the list are kept.",
        (
            RUN_ID,
            IMDB_ID,
            TITLE,
            Column("rank", "int", "Rank in this run", "1 is best"),
            Column("previous_run_id", "string", "The previous run", null="the first run"),
            Column("previous_rank", "int", "Rank in the previous run", "1 is best", "the film was not in that run"),
            Column("change", "int", "Places gained; negative when lost", "places", "the film was not in that run"),
        ),
        order=("run_id", "rank", "imdb_id"),
        key=("run_id", "imdb_id"),
    ),
    Table(
        "pipeline_runs",
        "gold",
        "One row per run: its expected films by outcome.",
        (
            RUN_ID,
            Column("started_at", "timestamp", "Start of the run", "UTC"),
            Column("finished_at", "timestamp", "Time when its last film reached Silver", "UTC", "no film has"),
            Column("expected", "bigint", "Films sent to the queue", "films"),
            Column("stored", "bigint", "Films with a processed Bronze object", "films"),
            Column("rejected", "bigint", "Films that OMDb rejected permanently", "films"),
            Column("quarantined", "bigint", "Stored films kept out of Silver", "films"),
            Column("in_gold", "bigint", "Films whose newest row is from this run, on the list or not", "films"),
            Column("status", "string", "complete when stored + rejected = expected, else incomplete"),
        ),
        key=("run_id",),
    ),
    Table(
        "data_quality",
        "gold",
        "Completeness and plausibility of each column of movies, over the films on the list.",
        (
            Column("column_name", "string", "Column of movies"),
            Column("rows", "bigint", "Films on the list", "films"),
            Column("filled", "bigint", "Films with a value", "films"),
            Column("filled_share", "double", "filled / rows", "0-1", "there are no films"),
            Column("unreadable", "bigint", "Films with an unparseable value", "films"),
            Column("out_of_range", "bigint", "Values outside the column's range; 0 unless Silver missed one", "films"),
        ),
        key=("column_name",),
    ),
)

GOLD_TABLES = {table.name: table for table in GOLD}
# Gold's tables of one build, for Athena while it builds: tables that derive from others read those of the same build.
BUILD_ID = Column("build_id", "string", "Id of the build; sorts by time")
GOLD_BUILDS = tuple(
    table.by_folder(table.name, BUILD_ID, layer="gold_builds", folder=keys.BUILDS.rstrip("/")) for table in GOLD
)
