"""Announce stored Bronze objects to ProcessBronzeToSilver again, as S3 announced them when they were new.

Reads the Bronze bucket's listing; sends to BronzeEvents.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline import aws, keys, messages
from pipeline.aws import batches
from pipeline.errors import StorageFailed
from reelhouse.stack import Stack

# Objects in one message: ProcessBronzeToSilver receives up to 100 messages at once, and has a minute.
OBJECTS_A_MESSAGE = 20


def stored(stack: Stack, run_id: str) -> list[str]:
    """Return the keys of a run's objects that Silver must have an outcome for: manifest, films and rejections."""
    s3, bucket = aws.client("s3"), stack["BronzeBucketName"]
    prefixes = (keys.run_prefix(kind, run_id) for kind in (keys.RUNS, keys.MOVIES, keys.REJECTED))
    listed = (entry.key for prefix in prefixes for entry in aws.list_objects(s3, bucket, prefix))
    return [key for key in listed if keys.parse_bronze(key)]


def announce(stack: Stack, bronze_keys: Iterable[str], step: str) -> None:
    """Send events in S3's format, several objects in each message.

    Raises
    ------
    StorageFailed
        When SQS does not accept them.
    """
    events = [
        {"Records": [{"s3": {"object": {"key": key}}} for key in some]}
        for some in batches(sorted(bronze_keys), OBJECTS_A_MESSAGE)
    ]
    unsent, causes = messages.send(events, stack["BronzeEventsUrl"], aws.client("sqs"))
    if unsent:
        raise StorageFailed(f"SQS did not accept all messages ({causes})", subject="BronzeEvents", step=step)
