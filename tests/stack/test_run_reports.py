"""All reports on a deployed stack with 300 films: their numbers are those that pandas finds in Gold.

RunReports' image runs them without a container: read-only, without a home folder, and with its role's rights. Where no
image can run, ``reelhouse report`` runs them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from insights.columns import INSIGHTS_TABLES
from insights.reports import notebooks, sentences
from insights.reports.store import BucketStore
from pipeline import aws, keys
from reelhouse import lake
from reelhouse import stack as deployed_stack
from reelhouse.commands import report as report_command
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tests import lambda_image
from tests.cloudformation import read_template
from tests.running import FILMS

ROOT = lambda_image.ROOT
TEMPLATE: Any = read_template(ROOT / "lambdas" / "run_reports.template.yaml")
SCHEDULES = [one["Properties"] for one in TEMPLATE["Resources"].values() if "Schedule" in one["Type"]]
EVENTS = [json.loads(schedule["Target"]["Input"]) for schedule in SCHEDULES]
VERSION = "image-under-test"
ROLE = "run-reports-of-the-image"
WHY_NO_IMAGE = (
    "no runtime interface emulator for this machine" if lambda_image.emulator() is None
    else "this environment lies below /tmp, which the sandbox empties" if lambda_image.below_tmp()
    else "" if lambda_image.namespaces()
    else "no namespaces for users on this machine"
)  # fmt: skip
image = pytest.mark.skipif(bool(WHY_NO_IMAGE), reason=WHY_NO_IMAGE)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Dockerfile puts into the image, with a version that no checkout has."""
    folder = tmp_path_factory.mktemp("task")
    lambda_image.unpack(ROOT / "lambdas" / "Dockerfile", folder)
    (folder / "pipeline" / "CODE_VERSION").write_text(VERSION)
    return folder


def resolved(value: Any, stack: Stack) -> Any:
    """A part of the template with this stack's names."""
    names = {
        "AWS::Partition": "aws", "AWS::Region": "*", "AWS::AccountId": "*",
        "GoldBucketName": stack["GoldBucketName"], "GoldDatabaseName": stack["GoldDatabaseName"],
    }  # fmt: skip
    if isinstance(value, list):
        return [resolved(one, stack) for one in value]
    if "Fn::Sub" in value:
        return re.sub(r"\$\{([\w:]+)\}", lambda match: names[match[1]], value["Fn::Sub"])
    return stack["AlarmsTopicArn"] if value.get("Ref") == "AlarmsTopicArn" else "arn:aws:logs:*:*:log-group:none"


@pytest.fixture(scope="module")
def credentials(quiet: None) -> Iterator[dict[str, str]]:
    """Credentials with the rights that the template gives the function, and no others."""
    stack = deployed_stack.find(None)
    (policy,) = TEMPLATE["Resources"]["RunReportsRole"]["Properties"]["Policies"]
    statements = [
        {name: resolved(part, stack) if name == "Resource" else part for name, part in statement.items()}
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam = aws.client("iam")
    role = iam.create_role(
        RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [anyone]})
    )["Role"]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=ROLE, PolicyName="Permissions", PolicyDocument=document)
    temporary = aws.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="image")["Credentials"]
    yield {
        "AWS_ACCESS_KEY_ID": temporary["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": temporary["SecretAccessKey"],
        "AWS_SESSION_TOKEN": temporary["SessionToken"],
    }
    iam.delete_role_policy(RoleName=ROLE, PolicyName="Permissions")
    iam.delete_role(RoleName=ROLE)


@pytest.fixture(scope="module")
def address(
    task: Path, local: State, credentials: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Where the function answers."""
    stack = deployed_stack.find(None)
    environment = local.connection() | credentials | {
        "GOLD_BUCKET": stack["GoldBucketName"],
        "GOLD_DATABASE": stack["GoldDatabaseName"],
        "POWERTOOLS_SERVICE_NAME": "image",
    }  # fmt: skip
    log = tmp_path_factory.mktemp("log") / "function.log"
    with lambda_image.running(task, "lambdas.run_reports.handler", environment, log) as url:
        yield url
    text = log.read_text(encoding="utf-8")
    ours = f'"code_version": "{VERSION}"' in text or f'"{lambda_image.TASK}/insights/run_reports.py"' in text
    assert ours, f"not the image's code has run: {text}"
    assert credentials["AWS_SECRET_ACCESS_KEY"] not in text
    assert "not a writable location" not in text, "Jupyter looks for a home"
    assert text.count('"message": "invocation"') == text.count("END RequestId") > 0


@pytest.fixture(scope="module")
def answers(request: pytest.FixtureRequest, quiet: None) -> list[Any]:
    """The image's answers to the events of all schedules; none where no image can run."""
    if WHY_NO_IMAGE:
        return []
    address = request.getfixturevalue("address")
    return [lambda_image.invoke(address, event) for event in EVENTS]


@pytest.fixture(scope="module")
def folder(local: State, answers: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The published files of all reports, with the environment pointing at the stack."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local.connection().items():
            patch.setenv(name, value)
        patch.delenv("OPENAI_API_KEY", raising=False)
        aws.forget_clients()
        stack, output = deployed_stack.find(None), tmp_path_factory.mktemp("reports")
        if not answers:
            report_command.run(stack, notebooks.discover(), {}, output)
        for key in published(stack):
            path = output / key.removeprefix(keys.REPORTS)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(BucketStore(stack["GoldBucketName"]).get(key))
        yield output
    aws.forget_clients()


def report(stack: Stack, name: str, stamp: str) -> Any:
    return json.loads(BucketStore(stack["GoldBucketName"]).get(keys.report(name, stamp, "report.json")))


def published(stack: Stack) -> list[str]:
    """Keys of all files of reports."""
    return [entry.key for entry in aws.list_objects(aws.client("s3"), stack["GoldBucketName"], keys.REPORTS)]


@image
def test_each_schedule_s_report_is_published(answers: list[Any], folder: Path, stack: Stack) -> None:
    for event, answer in zip(EVENTS, answers, strict=True):
        assert "errorMessage" not in answer, answer
        (name,) = event["names"]
        (one,) = answer["reports"]
        latest = report(stack, name, keys.LATEST)
        assert (one["name"], one["status"]) == (name, "succeeded")
        assert latest["parameters"].items() >= event["parameters"].items()
        assert latest["data"]["build_id"] == stack.build().build_id
        dated = [key for key in published(stack) if latest["stamp"] in key]
        assert sorted(Path(key).name for key in dated) == ["notebook.ipynb", "report.html", "report.json"]
        assert latest["title"] in (folder / "index.html").read_text()


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


@image
def test_a_failure_fails_the_invocation_once_its_page_is_there(address: str, stack: Stack) -> None:
    before = {key for key in published(stack) if keys.LATEST in key}

    # A coverage of 2 is a number, so it is refused by the notebook itself.
    answer = lambda_image.invoke(address, {"names": ["05_predictions"], "parameters": {"coverage": 2.0}})

    assert answer["errorType"] == "ReportFailed", answer
    assert "05_predictions" in answer["errorMessage"]
    dated = [parsed for key in published(stack) if (parsed := keys.parse_report(key)) and parsed[0] == "05_predictions"]
    stamp = max(stamp for _, stamp, _ in dated if stamp != keys.LATEST)
    assert report(stack, "05_predictions", stamp)["status"] == "failed"
    assert {key for key in published(stack) if keys.LATEST in key} == before


@image
def test_unknown_names_and_parameters_are_rejected(address: str) -> None:
    for event in (
        {"names": ["07_nothing"]},
        {"names": ["01_gold_aggregates"], "parameters": {"colour": "red"}},
        {"name": "01_gold_aggregates"},
    ):
        assert lambda_image.invoke(address, event)["errorType"] == "InvalidInput"
