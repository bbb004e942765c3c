"""The lake: tables of Silver and Gold as data frames, SQL over both, and tables of your own beside them.

``from reelhouse import lake`` finds a deployed stack and gives these methods; :class:`Lake` itself only knows the names
of buckets and database that it was made with.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from insights import lake_tables
from insights.frames import arrow_schema, from_arrow, typed
from insights.lake_tables import Description
from pipeline import aws, keys
from pipeline.aws import StoredObject
from pipeline.columns import GOLD_TABLES, SILVER_TABLES, Table
from pipeline.errors import InvalidInput
from pipeline.gold import tables as gold_tables
from pipeline.gold.build import Build
from pipeline.gold.publication import published_build

if TYPE_CHECKING:
    from insights.guarded_query import Limits

SILVER = "silver."
_STEP = "lake"
_SIMILAR = {
    "rank": "Int32", "imdb_id": "string", "title": "string", "year": "Int32", "similarity": "float64",
    "because": "string",
}  # fmt: skip
_OPTIONS, _MEANING = "options", "meaning"


@dataclass(frozen=True)
class Lake:
    """A stack's Silver and Gold.

    Attributes
    ----------
    gold_bucket, gold_database : str
        Bucket of Gold's objects, and the catalogue's database that lists its tables.
    silver_bucket, athena_work_group : str
        "" where Silver may not be read, and where Athena may not be used.
    pinned : Build, optional
        Build that all tables of builds are read from; None means the one that is published at each call.
    """

    gold_bucket: str
    gold_database: str
    silver_bucket: str = ""
    athena_work_group: str = ""
    pinned: Build | None = None

    def of_one_build(self) -> Lake:
        """Return this lake pinned to the build that is published now, so that several tables fit together."""
        return replace(self, pinned=self.build())

    def as_variables(self) -> dict[str, str]:
        """Return the environment variables by which a child process finds this lake."""
        names = {field.name.upper(): getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in names.items() if value and isinstance(value, str)}

    def tables(self) -> list[str]:
        """Names of all tables: Gold's in alphabetical order, then Silver's, which begin with ``silver.``."""
        with aws.failures_of(_STEP, self.gold_bucket):
            gold = gold_tables.names(self.gold_bucket, self.pinned)
        return gold + ([f"{SILVER}{name}" for name in SILVER_TABLES] if self.silver_bucket else [])

    def table(self, name: str, columns: Sequence[str] | None = None, *, at: str | date | None = None) -> pd.DataFrame:
        """Read a whole table.

        Parameters
        ----------
        name : str
            A table of Gold, or of Silver with ``silver.`` before its name.
        columns : sequence of str, optional
            Columns to read, in this order; None means all, one text means that column.
        at : str, datetime or date, optional
            The id of a build, or a time (ISO 8601, UTC if it names no zone; a date means its end). Where no such build
            is stored, the table is computed again from the Silver of that time, with a warning. None means now.

        Returns
        -------
        DataFrame
            Types as in ``docs/data.md``; lists are arrays. Tables with an order of their own are sorted: ``movies`` by
            rank, for example. ``attrs["as_of"]`` names the build of an earlier table.

        Raises
        ------
        InvalidInput
            When there is no such table, column or time; the message names those there are.
        StorageFailed, SilverDamaged
            When it cannot be read.
        """
        content, note = (self.arrow(name), "") if at is None else self._as_of(name, at)
        frame = from_arrow(content)
        definition = lake_tables.definition(name)
        order = [column for column in definition.order if column in frame] if definition else []
        if order:
            frame = frame.sort_values(order, ignore_index=True)
        if note:
            frame.attrs["as_of"] = note
        if columns is None:
            return frame
        columns = [columns] if isinstance(columns, str) else list(columns)
        unknown = [str(column) for column in columns if column not in frame]
        if unknown:
            next_step = f"it has: {', '.join(frame.columns)}"
            raise InvalidInput(f"has no column {', '.join(unknown)}", subject=name, next_step=next_step)
        return frame[columns]

    def arrow(self, name: str) -> Any:
        """Read a whole table as an Arrow table, in no order; see :meth:`table`."""
        if name.startswith(SILVER):
            return self._silver(name)
        with aws.failures_of(_STEP, name):
            parts = gold_tables.parts(self.gold_bucket, name, self.pinned) if keys.is_table_name(name) else None
        if parts is None:
            next_step = f"there are: {', '.join(self.tables()) or 'none yet'}"
            raise InvalidInput("Gold has no such table", subject=name[:80] or "''", next_step=next_step)
        return self._read(name, parts)

    def _as_of(self, name: str, at: str | date) -> tuple[Any, str]:
        """Read a table as it was, and say which build it is of."""
        from pipeline.gold import as_of  # noqa: PLC0415 (reports do not need DuckDB)

        if name not in GOLD_TABLES:
            next_step = f"these have: {', '.join(GOLD_TABLES)}"
            raise InvalidInput("has no earlier builds", subject=name, next_step=next_step)
        with aws.failures_of(_STEP, name):
            earlier = as_of.find(self.gold_bucket, at)
            if earlier.build and name in earlier.build.tables:
                return self._read(name, gold_tables.objects_of(earlier.build, name)), earlier.note
            if not self.silver_bucket:
                raise InvalidInput("no build of that time is stored, and Silver may not be read here", subject=str(at))
            computed = as_of.recompute(self.silver_bucket, earlier.moment)
        note = replace(earlier, build=None).note
        warnings.warn(f"{name}: {note}", stacklevel=3)
        return pq.read_table(computed.path(name)), note

    def _read(self, name: str, parts: Sequence[StoredObject]) -> Any:
        definition = lake_tables.definition(name)
        if not parts and definition is not None:
            return arrow_schema(definition).empty_table()
        wanted = [part.key for part in parts]
        bodies = aws.get_all(aws.client("s3"), self.gold_bucket, wanted, _STEP, "try again")
        content = [_parquet(definition, key, body) for key, body in bodies.items()]
        try:
            return pa.concat_tables(content, promote_options="permissive")
        except pa.ArrowException as error:
            raise lake_tables.damaged(definition, parts[0].key, "has parts of different types") from error

    def _silver(self, name: str) -> Any:
        definition = SILVER_TABLES.get(name.removeprefix(SILVER))
        if definition is None or not self.silver_bucket:
            names = ", ".join(f"{SILVER}{table}" for table in SILVER_TABLES) if self.silver_bucket else "none here"
            raise InvalidInput("Silver has no such table", subject=name, next_step=f"Silver has: {names}")
        from pipeline.silver import reader  # noqa: PLC0415 (reports do not need DuckDB)

        silver = reader.SilverReader(self.silver_bucket, tables=(definition,))
        silver.refresh()
        if silver.damaged:
            raise reader.damage(silver.damaged, _STEP)
        rows = f"SELECT * EXCLUDE (object_key) FROM {name}"
        if definition.format == "parquet":
            # While compaction replaces a part, a film's row may be stored twice.
            newest = "PARTITION BY run_id, imdb_id ORDER BY processed_at DESC, bronze_key DESC"
            rows += f" QUALIFY row_number() OVER ({newest}) = 1"
        rows += f" ORDER BY {', '.join(definition.key)}"
        return silver.database.sql(rows).to_arrow_table()

    def sql(
        self,
        query: str,
        *,
        read_only: bool = False,
        limits: Limits | None = None,
        engine: Literal["duckdb", "athena"] = "duckdb",
    ) -> pd.DataFrame:
        """Run one SQL statement over Gold and Silver, by DuckDB in this process or by Athena.

        Tables are Gold's by their names and Silver's as ``silver.movies``; each that the query names is read whole.
        Data frames of the caller can be named too, except by a table's name, and so can local files. What a statement
        creates or changes is gone after it; :meth:`write` keeps a data frame.

        Parameters
        ----------
        query : str
            One statement in DuckDB's dialect. SHOW TABLES and DESCRIBE answer as :meth:`tables` and :meth:`describe`.
        read_only : bool
            Allow one SELECT over the lake's tables and nothing else: no files, network, settings or data frames.
        limits : Limits, optional
            Most rows, seconds and memory of a read-only query; None means :data:`insights.guarded_query.LIMITS`.
        engine : {"duckdb", "athena"}
            Athena runs one SELECT in its own dialect, reads no data frames, and costs money in AWS; its work group
            limits the bytes that a query may scan.

        Raises
        ------
        InvalidInput
            When there is no such engine, the engine refuses the statement, or it exceeds a limit.
        StorageFailed, SilverDamaged
            When a table cannot be read, or Athena cannot be reached.
        """
        if engine not in {"duckdb", "athena"}:
            raise InvalidInput("is no engine", subject=engine, next_step='use "duckdb" or "athena"')
        from insights import guarded_query, lake_query  # noqa: PLC0415 (reports do not need DuckDB)

        if (listing := lake_query.listing(query, self)) is not None:
            return listing
        if engine == "athena":
            from insights import athena_query  # noqa: PLC0415 (reports do not need sqlglot)

            if not self.athena_work_group:
                raise InvalidInput("this lake has no Athena work group", subject="engine", next_step='use "duckdb"')
            return athena_query.run(query, self.athena_work_group, self.gold_database).rows
        return lake_query.run(query, self, (limits or guarded_query.LIMITS) if read_only else None)

    def describe(self, name: str) -> Description:
        """Describe a table: columns with types, units and what a missing value means, its rows and its build.

        Raises
        ------
        InvalidInput
            When there is no such table.
        """
        lake = self.of_one_build()
        content = lake.arrow(name)
        build = lake.pinned if name in GOLD_TABLES else None
        return Description(
            name=name,
            meaning=lake.meaning(name),
            rows=content.num_rows,
            build_id=build.build_id if build else "",
            options=json.loads(lake._metadata(name).get(_OPTIONS, "{}")),
            columns=lake_tables.columns(content.schema, lake_tables.definition(name)),
        )

    def meaning(self, name: str) -> str:
        """Return what a table holds; "" for one of your own that was written without a meaning."""
        definition = lake_tables.definition(name)
        return definition.meaning if definition else _decoded(self._metadata(name).get(_MEANING, ""))

    def _metadata(self, name: str) -> Mapping[str, str]:
        if name.startswith(SILVER):
            return {}
        with aws.failures_of(_STEP, name):
            return aws.metadata(aws.client("s3"), self.gold_bucket, keys.gold_table(name))

    def build(self) -> Build | None:
        """Return the pinned build, or the one that is published now; None before the first."""
        if self.pinned:
            return self.pinned
        with aws.failures_of(_STEP, self.gold_bucket):
            return published_build(self.gold_bucket)

    def similar(self, title: str, k: int = 10) -> pd.DataFrame:
        """Find up to ``k`` (at most 20) films most similar to one, given by its title or IMDb id.

        Returns
        -------
        DataFrame
            Best first: rank, imdb_id, title, year, similarity (0-1) and why they are similar.

        Raises
        ------
        InvalidInput
            When no film or several have the title; the message names the closest.
        """
        from insights.find_similar_movies import similar_to_one  # noqa: PLC0415 (reports do not need it)

        rows = similar_to_one(self.gold_bucket, title, k)["similar"]
        return pd.DataFrame(rows, columns=list(_SIMILAR)).astype(_SIMILAR)

    def publish(self, definition: Table, frame: pd.DataFrame, options: Mapping[str, Any] | None = None) -> None:
        """Replace a table that Reelhouse defines, in one step, and enter it into the catalogue.

        Parameters
        ----------
        definition : Table
            Columns of ``frame`` that it does not name are left out.
        options : mapping, optional
            What the rows were made with; :meth:`describe` shows it.

        Raises
        ------
        InvalidInput
            When ``frame`` lacks a column.
        StorageFailed
            When it cannot be written.
        """
        missing = [name for name in definition.column_names if name not in frame]
        if missing:
            raise InvalidInput(f"lacks {', '.join(missing)}", subject=definition.name)
        metadata = {_OPTIONS: json.dumps(dict(options or {}))}
        self._put(definition, typed(frame, definition), metadata)

    def write(self, name: str, frame: pd.DataFrame, meaning: str = "") -> None:
        """Write a table of your own into Gold, in place of any of that name, and enter it into the catalogue.

        Parameters
        ----------
        name : str
            Lower-case letters, digits and underscores; no table of Reelhouse.
        frame : DataFrame
            Its columns become the table's, with the types they have; times with a zone become UTC. The index is not
            written.
        meaning : str
            What the table holds, for :meth:`describe` and the catalogue.

        Raises
        ------
        InvalidInput
            When the name is taken or not allowed, or a column has no type that a table can have.
        StorageFailed
            When it cannot be written.
        """
        lake_tables.check_own(name)
        frame = lake_tables.checked_frame(name, frame)
        definition = lake_tables.inferred(name, frame, meaning)
        self._put(definition, frame, {_MEANING: _encoded(meaning)})

    def drop(self, name: str) -> None:
        """Remove a table of your own.

        Raises
        ------
        InvalidInput
            When it is a table of Reelhouse, or there is none of that name.
        """
        lake_tables.check_own(name)
        if name not in self.tables():
            own = [table for table in self.tables() if lake_tables.definition(table) is None]
            next_step = f"tables of your own are: {', '.join(own) or 'none'}"
            raise InvalidInput("Gold has no such table", subject=name, next_step=next_step)
        with aws.failures_of(_STEP, name):
            aws.client("s3").delete_object(Bucket=self.gold_bucket, Key=keys.gold_table(name))
            lake_tables.forget(self.gold_database, name)

    def _put(self, definition: Table, frame: pd.DataFrame, metadata: dict[str, str]) -> None:
        body = lake_tables.encode(definition, frame)
        with aws.failures_of(_STEP, definition.name):
            aws.client("s3").put_object(
                Bucket=self.gold_bucket, Key=keys.gold_table(definition.name), Body=body, Metadata=metadata
            )
            lake_tables.enter(self.gold_bucket, self.gold_database, definition)


def _encoded(text: str) -> str:
    """Return a text in the ASCII letters that an object's metadata may have."""
    return text.encode("unicode_escape").decode()


def _decoded(text: str) -> str:
    return text.encode().decode("unicode_escape", "replace")


def _parquet(definition: Table | None, key: str, body: bytes) -> Any:
    try:
        content = pq.read_table(pa.BufferReader(body))
    except pa.ArrowException as error:
        raise lake_tables.damaged(definition, key, "is no parquet file") from error
    if definition is not None:
        lake_tables.check_keys(definition, key, content.schema)
    return content
