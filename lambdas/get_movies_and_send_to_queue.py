"""Handler of GetMoviesAndSendToQueue: invoked by the schedule or by hand."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.telemetry import Event, Reply, count, log_summary, logger, metrics
from pipeline import get_movies_and_send_to_queue as step
from pipeline.settings import GetMoviesAndSendToQueueSettings, load

settings = load(GetMoviesAndSendToQueueSettings)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Event, context: LambdaContext) -> Reply:
    """Start a run with the event's parameters."""
    next_if_failed = "no retry: GetMoviesAndSendToQueueErrorsAlarm reports it"
    with log_summary(step.STEP, "EnrichAndStoreMovie takes the messages from MovieQueue", next_if_failed) as summary:
        parameters = step.Parameters.from_event(event, settings)
        result = step.start(parameters, settings, context.aws_request_id)
        summary.update(result.as_dict())
        count(films_sent=summary["outcomes"]["sent"], films_skipped=summary["outcomes"]["skipped"])
        count(runs_postponed=result.reply.status == "postponed")
    return result.reply.as_dict()
