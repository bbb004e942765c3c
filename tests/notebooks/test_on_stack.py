"""All reports on a deployed stack with 300 films: their numbers are those that pandas finds in Gold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from insights.columns import INSIGHTS_TABLES
from insights.reports import notebooks as report_notebooks
from insights.reports import sentences
from pipeline import aws, keys
from reelhouse import lake
from reelhouse import stack as deployed_stack
from reelhouse.gold import lab, report
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tests.running import FILMS, WATCH_SECONDS


@pytest.fixture(scope="module")
def folder(local: State, quiet: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that ``reelhouse report`` wrote, with the environment still pointing at the stack."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local.connection().items():
            patch.setenv(name, value)
        patch.delenv("OPENAI_API_KEY", raising=False)
        aws.forget_clients()
        output = tmp_path_factory.mktemp("reports")
        published = report.run(deployed_stack.find(None), report_notebooks.discover(), {}, output)
        assert [one.report["error"] for one in published] == [None] * 5
        yield output
    aws.forget_clients()


def headline(folder: Path, name: str, title: str) -> Any:
    """Value of a headline of a report."""
    headlines = json.loads((folder / name / keys.LATEST / "report.json").read_text())["headlines"]
    return next(entry["value"] for entry in headlines if entry["name"].startswith(title))


def pages(folder: Path) -> list[Path]:
    """The pages and the index."""
    return [*folder.glob(f"*/{keys.LATEST}/report.html"), folder / "index.html"]


def test_the_first_report_agrees_with_pandas(folder: Path) -> None:
    assert headline(folder, "01_gold_aggregates", "Films") == len(lake.table("movies")) == FILMS
    rated = lake.table("movies").dropna(subset=["genres", "rotten_tomatoes"])
    scores = rated["rotten_tomatoes"].astype(float)
    pairs = set()
    for genre in set().union(*rated["genres"].map(set)):
        has = rated["genres"].map(set).map(lambda names, genre=genre: genre in names)
        if min(has.sum(), (~has).sum()) >= 10:
            pairs.add((f"{scores[has].mean():.1f}", f"{scores[~has].mean():.1f}"))
    stated = re.findall(r"([\d.]+) against ([\d.]+) of 100 on Rotten Tomatoes", (folder / "index.html").read_text())
    assert 0 < headline(folder, "01_gold_aggregates", "Genres") >= len(pairs)
    assert stated
    assert set(stated) <= pairs


def test_trends_agree_with_the_table(folder: Path) -> None:
    shares = lake.table("genre_trends").query("measure == 'share'")
    assert len(shares) > 10
    for trend in ("rising", "falling"):
        assert headline(folder, "02_genre_trends", f"Genres with a {trend}") == (shares["trend"] == trend).sum()
    genres = lake.table("movies")["genres"].map(lambda value: value is not None and len(value) > 0)
    assert headline(folder, "02_genre_trends", "Films with a genre") == genres.sum()


def test_recommendations_are_written_and_counted(folder: Path) -> None:
    written = lake.table("recommendations")
    assert (written["imdb_id"] != written["recommended_imdb_id"]).all()
    assert written.groupby("imdb_id").size().max() <= 20
    assert headline(folder, "03_similar_movies", "Films with recommendations") == written["imdb_id"].nunique()
    reached = 100 * written["recommended_imdb_id"].nunique() / FILMS
    assert headline(folder, "03_similar_movies", "Films recommended") == pytest.approx(reached)


def test_summaries_say_that_no_model_wrote_them(folder: Path) -> None:
    written = lake.table("summaries")
    assert headline(folder, "04_summaries", "Questions") == len(written)
    assert headline(folder, "04_summaries", "Written by a model") == 0
    page = (folder / "04_summaries/latest/report.html").read_text()
    assert page.count('<p class="note">Generated from the data, without AI.</p>') == len(written) > 0


def test_predictions_give_their_verdicts(folder: Path) -> None:
    scores = lake.table("prediction_scores")
    names = {"rotten_tomatoes": "Rotten Tomatoes score", "imdb_rating": "IMDb rating", "box_office_usd": "Box office"}
    verdicts = sentences.predictions(scores.assign(name=scores["target"].map(names)))
    page = unescape((folder / "05_predictions/latest/report.html").read_text())
    assert len(verdicts) == 3
    assert all(verdict in page for verdict in verdicts)


def test_all_tables_are_in_the_catalogue(folder: Path) -> None:
    named = aws.client("glue").get_tables(DatabaseName=deployed_stack.find(None).outputs["GoldDatabaseName"])[
        "TableList"
    ]
    tables = {table["Name"] for table in named}
    assert set(INSIGHTS_TABLES) <= tables


def test_reports_are_in_the_bucket_too(folder: Path) -> None:
    s3, bucket = aws.client("s3"), deployed_stack.find(None)["GoldBucketName"]
    stored = s3.get_object(Bucket=bucket, Key=keys.report("01_gold_aggregates", keys.LATEST, "report.html"))
    assert stored["ContentType"].startswith("text/html")
    assert stored["Body"].read() == (folder / "01_gold_aggregates/latest/report.html").read_bytes()
    assert aws.exists(s3, bucket, keys.REPORT_INDEX)


class Page(HTMLParser):
    """What a page asks for from elsewhere, its headings, its pictures and its tables."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.resources: list[str] = []
        self.headings: list[int] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        values = dict(attrs)
        self.tags.append((tag, values))
        self.resources += [str(values[name]) for name in ("src", "href", "xlink:href", "action") if name in values]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def count(self, tag: str, **wanted: str) -> int:
        """How many tags have these attributes."""
        return sum(name == tag and wanted.items() <= values.items() for name, values in self.tags)


def test_pages_need_nothing_and_can_be_read_by_anyone(folder: Path) -> None:
    assert len(pages(folder)) == 6
    for path in pages(folder):
        html = path.read_text()
        page = Page(html)
        assert not [address for address in page.resources if re.match(r"(?i)(https?:)?//", address)], path
        assert "@import" not in html
        assert not re.search(r"url\(\s*['\"]?(https?:)?//", html)
        assert page.headings[0] == 1
        assert page.headings.count(1) == 1
        steps = zip(page.headings, page.headings[1:], strict=False)
        assert all(after <= before + 1 for before, after in steps), (path, page.headings)
        assert page.count("html", lang="en") == page.count("main", id="main") == 1
        assert page.count("svg", role="img") == page.count("svg") == html.count("<desc")
        assert page.count("table") == page.count("caption")
        assert not re.findall(r"<desc[^>]*>\s*</desc>", html)
        assert page.count("img") == 0
        assert "In [" not in html
        assert len(html) < 600_000


def test_pages_say_what_they_stand_on(folder: Path) -> None:
    build = deployed_stack.find(None).build()
    for path in folder.glob(f"*/{keys.LATEST}/report.html"):
        assert build.build_id in path.read_text()
        assert build.newest_run in path.read_text()
    index = (folder / "index.html").read_text()
    assert index.count(build.build_id) == 5


def test_no_name_of_the_code_reaches_a_reader(folder: Path) -> None:
    """Outside “About this data” there are no names of columns and options, no ids of runs and builds, no bare NaN."""
    for path in pages(folder):
        body = path.read_text().partition("<main")[2].partition("</main>")[0]
        shown = unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<details.*?</details>", "", body, flags=re.DOTALL)))
        names = re.findall(r"\b[a-z0-9]+_[a-z0-9_]+\b|log10|\b(?:nan|NaN|None)\b|\b19\d0\.0\b|\b\d{8}T\d{6}\S*", shown)
        assert names == [], path


def test_the_first_cell_in_jupyterlab_works(stack: Stack) -> None:
    environment = lab.environment(stack)
    manager, client = start_new_kernel(env=environment, cwd=str(report_notebooks.FOLDER))
    try:
        said: list[str] = []
        answer = client.execute_interactive(
            'from reelhouse import lake; len(lake.table("ratings_by_genre"))',
            timeout=WATCH_SECONDS,
            output_hook=lambda message: said.append(message["content"].get("data", {}).get("text/plain", "")),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert answer["content"]["status"] == "ok"
    assert str(len(lake.table("ratings_by_genre"))) in said


def test_jupyterlab_is_reachable_from_this_machine_only() -> None:
    assert "--ServerApp.ip=127.0.0.1" in lab.server_command(8888, "token")
