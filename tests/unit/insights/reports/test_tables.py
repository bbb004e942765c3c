"""Tables have captions and headings, and text of films stays text."""

from __future__ import annotations

import re

import pandas as pd

from insights.reports import tables
from insights.reports.tables import ReportTable
from pipeline.columns import GOLD_TABLES

FRAME = pd.DataFrame({"Film": ["<script>", "B"], "Rating": [91.25, None], "Genres": [["Drama", "War"], []]})


def test_caption_scope_and_escape() -> None:
    html = ReportTable(FRAME, "Films & more")._repr_html_()
    assert "<caption>Films &amp; more</caption>" in html
    assert html.count('scope="col"') == 3
    assert html.count('scope="row"') == 2
    assert "<script>" not in html
    assert "Drama, War" in html
    assert "–" in html


def test_headings_and_captions_are_escaped_and_only_numbers_right_of_the_row_heads_stand_right() -> None:
    frame = pd.DataFrame({"<i>": [1970], "n": [-3], "Known": [True], "Film": ["-30-"]})
    html = ReportTable(frame, '"<b>')._repr_html_()
    assert not [tag for tag in ("<i>", "<b>", '""') if tag in html]
    assert '<th scope="row">1,970</th><td class="number">−3</td><td>yes</td><td>-30-</td>' in html


def test_more_rows_are_counted() -> None:
    assert "The first 1 of 2 rows" in ReportTable(FRAME, "Films", rows=1)._repr_html_()
    assert "The first 30 of 31 rows" in ReportTable(pd.DataFrame({"n": range(31)}), "Films")._repr_html_()


def test_values_are_written_in_the_units_of_their_columns() -> None:
    decades = pd.DataFrame({"decade": [1970], "films": [1117], "mean_usd": [57534908.0]})
    html = tables.of("box_office_by_decade", decades, "Decades", "decade", "films", "mean_usd")._repr_html_()
    assert re.findall(r">([^<>]+)</t[hd]>", html)[-3:] == ["1970s", "1,117", "$57.5 million"]
    shares = pd.DataFrame({"genre": ["War"], "year": [1970], "share": [0.2]})
    html = tables.of("genre_share_by_year", shares, "Shares", "genre", "year", "share")._repr_html_()
    assert re.findall(r">([^<>]+)</t[hd]>", html)[-3:] == ["War", "1970", "20.0%"]


def test_without_rows_says_why() -> None:
    html = ReportTable(FRAME.head(0), "Films", empty="Gold has none.")._repr_html_()
    assert "Gold has none." in html
    assert "<table" not in html


def test_headings_write_names_as_their_owners_do() -> None:
    headings = [tables.heading(column.name) for column in GOLD_TABLES["movies"].columns]
    assert {"IMDb rating", "IMDb votes", "Rotten Tomatoes reviews", "Age rating"} <= set(headings)
    assert not [heading for heading in headings if re.search("Imdb|Rotten tomatoes|_", heading)]


def test_missing_values_are_a_dash_and_shares_have_one_decimal() -> None:
    frame = pd.DataFrame({"Film": ["A", "B"], "Share": [0.5, None]})
    html = ReportTable(frame, "Films", {"Share": tables.percent})._repr_html_()
    assert ">50.0%<" in html
    assert ">–<" in html
