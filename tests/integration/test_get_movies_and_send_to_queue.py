"""Step 1 on moto: what it writes before it sends, and that bad input writes nothing."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from pipeline import keys
from pipeline.errors import InvalidInput, ReelhouseError, SourceListInvalid, StorageFailed
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


def test_the_stacks_defaults_hold(lake: Lake, handler: Cold, top: Top) -> None:
    top(25)

    reply = handler(STEP)({})

    assert (reply["requested"], reply["selected"], reply["messages"], reply["batch_size"]) == (250, 25, 3, 10)
    assert "fewer than the 250 asked for" in reply["note"]


def test_skipped_entries_are_in_the_reply_and_the_manifest(lake: Lake, handler: Cold) -> None:
    lake.put("lists", LIST_KEY, b'[{"id": "tt0000001", "rank": "1"}, {"id": "../x", "rank": "2"}]')

    reply = handler(STEP)({})

    assert reply["skipped"] == [{"item": 1, "id": "../x", "reason": "id is not tt and 7 to 10 digits"}]
    assert json.loads(lake.get("bronze", keys.manifest(reply["run_id"])))["skipped"] == reply["skipped"]


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
