"""Where reports are stored: a folder or the Gold bucket.

Each report stays under its time. ``latest`` is a copy of the newest that succeeded, so that a failure does not replace
it. The index lists the reports that the store has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from insights import wording
from insights.reports import page as report_page
from pipeline import aws, documents, keys
from pipeline.errors import InvalidInput

PAGE, NOTEBOOK, REPORT = "report.html", "notebook.ipynb", "report.json"
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".ipynb": "application/x-ipynb+json",
}


class Store(Protocol):
    """A place for files by their keys, which are those of the Gold bucket."""

    def keys(self) -> list[str]:
        """Keys of all files of reports."""

    def get(self, key: str) -> bytes:
        """Bytes of a file that is there."""

    def put(self, key: str, body: bytes) -> None:
        """Write a file, in place of any that is there."""


class FolderStore:
    """Reports in a folder of this machine, without the keys' first part.

    Raises
    ------
    InvalidInput
        When a file cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, key: str) -> Path:
        return self.folder / key.removeprefix(keys.REPORTS)

    def keys(self) -> list[str]:
        """Keys of all files of reports."""
        paths = [*self.folder.glob("*/*/*"), *self.folder.glob("*.html")]
        files = (path.relative_to(self.folder) for path in paths if path.is_file())
        return sorted(f"{keys.REPORTS}{path.as_posix()}" for path in files)

    def get(self, key: str) -> bytes:
        """Bytes of a file that is there."""
        path = self._path(key)
        try:
            return path.read_bytes()
        except OSError as error:
            raise InvalidInput(error.strerror or "cannot be read", subject=str(path)) from error

    def put(self, key: str, body: bytes) -> None:
        """Write a file; a reader sees the old one or the new one, never half."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_name(f".{path.name}.new")
            new.write_bytes(body)
            new.replace(path)
        except OSError as error:
            raise InvalidInput(error.strerror or "cannot be written", subject=str(path)) from error


class BucketStore:
    """Reports in the Gold bucket.

    Raises
    ------
    StorageFailed
        When S3 refuses or fails.
    """

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    def keys(self) -> list[str]:
        """Keys of all files of reports."""
        with aws.failures_of("report", self.bucket):
            return [entry.key for entry in aws.list_objects(aws.client("s3"), self.bucket, keys.REPORTS)]

    def get(self, key: str) -> bytes:
        """Bytes of a file that is there."""
        with aws.failures_of("report", key):
            return aws.get(aws.client("s3"), self.bucket, key)[0]

    def put(self, key: str, body: bytes) -> None:
        """Write an object, with the type that a browser needs to show it."""
        kind = _CONTENT_TYPES[Path(key).suffix]
        with aws.failures_of("report", key):
            aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=kind)


def put(store: Store, report: Mapping[str, Any], page: str, notebook: str) -> str:
    """Store a report's page, executed notebook and ``report.json``; :func:`write_index` then lists it.

    Returns
    -------
    str
        Key of the dated page.
    """
    # report.json comes last: a report without it is unfinished, and the index leaves it out.
    files = {PAGE: page, NOTEBOOK: notebook, REPORT: json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False)}
    stamps = [report["stamp"], keys.LATEST] if report["status"] == "succeeded" else [report["stamp"]]
    for stamp in stamps:
        for file, text in files.items():
            store.put(keys.report(report["name"], stamp, file), text.encode())
    return keys.report(report["name"], report["stamp"], PAGE)


def write_index(store: Store, now: datetime) -> None:
    """Rebuild the index from the reports in the store; DocumentInvalid names a damaged ``report.json``."""
    stored_keys = store.keys()
    reports = report_keys(stored_keys)
    contents = {key: documents.parse(store.get(key), key) for report in reports for key in report.needed}
    page = report_page.index_page(entries(reports, contents), now, dashboard(stored_keys))
    store.put(keys.REPORT_INDEX, page.encode())


@dataclass(frozen=True)
class ReportKeys:
    """Keys of a report's newest attempt and of its last good one, each None where there is none."""

    name: str
    newest: str | None
    latest: str | None

    @property
    def needed(self) -> list[str]:
        """The keys that exist."""
        return [key for key in (self.newest, self.latest) if key]


def report_keys(stored_keys: Sequence[str]) -> list[ReportKeys]:
    """Find each report's newest attempt and last good one among the keys of a store, in the order of names."""
    parsed = [(key, *parts) for key in stored_keys if (parts := keys.parse_report(key)) and parts[2] == "report.json"]
    names = sorted({name for _, name, _, _ in parsed})
    result = []
    for name in names:
        stamps = {stamp: key for key, of, stamp, _ in parsed if of == name}
        latest = stamps.pop(keys.LATEST, None)
        result.append(ReportKeys(name, stamps[max(stamps)] if stamps else None, latest))
    return result


def dashboard(stored_keys: Sequence[str]) -> str | None:
    """Address of the interactive dashboard, as the index links it; None where the store has none."""
    return keys.DASHBOARD.removeprefix(keys.REPORTS) if keys.DASHBOARD in stored_keys else None


def entries(reports: Sequence[ReportKeys], contents: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Describe each report for the index; ``reports`` has the contents of each ``report.json`` by its key."""
    return [_entry(report, contents) for report in reports]


def _entry(report: ReportKeys, contents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    newest = contents[report.newest] if report.newest else None
    latest = contents[report.latest] if report.latest else None
    known = latest or newest or {}
    about = known.get("data") or {}
    entry = {
        "name": report.name,
        "title": known.get("title", report.name),
        "page": f"{report.name}/{keys.LATEST}/report.html" if latest else None,
        "made_at": known.get("started_at"),
        "made": _moment(known.get("started_at")),
        "run_id": about.get("run_id"),
        "build_id": about.get("build_id"),
        "built_at": about.get("built_at"),
        "built": _moment(about.get("built_at")),
        "missing": about.get("missing", []),
        "held": about.get("held", ""),
        "findings": known.get("findings", []),
        "headlines": known.get("headlines", [])[:4],
        "failed": None,
    }
    if newest and newest["status"] != "succeeded":
        entry["failed"] = newest["error"]
        entry["failed_on"] = _moment(newest["started_at"])
        entry["failed_page"] = f"{report.name}/{newest['stamp']}/report.html"
    return entry


def _moment(iso: str | None) -> str:
    return wording.moment(datetime.fromisoformat(iso)) if iso else ""
