"""Request again whatever a run lacks, because messages were lost.

SQS loses no message, but people purge queues, parked messages expire after two weeks, and an emulator that is killed
forgets its queues. Reads the run's manifest and list, Bronze and Silver; sends what Bronze lacks to MovieQueue and
what Silver lacks to BronzeEvents, and has Gold built where only that is missing. A film whose message is still in a
queue is then delivered twice, and stored once.

:func:`announce` sends the events that S3 sent when the objects were new; ``reelhouse replay`` uses it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws, keys, messages, source_list
from pipeline.aws import batches
from pipeline.errors import InvalidInput, ReelhouseError, StorageFailed
from pipeline.omdb import is_final_rejection
from pipeline.runs import Manifest, utc
from pipeline.silver.reader import SilverReader
from reelhouse.console import counted
from reelhouse.local import state
from reelhouse.local.state import State
from reelhouse.operate.outcomes import OUTCOMES
from reelhouse.run.watch import Resumed
from reelhouse.stack import Stack

STEP = "resume"
NEWEST_RUNS = 20
_NO_LIST = "restore it from an earlier version or a backup, or fetch all films by a new `reelhouse run`"
_NEXT = "nothing is lost; `reelhouse run --resume RUN_ID` tries again"
# Objects in one message: ProcessBronzeToSilver receives up to 100 messages at once, and has a minute.
OBJECTS_A_MESSAGE = 20


@dataclass(frozen=True)
class Missing:
    """Items of a run's list that Bronze lacks, and keys of Bronze objects without an outcome in Silver."""

    films: list[dict[str, Any]]
    objects: list[str]

    def __str__(self) -> str:
        """Return the counts as text."""
        return f"{counted(len(self.films), 'film')} from OMDb, {counted(len(self.objects), 'stored object')}"


def resume(stack: Stack, run_id: str) -> Resumed:
    """Request again what a run lacks; the reply has the number of messages sent now, and says what was requested.

    Raises
    ------
    InvalidInput
        When there is no such run.
    StorageFailed
        When something cannot be read or sent.
    """
    manifest = stack.manifest(run_id)
    since = utc(datetime.now(UTC))
    with aws.failures_of(STEP, run_id, _NEXT):
        missing = missing_of(stack, manifest)
        outgoing = messages.make(run_id, missing.films, manifest.batch_size)
        messages.send_all(outgoing, stack["MovieQueueUrl"], aws.client("sqs"))
        announce(stack, missing.objects, STEP)
    if not missing.films and not missing.objects:
        stack.build_gold()
    return Resumed(
        run_id, manifest.source_uri, manifest.top_n, len(manifest.expected), manifest.skipped, len(outgoing),
        manifest.batch_size, f"requested again: {missing}", since=since,
    )  # fmt: skip


def resume_after_kill(current: State, stack: Stack, say: Callable[[str], None]) -> None:
    """Resume the newest runs that are not in Gold, if the emulator was killed since it was last stopped.

    Raises
    ------
    StorageFailed
        When something cannot be read or sent; the next ``reelhouse up`` tries again.
    """
    if not current.interrupted:
        return
    build = stack.build()
    complete = build.complete_runs if build else set()
    for run_id in stack.run_ids()[-NEWEST_RUNS:]:
        if run_id not in complete:
            try:
                say(f"MiniStack was killed; run {run_id}: {resume(stack, run_id).note}")
            except ReelhouseError as error:
                say(f"MiniStack was killed, and a run could not be resumed: {error}")
    current.interrupted = False
    state.save(current)


def missing_of(stack: Stack, manifest: Manifest) -> Missing:
    """Return what a run lacks, by its manifest.

    Raises
    ------
    StorageFailed
        When its list is gone or damaged, or Silver cannot be read.
    """
    run_id = manifest.run_id
    stored_keys = stored(stack, run_id)
    settled = {keys.film_of(key) for key in stored_keys} - _rejected_for_their_body(stack, run_id, stored_keys)
    wanted = manifest.expected.keys() - settled
    films = [item for item in _items(stack, run_id) if item["id"] in wanted] if wanted else []
    if len(films) < len(wanted):
        raise StorageFailed(f"{len(wanted) - len(films)} films are not in its list", subject=run_id, step=STEP)
    silver = SilverReader(stack["SilverBucketName"], [run_id])
    silver.refresh()
    processed = {row[2] for row in silver.query(OUTCOMES)}
    if keys.silver_run(run_id) in silver.objects:
        processed.add(keys.manifest(run_id))
    return Missing(films, [key for key in stored_keys if key not in processed])


def _rejected_for_their_body(stack: Stack, run_id: str, stored: list[str]) -> set[str | None]:
    """Return films whose only object is a rejection of an unusable body: OMDb may answer them now."""
    films = {keys.film_of(key) for key in stored if key.startswith(keys.run_prefix(keys.MOVIES, run_id))}
    rejections = [key for key in stored if key.startswith(keys.run_prefix(keys.REJECTED, run_id))]
    answers = aws.get_many(aws.client("s3"), stack["BronzeBucketName"], rejections)
    return {
        keys.film_of(key)
        for key, answer in zip(rejections, answers, strict=True)
        if isinstance(answer, tuple) and not is_final_rejection(answer[0])
    } - films


def _items(stack: Stack, run_id: str) -> list[dict[str, Any]]:
    """Return the run's list as it was stored."""
    key = keys.source_list(run_id)
    try:
        return source_list.read_list(aws.get(aws.client("s3"), stack["BronzeBucketName"], key)[0], key).items
    except ClientError as error:
        raise StorageFailed(aws.error_code(error), subject=key, step=STEP, next_step=_NO_LIST) from error
    except InvalidInput as error:
        raise StorageFailed("is damaged", subject=key, step=STEP, next_step=_NO_LIST) from error


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
