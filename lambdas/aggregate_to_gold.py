"""Handler of AggregateToGold: S3 events of new Silver objects, from the queue SilverEvents."""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.telemetry import Event, Reply, count, log_summary, logger, measure, metrics, seconds_left
from pipeline import aggregate_to_gold as step
from pipeline.settings import AggregateToGoldSettings, load

settings = load(AggregateToGoldSettings)
engine = step.engine_of(settings)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Event, context: LambdaContext) -> Reply:
    """Rebuild Gold from all of Silver, whatever objects the event names; without messages a person asks for it."""
    with log_summary(step.STEP, "reports, lookups, Athena and QuickSight read Gold") as summary:
        messages = len(event.get("Records", []))
        summary["received"] = {"messages": messages}
        if messages and step.postpone(settings, engine):
            summary["outcomes"] = {"builds": 0, "postponed": 1}
            return {"batchItemFailures": []}
        result = step.run(settings, engine, seconds_left(context))
        summary.update(result.as_dict())
        count(gold_builds=result.builds, builds_held=1 if result.held else 0)
        # No zeros: NoCompletedRunAlarm acts when this metric has no data.
        measure(MetricUnit.Count, runs_completed=[len(result.completed_runs) or None])
        measure(MetricUnit.Seconds, gold_built_at=[result.built_at], run_seconds=result.run_seconds)
        measure(MetricUnit.Percent, run_completeness=[result.completeness])
    return {"batchItemFailures": []}
