"""The local page: one file that holds all it needs, whose numbers are right in a real browser, filtered or not."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping
from functools import partial
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from scipy import stats

from insights import wording
from insights.dashboard import data
from insights.dashboard.data import Choice
from insights.dashboard.definition import load
from insights.dashboard.page import render
from tests import axe, chromium, dashboard_gold
from tests.chromium import Shown

DEFINITION = load()
FRAMES = dashboard_gold.frames()
GOLD = dashboard_gold.gold()
CARDS = data.cards(GOLD)
PAGE = render(
    DEFINITION, FRAMES, cards=CARDS, stands_on="Data of <b>run</b> R.", missing=["Gold has no table <i>x</i>."]
)
VISUALS = {name: visual for _, name, visual in DEFINITION.visuals() if visual.page}
KPIS = [name for name, visual in VISUALS.items() if visual.kind == "kpi"]
browser = pytest.mark.skipif(chromium.PROGRAM is None, reason=chromium.WHY_NOT)


# ── Without a browser ────────────────────────────────────────────────────────────────────────────────────────────


def test_no_address_of_another_machine_is_in_it() -> None:
    assert set(re.findall(r"https?://[^\"'\s<]+", PAGE)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in PAGE
    assert not re.search(r"<(link|img|iframe|object|embed|script)[^>]*(src|href)=\"(?!data:,)", PAGE)
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import)\s*\(", PAGE)


def test_texts_are_never_markup() -> None:
    assert dashboard_gold.HOSTILE not in PAGE
    assert "Data of &lt;b&gt;run&lt;/b&gt; R." in PAGE
    assert "no table &lt;i&gt;x&lt;/i&gt;" in PAGE
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", PAGE)


def test_titles_of_the_definition_are_escaped() -> None:
    """Mutation: a title that the template marks as safe."""
    tag = "<u>x</u>"
    (sheet_name, sheet), *_ = DEFINITION.sheets.items()
    (name, visual), *_ = sheet.visuals.items()
    titled = visual.model_copy(update={"title": tag, "about": tag, "alt": tag, "finding": tag})
    changed = sheet.model_copy(update={"title": tag, "about": tag, "visuals": {**sheet.visuals, name: titled}})
    definition = DEFINITION.model_copy(
        update={"title": tag, "about": tag, "sheets": {**DEFINITION.sheets, sheet_name: changed}}
    )
    assert tag not in render(definition, FRAMES, stands_on=tag, missing=[tag])


def test_it_holds_the_definition_and_the_data() -> None:
    (packed,) = re.findall(r'<script type="text/plain" id="data">([^<]*)</script>', PAGE)
    page = json.loads(gzip.decompress(base64.b64decode(packed)))

    assert page["data"]["films"]["rows"] == len(FRAMES["films"])
    assert [visual["id"] for sheet in page["sheets"] for visual in sheet["visuals"]] == list(VISUALS)


def test_every_sheet_visual_and_control_has_a_name() -> None:
    for name, sheet in DEFINITION.sheets.items():
        assert f'aria-labelledby="title-{name}"' in PAGE
        assert f'<h2 id="title-{name}">{sheet.title}</h2>' in PAGE
    assert (
        PAGE.count("<h3>") == len(VISUALS) + 2
    )  # the spread of ratings and the highest box offices are the page's own
    assert '<html lang="en">' in PAGE


# ── In a browser ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dashboard") / "dashboard.html"
    path.write_text(PAGE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def unfiltered(page: Path) -> Shown:
    return chromium.show(page)


def wrong(shown: Shown, chosen: Mapping[str, Choice]) -> dict[str, tuple[str, object]]:
    """KPIs of the page that differ from the arithmetic of :mod:`insights.dashboard.data`."""
    differences = {}
    for name, (_, number) in data.kpis(DEFINITION, FRAMES, chosen).items():
        value, n = shown.data(name, "value"), shown.data(name, "n")
        if (float(value) if value else None) != pytest.approx(number.value, rel=1e-9) or n != str(
            number.n or 0 if number.n is not None else ""
        ):
            differences[name] = (f"{value} n={n}", number)
    return differences


@browser
def test_every_visual_shows_data_and_the_browser_logs_no_error(unfiltered: Shown) -> None:
    assert unfiltered.console == []
    assert 'data-ready="true"' in unfiltered.document
    assert "<title>Reelhouse dashboard</title>" in unfiltered.document
    for name in VISUALS:
        if name in KPIS:
            assert unfiltered.data(name, "value") != "", name
        else:
            assert int(unfiltered.data(name, "marks")) > 0, name


@browser
def test_injected_scripts_do_not_run(page: Path) -> None:
    path = page.with_name("injected.html")
    injected = "<script>document.title = 'broken'</script><img src=x onerror=\"document.title = 'broken'\">"
    path.write_text(page.read_text(encoding="utf-8").replace("</main>", f"{injected}</main>"), encoding="utf-8")

    shown = chromium.show(path)

    assert "<title>Reelhouse dashboard</title>" in shown.document
    assert sum("Content Security Policy" in line for line in shown.console) >= 2
    assert 'data-ready="true"' in shown.document


@browser
def test_its_numbers_are_right_without_filters(unfiltered: Shown) -> None:
    assert wrong(unfiltered, {}) == {}


@browser
@pytest.mark.parametrize(
    "chosen",
    [
        {"genre": ["Drama", "Crime"], "country": ["France"], "year": (1970, 1989)},
        {"director": ["Chloé Zhao", "Dee O'Dell"]},
        {"genre": [dashboard_gold.HOSTILE]},
    ],
    ids=str,
)
def test_its_numbers_are_right_with_filters(page: Path, unfiltered: Shown, chosen: dict[str, Choice]) -> None:
    asked = {name: "-".join(map(str, one)) if isinstance(one, tuple) else one for name, one in chosen.items()}
    shown = chromium.show(page, urlencode(asked, doseq=True))

    assert shown.console == []
    assert wrong(shown, chosen) == {}
    # Every visual on films changes; what a filter cannot act on says so.
    for name, visual in VISUALS.items():
        if DEFINITION.data_set_of(visual) == "films":
            assert shown.part(f"visual-{name}") != unfiltered.part(f"visual-{name}"), name
    idle = "Not filtered by" in shown.part("visual-movers")
    assert idle


@browser
def test_charts_and_controls_have_accessible_names(unfiltered: Shown) -> None:
    for name, visual in VISUALS.items():
        part = unfiltered.part(f"visual-{name}")
        if visual.kind in {"bar", "line"}:
            assert re.search(r'<svg [^>]*role="img" aria-labelledby="picture-\d+-t picture-\d+-d"', part), name
            assert visual.alt in part.replace("&amp;", "&"), name
            assert "<summary>The numbers as a table</summary>" in part, name
            assert '<th scope="col"' in part, name
    document = unfiltered.document
    for identifier in re.findall(r'<input[^>]* id="([^"]+)"', document):
        labelled = f'<label for="{identifier}"' in document or re.search(
            rf'<input[^>]* id="{identifier}"[^>]*aria-label=', document
        )
        assert labelled, identifier


MEASURE = """
addEventListener("load", () => setTimeout(() => {
  top.document.body.dataset.wide = document.documentElement.scrollWidth - innerWidth;
}, 3000));
"""


@browser
def test_a_phone_needs_no_sideways_scrolling(page: Path) -> None:
    path = page.with_name("phone.html")
    path.write_text(chromium.framed(chromium.acting(PAGE, MEASURE), 390), encoding="utf-8")

    shown = chromium.show(path)

    (excess,) = re.findall(r'data-wide="(-?\d+)"', shown.document)
    assert int(excess) <= 0


ACTS = """
addEventListener("load", async () => {
  const byId = (id) => document.getElementById(id);
  while (!document.documentElement.dataset.ready) await new Promise((done) => setTimeout(done, 20));
  const type = (id, text) => {
    byId(id).focus();
    byId(id).value = text;
    byId(id).dispatchEvent(new Event("input", { bubbles: true }));
    byId(id).dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  };
  const log = [];
  const tell = () => log.push(byId("visual-films").dataset.value, byId("status").textContent);
  type("director-input", "chloe");            // without its accent
  tell();
  byId("year-from").value = "1980";
  byId("year-from").dispatchEvent(new Event("change"));
  tell();
  document.querySelector("#filters .chips button").click();
  tell();
  document.querySelector(".reset").click();
  tell();
  type("film-input", "film 7");
  log.push(document.querySelector(".pick .chips").textContent);
  log.push(byId("visual-similar_films").querySelector("tbody").textContent);
  type("director-input", "nobody of this name");
  log.push(String(byId("director-input").validity.customError));
  document.body.dataset.log = JSON.stringify(log);
});
"""


@browser
def test_a_person_can_filter_and_pick_with_the_keyboard(page: Path) -> None:
    path = page.with_name("acts.html")
    path.write_text(chromium.acting(PAGE, ACTS), encoding="utf-8")

    shown = chromium.show(path)

    def films(**chosen: Choice) -> str:
        return str(data.kpis(DEFINITION, FRAMES, chosen)["films"][1].value)

    (log,) = re.findall(r'data-log="([^"]*)"', shown.document)
    said = json.loads(log.replace("&quot;", '"').replace("&amp;", "&"))
    zhao = ["Chloé Zhao"]
    assert shown.console == []
    assert said[0] == films(director=zhao)
    assert said[1] == f"{said[0]} of 240 films: director Chloé Zhao"
    assert said[2] == films(director=zhao, year=(1980, 2009))
    assert said[4] == films(year=(1980, 2009))
    assert said[5].endswith("films: year of release 1980–2009")
    assert (said[6], said[7]) == ("240", "All 240 films")
    assert said[8] == "Film 7 (1957)"
    assert "Film 8 (1958)" in said[9]
    assert "Film 9 (1959)" in said[9]
    assert "Film 10" not in said[9]
    assert said[10] == "true"


TITLES = """
addEventListener("load", async () => {
  while (!document.documentElement.dataset.ready) await new Promise((done) => setTimeout(done, 20));
  const input = document.getElementById("film-input");
  const log = {};
  for (const title of TYPED) {
    input.value = title;
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    log[title] = document.querySelector("#film-card h3").textContent;
  }
  document.body.dataset.log = JSON.stringify(log);
});
"""


@browser
def test_a_title_typed_in_full_opens_its_own_film(tmp_path: Path) -> None:
    titles = ["The Big Sleep", "Big", "The Godfather Part II", "The Godfather", "Seven Samurai", "Seven", "Amélie"]
    films = dashboard_gold.movies(len(titles)).assign(title=titles)
    gold = {"movies": films, "recommendations": dashboard_gold.recommendations(films)}
    path = tmp_path / "titles.html"
    path.write_text(render(DEFINITION, data.frames(DEFINITION, gold), cards=data.cards(gold), stands_on="R"), "utf-8")
    typed = [*titles, "big", "amelie"]
    path.write_text(chromium.acting(path.read_text("utf-8"), TITLES.replace("TYPED", json.dumps(typed))), "utf-8")

    (log,) = re.findall(r'data-log="([^"]*)"', chromium.show(path).document)

    opened = json.loads(log.replace("&quot;", '"'))
    assert {title: label.rsplit(" (", 1)[0] for title, label in opened.items()} == {
        **{title: title for title in titles},
        "big": "Big",
        "amelie": "Amélie",
    }


@browser
def test_a_card_opens_by_its_address_and_links_to_similar_films(page: Path) -> None:
    shown = chromium.show(page, "film=tt0000007")

    card = re.search(r'<article id="film-card".*?</article>', shown.document, re.DOTALL)
    assert card is not None
    assert "<h3>Film 7 (1957)</h3>" in card.group()
    assert "<dd>tt0000007</dd>" in card.group()
    assert 'data-film="tt0000008">Film 8 (1958)</a>' in shown.part("visual-similar_films")


@browser
def test_the_list_the_box_offices_and_the_spread_follow_the_filters(page: Path) -> None:
    shown = chromium.show(page, urlencode({"director": "Chloé Zhao", "year": "1950-1969"}))

    count = data.kpis(DEFINITION, FRAMES, {"director": ["Chloé Zhao"], "year": (1950, 1969)})["films"][1].value
    listed = shown.document.split('id="film-list"', 1)[1].split("</details>", 1)[0]
    assert listed.count('href="#film=tt') == count > 0
    assert "<li value" not in listed  # Chromium takes minutes to number 17,000 of them
    assert all(f"({year})" not in listed for year in range(1970, 2010))
    films = GOLD["movies"][GOLD["movies"]["year"].between(1950, 1969).fillna(False)]
    hers = films[["Chloé Zhao" in names for names in films["directors"]]]
    best = hers.dropna(subset="box_office_usd").sort_values("box_office_usd", ascending=False)["imdb_id"]
    assert re.findall(r'data-film="(tt\d+)"', shown.part("view-earners")) == best.head(10).tolist()
    assert len(best) > 10
    assert f"Metacritic (n = {hers['metascore'].count()})" in shown.part("view-spread")


@browser
def test_a_page_with_gaps_says_what_is_not_shown_and_that_no_trend_is_clear(tmp_path: Path) -> None:
    gold = {**GOLD, "movies": GOLD["movies"].assign(imdb_rating=None), "rank_movers": GOLD["rank_movers"].iloc[:0]}
    gold["genre_trends"] = GOLD["genre_trends"].assign(trend="no clear trend")
    path = tmp_path / "gaps.html"
    path.write_text(render(DEFINITION, data.frames(DEFINITION, gold), cards=data.cards(gold), stands_on="R"), "utf-8")

    shown = chromium.show(path)

    assert shown.console == []
    assert "Not shown, because there are no values for it: Mean IMDb rating." in shown.document
    assert "No film has moved on the list." in shown.document
    assert re.search(r'<figure[^>]* id="visual-imdb"[^>]* hidden', shown.document)
    assert ">IMDb</th>" not in shown.part("visual-ratings_by_genre")
    assert f"has a clear trend. With {len(GOLD['movies'])} films, each year has few" in shown.document
    assert "Not shown, because there are no values for it: Clear trends" not in shown.document


@browser
def test_titles_state_only_significant_findings(unfiltered: Shown, tmp_path: Path) -> None:
    """Ratings drawn at random have no best genre; where one genre's films are rated 20 points higher, it has."""
    title = "Highest score of the listed genres: "
    assert title not in unfiltered.part("visual-top_genres")
    is_comedy = GOLD["movies"]["genres"].map(lambda genres: genres is not None and "Comedy" in genres)
    better = GOLD["movies"].assign(rotten_tomatoes=GOLD["movies"]["rotten_tomatoes"] + 20 * is_comedy.astype(int))
    gold = {**GOLD, "movies": better}
    path = tmp_path / "better.html"
    path.write_text(render(DEFINITION, data.frames(DEFINITION, gold), stands_on="R"), "utf-8")
    mean = better[is_comedy]["rotten_tomatoes"].astype(float).mean()
    assert f"<h3>{title}Comedy ({mean:.1f})</h3>" in chromium.show(path).part("visual-top_genres")


@browser
def test_intervals_have_their_coverage_numbers_the_format_of_reports_and_unknown_values_come_last(
    page: Path, tmp_path: Path
) -> None:
    """Mutation: a normal quantile, by which an interval of ten films covers 92%."""
    written = {
        "decimal": ([62.25, 62.75, 0.05, 71.15, 71.35], wording.decimals(1)),
        "percent": ([0.99996, 0.0001, 1, 0, 0.2225], partial(wording.percent, places=1)),
        "signed": ([0.004, 0.006, 2.5, 0], wording.signed(2)),
        "dollars": ([960_000, 999_999.6, 996e6, 999.96e6, 2.5, 2_650_000], wording.dollars),
    }
    formats = [f"...{numbers}.map((value) => shown(value, '{name}'))" for name, (numbers, _) in written.items()]
    few = (1, 2, 3, 4, 5, 30, 1000)
    values = [61.0, 64.0, 70.0, 75.0, 81.0, 88.0, 90.0, 92.0, 97.0, 99.0]
    sort = "[3, null, 1].sort(comparison('%s', (value) => value, String)).join()"
    texts_of = ", ".join([*formats, *(sort % order for order in ("ascending", "descending"))])
    measured = f"{{kind: 'mean', of: 'a', times: 10}}, {{columns: {{a: {{values: {values}}}}}}}"
    script = (
        f"const n = [margin({measured}, [0]), margin({measured}, {list(range(10))}), ...{list(few)}.map(studentT)];"
        f"document.title = n.join(' ') + '|' + [{texts_of}].join('|');"
    )
    acted = tmp_path / "acted.html"
    acted.write_text(chromium.acting(PAGE, script), "utf-8")
    title, *texts = unescape(re.findall("<title>([^<]*)</title>", chromium.show(acted).document)[0]).split("|")
    interval = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    expected = [
        float("inf"),
        10 * (interval.high - interval.low) / 2,
        *(stats.t.isf(0.025, freedom) for freedom in few),
    ]
    assert [float(number) for number in title.split()] == pytest.approx(expected, rel=0.01)
    assert texts == [*(write(number) for numbers, write in written.values() for number in numbers), "1,3,", "3,1,"]


@browser
@axe.looks
def test_axe_finds_no_accessibility_fault(tmp_path: Path, dark: bool) -> None:
    assert axe.violations(PAGE, tmp_path / "axe.html", dark=dark) == {width: [] for width in axe.WIDTHS}
