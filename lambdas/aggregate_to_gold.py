"""Handler of AggregateToGold: S3's events of new Silver objects, by way of SilverEvents."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.telemetry import Event, Reply, count, logger, metrics, seconds_left
from pipeline import aggregate_to_gold as step
from pipeline.settings import AggregateToGoldSettings, load

settings = load(AggregateToGoldSettings)
engine = step.engine_of(settings)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Event, context: LambdaContext) -> Reply:
    """Bring Gold up to date; whatever the event's messages say, all of Silver is taken."""
    result = step.run(settings, engine, seconds_left(context))
    count(gold_builds=result.builds, runs_completed=len(result.completed_runs))
    extra = {"builds": result.builds, "build_id": result.build.get("build_id"), "completed": result.completed_runs}
    logger.info("gold is up to date", extra=extra)
    return {"batchItemFailures": []}
