"""When messages that step 2 could not finish are delivered again.

Changes the visibility of MovieQueue's messages; sends those anew that have waited long for OMDb's quota. A message
that fails ten times is parked, and a quota that stays spent for days must not park anybody: before its receives are
half used up, a copy takes the message's place, with all its receives before it.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from pipeline import aws
from pipeline.errors import OmdbKeyInvalid, OmdbQuotaSpent, ReelhouseError
from pipeline.messages import QueueMessage
from pipeline.settings import LONGEST_WAIT_SECONDS, EnrichAndStoreMovieSettings

logger = logging.getLogger(__name__)

STEP = "EnrichAndStoreMovie"
# How long a failed message waits: doubling, so that ten receives outlast an outage of two hours.
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 15, 3600
BAD_KEY_RETRY_SECONDS = 900
# Half of MovieQueue's ten; the other half is for passing faults.
RENEWED_AFTER_RECEIVES = 5


def retry_after_seconds(
    error: ReelhouseError, receives: int, now: datetime, quota_wait_seconds: int = LONGEST_WAIT_SECONDS
) -> int:
    """How long a failed message stays hidden.

    A spent quota waits for the next day of UTC, when OMDb starts to count anew, but no longer than
    ``quota_wait_seconds``; a bad key a quarter of an hour; a message that can never succeed not at all, so that it is
    parked soon; anything else doubles from 15 seconds to an hour.
    """
    if not error.retryable:
        return 0
    if isinstance(error, OmdbQuotaSpent):
        return min(int((quota_renewed_at(now) - now).total_seconds()), quota_wait_seconds, LONGEST_WAIT_SECONDS)
    if isinstance(error, OmdbKeyInvalid):
        return BAD_KEY_RETRY_SECONDS
    return int(min(FIRST_RETRY_SECONDS * 2 ** (min(receives, 20) - 1), LONGEST_RETRY_SECONDS))


def quota_renewed_at(now: datetime) -> datetime:
    """When OMDb counts anew after a quota was spent: five minutes into the next day of UTC."""
    return (now.astimezone(UTC) + timedelta(days=1)).replace(hour=0, minute=5, second=0, microsecond=0)


def is_renewed(error: ReelhouseError, receives: int) -> bool:
    """Whether a copy takes the place of a failed message: it waits for the quota, and has been received often."""
    return isinstance(error, OmdbQuotaSpent) and receives >= RENEWED_AFTER_RECEIVES


def postpone(
    failed: list[QueueMessage], errors: dict[str, ReelhouseError], settings: EnrichAndStoreMovieSettings
) -> list[str]:
    """Say when failed messages are delivered again; where that fails, the queue's own visibility timeout holds.

    Parameters
    ----------
    errors : dict
        Id of each failed message to what sent it back.

    Returns
    -------
    list of str
        Ids of the messages in whose place a copy waits now. They are done: the queue may delete them. Should that
        fail they come again, and a film asked for twice is stored once.
    """
    now = datetime.now(UTC)
    renewed = []
    for message in failed:
        error = errors[message.id]
        extra = {"message_id": message.id, "error": type(error).__name__, "receives": message.receives}
        if is_renewed(error, message.receives) and _send_copy(message, settings.movie_queue_url):
            logger.error("message waits on as a copy of itself: %s", error, extra=extra)
            renewed.append(message.id)
            continue
        wait = retry_after_seconds(error, message.receives, now, settings.quota_wait_seconds)
        logger.error("message failed, retried in %d s: %s", wait, error, extra={**extra, "retry_seconds": wait})
        _hide(message, settings.movie_queue_url, wait)
    return renewed


def _send_copy(message: QueueMessage, queue_url: str) -> bool:
    """Send a message's body again, to be received at once and then to wait; False where SQS did not take it."""
    try:
        with aws.failures_of(STEP, message.id, "the message itself waits on"):
            aws.client("sqs").send_message(QueueUrl=queue_url, MessageBody=message.body)
    except ReelhouseError as refused:
        logger.warning("message could not be sent anew: %s", refused)
        return False
    return True


def _hide(message: QueueMessage, queue_url: str, seconds: int) -> None:
    try:
        with aws.failures_of(STEP, message.id):
            aws.client("sqs").change_message_visibility(
                QueueUrl=queue_url, ReceiptHandle=message.receipt_handle, VisibilityTimeout=seconds
            )
    except ReelhouseError as refused:
        logger.warning("message keeps the queue's visibility timeout: %s", refused)
