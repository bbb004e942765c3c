"""SQL over the lake's tables by DuckDB in this process, with a guarded mode for queries by programs. Reads only.

A guarded query runs in a database that holds copies of the tables it names, where DuckDB itself then has no access to
files, network, Python's variables or its own settings. No word list decides what may run.
"""

from __future__ import annotations

import re
import tempfile
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from pipeline import database
from pipeline.errors import InvalidInput

if TYPE_CHECKING:
    from insights.lake import Lake

_SUBJECT = "SQL"
_SCHEMAS = ("gold", "silver")


@dataclass(frozen=True)
class Limits:
    """The most that a guarded query may take."""

    rows: int = 10_000
    seconds: float = 30.0
    memory_mb: int = 1024


LIMITS = Limits()


def run(query: str, lake: Lake, limits: Limits | None) -> pd.DataFrame:
    """Run one statement; see :meth:`insights.lake.Lake.sql`.

    Parameters
    ----------
    limits : Limits or None
        None runs it unguarded.
    """
    try:
        with database.connect() as connection:
            _check(connection.extract_statements(query), guarded=limits is not None)
            for schema in _SCHEMAS:
                connection.execute(f"CREATE SCHEMA {schema}")
            for name in _named(query, lake.tables()):
                _load(connection, lake, name)
            connection.execute("SET search_path = 'gold,main'")
            if limits is None:
                connection.execute("SET python_scan_all_frames = true")
                return connection.execute(query).df()
            return _guarded(connection, query, limits)
    except duckdb.InterruptException:
        longest = limits.seconds if limits else 0
        raise InvalidInput(f"takes longer than {longest:g} seconds", subject=_SUBJECT, next_step=_ASK_LESS) from None
    except duckdb.OutOfMemoryException:
        raise InvalidInput("takes more memory than is allowed", subject=_SUBJECT, next_step=_ASK_LESS) from None
    except duckdb.Error as error:
        raise InvalidInput(_first_lines(error), subject=_SUBJECT, next_step="`tables()` lists the tables") from None


_ASK_LESS = "select or aggregate less"


def _check(statements: list[Any], *, guarded: bool) -> None:
    if len(statements) != 1:
        count = len(statements) or "no"
        raise InvalidInput(f"has {count} statements", subject=_SUBJECT, next_step="give one statement")
    kind = statements[0].type
    if guarded and kind != duckdb.StatementType.SELECT:
        raise InvalidInput(f"is {kind.name}, not SELECT", subject=_SUBJECT, next_step="only reading is allowed")


def _named(query: str, tables: list[str]) -> list[str]:
    """Tables whose names stand anywhere in a query; one too many costs only the reading of it."""
    patterns = {name: r"\W+".join(re.escape(part) for part in name.split(".")) for name in tables}
    return [name for name, pattern in patterns.items() if re.search(rf"\b{pattern}\b", query, re.IGNORECASE)]


def _load(connection: duckdb.DuckDBPyConnection, lake: Lake, name: str) -> None:
    """Copy a table into the database."""
    connection.register("incoming", lake.arrow(name))
    connection.execute(f"CREATE TABLE {name if name.startswith('silver.') else f'gold.{name}'} AS FROM incoming")
    connection.unregister("incoming")


def _guarded(connection: duckdb.DuckDBPyConnection, query: str, limits: Limits) -> pd.DataFrame:
    with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
        connection.execute("SET temp_directory = ?", [folder])
        connection.execute(f"SET memory_limit = '{limits.memory_mb}MB'")
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET autoload_known_extensions = false")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        timer = threading.Timer(limits.seconds, connection.interrupt)
        timer.start()
        try:
            # One row more than is allowed tells whether there are more.
            frame = pd.DataFrame(connection.sql(query).limit(limits.rows + 1).df())
        finally:
            timer.cancel()
    if len(frame) > limits.rows:
        raise InvalidInput(f"has more than {limits.rows:,} rows", subject=_SUBJECT, next_step=_ASK_LESS)
    return frame


def _first_lines(error: duckdb.Error) -> str:
    """DuckDB's own message without the query that it quotes."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("LINE ", "^"))]
    return " ".join(kept)[:500]
