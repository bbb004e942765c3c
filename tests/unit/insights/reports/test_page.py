"""Pages of reports and their index in a real browser: axe-core finds nothing wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import pytest
from nbformat import v4
from papermill.execute import ERROR_MARKER_TAG

from insights import charts, wording
from insights.reports import headlines, page, store, tables
from insights.reports.headlines import Headline
from pipeline import keys
from tests import axe, chromium

browser = pytest.mark.skipif(chromium.PROGRAM is None, reason=chromium.WHY_NOT)
GENRES = pd.DataFrame({"genre": ["Drama", "Comedy"], "films": [744, 402], "share": [0.74, 0.4]})


def shown(html: str) -> Any:
    return v4.new_output("display_data", data={"text/html": html})


def notebook() -> Any:
    """A notebook with an output of each kind that reports have."""
    values = [Headline("Listed films", 999).as_dict(), Headline("Best on Metacritic", "Ran", n=12).as_dict()]
    chart = alt.Chart(GENRES).mark_bar().encode(x="films", y="genre")
    figure = charts.figure(chart, "Drama is the most common genre", alt="Drama 744 films, Comedy 402.", about="n = 999")
    outputs = [
        headlines.cards(values),
        '<ul class="findings"><li>Drama is the most common genre.</li></ul>',
        wording.Text("Among these films no trend is clear.", "note")._repr_html_(),
        wording.Answer("What do they share?", "They are longer.\nGenerated from the data, without AI.")._repr_html_(),
        figure._repr_html_(),
        tables.of("genre_share_by_year", GENRES, "Genres of the list", "genre", "films", "share")._repr_html_(),
    ]
    prose = v4.new_markdown_cell("# Genres\n\nHow common each genre is.\n\n## Shares\n\nA film may have several.")
    return v4.new_notebook(cells=[prose, v4.new_code_cell("", outputs=[shown(html) for html in outputs])])


REPORT = {
    "name": "01_genres", "title": "Genres", "status": "succeeded", "stamp": "20261128T030000.000000Z",
    "started_at": "2026-11-28T03:00:00Z", "error": None, "headlines": [], "parameters": {},
    "seconds": 12.0, "findings": ["Drama is the most common genre.", "No trend is clear."],
    "data": {"run_id": "R", "build_id": "B", "built_at": "2026-11-28T02:00:00Z", "missing": [], "tables": {}},
}  # fmt: skip
FAILED = REPORT | {"name": "02_trends", "title": "Trends", "status": "failed", "error": "no such column"}


def report() -> str:
    order = [("01_genres", "Genres"), ("02_trends", "Trends")]
    return page.report_page(page.body_of(notebook()), REPORT, order)


def reports() -> str:
    stored = {
        f"{keys.REPORTS}{one['name']}/{stamp}/report.json": one
        for one in (REPORT, FAILED)
        for stamp in (one["stamp"], keys.LATEST)
        if (one, stamp) != (FAILED, keys.LATEST)
    }
    entries = store.entries(store.report_keys(list(stored)), stored)
    return page.index_page(entries, datetime(2026, 11, 28, tzinfo=UTC), "dashboard.html")


def test_a_failed_page_ends_where_the_notebook_failed() -> None:
    def marked(text: str) -> Any:
        return v4.new_markdown_cell(text, metadata={"tags": [ERROR_MARKER_TAG]})

    cells = [marked("An Exception"), v4.new_markdown_cell("Shown."), marked("Execution"), v4.new_markdown_cell("Not.")]
    body = page.body_of(v4.new_notebook(cells=cells))
    assert re.findall(r"<p>(.+)</p>", body) == ["Shown."]


@browser
@axe.looks
@pytest.mark.parametrize("make", [report, reports])
def test_axe_finds_nothing_wrong(make: Any, tmp_path: Path, dark: bool) -> None:
    assert axe.violations(make(), tmp_path / "page.html", dark=dark) == {width: [] for width in axe.WIDTHS}


def test_a_page_links_its_neighbours_tells_the_age_of_its_data_and_escapes_text() -> None:
    order = [("00_first", "First"), ("01_genres", "Genres"), ("02_trends", "<b>Trends")]
    assert report().count("<style>") == 1, "outputs do without their own"
    html = page.report_page("", REPORT | {"error": "<i>"}, order)
    assert re.findall(r'href="../../(\w+)/latest', html) == ["00_first", "02_trends"]
    assert "1 hour before this report" in html
    assert not [tag for tag in ("<b>", "<i>") if tag in html]
    later = REPORT | {"data": {**REPORT["data"], "built_at": "2026-11-28T03:00:01Z"}}
    assert "while this report was made" in page.report_page("", later, order)


def test_the_index_opens_with_the_time_of_the_newest_data_and_marks_reports_of_older_data() -> None:
    older = REPORT["data"] | {"built_at": "2026-11-21T02:00:00Z"}  # type: ignore[operator]
    stored = {f"{keys.REPORTS}{name}/{keys.LATEST}/report.json": REPORT | {"name": name, "data": data}
              for name, data in (("01_genres", REPORT["data"]), ("02_trends", older))}  # fmt: skip
    html = page.index_page(store.entries(store.report_keys(list(stored)), stored), datetime(2026, 11, 28, tzinfo=UTC))
    top, new, old = re.split("<section", html)
    assert "28 November 2026, 02:00 UTC" in top
    assert "older data" not in new
    assert "Made from older data, of" in old
    assert html.count("Drama is the most common genre.") == 2, "once a report"

    only_failed = {f"{keys.REPORTS}01_genres/{FAILED['stamp']}/report.json": FAILED | {"data": REPORT["data"]}}
    entries = store.entries(store.report_keys(list(only_failed)), only_failed)
    assert "Data of" not in page.index_page(entries, datetime(2026, 11, 28, tzinfo=UTC)), "no page shows that data"
