"""Enrichment of 250 films by EnrichAndStoreMovie's own code, with OMDb answering after 100 ms.

One process runs the step as one invocation does (ten messages of 25 films) against the OMDb-compatible server in a
process of its own. What is stored goes nowhere, on both sides, so that the figures are about OMDb.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from benchmarks.measure import Case, Plan, Result, Run, Target, compared, fresh, interleaved
from pipeline import aws, settings
from pipeline.settings import environment_with
from reelhouse.local import processes
from reelhouse.local.omdb import films as sample_films

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROW = "Enrichment"
FILMS, BATCH_SIZE = 250, 25
# The baseline takes the same time for each film, so a few are enough.
BASELINE_FILMS = 6
LATENCY_MS = 100
FASTER = Target("gain", 8)
TOKEN = "benchmark"


def ours(url: str, ids: list[str]) -> dict[str, Any]:
    """Run the step on messages as the queue brings them."""
    from pipeline import enrich_and_store_movie as step  # noqa: PLC0415
    from pipeline import messages  # noqa: PLC0415 (counted: this process's own)
    from pipeline.runs import Manifest, new_run_id, utc  # noqa: PLC0415
    from pipeline.settings import EnrichAndStoreMovieSettings  # noqa: PLC0415

    items = [{"id": imdb_id, "rank": str(rank)} for rank, imdb_id in enumerate(ids, start=1)]
    now = datetime.now(UTC)
    run_id = new_run_id(now, "benchmark")
    bodies = messages.make(run_id, items, BATCH_SIZE)
    expected = {item["id"]: int(item["rank"]) for item in items}
    manifest = Manifest(run_id, utc(now), "", None, "", FILMS, BATCH_SIZE, len(bodies), expected, [], "benchmark")
    quick_store(manifest.to_json())
    incoming = [messages.QueueMessage(str(index), json.dumps(body)) for index, body in enumerate(bodies)]
    settings = EnrichAndStoreMovieSettings("bronze", "queue", url, "secret")
    omdb = step.omdb_client(settings, lambda _fresh: TOKEN)
    started = time.perf_counter()
    result = step.run(incoming, settings, omdb, 600)
    seconds = time.perf_counter() - started
    assert result.tally.total[step.STORED] == len(ids), result
    return {"seconds": seconds}


def run(plan: Plan) -> list[Result]:
    """Measure both sides."""
    ids = [item["id"] for item in sample_films.source_list()["items"][: 50 if plan.quick else FILMS]]
    with _omdb() as url:
        plan.say(f"latency {LATENCY_MS} ms")
        set_latency(url, LATENCY_MS)
        pairs = interleaved(
            lambda: fresh("enrichment", "ours", url=url, ids=ids), lambda: one_by_one(url, ids), plan.runs()
        )
    note = f"The baseline fetches {BASELINE_FILMS} films; its time is extrapolated to all."
    return [compared(Case(f"{len(ids)} films at {LATENCY_MS} ms", FASTER, notes=note), pairs)]


def set_latency(url: str, milliseconds: int) -> None:
    """Make the OMDb-compatible server answer later."""
    requests.put(f"{url}faults", json={"latency_ms": milliseconds}, timeout=10).raise_for_status()


def one_by_one(url: str, ids: list[str]) -> Run:
    """Fetch a few of the films one after another, and extrapolate the time to all."""
    run = fresh("baselines.enrichment_one_by_one", "run", url=url, ids=ids[:BASELINE_FILMS])
    return replace(run, seconds=run.seconds * len(ids) / BASELINE_FILMS)


@contextmanager
def _omdb() -> Iterator[str]:
    """Start the OMDb-compatible server; give its address."""
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        server = processes.start(
            "OMDb-compatible server",
            lambda port: [sys.executable, "-m", "reelhouse.local.omdb.server", "--port", str(port)],
            environment_with(),
            Path(folder, "omdb.log"),
        )
        try:
            yield f"http://{processes.HOST}:{server.port}/"
        finally:
            processes.stop(server)


def quick_store(stored: bytes = b"") -> S3Client:
    """Return the process's S3 client, which sends nothing: what it puts is taken, and what it gets is ``stored``."""
    settings.set_variables(
        {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "eu-central-1"}
    )
    s3 = aws.client("s3")
    events: Any = s3.meta.events  # its type does not know that an answer ends the sending
    events.register("before-send.s3.PutObject", lambda request, **_: _answer(request, b""))
    events.register("before-send.s3.GetObject", lambda request, **_: _answer(request, stored))
    return s3


def _answer(request: Any, body: bytes) -> AWSResponse:
    return AWSResponse(request.url, 200, _HEADERS, _Body(body))


_HEADERS = HTTPHeaders()
_HEADERS["ETag"] = '"none"'


class _Body(io.BytesIO):
    """A body as urllib3 returns it."""

    def stream(self) -> list[bytes]:
        return [self.read()]
