"""What a report stands on: a fingerprint of everything outside the code that this process has read or written.

Place: :mod:`.lake`, :mod:`.gold_rebuild` and :mod:`.summary.summary_service` note what they touch while a notebook
runs; its last cell shows the notes, and :mod:`.report.report_reuse` compares them with how things are now. Reads the
listing of Gold and of Silver, and Gold's ``_build.json``; writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from pipeline import aws, settings
from pipeline.aws import StoredObject
from pipeline.gold import tables as gold_tables
from pipeline.gold.build import Build, build_in_use
from pipeline.settings import LakeSettings

MIME = "application/vnd.reelhouse.inputs+json"
TABLE, BUILD, SILVER, MODEL, NEVER = "table ", "build", "silver ", "language model", "never again the same: "
MISSING = ""
_noted: dict[str, str] = {}


def read(name: str, fingerprint: str) -> None:
    """Note what is read; of something read twice or written before, the first note counts."""
    _noted.setdefault(name, fingerprint)


def wrote(name: str, fingerprint: str) -> None:
    """Note what is written: from now on that is how it has to be found."""
    _noted[name] = fingerprint


def never_the_same(why: str) -> None:
    """Note that the next run may come out differently even if nothing changes."""
    _noted[f"{NEVER}{why}"] = "now"


def noted() -> dict[str, str]:
    """All notes of this process: fingerprints by name."""
    return dict(_noted)


class Shown:
    """The notes as the output of a cell."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {MIME: noted(), "text/plain": ""}


def of_table(parts: Iterable[StoredObject] | None) -> str:
    """Fingerprint of a table's objects, by their ETags; :data:`MISSING` when there is no such table."""
    return MISSING if parts is None else _digest(f"{part.key} {part.etag}" for part in parts)


def of_build(build: Build | None) -> str:
    """Fingerprint of Gold's ``_build.json``."""
    return build.build_id if build else MISSING


def of_silver(bucket: str) -> str:
    """Fingerprint of all of Silver."""
    with aws.failures_of("report", bucket):
        return _digest(f"{entry.key} {entry.etag}" for entry in aws.list_objects(aws.client("s3"), bucket))


def of_model() -> str:
    """Fingerprint of the language model that the environment names, whether there is a key, and not the key."""
    names = ("OPENAI_SECRET_ID", "OPENAI_BASE_URL", "SUMMARY_MODEL")
    return _digest([*map(settings.variable, names), str(bool(settings.variable("OPENAI_API_KEY")))])


def now(names: Iterable[str]) -> dict[str, str]:
    """Fingerprints as they are now.

    Parameters
    ----------
    names : iterable of str
        As they were noted. A name that nobody knows, or that is never the same again, has no fingerprint.

    Raises
    ------
    StorageFailed
        When Gold or Silver cannot be listed.
    """
    wanted = set(names)
    found = {SILVER + bucket: of_silver(bucket) for name in wanted if (bucket := _rest(name, SILVER))}
    if MODEL in wanted:
        found[MODEL] = of_model()
    tables = [table for name in wanted if (table := _rest(name, TABLE))]
    if tables or BUILD in wanted:
        bucket = settings.load(LakeSettings).gold_bucket
        with aws.failures_of("report", bucket):
            found[BUILD] = of_build(build_in_use(bucket))
            there = gold_tables.parts_of(bucket, tables)
        found |= {TABLE + table: of_table(there.get(table)) for table in tables}
    return {name: found[name] for name in wanted if name in found}


def _rest(name: str, start: str) -> str:
    return name.removeprefix(start) if name.startswith(start) else ""


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
