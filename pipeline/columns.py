"""The one home of column names, types, units and meanings: this module of Silver, ``pipeline.gold.columns`` of Gold.

The Glue tables in ``template.yaml``, ``docs/data.md``, the parquet schemas and the QuickSight data sets are
derived from these definitions or tested against them. Types are Glue's; :data:`DUCKDB_TYPES` maps them to DuckDB's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

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
    """One table of a layer.

    Attributes
    ----------
    folder : str
        Where its objects are in the layer's bucket; "" for a folder of the table's name.
    partition : Column or None
        Column that is read from the objects' keys, ``…/column=value/…``, and is not among ``columns``. A query must
        name its values (Athena's "injected" projection), and then reads those folders alone.
    order : tuple of str
        Columns by which people read it, where its objects are in no order: a large table is not sorted to be written.
    """

    name: str
    layer: str
    meaning: str
    columns: tuple[Column, ...]
    format: str = "parquet"
    folder: str = ""
    partition: Column | None = None
    order: tuple[str, ...] = ()

    def by_folder(self, name: str, partition: Column, **changes: Any) -> Table:
        """Return a second table over the same objects, partitioned by what their keys say."""
        columns = tuple(column for column in self.columns if column != partition)
        return replace(self, name=name, columns=columns, partition=partition, **changes)

    @property
    def column_names(self) -> list[str]:
        """Names of all columns, in order."""
        return [column.name for column in self.columns]

    def duckdb_types(self) -> dict[str, str]:
        """Column names with their DuckDB types, in order."""
        return {column.name: DUCKDB_TYPES[column.type] for column in self.columns}


NOT_GIVEN = "OMDb gives none"

RUN_ID = Column("run_id", "string", "Run that fetched the film; sorts by time")
FILM = (
    Column("imdb_id", "string", "IMDb id, the film's identity"),
    Column("title", "string", "Title as OMDb has it", null=NOT_GIVEN),
    Column("year", "int", "Year of release, of a series the first", "calendar year", NOT_GIVEN),
    Column("type", "string", "movie, series, episode or game", null=NOT_GIVEN),
    Column("rated", "string", "Certificate, spellings unified", null=NOT_GIVEN),
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
UNREADABLE = Column(
    "unreadable", "array<string>", "Values that OMDb gave but nobody can read, left null here", "", "none"
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
    Table(
        "movies",
        "silver",
        "One row a film and run, clean and typed.",
        (*FILM, UNREADABLE, *LINEAGE),
    ),
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
    ),
)

SILVER_TABLES = {table.name: table for table in SILVER}
# The same objects again, for queries about one run: an injected projection refuses a query that names no run.
SILVER_BY_RUN = tuple(
    table.by_folder(f"{table.name}_by_run", RUN_ID, folder=table.name, meaning=f"{table.meaning} A query names run_id.")
    for table in SILVER
)
