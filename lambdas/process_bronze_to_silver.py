"""Handler of ProcessBronzeToSilver: S3 events of new Bronze objects, from the queue BronzeEvents."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.telemetry import Event, Reply, count, failed_messages, log_summary, logger, metrics, queue_messages
from pipeline import process_bronze_to_silver as step
from pipeline.settings import ProcessBronzeToSilverSettings, load

settings = load(ProcessBronzeToSilverSettings)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Event, context: LambdaContext) -> Reply:
    """Process the objects that the event names into Silver; failed messages return to the queue."""
    with log_summary(step.STEP, "AggregateToGold takes the objects from SilverEvents") as summary:
        result = step.run(queue_messages(event), settings)
        summary.update(result.tally.as_dict())
        objects = result.tally.total
        count(**{f"silver_{outcome}": objects[outcome] for outcome in step.OUTCOMES})
        count(silver_messages_failed=len(result.failed))
    return failed_messages(result.failed)
