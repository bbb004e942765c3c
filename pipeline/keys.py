"""The one home of S3 keys: built here, parsed here, nowhere else.

Bronze  ``source/run_id=R/list.json`` · ``source/invocation=….json`` · ``runs/run_id=R/manifest.json`` ·
``movies/run_id=R/imdb_id=tt….json`` · ``rejected/run_id=R/imdb_id=tt….json``

Silver  ``movies/run_id=R/part-….parquet`` and ``compacted-….parquet`` · ``quarantine/`` and
``rejected/run_id=R/imdb_id=tt….json`` · ``runs/run_id=R/run.json``

Gold    ``builds/<build_id>/<table>/….parquet`` and ``builds/<build_id>/build.json`` · ``_build.json``, which
points to the published build · ``<table>/<table>.parquet`` of insights and of users ·
``reports/NAME/STAMP/report.html`` and its notebook and JSON ·
``reports/index.html`` and, in a folder, ``dashboard.html`` · ``_summary_answers/….json``
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from pipeline.errors import InvalidInput

# Seven digits, or more without a leading zero: IMDb spells no id otherwise, and two spellings would be two films.
IMDB_ID = re.compile(r"tt(?:\d{7}|[1-9]\d{7,9})", re.ASCII)
_ANY_IMDB_ID = re.compile(
    r"tt(\d{7,10})|(?:https?://)?(?:\w+\.)?imdb\.com/(?:\w\w/)?title/tt(\d{7,10})(?:[/?#].*)?", re.ASCII
)
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}", re.ASCII)
_BRONZE = re.compile(rf"(movies|rejected)/run_id=({RUN_ID.pattern})/imdb_id=({IMDB_ID.pattern})\.json", re.ASCII)
_PART = re.compile(r"/(part|compacted)-[0-9a-f]+-(\d+)\.parquet\Z", re.ASCII)
_MANIFEST = re.compile(rf"runs/run_id=({RUN_ID.pattern})/manifest\.json", re.ASCII)

MOVIES, REJECTED, QUARANTINE, RUNS = "movies", "rejected", "quarantine", "runs"
_CLAIMS = "source/invocation="
BUILD = "_build.json"
BUILDS = "builds/"
# Where the template puts Gold's tables until a build is published; it has no objects.
UNPUBLISHED = f"{BUILDS}unpublished/"
# Which Silver is being built, so that a second function waits for it.
UNDER_WAY = f"{BUILDS}under_way.json"
_BUILD_ID = re.compile(r"\d{8}T\d{6}\.\d{6}Z", re.ASCII)
REPORTS = "reports/"
REPORT_INDEX = f"{REPORTS}index.html"
DASHBOARD = f"{REPORTS}dashboard.html"
LATEST = "latest"
_STAMP = rf"\d{{8}}T\d{{6}}\.\d{{6}}Z|{LATEST}"
_REPORT = re.compile(
    rf"{REPORTS}(\d\d_[a-z0-9_]{{1,60}})/({_STAMP})/(report\.html|notebook\.ipynb|report\.json)", re.ASCII
)


class BronzeKey(NamedTuple):
    """A parsed Bronze key; ``kind`` is ``movies``, ``rejected`` or ``runs``, where ``imdb_id`` is None."""

    kind: str
    run_id: str
    imdb_id: str | None


def is_imdb_id(value: object) -> bool:
    """Whether ``value`` is an IMDb id as IMDb spells it (:data:`IMDB_ID`); anything else may be a path or worse."""
    return isinstance(value, str) and IMDB_ID.fullmatch(value) is not None


def imdb_id_in(value: object) -> str | None:
    """Return the IMDb id in a text, spelled as IMDb does, or None.

    The text is an id, with or without more leading zeros, or the address of a title page on imdb.com.
    """
    match = _ANY_IMDB_ID.fullmatch(value.strip()) if isinstance(value, str) else None
    return f"tt{int(match[1] or match[2]):07}" if match else None


def is_run_id(value: object) -> bool:
    """Whether ``value`` looks like ``20261124T030000Z-1a2b3c4d`` and names a real moment."""
    return isinstance(value, str) and RUN_ID.fullmatch(value) is not None and _is_moment(value[:16])


@lru_cache(maxsize=256)  # thousands of keys are parsed at a time, nearly all of one run
def _is_moment(stamp: str) -> bool:
    try:
        datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def run_prefix(kind: str, run_id: str) -> str:
    """Folder of one kind of object of one run, with its closing slash."""
    if not is_run_id(run_id):
        raise InvalidInput("a run id looks like 20261124T030000Z-1a2b3c4d", subject=repr(run_id)[:80])
    return f"{kind}/run_id={run_id}/"


def source_list(run_id: str) -> str:
    """Bronze: the verbatim source list of a run."""
    return run_prefix("source", run_id) + "list.json"


def manifest(run_id: str) -> str:
    """Bronze: the manifest of a run."""
    return run_prefix(RUNS, run_id) + "manifest.json"


def claim(invocation_id: str) -> str:
    """Bronze: the run that an invocation starts, by the SHA-256 of Lambda's request id."""
    return f"{_CLAIMS}{hashlib.sha256(invocation_id.encode()).hexdigest()[:32]}.json"


def is_claim(key: str) -> bool:
    """Whether this is a key of :func:`claim`."""
    return re.fullmatch(rf"{_CLAIMS}[0-9a-f]{{32}}\.json", key) is not None


def silver_run(run_id: str) -> str:
    """Silver: the one-row record of a run."""
    return run_prefix(RUNS, run_id) + "run.json"


def film(kind: str, run_id: str, imdb_id: str) -> str:
    """One film's object: ``movies`` and ``rejected`` in Bronze, ``quarantine`` and ``rejected`` in Silver."""
    if not is_imdb_id(imdb_id):
        raise InvalidInput("an IMDb id is tt and 7 to 10 digits", subject=repr(imdb_id)[:80])
    return f"{run_prefix(kind, run_id)}imdb_id={imdb_id}.json"


def silver_part(run_id: str, digest: str, rows: int) -> str:
    """Silver: a parquet part, named by the digest of its Bronze keys and versions: a retry writes the same part.

    The name has the number of rows, so that a listing shows progress.
    """
    return f"{run_prefix(MOVIES, run_id)}part-{digest}-{rows}.parquet"


def silver_compacted(run_id: str, digest: str, rows: int) -> str:
    """Silver: a part merged from others, named by the digest of its rows' Bronze keys and processing times."""
    return f"{run_prefix(MOVIES, run_id)}compacted-{digest}-{rows}.parquet"


def is_compacted(key: str) -> bool:
    """Whether this is the key of a Silver part merged from others."""
    return bool((match := _PART.search(key)) and match[1] == "compacted")


def rows_of(key: str) -> int:
    """Rows in a Silver part, merged or not, by its key; 0 for any other key."""
    match = _PART.search(key)
    return int(match[2]) if match else 0


def parse_bronze(key: str) -> BronzeKey | None:
    """Read a Bronze key back; None for a key that is not a film, a rejection or a manifest."""
    if (match := _BRONZE.fullmatch(key)) and _is_moment(match[2][:16]):
        return BronzeKey(match[1], match[2], match[3])
    if (match := _MANIFEST.fullmatch(key)) and _is_moment(match[1][:16]):
        return BronzeKey(RUNS, match[1], None)
    return None


def film_of(key: str) -> str | None:
    """IMDb id in a key that ends with ``imdb_id=….json``, or None."""
    match = re.search(rf"/imdb_id=({IMDB_ID.pattern})\.json\Z", key, re.ASCII)
    return match[1] if match else None


def run_of(key: str) -> str | None:
    """Run id in a key, or None."""
    match = re.search(rf"/run_id=({RUN_ID.pattern})/", key, re.ASCII)
    return match[1] if match else None


def gold_table(name: str) -> str:
    """Gold: the one parquet object of a table that insights or a user wrote."""
    return f"{_table(name)}/{name}.parquet"


def is_build_id(value: object) -> bool:
    """Whether ``value`` looks like ``20261124T030000.000000Z``."""
    return isinstance(value, str) and _BUILD_ID.fullmatch(value) is not None


def build_folder(build_id: str) -> str:
    """Gold: folder of one build, with its closing slash."""
    if not is_build_id(build_id):
        raise InvalidInput("a build id looks like 20261124T030000.000000Z", subject=repr(build_id)[:80])
    return f"{BUILDS}{build_id}/"


def build_record(build_id: str) -> str:
    """Gold: the record of one build."""
    return build_folder(build_id) + "build.json"


def build_table(build_id: str, table: str) -> str:
    """Gold: folder of a table that one build wrote, with its closing slash."""
    return f"{build_folder(build_id)}{_table(table)}/"


def build_of(key: str) -> str | None:
    """Build id in a key of a build's object, or None."""
    match = re.match(rf"{BUILDS}({_BUILD_ID.pattern})/", key, re.ASCII)
    return match[1] if match else None


def is_table_name(name: str) -> bool:
    """Whether a table may have this name."""
    return re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name, re.ASCII) is not None


def _table(name: str) -> str:
    if not is_table_name(name):
        raise InvalidInput("a table name is lower-case letters, digits and _", subject=repr(name)[:80])
    return name


def summary_answer(digest: str) -> str:
    """Gold: a language model's answer, by the SHA-256 of what it was asked."""
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise InvalidInput("is not a SHA-256", subject=repr(digest)[:80])
    return f"_summary_answers/{digest}.json"


def report(name: str, stamp: str, file: str) -> str:
    """Gold: a file of a report, by its notebook's name and when it ran: a build id's form of time, or ``latest``."""
    key = f"{REPORTS}{name}/{stamp}/{file}"
    if not _REPORT.fullmatch(key):
        raise InvalidInput("is not a report's name, time and file", subject=repr(key)[:80])
    return key


def parse_report(key: str) -> tuple[str, str, str] | None:
    """Read a report's key back: its name, stamp and file; None for any other key."""
    match = _REPORT.fullmatch(key)
    return (match[1], match[2], match[3]) if match else None
