"""Hostile answers, lists, messages, events and objects: each is rejected with a reason and affects no other.

They are made from seeds: a few hundred in `make test`, thousands with ``-m chaos``.
"""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from typing import Any

import pytest
from awslambdaric.lambda_runtime_marshaller import Encoder  # type: ignore[import-untyped]

from pipeline import keys
from pipeline.errors import InvalidInput
from tests.integration.driven_pipeline import ENRICH, FIRST, Pipeline
from tests.integration.hostile import encoded, mutations
from tests.integration.moto_lake import LIST_KEY, Cold, Lake, Omdb, Top, s3_event, sqs_event

NEIGHBOURS = [f"tt000000{number}" for number in range(1, 4)]
RUN = "20261124T030000Z-1a2b3c4d"
ITEM = {
    "id": "tt0000009", "rank": "9", "title": "Léon", "fullTitle": "Léon (1994)", "year": "1994",
    "crew": "Luc Besson (dir.)", "image": "https://images.example/x.jpg", "imDbRating": "8.5",
    "imDbRatingCount": "1,234,567",
}  # fmt: skip
MANIFEST = {
    "schema": 1, "run_id": RUN, "started_at": "2026-11-24T03:00:00.000000Z", "source_uri": "s3://lists/top.json",
    "source_etag": None, "source_sha256": "0" * 64, "top_n": 250, "batch_size": 10, "messages": 1,
    "expected": {"tt0000009": 9}, "skipped": [], "code_version": "1",
}  # fmt: skip
FEW = [pytest.param(0, 48)]
MANY = [pytest.param(seed, 400, marks=pytest.mark.chaos) for seed in range(1, 6)]
in_numbers = pytest.mark.parametrize(("seed", "count"), FEW + MANY)


def answer(imdb_id: str) -> dict[str, Any]:
    """What OMDb says of a film."""
    return {
        "Title": "Léon", "Year": "1994", "Rated": "R", "Released": "18 Nov 1994", "Runtime": "110 min",
        "Genre": "Crime, Drama", "Director": "Luc Besson", "Writer": "Luc Besson", "Actors": "Jean Reno",
        "Plot": "A & B", "Language": "English", "Country": "France, USA", "Awards": "N/A", "Poster": "N/A",
        "Metascore": "64", "imdbRating": "8.5", "imdbVotes": "1,234,567",
        "Ratings": [{"Source": "Rotten Tomatoes", "Value": "74%"}], "imdbID": imdb_id, "Type": "movie",
        "BoxOffice": "$19,501,238", "tomatoMeter": "74", "tomatoReviews": "68", "Response": "True",
    }  # fmt: skip


@pytest.fixture
def pipeline(lake: Lake, omdb: Omdb, handler: Cold, top: Top) -> Pipeline:
    """A pipeline that nothing has gone through yet; OMDb knows three films, and refuses all others."""
    top(len(NEIGHBOURS))
    refused = json.dumps({"Response": "False", "Error": "Incorrect IMDb ID."}).encode()
    omdb.answers = defaultdict(lambda: (200, refused), omdb.answers)
    return Pipeline(lake, handler)


@pytest.fixture(autouse=True)
def no_traceback(capsys: pytest.CaptureFixture[str]) -> Any:
    """Nothing breaks the log: every line is one that a log reader can take, and no line is lost."""
    yield
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    assert "Logging error" not in said.err


def items_of(ids: list[str]) -> list[dict[str, Any]]:
    return [{"id": imdb_id, "rank": str(rank)} for rank, imdb_id in enumerate(ids, start=1)]


def is_settled(pipeline: Pipeline, films: int) -> None:
    """Check that a run is complete in Gold, with nothing lost, doubled or parked."""
    assert (pipeline.errors, pipeline.lost(), pipeline.doubled(), pipeline.parked()) == ([], set(), set(), {})
    ((_, expected, stored, rejected, _, _, status),) = pipeline.gold()["pipeline_runs"]
    assert (expected, stored + rejected, status) == (films, films, "complete")
    is_json_throughout(pipeline)


def is_json_throughout(pipeline: Pipeline) -> None:
    """Check that all that is read of Bronze is JSON to every reader; the list is kept as it came."""
    for key in pipeline.lake.keys("bronze"):
        if not key.startswith("source/"):
            json.loads(pipeline.lake.get("bronze", key), parse_constant=pytest.fail)


@in_numbers
def test_hostile_answers_of_omdb(pipeline: Pipeline, omdb: Omdb, seed: int, count: int) -> None:
    ids = NEIGHBOURS + [f"tt{number:07}" for number in range(100, 100 + count)]
    for number, imdb_id in enumerate(ids[3:]):
        (body,) = mutations(seed * count + number, answer(imdb_id), 1)
        omdb.answers[imdb_id] = (200, encoded(body))
    pipeline.lake.put("lists", LIST_KEY, json.dumps(items_of(ids)).encode())

    pipeline.run(top_n=len(ids), batch_size=10)

    is_settled(pipeline, len(ids))
    assert {row[0] for row in pipeline.gold()["movies"]} >= set(NEIGHBOURS)


@in_numbers
def test_hostile_entries_of_a_list(pipeline: Pipeline, omdb: Omdb, seed: int, count: int) -> None:
    omdb.film("tt0000009")
    entries = [json.dumps(item) for item in items_of(NEIGHBOURS)] + mutations(seed, ITEM, count)
    whole = [entry for entry in entries if is_json(entry)]
    pipeline.lake.put("lists", LIST_KEY, encoded(f"[{', '.join(whole)}]"))

    reply = pipeline.invoke(FIRST, {"top_n": 250, "batch_size": 10})

    assert reply is not None
    assert reply["selected"] + len(reply["skipped"]) == len(whole)
    assert Encoder().encode(reply).encode()
    pipeline.until_quiet()
    is_settled(pipeline, reply["selected"])


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


@in_numbers
def test_hostile_lists(pipeline: Pipeline, seed: int, count: int) -> None:
    for body in mutations(seed, {"items": [ITEM], "errorMessage": ""}, count):
        before = pipeline.lake.keys("bronze")
        pipeline.errors.clear()
        pipeline.lake.put("lists", LIST_KEY, encoded(body))

        reply = pipeline.invoke(FIRST, {})

        if reply is None:
            assert all(isinstance(error, InvalidInput) for _, error in pipeline.errors)
            assert pipeline.lake.keys("bronze") == before
        else:
            assert Encoder().encode(reply).encode()


@in_numbers
def test_hostile_messages_park_alone(pipeline: Pipeline, omdb: Omdb, seed: int, count: int) -> None:
    omdb.film("tt0000009")
    run = pipeline.invoke(FIRST, {"top_n": 3, "batch_size": 1})
    assert run is not None
    good = {"schema": 1, "run_id": run["run_id"], "batch": 1, "batches": 1, "movies": [{**ITEM, "id": NEIGHBOURS[0]}]}
    bad = [text for text in mutations(seed, good, count) if text.isprintable()]
    enrich = pipeline.function(ENRICH)

    for at in range(0, len(bad), 7):
        messages = pipeline.receive("MovieQueue", 3)
        reply = enrich(sqs_event(*messages, *bad[at : at + 7]))

        failed = {failure["itemIdentifier"] for failure in reply["batchItemFailures"]}
        assert not failed & {message["MessageId"] for message in messages}
    assert pipeline.lost() == set()
    is_json_throughout(pipeline)


@in_numbers
def test_hostile_objects_and_events_park_alone(pipeline: Pipeline, seed: int, count: int) -> None:
    """Nothing that stands in Bronze, whoever put it there, keeps its neighbours from Gold."""
    films = {"schema": 1, "run_id": RUN, "fetched_at": "2026-11-24T03:00:00.000000Z", "source": ITEM}
    documents = {
        keys.MOVIES: {**films, "omdb": answer("tt0000009")},
        keys.REJECTED: {**films, "reason": "Movie not found!", "body": "{}"},
    }
    pipeline.lake.put("bronze", keys.manifest(RUN), json.dumps(MANIFEST).encode())
    good = keys.film(keys.MOVIES, RUN, "tt0000009")
    pipeline.lake.put("bronze", good, json.dumps(documents[keys.MOVIES]).encode())
    for kind, document in documents.items():
        for number, body in enumerate(mutations(seed, document, count // 6), start=100):
            pipeline.lake.put("bronze", keys.film(kind, RUN, f"tt{number:07}"), encoded(body))
    for number, body in enumerate(mutations(seed, MANIFEST, count // 6)):
        pipeline.lake.put("bronze", keys.manifest(f"20261123T030000Z-{number:08x}"), encoded(body))
    for body in mutations(seed, json.loads(s3_event(good)), count // 6):
        if body.isprintable():
            pipeline.lake.sqs.send_message(QueueUrl=pipeline.urls["BronzeEvents"], MessageBody=body)

    pipeline.until_quiet()

    assert [error for step, error in pipeline.errors] == []
    assert set(pipeline.parked()) <= {"BronzeEvents"}
    gold = pipeline.gold()
    assert "tt0000009" in {row[0] for row in gold["movies"]}
    assert f"run {len(gold['pipeline_runs'])}" in {row[0] for row in gold["pipeline_runs"]}


def test_a_lone_surrogate_loses_no_log_line(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.function(FIRST)
    logger = importlib.import_module("lambdas.telemetry").logger

    logger.info("half %s", "\ud800", extra={"film": "\udfff"})

    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["message"], line["film"]) == ("half \ud800", "\udfff")
