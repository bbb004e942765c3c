"""Charts are pictures that anyone can read, and that need nothing from elsewhere."""

from __future__ import annotations

import re

import altair as alt
import pandas as pd

from insights import charts

FRAME = pd.DataFrame({"genre": ["<b>Drama</b>", "Comedy"], "mean": [71.0, 64.5]})


def chart(frame: pd.DataFrame) -> alt.Chart:
    return alt.Chart(frame).mark_bar(clip=True).encode(x="mean:Q", y="genre:N")


def test_svg_has_a_text_alternative_and_no_address() -> None:
    html = charts.figure(chart(FRAME), "Title & more", alt="Highest: <Drama>", about="n = 2 films")._repr_html_()
    assert html.count('role="img"') == 2
    assert "<desc" in html
    assert "Highest: &lt;Drama&gt;" in html
    assert "Title &amp; more" in html
    assert "<b>" not in html
    assert "://" not in html
    assert "<script" not in html


def test_title_alternative_and_line_below_are_escaped() -> None:
    html = charts.figure(chart(FRAME), "<b>Title</b>", alt="<b>Alt</b>", about="<b>About</b>")._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;Title&lt;/b&gt;" in html


def test_each_mark_has_a_tooltip_of_its_values_and_the_colours_of_the_page() -> None:
    html = charts.figure(chart(FRAME).encode(tooltip=["genre:N", "mean:Q"]), "Title", alt="Text")._repr_html_()
    tooltips = ["mean: 71\ngenre: &lt;b&gt;Drama&lt;/b&gt;", "mean: 64.5\ngenre: Comedy"]
    assert re.findall(r"<path[^>]*><title>([^<]*)</title>", html) == tooltips * 2
    assert html.count('fill="var(--blue)"') == 4
    assert charts.BLUE not in html.partition("<figure>")[2]


def test_ids_are_unique_and_every_reference_has_one() -> None:
    html = charts.figure(chart(FRAME), "Title", alt="Text")._repr_html_()
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    references = re.findall(r"url\(#([^)]+)\)", html)
    assert references
    assert set(references) <= set(ids)
    for labelled in re.findall(r'aria-labelledby="([^"]+)"', html):
        assert set(labelled.split()) <= set(ids)


def test_without_rows_says_so_and_draws_nothing() -> None:
    html = charts.figure(chart(FRAME.head(0)), "Title", alt="Text", about="<b> with 20 films")._repr_html_()
    assert "There is nothing to draw: Gold has no such values, or too few." in html
    assert "<svg" not in html


def test_layers_without_rows_are_seen_too() -> None:
    empty = chart(FRAME.head(0))
    assert "<svg" not in charts.figure(empty + empty.mark_text(), "Title", alt="Text")._repr_html_()


def test_lines_are_named_at_their_ends_without_overlap() -> None:
    # given three lines that end close together at the bottom, and one far above
    ends = {"A": 1.0, "B": 2.0, "C": 0.5, "D": 80.0}
    rows = pd.DataFrame(
        [(name, period, value) for name, end in ends.items() for period, value in ((1990, 50.0), (2010, end))],
        columns=["Genre", "Period", "Per cent"],
    )
    # when
    layer = charts.line_labels(rows, "Period", "Per cent", "Genre", height=245)
    # then
    labels = layer.data.set_index("Genre")["Label"]
    assert labels.index.tolist() == ["C", "A", "B", "D"]
    assert labels["D"] == 80, "a label with room stays at its line"
    assert labels["C"] == 0
    assert (labels.diff().dropna() >= 6 - 1e-9).all(), "15 of 200 pixels"
    svg = charts.picture(alt.Chart(rows).mark_line().encode(x="Period:Q", y="Per cent:Q", color="Genre:N") + layer)
    assert "A</text>" in svg
    assert not re.findall(r"<path[^>]*><title>", svg), "a line has no values of its own"


def test_the_longest_heading_is_not_cut_on_a_phone() -> None:
    rows = FRAME.assign(genre=["Rotten Tomatoes average", "Rotten Tomatoes reviews"])
    html = charts.figure(chart(rows), "Title", alt="Text")._repr_html_()
    assert html.count(">Rotten Tomatoes average</text>") == 2
