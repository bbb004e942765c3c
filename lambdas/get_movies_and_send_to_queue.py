"""Handler of GetMoviesAndSendToQueue: invoked by the schedule or by hand."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.telemetry import Event, Reply, count, logger, metrics
from pipeline import get_movies_and_send_to_queue as step
from pipeline.settings import GetMoviesAndSendToQueueSettings, load

settings = load(GetMoviesAndSendToQueueSettings)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Event, context: LambdaContext) -> Reply:
    """Start a run with the event's ``top_n`` and ``batch_size``."""
    reply = step.run(step.Parameters.from_event(event, settings), settings)
    count(films_sent=reply["selected"], films_skipped=len(reply["skipped"]))
    logger.info("run started", extra={name: value for name, value in reply.items() if name != "skipped"})
    return reply
