"""When messages that step 2 could not finish are delivered again.

Changes the visibility of MovieQueue's messages, and replaces those that have waited long for OMDb's quota. A message
that fails ten times is parked in the dead-letter queue, but a quota that stays spent for days must park nothing: after
five receives a copy replaces the message, with all ten receives left.
"""

from __future__ import annotations

import logging
import math
from datetime import UTC, datetime, timedelta

from pipeline import aws
from pipeline.errors import OmdbKeyInvalid, OmdbQuotaSpent, ReelhouseError
from pipeline.messages import QueueMessage
from pipeline.settings import LONGEST_WAIT_SECONDS, EnrichAndStoreMovieSettings

logger = logging.getLogger(__name__)

STEP = "EnrichAndStoreMovie"
# A failed message waits twice as long each time, so that ten receives outlast an outage of two hours.
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 15, 3600
BAD_KEY_RETRY_SECONDS = 900
# OMDb counts calls per day in UTC. In the first minutes after midnight it may still count the day before.
QUOTA_RENEWAL = timedelta(minutes=5)
UNCERTAIN_AFTER_RENEWAL = timedelta(hours=1)
UNCERTAIN_RETRY_SECONDS = 900
# Half of MovieQueue's ten receives; the other half is for transient faults.
RENEWED_AFTER_RECEIVES = 5


def retry_after_seconds(
    error: ReelhouseError, receives: int, now: datetime, quota_wait_seconds: int = LONGEST_WAIT_SECONDS
) -> int:
    """Return how long a failed message stays hidden. Pure.

    - Quota spent: until OMDb renews it, but at most ``quota_wait_seconds``.
    - Key refused: 15 minutes.
    - Error that no retry can mend: 0, so that the message is parked soon.
    - Any other error: 15 seconds, doubling with each receive up to an hour.
    """
    if not error.retryable:
        return 0
    if isinstance(error, OmdbQuotaSpent):
        seconds = math.ceil((quota_renewed_at(now) - now).total_seconds())
        return min(seconds, quota_wait_seconds, LONGEST_WAIT_SECONDS)
    if isinstance(error, OmdbKeyInvalid):
        return BAD_KEY_RETRY_SECONDS
    return int(min(FIRST_RETRY_SECONDS * 2 ** (min(receives, 20) - 1), LONGEST_RETRY_SECONDS))


def quota_renewed_at(now: datetime) -> datetime:
    """Return when a quota that is refused ``now`` may be renewed. Pure.

    That is five minutes past midnight UTC. In the hour after midnight a refusal may still be about the day before,
    because OMDb's clock or counter lags: retry in 15 minutes.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if now < midnight + QUOTA_RENEWAL:
        return midnight + QUOTA_RENEWAL
    if now < midnight + UNCERTAIN_AFTER_RENEWAL:
        return now + timedelta(seconds=UNCERTAIN_RETRY_SECONDS)
    return midnight + timedelta(days=1) + QUOTA_RENEWAL


def is_renewed(error: ReelhouseError, receives: int) -> bool:
    """Whether a copy replaces a failed message: it waits for the quota, and has used half of its receives."""
    return isinstance(error, OmdbQuotaSpent) and receives >= RENEWED_AFTER_RECEIVES


def postpone(
    failed: list[QueueMessage], errors: dict[str, ReelhouseError], settings: EnrichAndStoreMovieSettings
) -> list[str]:
    """Set when each failed message is delivered again; where that fails, the queue's visibility timeout applies.

    ``errors`` are by message id. Returns the ids of messages that a copy has replaced: the queue may delete them. If
    that fails they are delivered again, and each film is still stored once.
    """
    now = datetime.now(UTC)
    renewed = []
    for message in failed:
        try:
            if _postpone(message, errors[message.id], settings, now):
                renewed.append(message.id)
        except ReelhouseError as error:
            logger.warning("message keeps the queue's visibility timeout: %s", error)
        except Exception:
            logger.exception("message keeps the queue's visibility timeout", extra={"message_id": message.id})
    return renewed


def _postpone(
    message: QueueMessage, error: ReelhouseError, settings: EnrichAndStoreMovieSettings, now: datetime
) -> bool:
    """Replace a message by a copy, or hide it; return whether a copy replaces it."""
    extra = {"message_id": message.id, "error": type(error).__name__, "receives": message.receives}
    if is_renewed(error, message.receives) and _send_copy(message, settings.movie_queue_url):
        logger.error("message replaced by a copy that waits on: %s", error, extra=extra)
        return True
    wait = retry_after_seconds(error, message.receives, now, settings.quota_wait_seconds)
    logger.error("message failed, retried in %d s: %s", wait, error, extra={**extra, "retry_seconds": wait})
    with aws.failures_of(STEP, message.id):
        aws.client("sqs").change_message_visibility(
            QueueUrl=settings.movie_queue_url, ReceiptHandle=message.receipt_handle, VisibilityTimeout=wait
        )
    return False


def _send_copy(message: QueueMessage, queue_url: str) -> bool:
    """Send a message's body again, without a delay; return False when SQS did not take it."""
    try:
        with aws.failures_of(STEP, message.id, "the message itself waits on"):
            aws.client("sqs").send_message(QueueUrl=queue_url, MessageBody=message.body)
    except ReelhouseError as error:
        logger.warning("message could not be copied: %s", error)
        return False
    return True
