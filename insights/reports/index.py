"""The index of all reports: for each its last good page, and whether a newer attempt failed. Pure.

Reads keys and ``report.json`` of a store; :mod:`.page` makes the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from insights import wording
from pipeline import keys


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
