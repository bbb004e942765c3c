"""The common way to fetch films: one request after another, a new connection each, and each answer stored."""

from __future__ import annotations

import time
from typing import Any

import requests

from benchmarks import enrichment
from pipeline.documents import to_json


def run(url: str, ids: list[str]) -> dict[str, Any]:
    """Fetch films, and store their answers."""
    s3 = enrichment.quick_store()
    started = time.perf_counter()
    for imdb_id in ids:
        answer = requests.get(url, params={"i": imdb_id, "tomatoes": "true", "apikey": "benchmark"}, timeout=30)
        answer.raise_for_status()
        s3.put_object(Bucket="bronze", Key=f"movies/{imdb_id}.json", Body=to_json(answer.json()))
    return {"seconds": time.perf_counter() - started}
