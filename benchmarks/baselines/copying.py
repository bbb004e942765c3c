"""Functions that only copy: the same triggers, messages and objects as the pipeline's, and no work on them.

The whole file is a function's artefact in the emulator, so it imports nothing of ours. Films are not fetched: an
object is the list's item, filled up to the size of Bronze's. Parts and tables are the bytes that came in.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any
from urllib.parse import unquote_plus

import boto3
from botocore.config import Config

FILM_BYTES, TABLE_BYTES, TABLES = 2_300, 20_000, 12
AT_ONCE = 16
_PART = re.compile(r"movies/run_id=([^/]+)/part-[0-9a-f]+-(\d+)\.parquet")
_client: Any = cache(lambda name: boto3.client(name, config=Config(max_pool_connections=32)))
_parts: dict[str, bytes] = {}


def _get(layer: str, key: str) -> bytes:
    body: bytes = _client("s3").get_object(Bucket=os.environ[f"{layer}_BUCKET"], Key=key)["Body"].read()
    return body


def _put(layer: str, key: str, body: bytes, **options: str) -> None:
    _client("s3").put_object(Bucket=os.environ[f"{layer}_BUCKET"], Key=key, Body=body, **options)


def logs_summary(handler: Callable[[dict[str, Any], object], Any]) -> Callable[[dict[str, Any], object], Any]:
    """Return a handler that ends its log with a summary, as all of ours do: the emulator reads the log up to it."""

    def logged(event: dict[str, Any], context: object) -> Any:
        answer = handler(event, context)
        print(json.dumps({"message": "invocation"}))
        return answer

    return logged


@logs_summary
def start(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Send the list's first films in messages, as GetMoviesAndSendToQueue does."""
    source = _get("SOURCE", os.environ["SOURCE_KEY"])
    films = sorted(json.loads(source)["items"], key=lambda item: int(item["rank"]))[: event["top_n"]]
    run_id, size = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}", event["batch_size"]
    _put("BRONZE", f"source/run_id={run_id}/list.json", source)
    _put("BRONZE", f"runs/run_id={run_id}/manifest.json", json.dumps({"expected": len(films)}).encode())
    bodies = [{"run_id": run_id, "movies": films[first : first + size]} for first in range(0, len(films), size)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(_send, [bodies[first : first + 10] for first in range(0, len(bodies), 10)]))
    source_uri = f"s3://{os.environ['SOURCE_BUCKET']}/{os.environ['SOURCE_KEY']}"
    about = {"requested": len(films), "selected": len(films), "skipped": [], "batch_size": size}
    return {"run_id": run_id, "source_uri": source_uri, "messages": len(bodies), **about}


def _send(bodies: list[dict[str, Any]]) -> None:
    entries = [{"Id": str(index), "MessageBody": json.dumps(body)} for index, body in enumerate(bodies)]
    _client("sqs").send_message_batch(QueueUrl=os.environ["MOVIE_QUEUE_URL"], Entries=entries)


@logs_summary
def films(event: dict[str, Any], _context: object) -> None:
    """Put an object a film, as EnrichAndStoreMovie does."""
    messages = [json.loads(record["body"]) for record in event["Records"]]
    wanted = [(message["run_id"], movie) for message in messages for movie in message["movies"]]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(_put_film, wanted))


def _put_film(wanted: tuple[str, dict[str, Any]]) -> None:
    run_id, movie = wanted
    key = f"movies/run_id={run_id}/imdb_id={movie['id']}.json"
    _put("BRONZE", key, json.dumps(movie).encode().ljust(FILM_BYTES), IfNoneMatch="*")


@logs_summary
def parts(event: dict[str, Any], _context: object) -> None:
    """Get the objects, and put a part a run, as ProcessBronzeToSilver does."""
    records = [record for message in event["Records"] for record in json.loads(message["body"]).get("Records", [])]
    object_keys = sorted({unquote_plus(record["s3"]["object"]["key"]) for record in records})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        bodies = dict(zip(object_keys, pool.map(partial(_get, "BRONZE"), object_keys), strict=True))
    by_run: dict[str, list[bytes]] = defaultdict(list)
    for key, body in bodies.items():
        kind, run = key.split("/")[:2]
        if kind == "runs":
            _put("SILVER", f"runs/{run}/run.json", body)
        else:
            by_run[run].append(body[:200])
    for run, rows in by_run.items():
        _put("SILVER", f"movies/{run}/part-{secrets.token_hex(16)}-{len(rows)}.parquet", b"".join(rows))


@logs_summary
def tables(_event: dict[str, Any], _context: object) -> None:
    """Get the parts that are new, and put all tables, as AggregateToGold does, until Silver has no more."""
    while new := [key for key in _silver() if key not in _parts]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            _parts.update(zip(new, pool.map(partial(_get, "SILVER"), new), strict=True))
        _put("GOLD", "builds/floor/movies/movies.parquet", b"".join(_parts.values()))
        for number in range(1, TABLES):
            _put("GOLD", f"builds/floor/table_{number}/table_{number}.parquet", bytes(TABLE_BYTES))
        record = json.dumps(published(_runs())).encode()
        _put("GOLD", "builds/floor/build.json", record)
        _put("GOLD", "_build.json", record)


def published(runs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the content of ``_build.json``, which ends the watch."""
    silver = {"bucket": "", "objects": 0, "size": 0, "fingerprint": ""}
    build = {"build_id": "20261128T000000.000000Z", "built_at": "2026-11-28T00:00:00Z", "seconds": 0.0,
             "code_version": "floor", "engine": "floor", "silver": silver, "tables": {}, "runs": runs}  # fmt: skip
    return {"build": build, "history": []}


def _silver() -> list[str]:
    pages = _client("s3").get_paginator("list_objects_v2").paginate(Bucket=os.environ["SILVER_BUCKET"])
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def _runs() -> dict[str, dict[str, Any]]:
    """Runs as the build's record has them; complete when the parts hold as many rows as the manifest expects."""
    rows: dict[str, int] = defaultdict(int)
    for key in _parts:
        if match := _PART.fullmatch(key):
            rows[match[1]] += int(match[2])
    runs = {}
    for key, body in _parts.items():
        if key.startswith("runs/"):
            run_id = key.split("/")[1].removeprefix("run_id=")
            expected, stored = json.loads(body)["expected"], rows[run_id]
            counts = {"expected": expected, "stored": stored, "rejected": 0, "quarantined": 0, "in_gold": stored}
            runs[run_id] = {**counts, "status": "complete" if stored == expected else "incomplete"}
    return runs
