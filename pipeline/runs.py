"""Runs: their ids, and the manifest that says what each one expected."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

MANIFEST_SCHEMA = 1
# Real documents have five levels. What can only just be read could not be written again inside another document.
MOST_LEVELS = 32


def new_run_id(now: datetime) -> str:
    """Make a run id that sorts by time, such as ``20261124T030000Z-1a2b3c4d``."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def started_at(run_id: str) -> datetime:
    """When a run began, to the second, by its id."""
    return datetime.strptime(run_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def utc(now: datetime) -> str:
    """ISO 8601 in UTC with microseconds: how times are written in Bronze and Silver."""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def to_json(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    r"""UTF-8 JSON as it is stored. A lone surrogate, which UTF-8 cannot hold, stays as its escape ``\ud800``.

    ``default`` makes something of what JSON has not; None means that there is nothing of the kind.
    """
    return json.dumps(value, ensure_ascii=False, default=default).encode("utf-8", "backslashreplace")


def is_too_deep(value: Any) -> bool:
    """Whether a JSON value has lists and objects in each other beyond :data:`MOST_LEVELS`."""
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        holders = [held for held in level if isinstance(held, dict | list)]
        if not holders:
            return False
        level = [inner for held in holders for inner in (held.values() if isinstance(held, dict) else held)]
    return True


def is_manifest(value: Any) -> bool:
    """Whether JSON is a run's manifest: an object with all that one must have, and its films in it."""
    must = {field.name for field in fields(Manifest) if field.default is MISSING}
    return isinstance(value, dict) and must <= value.keys() and isinstance(value["expected"], dict)


@dataclass(frozen=True)
class Manifest:
    """What a run set out to do; stored in Bronze before its first message is sent.

    Attributes
    ----------
    expected : dict
        IMDb id to rank on the source list, of each film sent to the queue.
    skipped : list of dict
        Entries of the list that could not be used, with their place, id and reason.
    source_etag : str or None
        None when the list's server gives none.
    requested_by : str or None
        Who asked for the run: "schedule", "person", or what the invocation said; None where it did not say.
    listed, source_bytes : int or None
        Entries of the list, usable or not, and its size; None in manifests of earlier versions.
    """

    run_id: str
    started_at: str
    source_uri: str
    source_etag: str | None
    source_sha256: str
    top_n: int
    batch_size: int
    messages: int
    expected: dict[str, int]
    skipped: list[dict[str, Any]]
    code_version: str
    schema: int = MANIFEST_SCHEMA
    requested_by: str | None = None
    listed: int | None = None
    source_bytes: int | None = None

    def to_json(self) -> bytes:
        """The manifest as it is stored."""
        return to_json(asdict(self))

    @classmethod
    def from_json(cls, body: bytes) -> Manifest:
        """Read a stored manifest; fields that later versions added are left out."""
        data = json.loads(body)
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})
