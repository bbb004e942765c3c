"""The page as a reader uses it: typing, going back, and what is left of the charts when few films are."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from insights.dashboard import data
from insights.dashboard.definition import load
from insights.dashboard.page import render
from tests import chromium, dashboard_gold
from tests.chromium import Shown

DEFINITION = load()
GOLD = dashboard_gold.gold()
pytestmark = pytest.mark.skipif(chromium.PROGRAM is None, reason=chromium.WHY_NOT)


def shown_page(path: Path, movies: pd.DataFrame, script: str = "", address: str = "", **tables: pd.DataFrame) -> Shown:
    gold = {**GOLD, "movies": movies, "recommendations": dashboard_gold.recommendations(movies), **tables}
    page = render(DEFINITION, data.frames(DEFINITION, gold), cards=data.cards(gold), stands_on="R")
    path.write_text(chromium.acting(page, script), encoding="utf-8")
    shown = chromium.show(path, address)
    assert shown.console == []
    return shown


def logged(shown: Shown) -> Any:
    """What the script of a test logged."""
    (log,) = re.findall(r'data-log="([^"]*)"', shown.document)
    return json.loads(unescape(log))


STEPS = """
addEventListener("load", async () => {
  const byId = (id) => document.getElementById(id);
  const until = async (holds) => { while (!holds()) await new Promise((done) => setTimeout(done, 20)); };
  await until(() => document.documentElement.dataset.ready);
  const type = (id, text) => {
    byId(id).value = "";
    for (const letter of text) {
      byId(id).value += letter;
      byId(id).dispatchEvent(new InputEvent("input", { inputType: "insertText", bubbles: true }));
    }
    byId(id).dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  };
  const log = {};
  const card = () => document.querySelector("#film-card h3").textContent;
  STEPS
  document.body.dataset.log = JSON.stringify(log);
});
"""


def steps(script: str) -> str:
    return STEPS.replace("STEPS", script)


def test_a_genre_that_begins_like_another_can_be_typed(tmp_path: Path) -> None:
    movies = dashboard_gold.movies(4).assign(genres=[["Music"], ["Music"], ["Musical"], ["Musical", "Music"]])
    script = 'type("genre-input", "Musical"); log.status = byId("status").textContent;'
    assert logged(shown_page(tmp_path / "page.html", movies, steps(script)))["status"] == "2 of 4 films: genre Musical"


def test_titles_are_found_without_punctuation_and_special_letters(tmp_path: Path) -> None:
    titles = {
        "schindlers list": "Schindler's List",
        "star wars episode iv a new hope": "Star Wars: Episode IV – A New Hope",
        "wall e": "WALL-E",
        "walesa": "Wałęsa",
        "lilo and stitch": "Lilo & Stitch",
        "…": "…",
    }
    movies = dashboard_gold.movies(len(titles)).assign(title=list(titles.values()))
    script = f'for (const typed of {json.dumps(list(titles))}) {{ type("film-input", typed); log[typed] = card(); }}'
    opened = logged(shown_page(tmp_path / "page.html", movies, steps(script)))
    assert {typed: label.rsplit(" (", 1)[0] for typed, label in opened.items()} == titles


def test_going_back_undoes_the_last_choice_and_leaves_an_opened_list_open(tmp_path: Path) -> None:
    script = """
      byId("film-list").open = true;
      document.querySelector('#film-list a[data-film="tt0000002"]').click();
      log.picked = card();
      log.open = byId("film-list").open;
      log.focus = document.activeElement.id;
      history.back();
      await until(() => card() !== log.picked);
      log.back = card();
      history.forward();
      await until(() => card() === log.picked);
      byId("year-from").value = "1955";
      byId("year-from").dispatchEvent(new Event("change"));
      log.filtered = byId("status").textContent;
      history.back();
      await until(() => byId("status").textContent !== log.filtered);
      log.unfiltered = byId("status").textContent;
    """
    log = logged(shown_page(tmp_path / "page.html", dashboard_gold.movies(8), steps(script)))
    assert log == {
        "picked": "Film 2 (1952)",
        "open": True,
        "focus": "film-card",
        "back": "Film 1 (1951)",
        "filtered": "4 of 8 films: year of release 1955–1958",
        "unfiltered": "All 8 films",
    }


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("1990-1953", "6 of 8 films: year of release 1953–1958"),
        ("1800-1850", "All 8 films"),
        ("x-1954", "4 of 8 films: year of release 1951–1954"),
    ],
)
def test_a_range_in_the_address_is_kept_within_the_data(tmp_path: Path, asked: str, status: str) -> None:
    shown = shown_page(tmp_path / "page.html", dashboard_gold.movies(8), address=f"year={asked}")
    assert f'role="status">{status}<' in shown.document


def few_films() -> pd.DataFrame:
    """Four films: two with a box office, each the only one of its decade."""
    sales = pd.array([10_000_000, 900_000_000, None, None], dtype="Int64")
    return dashboard_gold.movies(4).assign(
        year=[1955, 1966, 1977, 1988], decade=[1950, 1960, 1970, 1980], box_office_usd=sales
    )


def test_single_films_are_no_finding(tmp_path: Path) -> None:
    """One film's box office says nothing of a decade's mean."""
    shown = shown_page(tmp_path / "page.html", few_films())
    assert "<h3>Mean box office by decade</h3>" in shown.part("visual-box_office_by_decade")


def test_the_chart_of_one_film_is_within_its_picture(tmp_path: Path) -> None:
    part = shown_page(tmp_path / "page.html", few_films(), address="year=1966-1966").part("visual-films_by_year")
    (x, width), *others = re.findall(r'<rect x="([-.\d]+)" width="([.\d]+)"[^>]* class="bar"', part)
    (whole,) = re.findall(r'viewBox="0 0 ([.\d]+) ', part)
    assert not others
    assert 0 < float(x) < float(x) + float(width) < float(whole)


def test_a_table_leaves_out_means_of_nothing_and_kinds_of_values_without_a_fault(tmp_path: Path) -> None:
    quality = GOLD["data_quality"].assign(unreadable=0, out_of_range=0)
    movies = dashboard_gold.movies(20).assign(imdb_rating=None)
    clean = shown_page(tmp_path / "clean.html", movies, data_quality=quality)
    assert "No value is unreadable or out of range." in clean.document
    assert re.search(r'<figure[^>]* id="visual-faults"[^>]* hidden', clean.document)
    ratings = clean.part("visual-ratings_by_genre")
    assert (ratings.count(">n</th>"), ">IMDb</th>" in ratings) == (3, False), "Metacritic, Rotten Tomatoes, the list"
    faults = shown_page(tmp_path / "faulty.html", movies).part("visual-faults")
    assert re.findall(r"<t[hd][^>]*>([^<]+)</t[hd]>", faults)[3:] == ["Plot", "2", "1"], "the title has no fault"


def test_a_chart_says_how_many_bars_it_leaves_out(tmp_path: Path) -> None:
    movies = dashboard_gold.movies(14)
    shown = shown_page(tmp_path / "page.html", movies.assign(directors=[[title] for title in movies["title"]]))
    assert "The first 12 of 14." in shown.part("visual-directors")
    assert "The first" not in shown.part("visual-box_office_by_decade")


def test_negative_numbers_have_a_minus_sign_and_a_match_is_out_of_100(tmp_path: Path) -> None:
    trends = GOLD["genre_trends"].assign(slope=-2.5, slope_low=-3, slope_high=-0.001)
    shown = shown_page(tmp_path / "page.html", dashboard_gold.movies(4), genre_trends=trends)
    assert re.findall(r'class="number">(−?[\d.]+)</td>', shown.part("visual-trends"))[:3] == ["−2.50", "−3.00", "0.00"]
    assert 'data-label="Match" class="number">90<' in shown.part("visual-similar_films")


def test_charts_are_drawn_for_the_width_of_paper_and_no_title_is_wider_than_the_screen(tmp_path: Path) -> None:
    script = """
      const width = () => document.querySelector("#visual-films_by_year svg").getAttribute("width");
      log.widths = [width()];
      byId("film-list").open = true;
      log.overflow = document.scrollingElement.scrollWidth - innerWidth;
      for (const name of ["beforeprint", "afterprint"]) { dispatchEvent(new Event(name)); log.widths.push(width()); }
    """
    movies = dashboard_gold.movies(8)
    log = logged(shown_page(tmp_path / "page.html", movies.assign(title="W" * 300), steps(script)))
    screen, paper, again = log["widths"]
    assert log["overflow"] <= 0
    assert int(paper) == 722 // 2 - 22
    assert screen == again != paper


def test_what_a_link_leads_to_is_not_covered_by_the_filters(tmp_path: Path) -> None:
    script = """
      for (const name of ["Ann Ash", "Bob Bay", "Chloé Zhao", "Dee O'Dell"]) type("director-input", name);
      const root = document.documentElement;
      root.style.scrollBehavior = "auto";
      await until(() => parseFloat(root.style.scrollPaddingTop) > document.querySelector(".filter-bar").offsetHeight);
      document.querySelector('nav a[data-to="sheet-trends"]').click();
      log.top = byId("sheet-trends").getBoundingClientRect().top;
      log.bar = document.querySelector(".filter-bar").getBoundingClientRect().bottom;
    """
    log = logged(shown_page(tmp_path / "page.html", dashboard_gold.movies(8), steps(script)))
    assert 0 < log["bar"] <= log["top"]
