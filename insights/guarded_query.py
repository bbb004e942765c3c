"""One guarded query in a process of its own: :func:`run` starts ``python -m insights.guarded_query``.

DuckDB neither interrupts every function nor counts all memory that functions take, so the kernel limits both here. The
process gets copies of the tables on standard input. It has no environment variables and no credentials, it may not
grow a file, and DuckDB itself has no access to files, network or settings and runs the query in a read-only
transaction. No word list decides what may run.

Standard input is one JSON line (query, limits, table names), then one Arrow stream per table. Standard output is one
JSON line ({"error": null or text}), then, without an error, the rows as an Arrow stream.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import duckdb
import psutil
import pyarrow as pa  # type: ignore[import-untyped]

from insights import query_rows
from pipeline import database
from pipeline.errors import InvalidInput

SUBJECT = "SQL"
_ASK_LESS = "select or aggregate less"
_OUT_OF_MEMORY = "takes more memory than is allowed"
_SETTINGS = (
    "SET temp_directory = ''",
    "SET home_directory = '/'",
    "SET TimeZone = 'UTC'",
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
    "BEGIN TRANSACTION READ ONLY",
)


@dataclass(frozen=True)
class Limits:
    """The most that a guarded query may take.

    Raises
    ------
    InvalidInput
        If one is not above 0.
    """

    rows: int = 10_000
    seconds: float = 30.0
    memory_mb: int = 1024

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value > 0:  # a timer of 0 seconds would never end the query
                raise InvalidInput(f"{value} is no limit", subject=name, next_step="give a number above 0")


LIMITS = Limits()


def run(query: str, tables: Mapping[str, Any], limits: Limits) -> Any:
    """Run one SELECT in DuckDB's dialect on Arrow tables, by name with schema, in a process of its own.

    Returns
    -------
    pyarrow.Table
        For :func:`insights.frames.from_arrow`.

    Raises
    ------
    InvalidInput
        When DuckDB refuses the query, or it exceeds a limit.
    """
    request = json.dumps({"query": query, "limits": asdict(limits), "tables": list(tables)})
    root = Path(__file__).parents[1]
    process = subprocess.run(
        [sys.executable, "-P", "-m", __name__],
        input=b"".join([request.encode(), b"\n", *(_stream(table) for table in tables.values())]),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env={"PYTHONPATH": str(root)}, check=False,
    )  # fmt: skip
    if process.returncode == -signal.SIGALRM:
        raise InvalidInput(f"takes longer than {limits.seconds:g} seconds", subject=SUBJECT, next_step=_ASK_LESS)
    head, _, body = process.stdout.partition(b"\n")
    if process.returncode or not head:
        # Where the kernel refuses memory, some of DuckDB's functions end the process.
        raise InvalidInput(f"{_OUT_OF_MEMORY}, or DuckDB failed", subject=SUBJECT, next_step=_ASK_LESS)
    if error := json.loads(head)["error"]:
        raise InvalidInput(error["cause"], subject=SUBJECT, next_step=error["next_step"])
    rows = pa.ipc.open_stream(body).read_all()
    if rows.num_rows > limits.rows:
        raise InvalidInput(f"has more than {limits.rows:,} rows", subject=SUBJECT, next_step=_ASK_LESS)
    return rows


def _stream(table: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def main() -> int:
    """Answer the request on standard input."""
    given, answer = sys.stdin.buffer, sys.stdout.buffer
    request = json.loads(given.readline())
    limits = Limits(**request["limits"])
    try:
        body = _stream(_rows(request["query"], request["tables"], given, limits))
    except (MemoryError, pa.ArrowMemoryError):
        answer.write(json.dumps({"error": {"cause": _OUT_OF_MEMORY, "next_step": _ASK_LESS}}).encode() + b"\n")
    except InvalidInput as error:
        answer.write(json.dumps({"error": {"cause": error.cause, "next_step": error.next_step}}).encode() + b"\n")
    else:
        answer.write(b'{"error": null}\n' + body)
    return 0


def _rows(query: str, names: list[str], given: IO[bytes], limits: Limits) -> Any:
    with database.connect(limits.memory_mb) as connection, duckdb_errors():
        prepare(connection, {name: pa.ipc.open_stream(given).read_all() for name in names})
        for setting in _SETTINGS:
            connection.execute(setting)
        _limit_process(limits)
        demand_one_statement(connection, query, guarded=True)
        # One row more than is allowed shows that there are more.
        return query_rows.fetch(connection.sql(without_end(query)), limits.rows + 1)


def prepare(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Any]) -> None:
    """Copy Arrow tables, by name with schema, into a database where names without one are Gold's."""
    for schema in ("gold", "silver"):
        connection.execute(f"CREATE SCHEMA {schema}")
    for name, table in tables.items():
        connection.register("incoming", table)
        connection.execute(f"CREATE TABLE {name} AS FROM incoming")
        connection.unregister("incoming")
    connection.execute("SET search_path = 'gold,main'")


def _limit_process(limits: Limits) -> None:
    """Let the kernel end this process when its time is up, and refuse it more memory, files' bytes and core dumps."""
    allowed = psutil.Process().memory_info().vms + limits.memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)


def demand_one_statement(connection: duckdb.DuckDBPyConnection, query: str, *, guarded: bool) -> bool:
    """Check that a text is one statement, and a guarded one a SELECT; return whether it is a SELECT.

    Raises
    ------
    InvalidInput
        When it is not.
    """
    query.encode()  # DuckDB would answer half a character by a TypeError
    statements = connection.extract_statements(query)
    if len(statements) != 1:
        count = len(statements) or "no"
        raise InvalidInput(f"has {count} statements", subject=SUBJECT, next_step="give one statement")
    kind = statements[0].type
    if guarded and kind != duckdb.StatementType.SELECT:
        raise InvalidInput(f"is {kind.name}, not SELECT", subject=SUBJECT, next_step="only reading is allowed")
    return bool(kind == duckdb.StatementType.SELECT)


def without_end(query: str) -> str:
    """Return a statement without a semicolon and comments after it: DuckDB cannot project the rows of both."""
    text = query.encode()
    end = len(text)
    for start, kind in reversed(duckdb.tokenize(query)):
        if kind != duckdb.token_type.comment and text[start:end].strip() != b";":
            break
        end = start
    return text[:end].decode()


@contextmanager
def duckdb_errors() -> Iterator[None]:
    """Turn DuckDB's errors into ours, without the query that they quote."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise InvalidInput(_OUT_OF_MEMORY, subject=SUBJECT, next_step=_ASK_LESS) from None
    except (duckdb.Error, UnicodeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        text = " ".join(line for line in lines if not line.startswith(("LINE ", "^")))
        next_step = ""
        if "Table with name" in text:
            # DuckDB would suggest one of its own tables: it has only those that the query names.
            text, next_step = text.partition(" Did you mean")[0].rstrip("!."), "SHOW TABLES lists the tables"
        raise InvalidInput(text[:500], subject=SUBJECT, next_step=next_step) from None


if __name__ == "__main__":
    sys.exit(main())
