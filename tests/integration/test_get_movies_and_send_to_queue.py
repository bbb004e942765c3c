"""Step 1 on moto: its manifest and messages, one run per invocation, and that invalid input writes nothing."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import aws, keys
from pipeline import get_movies_and_send_to_queue as step
from pipeline.errors import DocumentInvalid, InvalidInput, ReelhouseError, SourceListInvalid, StorageFailed
from pipeline.runs import started_at
from pipeline.settings import GetMoviesAndSendToQueueSettings, load
from tests.integration.moto_lake import LIST_KEY, Cold, Lake, Top

STEP = "get_movies_and_send_to_queue"


def test_the_run_is_recorded(lake: Lake, handler: Cold, top: Top) -> None:
    ids = top(5)

    reply = handler(STEP)({"top_n": 3, "batch_size": 2})

    body = lake.get("lists", LIST_KEY)
    assert lake.get("bronze", keys.source_list(reply["run_id"])) == body
    manifest = json.loads(lake.get("bronze", keys.manifest(reply["run_id"])))
    assert manifest["expected"] == {ids[0]: 1, ids[1]: 2, ids[2]: 3}
    assert manifest["source_sha256"] == hashlib.sha256(body).hexdigest()
    assert manifest["source_etag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert (manifest["top_n"], manifest["batch_size"], manifest["messages"]) == (3, 2, 2)


def test_messages_hold_verbatim_items(lake: Lake, handler: Cold, top: Top) -> None:
    top(3)
    items = {item["id"]: item for item in json.loads(lake.get("lists", LIST_KEY))["items"]}

    handler(STEP)({"top_n": 3, "batch_size": 3})

    (message,) = lake.receive()
    movies = json.loads(message["Body"])["movies"]
    assert movies == [items[movie["id"]] for movie in movies]


def test_the_stacks_defaults_apply(lake: Lake, handler: Cold, top: Top) -> None:
    top(25)

    reply = handler(STEP)({})

    assert (reply["requested"], reply["selected"], reply["messages"], reply["batch_size"]) == (250, 25, 3, 10)
    assert "fewer than the 250 asked for" in reply["note"]


def test_skipped_entries_are_in_the_reply_and_the_manifest(lake: Lake, handler: Cold) -> None:
    lake.put("lists", LIST_KEY, b'[{"id": "tt0000001", "rank": "1"}, {"id": "../x", "rank": "2"}]')

    reply = handler(STEP)({})

    assert reply["skipped"] == [{"item": 1, "id": "../x", "reason": "id is not tt and 7 to 10 digits"}]
    manifest = json.loads(lake.get("bronze", keys.manifest(reply["run_id"])))
    assert (manifest["skipped"], manifest["listed"]) == (reply["skipped"], 2)


@pytest.mark.parametrize(
    ("event", "body", "error"),
    [
        ({"top_n": 0}, b"", InvalidInput),
        ({"top_n": -1}, b"", InvalidInput),
        ({"batch_size": 101}, b"", InvalidInput),
        ({}, b"", SourceListInvalid),
        ({}, b"{}", SourceListInvalid),
        ({}, b"[]", SourceListInvalid),
        ({}, b'[{"id": "../x", "rank": "1"}]', SourceListInvalid),
        ({}, None, StorageFailed),
    ],
)
def test_bad_input_writes_and_sends_nothing(
    lake: Lake, handler: Cold, event: dict[str, Any], body: bytes | None, error: type[ReelhouseError]
) -> None:
    if body is not None:
        lake.put("lists", LIST_KEY, body)

    with pytest.raises(error):
        handler(STEP)(event)

    assert (lake.keys("bronze"), lake.receive()) == ([], [])


# ── One run per invocation ───────────────────────────────────────────────────────────────────────────────────────

SCHEDULED = {"top_n": 3, "batch_size": 3, "requested_by": "schedule", "scheduled_time": "2026-11-24T03:00:00Z"}


def manifests(lake: Lake) -> list[str]:
    return lake.keys("bronze", keys.RUNS)


def test_a_schedule_delivered_twice_starts_one_run(lake: Lake, handler: Cold, top: Top) -> None:
    top(3)

    first, second = handler(STEP)(SCHEDULED), handler(STEP)(SCHEDULED)

    assert first["run_id"].startswith("20261124T030000Z-")
    assert (first["status"], second["status"]) == ("started", "already_started")
    assert (second["run_id"], second["selected"]) == (first["run_id"], 3)
    assert "delivered before" in second["note"]
    assert len(manifests(lake)) == len(lake.receive()) == 1


def test_any_invocation_delivered_twice_starts_one_run(lake: Lake, handler: Cold, top: Top) -> None:
    top(3)

    first, second, other = (handler(STEP)({}, invocation_id=name) for name in ("one", "one", "two"))

    assert (first["status"], second["status"], other["status"]) == ("started", "already_started", "started")
    assert first["run_id"] == second["run_id"] != other["run_id"]
    assert len(manifests(lake)) == len(lake.receive()) == 2


def test_of_two_deliveries_at_once_one_sends(lake: Lake, handler: Cold, top: Top) -> None:
    """The second writes its manifest between the first one's look and its write."""
    top(3)
    invoke = handler(STEP)
    settings = load(GetMoviesAndSendToQueueSettings)
    inner: list[dict[str, Any]] = []
    put_once = aws.put_once

    def racing(s3: Any, bucket: str, key: str, *more: Any) -> bool:
        if key.endswith("manifest.json") and not inner:
            inner.append({})
            inner[0] = invoke({}, invocation_id="one")
        return put_once(s3, bucket, key, *more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(aws, "put_once", racing)
        reply = step.start(step.Parameters(250, 10), settings, "one").reply

    assert (inner[0]["status"], reply.status) == ("started", "already_started")
    assert len(manifests(lake)) == len(lake.receive()) == 1


def test_a_delivery_after_a_failed_one_starts_the_run(lake: Lake, handler: Cold, top: Top) -> None:
    with pytest.raises(StorageFailed):
        handler(STEP)({}, invocation_id="one")
    top(3)

    reply = handler(STEP)({"top_n": 3}, invocation_id="one")
    assert (reply["status"], reply.get("note")) == ("started", None)


def test_an_unreplaced_placeholder_is_not_accepted_as_a_time(lake: Lake, handler: Cold, top: Top) -> None:
    top(3)

    reply = handler(STEP)({**SCHEDULED, "scheduled_time": "<aws.scheduler.scheduled-time>"})

    assert abs((datetime.now(UTC) - started_at(reply["run_id"])).total_seconds()) < 60


def test_a_scheduled_run_waits_while_films_of_an_earlier_run_do(lake: Lake, handler: Cold, top: Top) -> None:
    top(3)
    handler(STEP)({"top_n": 3})
    lake.receive()  # in flight, as messages are that wait for the quota

    reply = handler(STEP)(SCHEDULED)

    assert (reply["status"], reply["selected"], reply["messages"]) == ("postponed", 0, 0)
    assert "MovieQueue still has messages of earlier runs (1)" in reply["note"]
    assert len(manifests(lake)) == 1
    assert handler(STEP)({"top_n": 3})["status"] == "started", "a person's run does not wait"


def test_a_postponed_run_is_started_by_a_later_schedule(lake: Lake, handler: Cold, top: Top) -> None:
    top(3)
    handler(STEP)({"top_n": 3})
    assert handler(STEP)(SCHEDULED)["status"] == "postponed"
    lake.sqs.purge_queue(QueueUrl=lake.queue_url)

    assert handler(STEP)({**SCHEDULED, "scheduled_time": "2026-11-25T03:00:00Z"})["status"] == "started"


@pytest.mark.parametrize("claim", [b"[]", b"null", b'{"run_id": "../x"}', b"{"])
def test_a_damaged_claim_is_named(lake: Lake, handler: Cold, top: Top, claim: bytes) -> None:
    top(3)
    lake.put("bronze", keys.claim("one"), claim)

    with pytest.raises(DocumentInvalid, match="source/invocation="):
        handler(STEP)({}, invocation_id="one")


def test_a_csv_list_makes_a_run(lake: Lake, handler: Cold) -> None:
    body = (Path(__file__).parents[1] / "cases" / "lists" / "imdb_export.csv").read_bytes()
    lake.put("lists", LIST_KEY, body)

    reply = handler(STEP)({})

    assert (reply["selected"], len(reply["skipped"])) == (3, 2)
    assert lake.get("bronze", keys.source_list(reply["run_id"])) == body
    (message,) = lake.receive()
    assert json.loads(message["Body"])["movies"][0]["Const"] == "tt0111161"
