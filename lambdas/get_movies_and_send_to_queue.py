"""Handler of GetMoviesAndSendToQueue: invoked by the schedule or by hand."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.telemetry import Event, Reply, count, logger, metrics, story
from pipeline import get_movies_and_send_to_queue as step
from pipeline.settings import GetMoviesAndSendToQueueSettings, load

settings = load(GetMoviesAndSendToQueueSettings)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Event, context: LambdaContext) -> Reply:
    """Start a run with the event's ``top_n`` and ``batch_size``."""
    with story(step.STEP, "EnrichAndStoreMovie takes the messages from MovieQueue") as told:
        manifest = step.start(step.Parameters.from_event(event, settings), settings)
        told.update(step.story(manifest))
        count(films_sent=len(manifest.expected), films_skipped=len(manifest.skipped))
    return step.reply(manifest).as_dict()
