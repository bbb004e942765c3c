"""The one home of environment variables: the settings of each step, read once into a frozen object.

Each class holds the settings of one step; a field is the variable of the same name in upper case. One error names
every variable that is missing or unusable.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from pipeline.errors import InvalidInput

T = TypeVar("T")

GoldEngineName = Literal["duckdb", "athena"]
# SQS hides a message for at most 12 hours after it was received; up to five minutes of them are spent by the function.
LONGEST_WAIT_SECONDS = 12 * 3600 - 300


def _code_version() -> str:
    """Return the version written into the artefact at build time, or "development" in a checkout."""
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
    """Settings of enrichment. The OMDb key itself is never in the environment.

    ``quota_wait_seconds`` is the longest time that a message waits for OMDb's quota before it asks again.
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

    ``duckdb_memory_mb`` limits DuckDB, which by default takes most of the machine's memory. ``gold_retention_days`` is
    how long a build is kept after another was published. ``gold_database`` is the catalogue's database, whose tables
    follow the published build; "" means no catalogue. Only the Athena engine uses the work group, Silver's
    database, and the queue, to which it sends a message when it has to wait.
    """

    silver_bucket: str
    gold_bucket: str
    duckdb_memory_mb: int = 1024
    gold_engine: GoldEngineName = "duckdb"
    athena_work_group: str = ""
    silver_database: str = ""
    gold_database: str = ""
    gold_retention_days: int = 90
    silver_events_url: str = ""


@dataclass(frozen=True)
class FindSimilarMoviesSettings:
    """Settings of the lookup function."""

    gold_bucket: str


@dataclass(frozen=True)
class LakeSettings:
    """Location of Gold, and of Silver and Athena where they may be used, for notebooks and reports."""

    gold_bucket: str
    gold_database: str
    silver_bucket: str = ""
    athena_work_group: str = ""


def load(kind: type[T], environment: Mapping[str, str] | None = None) -> T:
    """Read the settings of one step, from these variables or, for None, those of the process.

    Raises
    ------
    InvalidInput
        With every variable that is missing, not a whole number, or not one of its choices.
    """
    variables = os.environ if environment is None else environment
    hints = get_type_hints(kind)
    values: dict[str, object] = {}
    faults = []
    for field in fields(kind):  # type: ignore[arg-type]
        name, text = field.name.upper(), variables.get(field.name.upper(), "")
        if text:
            value, fault = _convert(hints[field.name], text)
            values[field.name] = value
        else:
            fault = "is missing" if field.default is MISSING else None
        if fault:
            faults.append(f"{name} {fault}")
    if faults:
        raise InvalidInput(", ".join(faults), subject="environment", next_step="set it in template.yaml")
    return kind(**values)


def _convert(annotation: Any, text: str) -> tuple[object, str | None]:
    """Return a variable's value, and what is wrong with its text or None."""
    if annotation is int:
        return (int(text), None) if text.isascii() and text.isdigit() else (None, "is not a whole number")
    if get_origin(annotation) is Literal and text not in get_args(annotation):
        return None, f"is none of {', '.join(get_args(annotation))}"
    return text, None


def environment_with(**changes: str) -> dict[str, str]:
    """Return the process's environment with ``changes``, for a child process."""
    return {**os.environ, **changes}


def variable(name: str, default: str = "") -> str:
    """Return a variable that the user may set, such as ``OMDB_API_KEY``; ``default`` when unset or empty."""
    return os.environ.get(name) or default


def names_starting_with(prefix: str) -> list[str]:
    """Names of all variables of this process that start with ``prefix``."""
    return [name for name in os.environ if name.startswith(prefix)]


def set_variables(variables: Mapping[str, str]) -> None:
    """Set variables of this process, which child processes and boto3 read."""
    os.environ.update(variables)


def forget_variables(*names: str) -> None:
    """Unset variables of this process."""
    for name in names:
        os.environ.pop(name, None)
