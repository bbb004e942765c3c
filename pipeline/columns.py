"""The one home of column names, types, units and meanings of Silver and Gold.

The Glue tables in ``template.yaml``, ``docs/data.md``, the parquet schemas and the QuickSight data sets are
derived from these definitions or tested against them. Types are Glue's; :data:`DUCKDB_TYPES` maps them to DuckDB's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

DUCKDB_TYPES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "array<string>": "VARCHAR[]",
}


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
    """

    name: str
    type: str
    meaning: str
    unit: str = ""
    null: str = "never"


@dataclass(frozen=True)
class Table:
    """One table of a layer; ``format`` is ``parquet`` or ``json``, ``partition`` the hive key of its folders or None."""

    name: str
    layer: str
    meaning: str
    columns: tuple[Column, ...]
    format: str = "parquet"
    partition: str | None = None

    @property
    def column_names(self) -> list[str]:
        """Names of all columns, in order."""
        return [column.name for column in self.columns]

    def duckdb_types(self) -> dict[str, str]:
        """Column names with their DuckDB types, in order."""
        return {column.name: DUCKDB_TYPES[column.type] for column in self.columns}


NOT_GIVEN = "OMDb gives none"
UNKNOWN = "not known"

RUN_ID = Column("run_id", "string", "Run that fetched the film; sorts by time")
FILM = (
    Column("imdb_id", "string", "IMDb id, the film's identity"),
    Column("title", "string", "Title as OMDb has it", null=NOT_GIVEN),
    Column("year", "int", "Year of release, of a series the first", "calendar year", NOT_GIVEN),
    Column("type", "string", "movie, series, episode or game", null=NOT_GIVEN),
    Column("rated", "string", "Certificate, spellings unified", null="not rated or not known"),
    Column("released", "date", "Day of release", null=NOT_GIVEN),
    Column("runtime_minutes", "int", "Running time", "minutes", NOT_GIVEN),
    Column("genres", "array<string>", "Genres in OMDb's order", null=NOT_GIVEN),
    Column("directors", "array<string>", "Directors in OMDb's order", null=NOT_GIVEN),
    Column("writers", "array<string>", "Writers, without their credits' notes", null=NOT_GIVEN),
    Column("actors", "array<string>", "Cast in OMDb's order", null=NOT_GIVEN),
    Column("languages", "array<string>", "Languages, most important first", null=NOT_GIVEN),
    Column("countries", "array<string>", "Countries, spellings unified (USA is United States)", null=NOT_GIVEN),
    Column("plot", "string", "Plot, HTML entities decoded", null=NOT_GIVEN),
    Column("awards", "string", "Awards, as OMDb words them", null=NOT_GIVEN),
    Column("poster", "string", "Address of the poster", null=NOT_GIVEN),
    Column("production", "string", "Production company", null=NOT_GIVEN),
    Column("imdb_rating", "double", "IMDb's rating", "0-10", NOT_GIVEN),
    Column("imdb_votes", "bigint", "Votes behind imdb_rating", "votes", NOT_GIVEN),
    Column("metascore", "int", "Metacritic's score", "0-100", NOT_GIVEN),
    Column("rotten_tomatoes", "int", "Tomatometer: share of favourable reviews", "0-100", NOT_GIVEN),
    Column("rotten_tomatoes_average", "double", "Average of the critics' ratings", "0-10", NOT_GIVEN),
    Column("rotten_tomatoes_reviews", "int", "Reviews behind rotten_tomatoes", "reviews", NOT_GIVEN),
    Column("box_office_usd", "bigint", "Box office as reported, not adjusted for inflation", "US dollars", NOT_GIVEN),
    Column("rank", "int", "Rank on the source list of that run", "1 is best"),
    Column("source_rating", "double", "Rating on the source list", "0-10", "the list gives none"),
    Column("source_rating_count", "bigint", "Votes behind source_rating", "votes", "the list gives none"),
)
LINEAGE = (
    RUN_ID,
    Column("bronze_key", "string", "Key of the Bronze object that the row was made from"),
    Column("bronze_version", "string", "Version of that object", null="the bucket keeps no versions"),
    Column("fetched_at", "timestamp", "When OMDb answered", "UTC"),
    Column("processed_at", "timestamp", "When the Silver row was made", "UTC"),
    Column("code_version", "string", "Version of the code that made the row"),
)

SILVER = (
    Table("movies", "silver", "One row a film and run, clean and typed.", FILM + LINEAGE, partition="run_id"),
    Table(
        "quarantine",
        "silver",
        "Films that OMDb answered with values that cannot be true; every reason is named.",
        (
            Column("imdb_id", "string", "IMDb id asked for"),
            RUN_ID,
            Column("reasons", "array<string>", "Field, value and fault, one entry a fault"),
            *LINEAGE[1:],
        ),
        format="json",
        partition="run_id",
    ),
    Table(
        "rejected",
        "silver",
        "Films that OMDb refused for good, or answered with a body that cannot be read.",
        (
            Column("imdb_id", "string", "IMDb id asked for"),
            RUN_ID,
            Column("reason", "string", "OMDb's error, or what is wrong with the body"),
            *LINEAGE[1:],
        ),
        format="json",
        partition="run_id",
    ),
    Table(
        "runs",
        "silver",
        "One row a run: what its manifest says.",
        (
            RUN_ID,
            Column("started_at", "timestamp", "When the run began", "UTC"),
            Column("source_uri", "string", "Where the list came from"),
            Column("source_sha256", "string", "SHA-256 of the list's bytes"),
            Column("top_n", "int", "Films asked for", "films"),
            Column("batch_size", "int", "Films in one message", "films"),
            Column("expected", "int", "Films sent to the queue", "films"),
            Column("code_version", "string", "Version of the code that began the run"),
        ),
        format="json",
        partition="run_id",
    ),
)

DECADE = Column("decade", "int", "First year of the decade", "calendar year")
FILMS = Column("films", "bigint", "Films behind the row", "films")
BOX_OFFICE = (
    Column("films_with_box_office", "bigint", "Films whose box office is known", "films"),
    Column("box_office_mean_usd", "double", "Mean over those films, nominal", "US dollars", "no film has one"),
    Column("box_office_total_usd", "bigint", "Sum over those films, nominal", "US dollars", "no film has one"),
)
RATINGS_BY_SOURCE = tuple(
    column
    for source, label in (
        ("imdb", "IMDb"),
        ("metascore", "Metacritic"),
        ("rotten_tomatoes", "Rotten Tomatoes"),
        ("source_list", "source list"),
    )
    for column in (
        Column(f"{source}_mean", "double", f"Mean rating by {label}", "0-100", f"no film has a {label} rating"),
        Column(f"{source}_films", "bigint", f"Films with a rating by {label}", "films"),
    )
)


def films_by(column: Column, name: str, meaning: str) -> Table:
    """Gold table of films, ratings by source and box office, for each value of ``column``."""
    return Table(name, "gold", meaning, (column, FILMS, *RATINGS_BY_SOURCE, *BOX_OFFICE))


GOLD = (
    Table(
        "movies",
        "gold",
        "The newest row of each film.",
        (*FILM[:3], replace(DECADE, null=NOT_GIVEN), *FILM[3:], *LINEAGE),
    ),
    Table(
        "movie_ratings",
        "gold",
        "One row a film and rating source, on one scale; sources are never mixed.",
        (
            FILM[0],
            Column("source", "string", "imdb, metascore, rotten_tomatoes or source_list"),
            Column("rating", "double", "The source's rating", "0-100"),
            Column("votes", "bigint", "Votes or reviews behind it", "votes", UNKNOWN),
        ),
    ),
    Table(
        "ratings_by_genre",
        "gold",
        "Ratings of each genre's films by source; a film counts in each of its genres.",
        (
            Column("genre", "string", "Genre"),
            Column("source", "string", "imdb, metascore, rotten_tomatoes or source_list"),
            Column("films", "bigint", "Films with a rating by this source", "films"),
            Column("mean", "double", "Mean rating", "0-100"),
            Column("median", "double", "Median rating", "0-100"),
            Column("p90", "double", "Rating that nine films of ten do not exceed", "0-100"),
        ),
    ),
    Table(
        "box_office_by_decade",
        "gold",
        "Box office of each decade's films, in the dollars of their day.",
        (
            DECADE,
            FILMS,
            BOX_OFFICE[0],
            Column("mean_usd", "double", "Mean box office, nominal", "US dollars", "no film has one"),
            Column("median_usd", "double", "Median box office, nominal", "US dollars", "no film has one"),
            Column("total_usd", "bigint", "Sum of box office, nominal", "US dollars", "no film has one"),
        ),
    ),
    films_by(Column("director", "string", "Director"), "films_by_director", "A film counts for each of its directors."),
    films_by(Column("language", "string", "Language"), "films_by_language", "A film counts for each of its languages."),
    films_by(Column("country", "string", "Country"), "films_by_country", "A film counts for each of its countries."),
    films_by(Column("year", "int", "Year of release", "calendar year"), "films_by_year", "Films by year of release."),
    Table(
        "genre_share_by_year",
        "gold",
        "How common each genre is among a year's films; shares of a year add up to more than 1.",
        (
            Column("year", "int", "Year of release", "calendar year"),
            Column("genre", "string", "Genre"),
            Column("films", "bigint", "Films of that year and genre", "films"),
            Column("films_in_year", "bigint", "Films of that year with a genre", "films"),
            Column("share", "double", "films / films_in_year", "0-1"),
        ),
    ),
    Table(
        "rank_history",
        "gold",
        "Rank of each film in each run, and its move since the run before.",
        (
            RUN_ID,
            FILM[0],
            FILM[1],
            Column("rank", "int", "Rank in this run", "1 is best"),
            Column("previous_run_id", "string", "The run before this one", null="the first run"),
            Column("previous_rank", "int", "Rank in that run", "1 is best", "the film was not in that run"),
            Column("change", "int", "Places won, negative when lost", "places", "the film was not in that run"),
        ),
    ),
    Table(
        "pipeline_runs",
        "gold",
        "One row a run: what became of every film it expected.",
        (
            RUN_ID,
            Column("started_at", "timestamp", "When the run began", "UTC"),
            Column("finished_at", "timestamp", "When its newest film reached Silver", "UTC", "no film has"),
            Column("expected", "bigint", "Films sent to the queue", "films"),
            Column("stored", "bigint", "Films whose Bronze object has been processed", "films"),
            Column("rejected", "bigint", "Films that OMDb refused for good", "films"),
            Column("quarantined", "bigint", "Stored films kept out of Silver", "films"),
            Column("in_gold", "bigint", "Films whose newest row is of this run", "films"),
            Column("status", "string", "complete when stored + rejected = expected, else incomplete"),
        ),
    ),
    Table(
        "data_quality",
        "gold",
        "How complete and plausible each column of Gold's movies is.",
        (
            Column("column_name", "string", "Column of movies"),
            Column("rows", "bigint", "Films", "films"),
            Column("filled", "bigint", "Films with a value", "films"),
            Column("filled_share", "double", "filled / rows", "0-1", "there are no films"),
            Column("out_of_range", "bigint", "Values outside the column's range", "films"),
        ),
    ),
)

TABLES = {(table.layer, table.name): table for table in SILVER + GOLD}


def table(layer: str, name: str) -> Table:
    """The definition of one table; ``KeyError`` for one that does not exist."""
    return TABLES[(layer, name)]
