"""Quality: what a Silver row must look like.

An impossible value quarantines the whole film, because then nothing else in the answer can be trusted. pydantic checks
types and ranges, so that each fault names the field, the value and the rule.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, create_model

from pipeline.columns import FILM, FIRST_YEAR, MAX_FILMS, Column

# Films are announced a few years ahead.
YEARS_AHEAD = 10
_MAX_SHOWN = 10**60
_PYTHON_TYPES: dict[str, Any] = {
    "string": str,
    "int": int,
    "bigint": int,
    "double": float,
    "date": date,
    "array<string>": list[str],
}
_STRICT = ConfigDict(strict=True, frozen=True, extra="forbid")


def _check_imdb_id(value: str, info: ValidationInfo) -> str:
    asked_for = (info.context or {}).get("asked_for", value)
    if value != asked_for:
        raise ValueError(f"the answer is about another film than {asked_for}")
    return value


def _check_year(value: int | date, info: ValidationInfo) -> int | date:
    latest = (info.context or {}).get("this_year", date.max.year) + YEARS_AHEAD
    if not FIRST_YEAR <= (value if isinstance(value, int) else value.year) <= latest:
        raise ValueError(f"films are from {FIRST_YEAR} to {latest}")
    return value


_CHECKS: dict[str, Callable[..., Any]] = {"imdb_id": _check_imdb_id, "year": _check_year, "released": _check_year}


def _field(column: Column) -> Any:
    """Return a column as a field of the model: its type, its range, and whether it may be null."""
    ranges = {"ge": column.low, "le": column.high}
    limits: dict[str, Any] = {name: limit for name, limit in ranges.items() if limit is not None}
    field: Any = Annotated[_PYTHON_TYPES[column.type], Field(**limits)]
    if check := _CHECKS.get(column.name):
        field = Annotated[field, AfterValidator(check)]
    return field if column.null == "never" else field | None


# A clean film, with the columns of FILM. The validation context gives ``asked_for`` and ``this_year``.
_FIELDS: dict[str, Any] = {column.name: (_field(column), ...) for column in FILM}
SilverMovie: type[BaseModel] = create_model("SilverMovie", __config__=_STRICT, **_FIELDS)


def _without_surrogates(value: str) -> str:
    """Reject lone surrogates, which no JSON reader of Silver accepts."""
    value.encode()
    return value


Text = Annotated[str, AfterValidator(_without_surrogates)]
Count = Annotated[int, Field(ge=1, le=MAX_FILMS)]


class SilverRun(BaseModel):
    """A run's record, within the ranges of the columns of Silver's ``runs``."""

    model_config = _STRICT

    run_id: Text
    started_at: Text
    source_uri: Text
    source_sha256: Text
    top_n: Count
    batch_size: Count
    expected: Annotated[int, Field(ge=0, le=MAX_FILMS)]
    code_version: Text


def reasons(error: ValidationError) -> list[str]:
    """Return one line per fault: field, value (shortened) and rule."""
    return [
        f"{'.'.join(str(part) for part in fault['loc'])}: {_shown(fault['input'])!r}: "
        + fault["msg"].removeprefix("Value error, ")
        for fault in error.errors(include_url=False, include_context=False)
    ]


def _shown(value: object) -> str:
    """Return the start of a value; Python cannot print whole numbers of more than 4,300 digits."""
    too_long = isinstance(value, int) and abs(value) > _MAX_SHOWN
    return "a number of more than 60 digits" if too_long else str(value)[:60]
