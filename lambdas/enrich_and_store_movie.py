"""Handler of EnrichAndStoreMovie: messages of MovieQueue."""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.telemetry import (
    Event,
    Reply,
    count,
    failed_messages,
    log_summary,
    logger,
    measure,
    metrics,
    queue_messages,
    seconds_left,
)
from pipeline import aws
from pipeline import enrich_and_store_movie as step
from pipeline.api_key import ApiKey
from pipeline.settings import EnrichAndStoreMovieSettings, load

settings = load(EnrichAndStoreMovieSettings)
omdb = step.omdb_client(settings, ApiKey(settings.omdb_secret_id, aws.client("secretsmanager")))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Event, context: LambdaContext) -> Reply:
    """Fetch and store the films of the event's messages; failed messages return to the queue."""
    with log_summary(step.STEP, "ProcessBronzeToSilver takes the objects from BronzeEvents") as summary:
        result = step.run(queue_messages(event), settings, omdb, seconds_left(context))
        summary.update(result.as_dict())
        films, put_back, calls = result.tally.total, result.tally.errors, result.calls
        count(**{f"films_{outcome}": films[outcome] for outcome in step.OUTCOMES}, messages_failed=put_back.total())
        count(omdb_quota_spent=put_back["OmdbQuotaSpent"], omdb_key_refused=put_back["OmdbKeyInvalid"])
        count(omdb_calls=len(calls.seconds), omdb_errors=len(calls.errors))
        measure(MetricUnit.Milliseconds, omdb_latency=(seconds * 1000 for seconds in calls.seconds))
    return failed_messages(result.failed)
