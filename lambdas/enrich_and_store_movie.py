"""Handler of EnrichAndStoreMovie: MovieQueue's messages."""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.telemetry import Event, Reply, count, failed_messages, logger, metrics, queue_messages, seconds_left
from pipeline import aws
from pipeline import enrich_and_store_movie as step
from pipeline.api_key import ApiKey
from pipeline.settings import EnrichAndStoreMovieSettings, load

settings = load(EnrichAndStoreMovieSettings)
omdb = step.omdb_client(settings, ApiKey(settings.omdb_secret_id, aws.client("secretsmanager")))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Event, context: LambdaContext) -> Reply:
    """Fetch and store the films of the event's messages; failed messages go back to the queue."""
    result = step.run(queue_messages(event), settings, omdb, seconds_left(context))
    count(**{f"films_{outcome}": films for outcome, films in result.films.items()}, messages_failed=len(result.failed))
    for seconds in result.omdb_seconds:
        metrics.add_metric("OmdbLatency", MetricUnit.Milliseconds, seconds * 1000)
    logger.info("messages done", extra={"films": dict(result.films), "failed": len(result.failed)})
    return failed_messages(result.failed)
