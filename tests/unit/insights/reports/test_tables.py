"""Tables have captions and headings, and text of films stays text."""

from __future__ import annotations

import pandas as pd
import pytest

from insights.reports import tables
from insights.reports.tables import ReportTable

FRAME = pd.DataFrame({"Film": ["<script>", "B"], "Rating": [91.25, None], "Genres": [["Drama", "War"], []]})


def test_caption_scope_and_escape() -> None:
    html = ReportTable(FRAME, "Films & more")._repr_html_()
    assert "<caption>Films &amp; more</caption>" in html
    assert html.count('scope="col"') == 3
    assert html.count('scope="row"') == 2
    assert "<script>" not in html
    assert "Drama, War" in html
    assert "–" in html


def test_more_rows_are_counted() -> None:
    assert "The first 1 of 2 rows" in ReportTable(FRAME, "Films", rows=1)._repr_html_()


def test_without_rows_says_why() -> None:
    html = ReportTable(FRAME.head(0), "Films", empty="Gold has none.")._repr_html_()
    assert "Gold has none." in html
    assert "<table" not in html


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.0, "100.0 %"), (2999 / 3000, "> 99.9 %"), (0.0001, "< 0.1 %"), (0, "0.0 %"), (None, "–"), (0.5, "50.0 %")],
)
def test_percent_is_whole_only_when_exact(value: float | None, expected: str) -> None:
    assert tables.percent(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, "yes"), (3000, "3,000"), (pd.NA, "–"), (float("nan"), "–"), (["a"], "a"), ("x", "x"), (0.123, "0.12"),
     (pd.Timestamp("2026-11-24 03:04"), "2026-11-24 03:04"), (pd.NaT, "–"), (None, "–")],
)  # fmt: skip
def test_cell(value: object, expected: str) -> None:
    assert tables.cell(value) == expected
