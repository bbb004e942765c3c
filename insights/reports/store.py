"""Where reports are stored: a folder or the Gold bucket.

Each report stays under its time. ``latest`` is a copy of the newest that succeeded, so that a failure does not replace
it. The index lists the reports that the store has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from insights.reports import index as report_index
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
    reports = report_index.report_keys(stored_keys)
    contents = {key: documents.parse(store.get(key), key) for report in reports for key in report.needed}
    page = report_page.index_page(report_index.entries(reports, contents), now, report_index.dashboard(stored_keys))
    store.put(keys.REPORT_INDEX, page.encode())
