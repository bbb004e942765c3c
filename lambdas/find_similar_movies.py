"""Handler of FindSimilarMovies: requests to its function URL."""

from __future__ import annotations

import json

from aws_lambda_powertools.utilities.typing import LambdaContext

from insights.find_similar_movies import GoldCatalogue, respond
from lambdas.telemetry import Event, Reply, log_summary, logger
from pipeline.settings import FindSimilarMoviesSettings, load

catalogue = GoldCatalogue(load(FindSimilarMoviesSettings).gold_bucket)


@logger.inject_lambda_context
def handler(event: Event, context: LambdaContext) -> Reply:
    """Answer ``GET /similar/tt0068646?k=5`` and ``GET /similar?title=…``."""
    with log_summary("FindSimilarMovies", "the answer goes to the caller", "the caller gets an error") as summary:
        status, body = respond(event["rawPath"], event.get("queryStringParameters"), catalogue)
        text = json.dumps(body, ensure_ascii=False)
        summary.update(
            received={"requests": 1},
            outcomes={"status": status, "films": len(body.get("similar", []))},
            bytes={"written": len(text.encode("utf-8", "replace"))},
            **({"imdb_id": body["imdb_id"]} if "imdb_id" in body else {}),
        )
    return {"statusCode": status, "headers": {"Content-Type": "application/json; charset=utf-8"}, "body": text}
