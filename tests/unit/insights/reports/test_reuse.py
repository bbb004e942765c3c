"""An earlier report holds while nothing differs from then; whatever differs or cannot be read makes it run again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from insights.reports import page as report_page
from insights.reports import reuse
from insights.reports.notebooks import Notebook
from insights.reports.store import NOTEBOOK, PAGE, REPORT
from pipeline import keys

NAME, STAMP, RAN_AT = "02_genre_trends", "20261124T030000.000000Z", "2026-11-24T03:00:00.000000Z"
PARAMETERS = {"min_films": 5}
EXECUTED: str = nbformat.writes(nbformat.v4.new_notebook())  # type: ignore[no-untyped-call]
BODY = "<p>shown</p>"
REPORT_KEY, NOTEBOOK_KEY, PAGE_KEY = (keys.report(NAME, keys.LATEST, file) for file in (REPORT, NOTEBOOK, PAGE))


def page(body: str) -> str:
    """A page as reports have it."""
    report = {
        "name": NAME, "title": "Genre trends", "started_at": RAN_AT, "seconds": 1.0, "error": None, "data": None,
        "ran_at": RAN_AT, "reused_from": None, "parameters": PARAMETERS,
    }  # fmt: skip
    return report_page.report_page(body, report)


class MemoryStore:
    """Files of reports by key."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def keys(self) -> list[str]:
        return list(self.files)

    def get(self, key: str) -> bytes:
        return self.files[key]

    def put(self, key: str, body: bytes) -> None:
        self.files[key] = body

    def change(self, **values: Any) -> None:
        """Change values of the report."""
        self.put(REPORT_KEY, json.dumps(json.loads(self.get(REPORT_KEY)) | values).encode())


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    path = tmp_path / f"{NAME}.ipynb"
    path.write_text(EXECUTED)
    return Notebook(NAME, "Genre trends", path, 1, ())


@pytest.fixture
def store(notebook: Notebook) -> MemoryStore:
    """A store with a report that holds: it stands on no data."""
    made = MemoryStore()
    stood_on = reuse.stands_on(notebook, {}, EXECUTED, BODY)
    report = {"stamp": STAMP, "ran_at": RAN_AT, "reused_from": None, "parameters": PARAMETERS, "stands_on": stood_on}
    made.put(REPORT_KEY, json.dumps(report).encode())
    made.put(NOTEBOOK_KEY, EXECUTED.encode())
    made.put(PAGE_KEY, page(BODY).encode())
    return made


def test_with_nothing_changed_it_holds(notebook: Notebook, store: MemoryStore) -> None:
    found = reuse.find(notebook, PARAMETERS, store)

    assert found is not None
    assert (found.stamp, found.ran_at, found.body, found.noted) == (STAMP, RAN_AT, BODY, {})


def test_a_copy_of_a_copy_names_the_first(notebook: Notebook, store: MemoryStore) -> None:
    store.change(reused_from="20261123T030000.000000Z", ran_at="2026-11-23T03:00:00.000000Z")

    found = reuse.find(notebook, PARAMETERS, store)

    assert found is not None
    assert (found.stamp, found.ran_at) == ("20261123T030000.000000Z", "2026-11-23T03:00:00.000000Z")


def stood_on(store: MemoryStore) -> dict[str, Any]:
    return dict(json.loads(store.get(REPORT_KEY))["stands_on"])


BROKEN: dict[str, Callable[[MemoryStore], object]] = {
    "there is no report": lambda store: store.files.pop(REPORT_KEY),
    "its notebook is gone": lambda store: store.files.pop(NOTEBOOK_KEY),
    "its notebook is damaged": lambda store: store.put(NOTEBOOK_KEY, EXECUTED.encode() + b" "),
    "its page is gone": lambda store: store.files.pop(PAGE_KEY),
    "its page shows something else": lambda store: store.put(PAGE_KEY, page("<p>other</p>").encode()),
    "its page is no page": lambda store: store.put(PAGE_KEY, b"\xff"),
    "it is no JSON": lambda store: store.put(REPORT_KEY, b"{"),
    "it is of an earlier version": lambda store: store.change(stands_on=None),
    "it ran with other parameters": lambda store: store.change(parameters={"min_films": 6}),
    "it ran with other code": lambda store: store.change(stands_on=stood_on(store) | {"code": "other"}),
    "data that is never the same": lambda store: store.change(
        stands_on=stood_on(store) | {"data": {"never again the same: a fault": "now"}}
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_else_the_notebook_runs(notebook: Notebook, store: MemoryStore, broken: str) -> None:
    BROKEN[broken](store)

    assert reuse.find(notebook, PARAMETERS, store) is None


def test_another_text_of_the_notebook_is_other_code(notebook: Notebook, store: MemoryStore) -> None:
    notebook.path.write_text(EXECUTED + "\n")

    assert reuse.find(notebook, PARAMETERS, store) is None


def test_any_source_file_or_package_is_code(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = reuse.code_of(notebook)
    assert reuse.code_of(replace(notebook, title="Another title")) == before

    (tmp_path / "site" / "pandas-99.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    assert reuse.code_of(notebook) != before


def test_every_kind_of_source_is_code(tmp_path: Path) -> None:
    for name in ("insights/a.py", "insights/facts.toml", "pipeline/gold/movies.sql"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
    before = reuse.sources(tmp_path)
    (tmp_path / "insights" / "__pycache__").mkdir()
    (tmp_path / "insights" / "__pycache__" / "a.pyc").write_text("compiled")
    assert reuse.sources(tmp_path) == before

    for name in ("insights/a.py", "insights/facts.toml", "pipeline/gold/movies.sql"):
        (tmp_path / name).write_text("two")
        assert reuse.sources(tmp_path) != before
        before = reuse.sources(tmp_path)
