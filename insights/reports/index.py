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
class Place:
    """Keys of a report's newest attempt and of its last good one, each None where there is none."""

    name: str
    newest: str | None
    latest: str | None

    @property
    def needed(self) -> list[str]:
        """The keys that exist."""
        return [key for key in (self.newest, self.latest) if key]


def places(found: Sequence[str]) -> list[Place]:
    """Find each report's newest attempt and last good one among the keys of a store, in the order of names."""
    parsed = [(key, *parts) for key in found if (parts := keys.parse_report(key)) and parts[2] == "report.json"]
    names = sorted({name for _, name, _, _ in parsed})
    result = []
    for name in names:
        stamps = {stamp: key for key, of, stamp, _ in parsed if of == name}
        latest = stamps.pop(keys.LATEST, None)
        result.append(Place(name, stamps[max(stamps)] if stamps else None, latest))
    return result


def dashboard(found: Sequence[str]) -> str | None:
    """Address of the interactive dashboard, as the index links it; None where the store has none."""
    return keys.DASHBOARD.removeprefix(keys.REPORTS) if keys.DASHBOARD in found else None


def entries(found: Sequence[Place], reports: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Describe each report for the index; ``reports`` has the contents of each ``report.json`` by its key."""
    return [_entry(place, reports) for place in found]


def _entry(place: Place, reports: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    newest = reports[place.newest] if place.newest else None
    latest = reports[place.latest] if place.latest else None
    known = latest or newest or {}
    about = known.get("data") or {}
    entry = {
        "name": place.name,
        "title": known.get("title", place.name),
        "page": f"{place.name}/{keys.LATEST}/report.html" if latest else None,
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
        entry["failed_page"] = f"{place.name}/{newest['stamp']}/report.html"
    return entry


def _moment(iso: str | None) -> str:
    return wording.moment(datetime.fromisoformat(iso)) if iso else ""
