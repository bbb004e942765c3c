"""The one home of environment variables: what a step needs, read once into a frozen object.

Each class is the settings of one step; a field is the variable of the same name in capitals. All missing and all
unusable variables are named in one error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TypeVar

from pipeline.errors import InvalidInput

T = TypeVar("T")

# SQS hides a message for at most 12 hours after it was received; five minutes of them may have passed.
LONGEST_WAIT_SECONDS = 12 * 3600 - 300


def _code_version() -> str:
    """Version of this code: written into the artefact at build time; "development" in a checkout."""
    stamp = Path(__file__).with_name("CODE_VERSION")
    return stamp.read_text(encoding="utf-8").strip() if stamp.is_file() else "development"


CODE_VERSION = _code_version()


@dataclass(frozen=True)
class GetMoviesAndSendToQueueSettings:
    """Settings of the first step; ``top_n`` and ``batch_size`` are the stack's defaults."""

    bronze_bucket: str
    movie_queue_url: str
    source_list_uri: str
    top_n: int
    batch_size: int


@dataclass(frozen=True)
class EnrichAndStoreMovieSettings:
    """Settings of enrichment; the OMDb key itself is never in the environment.

    ``quota_wait_seconds`` is the longest that a message waits for OMDb's quota before it asks again.
    """

    bronze_bucket: str
    movie_queue_url: str
    omdb_url: str
    omdb_secret_id: str
    quota_wait_seconds: int = LONGEST_WAIT_SECONDS


@dataclass(frozen=True)
class ProcessBronzeToSilverSettings:
    """Settings of the Silver step."""

    bronze_bucket: str
    silver_bucket: str


@dataclass(frozen=True)
class AggregateToGoldSettings:
    """Settings of the Gold step.

    ``duckdb_memory_mb`` bounds DuckDB, which else takes most of the machine's memory. ``gold_engine`` is "duckdb" or
    "athena"; the work group and the databases are for Athena alone.
    """

    silver_bucket: str
    gold_bucket: str
    duckdb_memory_mb: int = 1024
    gold_engine: str = "duckdb"
    athena_work_group: str = ""
    silver_database: str = ""
    gold_database: str = ""


@dataclass(frozen=True)
class FindSimilarMoviesSettings:
    """Settings of the lookup function."""

    gold_bucket: str


@dataclass(frozen=True)
class LakeSettings:
    """Where Gold is: for notebooks, reports and lookups."""

    gold_bucket: str
    gold_database: str


def load(kind: type[T], environment: Mapping[str, str] | None = None) -> T:
    """Read the settings of one step.

    Parameters
    ----------
    kind : type
        One of the settings classes of this module.
    environment : mapping, optional
        Variables to read; None means the process's own.

    Raises
    ------
    InvalidInput
        With every variable that is missing, or not a whole number where one is needed.
    """
    given = os.environ if environment is None else environment
    values: dict[str, object] = {}
    faults = []
    for field in fields(kind):  # type: ignore[arg-type]
        name, text = field.name.upper(), given.get(field.name.upper(), "")
        if text == "":
            if field.default is MISSING:
                faults.append(f"{name} is missing")
        elif field.type == "int":
            if text.isascii() and text.isdigit():
                values[field.name] = int(text)
            else:
                faults.append(f"{name} is not a whole number")
        else:
            values[field.name] = text
    if faults:
        raise InvalidInput(", ".join(faults), subject="environment", next_step="set it in template.yaml")
    return kind(**values)


def environment_with(**changes: str) -> dict[str, str]:
    """Return the process's environment with ``changes``: what a child process is started with."""
    return {**os.environ, **changes}


def variable(name: str, default: str = "") -> str:
    """One variable that a person may set, such as ``OMDB_API_KEY``; ``default`` when unset or empty."""
    return os.environ.get(name) or default


def set_variables(variables: Mapping[str, str]) -> None:
    """Set variables of this process, which child processes and boto3 read."""
    os.environ.update(variables)


def forget_variables(*names: str) -> None:
    """Unset variables of this process."""
    for name in names:
        os.environ.pop(name, None)
