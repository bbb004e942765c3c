"""Reports in a store: dated for good, ``latest`` only when they succeeded, and an index that tells of failures."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from insights.reports.store import FolderStore, Store, put, write_index
from pipeline import keys
from pipeline.errors import DocumentInvalid, InvalidInput

NAME = "02_genre_trends"
FIRST, SECOND = "20261124T030000.000000Z", "20261124T040000.000000Z"
DATA = {
    "build_id": "b1", "built_at": "2026-11-24T02:00:00.000000Z", "run_id": "20261124T020000Z-aaaaaaaa",
    "rows": {}, "missing": ["No film has a genre."],
}  # fmt: skip
HEADLINE = {"name": "Rising <genres>", "value": 3, "unit": "", "n": None}


def publish(store: Store, report: dict[str, Any], page: str, notebook: str) -> str:
    key = put(store, report, page, notebook)
    write_index(store, datetime.now(UTC))
    return key


def report(stamp: str, status: str = "succeeded", **values: Any) -> dict[str, Any]:
    return {
        "name": NAME, "title": "Genre trends", "stamp": stamp, "seconds": 1.0, "status": status, "error": None,
        "started_at": f"2026-11-24T{stamp[9:11]}:00:00.000000Z", "parameters": {}, "data": DATA,
        "headlines": [HEADLINE], "findings": [],
    } | values  # fmt: skip


def test_a_failure_keeps_latest_and_is_listed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    publish(store, report(FIRST), "good page", "{}")
    key = publish(store, report(SECOND, "failed", error="KeyError: <b>", data=None, headlines=[]), "bad page", "{}")
    assert key == f"reports/{NAME}/{SECOND}/report.html"
    assert (tmp_path / NAME / "latest" / "report.html").read_text() == "good page"
    assert (tmp_path / NAME / SECOND / "report.html").read_text() == "bad page"
    index = (tmp_path / "index.html").read_text()
    assert "KeyError: &lt;b&gt;" in index
    assert f'href="{NAME}/latest/report.html"' in index
    assert f'href="{NAME}/{SECOND}/report.html"' in index
    assert "Rising &lt;genres&gt;" in index


def test_a_success_ends_the_failure(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    publish(store, report(FIRST, "failed", error="KeyError"), "bad page", "{}")
    assert "There is no good one yet" in (tmp_path / "index.html").read_text()
    headings = [HEADLINE | {"name": f"Headline {n}"} for n in range(1, 6)]
    publish(store, report(SECOND, headlines=headings), "good page", "{}")
    index = (tmp_path / "index.html").read_text()
    assert "KeyError" not in index
    assert "attempt failed" not in index
    assert ("Headline 4" in index, "Headline 5" in index) == (True, False)
    assert "No film has a genre." in index
    assert DATA["run_id"] in index


def test_the_index_has_findings_as_text(tmp_path: Path) -> None:
    publish(FolderStore(tmp_path), report(FIRST, findings=["<b>Dramas</b> lead.", "Second."]), "page", "{}")
    index = (tmp_path / "index.html").read_text()
    assert index.count("&lt;b&gt;Dramas&lt;/b&gt; lead.") == 1
    assert "Second." in index
    assert "Rising" not in index, "headlines take the place of missing findings only"
    assert index.index("About this data") < index.index(DATA["run_id"])


def test_the_index_gives_the_time_of_the_data(tmp_path: Path) -> None:
    publish(FolderStore(tmp_path), report(FIRST), "page", "{}")
    index = (tmp_path / "index.html").read_text()
    assert '<time datetime="2026-11-24T02:00:00.000000Z" data-age>24 November 2026, 02:00 UTC</time>' in index


def test_the_index_links_the_dashboard_where_there_is_one(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    publish(store, report(FIRST), "page", "{}")
    assert 'href="dashboard.html"' not in (tmp_path / "index.html").read_text()
    (tmp_path / "dashboard.html").write_text("the dashboard")
    publish(store, report(SECOND), "page", "{}")
    assert 'href="dashboard.html"' in (tmp_path / "index.html").read_text()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput) as error:
        publish(FolderStore(tmp_path / "file"), report(FIRST), "page", "{}")
    assert "file" in error.value.subject
    assert error.value.cause == "Not a directory"


@pytest.mark.parametrize("name", ["../escape", "02_", "x", "02_A", "02_a/b"])
def test_no_name_is_a_path(name: str) -> None:
    with pytest.raises(InvalidInput):
        keys.report(name, keys.LATEST, "report.html")


@pytest.mark.parametrize("stamp", [FIRST, keys.LATEST])
def test_keys_read_back(stamp: str) -> None:
    assert keys.parse_report(keys.report(NAME, stamp, "report.json")) == (NAME, stamp, "report.json")
    assert keys.parse_report("reports/index.html") is None


def test_a_damaged_report_in_the_folder_is_one_error(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    publish(store, report(FIRST), "page", "{}")
    damaged = next(tmp_path.glob("*/*/report.json"))
    damaged.write_text("{", encoding="utf-8")

    with pytest.raises(DocumentInvalid, match=r"report\.json: is not JSON"):
        write_index(store, datetime.now(UTC))
    with pytest.raises(InvalidInput, match="No such file"):
        store.get("reports/none/report.json")
