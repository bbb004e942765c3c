"""One run with faults until it is complete, as ``reelhouse status RUN_ID`` describes it, and its log lines."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import aws, keys, messages
from pipeline.errors import InvalidInput
from pipeline.runs import started_at
from reelhouse.commands.status import status
from reelhouse.run import details, steps, watch
from reelhouse.run.details import RunDetails
from reelhouse.run.resume import resume
from reelhouse.run.steps import Step
from reelhouse.run.watch import Report
from reelhouse.stack import Stack
from tests.running import FILMS as LISTED
from tests.running import WATCH_SECONDS, Omdb, reelhouse, run_to_the_end, wait_until

FILMS, CALLS = 20, 12
FUNCTIONS = (*steps.STEPS, "FindSimilarMovies")


@pytest.fixture(scope="module")
def made() -> list[Report]:
    """The report of the run that these tests follow."""
    return []


@pytest.fixture
def run_id(stack: Stack, omdb: Omdb, made: list[Report]) -> str:
    """A run of 20 films whose first is rejected, and whose quota ends after some calls."""
    if not made:
        purge(stack, "MovieQueueUrl")
        omdb.faults(quota=CALLS, malformed="truncated", only=[first_of_the_list(stack)])
        made.append(run_to_the_end(stack, FILMS, 5))
        wait_until(lambda: all_is_told(describe(stack, made[0].run_id)))
    return made[0].run_id


def all_is_told(run: RunDetails) -> bool:
    """Whether Silver has what Bronze has, and the log the last lines of the invocations that stored it."""
    enriched = step(run, "EnrichAndStoreMovie")
    logged = enriched.outcomes.get("stored") == run.films.stored and "OmdbQuotaSpent" in enriched.put_back
    return logged and not run.films.not_in_silver


def first_of_the_list(stack: Stack) -> str:
    manifest = stack.manifest(stack.run_ids()[0])
    return str(min(manifest.expected, key=manifest.expected.get))


def purge(stack: Stack, output: str) -> None:
    aws.client("sqs").purge_queue(QueueUrl=stack[output])


def describe(stack: Stack, run_id: str) -> RunDetails:
    return details.describe(stack, run_id, status(stack, run_id).waiting_for_quota_until)


def step(run: RunDetails, name: str) -> Step:
    return next(step for step in run.steps if step.step == name)


def test_a_run_that_waits_for_the_quota_says_until_when(stack: Stack, run_id: str, made: list[Report]) -> None:
    story = describe(stack, run_id)
    (report,) = made

    assert (report.status, report.stored + report.rejected) == ("incomplete", FILMS - len(story.missing))
    assert report.missing
    assert "limit" in report.missing.why
    assert set(report.missing.films or ()) == set(story.missing)

    films = story.films
    assert films.expected == FILMS == films.stored + films.rejected + films.missing
    assert films.missing == len(story.missing) > 0
    manifest = story.manifest
    assert (manifest.requested_by, manifest.top_n, manifest.batch_size, manifest.messages) == ("person", FILMS, 5, 4)
    assert (manifest.listed, manifest.skipped) == (LISTED, [])
    assert story.omdb.errors.get("OmdbQuotaSpent", 0) >= 1, story
    enriched = step(story, "EnrichAndStoreMovie")
    assert enriched.put_back["OmdbQuotaSpent"] >= 1
    assert enriched.outcomes["stored"] == films.stored
    assert story.gold is None or story.gold.status == "incomplete"
    now, until = datetime.now(UTC), status(stack).waiting_for_quota_until
    assert now < datetime.fromisoformat(str(until)) <= now + timedelta(days=1, minutes=5)
    waits = [one for one in story.next if one.level == "wait"]
    assert [bool(re.search(r"quota until \d{4}-\d\d-\d\d", one.what)) for one in waits] == [True]


def test_a_run_whose_messages_were_lost_says_how_to_ask_again(stack: Stack, run_id: str) -> None:
    purge(stack, "MovieQueueUrl")
    wait_until(lambda: not stack.queues()["MovieQueue"].busy)

    lost = describe(stack, run_id).next[0]

    assert (lost.level, f"`reelhouse run --resume {run_id}`" in lost.do) == ("wrong", True)


def test_parked_films_are_named_with_what_to_do(stack: Stack, run_id: str) -> None:
    missing = describe(stack, run_id).missing
    body = json.dumps(messages.make(run_id, [{"id": film, "rank": "1"} for film in missing], 100)[0])
    aws.client("sqs").send_message(QueueUrl=stack["MovieQueueDeadLettersUrl"], MessageBody=body)
    try:
        story = describe(stack, run_id)
    finally:
        purge(stack, "MovieQueueDeadLettersUrl")

    assert (story.films.parked, story.films.missing) == (len(missing), 0)
    assert sorted(one.imdb_id for one in story.left_out if one.outcome == "parked") == list(missing)
    assert "redrive --queue MovieQueue" in story.next[0].do


def test_status_describes_the_run_until_it_is_complete(stack: Stack, omdb: Omdb, run_id: str) -> None:
    omdb.faults(malformed="truncated", only=[first_of_the_list(stack)])
    report = watch.watch(stack, resume(stack, run_id), lambda _: None, WATCH_SECONDS)
    assert report.status == "complete", report
    wait_until(lambda: (gold := describe(stack, run_id).gold) is not None and gold.status == "complete")
    page = f"reports/02_genre_trends/{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}/report.json"
    about = {"name": "02_genre_trends", "started_at": "now", "status": "succeeded", "data": {"run_id": run_id}}
    aws.client("s3").put_object(Bucket=stack["GoldBucketName"], Key=page, Body=json.dumps(about).encode())
    try:
        story = describe(stack, run_id)
    finally:
        aws.client("s3").delete_object(Bucket=stack["GoldBucketName"], Key=page)

    films = story.films
    assert (films.stored, films.rejected, films.missing, films.parked) == (FILMS - 1, 1, 0, 0)
    (rejected,) = story.left_out
    assert (rejected.outcome, rejected.imdb_id) == ("rejected", first_of_the_list(stack))
    assert rejected.why
    key = keys.film(keys.REJECTED, run_id, rejected.imdb_id)
    body = aws.get_json(aws.client("s3"), stack["BronzeBucketName"], key)["body"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert story.gold
    assert story.gold.films == FILMS - 1
    assert [one.page for one in story.reports] == [page.replace(".json", ".html")]
    assert [one.level for one in story.next] == ["note"]
    # Each film is stored, and each object made a row, once: the lines of the log add up to what is there.
    assert step(story, "GetMoviesAndSendToQueue").outcomes == {"sent": FILMS, "skipped": 0}
    enriched, silver = step(story, "EnrichAndStoreMovie").outcomes, step(story, "ProcessBronzeToSilver").outcomes
    assert (enriched["stored"], enriched["rejected"]) == (films.stored, films.rejected)
    assert (silver["rows"], silver["rejected"], silver["runs"]) == (films.rows, films.rejected, 1)
    assert all(one.began_at and one.ended_at and one.began_at <= one.ended_at for one in story.steps)


def test_every_invocation_logs_one_summary(stack: Stack, run_id: str) -> None:
    event = {"rawPath": "/similar/tt0068646"}
    aws.client("lambda").invoke(FunctionName=stack["FindSimilarMoviesName"], Payload=json.dumps(event).encode())

    for function in FUNCTIONS:
        lines = list(log(stack, function, run_id))
        begun = {match[1] for line in lines if (match := re.match(r"START RequestId: (\S+)", line))}
        ended = {match[1] for line in lines if (match := re.match(r"END RequestId: (\S+)", line))}
        entries = [entry for line in lines if line.startswith("{") and "level" in (entry := json.loads(line))]
        ended_with = Counter(story["function_request_id"] for story in steps.invocations(entries))
        chatter = [one for one in entries if one["level"] == "INFO" and one["message"] != steps.INVOCATION]

        assert ended
        assert entries
        # One that is under way has not told its story; one that began before the run may lack its first or last line.
        assert begun & ended <= ended_with.keys(), function
        assert set(ended_with.values()) == {1}, function
        assert chatter == [], function
        assert {story["step"] for story in steps.invocations(entries)} == {function}


def log(stack: Stack, function: str, run_id: str) -> Iterator[str]:
    """All lines of a function since a run began."""
    pages = (
        aws.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=f"/aws/lambda/{stack[f'{function}Name']}", startTime=int(started_at(run_id).timestamp() * 1000)
        )
    )
    for page in pages:
        yield from (event["message"] for event in page["events"])


def test_the_command_prints_it_and_refuses_a_run_that_there_is_not(stack: Stack, run_id: str) -> None:
    printed, document = reelhouse("status", run_id), reelhouse("status", run_id, "--json")
    unknown = reelhouse("status", "20200101T000000Z-00000000")

    assert (printed.returncode, document.returncode) == (0, 0), printed.stderr + document.stderr
    assert f"Run {run_id} is complete" in printed.stdout
    described = json.loads(document.stdout)
    assert described["story"]["films"]["stored"] == FILMS - 1
    assert described["runs"][0]["run_id"] == run_id
    assert described["gold"]["tables"]["movies"]["rows"] > 0
    assert unknown.returncode == 1
    assert "there is no such run" in unknown.stderr
    assert "Traceback" not in unknown.stderr
    with pytest.raises(InvalidInput, match="a run id looks like"):
        describe(stack, "../x")
