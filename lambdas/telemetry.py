"""Structured logs and metrics of all handlers, by AWS Lambda Powertools.

The pipeline logs through the standard library, with ``run_id`` and ``imdb_id`` as extras; here its lines become
Powertools' JSON. Metrics are printed in CloudWatch's embedded format: no call, no permission.
"""

from __future__ import annotations

import logging
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from pipeline.errors import ReelhouseError
from pipeline.messages import QueueMessage
from pipeline.settings import CODE_VERSION

NAMESPACE = "Reelhouse"
# What an invocation keeps back of its time to report failed messages and write its last lines.
RESERVE_SECONDS = 10.0

# The service is the stack's name, from POWERTOOLS_SERVICE_NAME.
logger = Logger(code_version=CODE_VERSION)
metrics = Metrics(namespace=NAMESPACE)
_pipeline = logging.getLogger("pipeline")
_pipeline.handlers, _pipeline.propagate = logger.handlers, False
_pipeline.setLevel(logger.log_level)

Event = dict[str, Any]
Reply = dict[str, Any]


def queue_messages(event: Event) -> list[QueueMessage]:
    """Messages of an SQS event."""
    return [
        QueueMessage(
            record["messageId"],
            record["body"],
            record["receiptHandle"],
            int(record["attributes"]["ApproximateReceiveCount"]),
        )
        for record in event["Records"]
    ]


def failed_messages(failed: dict[str, ReelhouseError]) -> Reply:
    """Reply that sends these messages, and no others, back to the queue."""
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def seconds_left(context: LambdaContext) -> float:
    """Time budget of an invocation."""
    return context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS


def count(**values: float) -> None:
    """Add counts to the metrics, each by its name in words put together: ``films_stored`` is ``FilmsStored``."""
    for name, value in values.items():
        metrics.add_metric(name.title().replace("_", ""), MetricUnit.Count, value)
