"""Logs and metrics of all handlers, by AWS Lambda Powertools.

Every invocation logs one summary line, whose ``message`` is ``invocation``: what it received and did, and what comes
next. The pipeline logs through the standard library, with ``run_id`` and ``imdb_id`` as extras; here its lines become
Powertools' JSON. Metrics are printed in CloudWatch's embedded metric format, which needs no API call and no permission.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from pipeline.documents import to_json
from pipeline.errors import ReelhouseError
from pipeline.messages import QueueMessage
from pipeline.settings import CODE_VERSION

NAMESPACE = "Reelhouse"
SUMMARY = "invocation"
# Time of an invocation that is kept to report failed messages and write its last lines.
RESERVE_SECONDS = 10.0


def _line(entry: dict[str, Any]) -> str:
    """Return a log line. A lone surrogate is kept as its escape: no stream takes it, and the line would be lost."""
    return to_json(entry, default=str).decode()


# The service is the stack's name, from POWERTOOLS_SERVICE_NAME.
logger = Logger(code_version=CODE_VERSION, json_serializer=_line)
metrics = Metrics(namespace=NAMESPACE)
_pipeline = logging.getLogger("pipeline")
_pipeline.handlers, _pipeline.propagate = logger.handlers, False
_pipeline.setLevel(logger.log_level)

Event = dict[str, Any]
Reply = dict[str, Any]


@contextmanager
def log_summary(
    step: str, next_step: str, next_if_failed: str = "its messages are retried, then parked"
) -> Iterator[dict[str, Any]]:
    """Log one summary line per invocation, even on failure; the block adds what was received and done.

    An invocation that fails as a whole logs its error first, where `reelhouse redrive --peek` finds it.
    """
    summary: dict[str, Any] = {"step": step, "ended": "failed", "next": next_if_failed}
    started = time.monotonic()
    try:
        yield summary
        summary |= {"ended": "done", "next": next_step}
    except ReelhouseError as error:
        logger.error("the invocation failed: %s", error, extra={"error": type(error).__name__})
        raise
    except Exception as error:
        logger.exception("the invocation failed unexpectedly", extra={"error": type(error).__name__})
        raise
    finally:
        if (kind := sys.exc_info()[0]) is not None:
            summary["error"] = kind.__name__
        elif put_back := sum(summary.get("put_back", {}).values()):
            summary["next"] += f"; {put_back} messages are retried"
        logger.info(SUMMARY, extra={**summary, "seconds": round(time.monotonic() - started, 3)})


def queue_messages(event: Event) -> list[QueueMessage]:
    """Return the messages of an SQS event."""
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
    """Return the reply that sends these messages, and no others, back to the queue."""
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def seconds_left(context: LambdaContext) -> float:
    """Return the time budget of an invocation."""
    return context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS


def count(**values: float) -> None:
    """Add counts to the metrics, under their names in camel case: ``films_stored`` is ``FilmsStored``."""
    for name, value in values.items():
        measure(MetricUnit.Count, **{name: [value]})


def measure(unit: MetricUnit, **values: Iterable[float | None]) -> None:
    """Add measured values to the metrics, under their names in camel case; None is skipped."""
    for name, series in values.items():
        for value in series:
            if value is not None:
                metrics.add_metric(name.title().replace("_", ""), unit, value)
