"""Step 1: read the source list, take the top n films, and send them to MovieQueue in batches.

Reads the source list; writes Bronze ``source/`` and ``runs/`` before it sends messages, so that a run which fails
halfway is known from its manifest. A second delivery of the same invocation finds the manifest and sends nothing.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline import aws, keys, messages, source_list
from pipeline.documents import read, to_json
from pipeline.errors import InvalidInput
from pipeline.runs import Claim, Manifest, RunReply, RunStatus, new_run_id, utc
from pipeline.settings import CODE_VERSION, GetMoviesAndSendToQueueSettings

logger = logging.getLogger(__name__)

STEP = "GetMoviesAndSendToQueue"
PARAMETERS = ("top_n", "batch_size", "requested_by", "scheduled_time")
MAX_BATCH_SIZE = 100
SCHEDULE = "schedule"
# EventBridge Scheduler replaces this text in the schedule's input; an emulator may leave it as it is.
_SCHEDULED_TIME_PLACEHOLDER = "<aws.scheduler.scheduled-time>"
_CLOCK_SKEW = timedelta(minutes=5)
# Lambda's reply is limited to 6 MB; the manifest holds every skipped entry.
_MAX_SKIPPED_IN_REPLY = 1000
_NOTHING_STARTED = "nothing was started"


@dataclass(frozen=True)
class Parameters:
    """What an invocation asks for: films to take, films per message, what starts it, and when its schedule was due."""

    top_n: int
    batch_size: int
    requested_by: str | None = None
    scheduled_time: datetime | None = None

    @classmethod
    def from_event(cls, event: Any, settings: GetMoviesAndSendToQueueSettings) -> Parameters:
        """Read the invocation's event, whose fields are all optional; raise InvalidInput for any other."""
        if not isinstance(event, dict):
            raise InvalidInput("must be an object", subject="parameters", next_step=_NOTHING_STARTED)
        unknown = sorted(set(event) - set(PARAMETERS))
        if unknown:
            cause = f"unknown: {', '.join(unknown)[:200]}; known: {', '.join(PARAMETERS)}"
            raise InvalidInput(cause, subject="parameters", next_step=_NOTHING_STARTED)
        return cls(
            whole_number("top_n", event.get("top_n", settings.top_n)),
            whole_number("batch_size", event.get("batch_size", settings.batch_size), MAX_BATCH_SIZE),
            short_word("requested_by", event.get("requested_by")),
            past_time("scheduled_time", event.get("scheduled_time")),
        )


@dataclass(frozen=True)
class Result:
    """What an invocation did; ``manifest`` is None when the run was postponed."""

    reply: RunReply
    manifest: Manifest | None

    def as_dict(self) -> dict[str, Any]:
        """Return the result for the log."""
        sent = self.reply.selected if self.reply.status == "started" else 0
        return {
            "run_id": self.reply.run_id,
            "status": self.reply.status,
            "requested_by": self.manifest.requested_by if self.manifest else SCHEDULE,
            "received": {"entries": self.manifest.listed if self.manifest else 0},
            "outcomes": {"sent": sent, "skipped": len(self.manifest.skipped) if self.manifest else 0},
            "messages": self.reply.messages,
            "bytes": {"read": self.manifest.source_bytes if self.manifest else 0},
        }


def whole_number(name: str, value: Any, maximum: int | None = None) -> int:
    """Return ``value`` if it is a whole number from 1 to ``maximum`` (None: any); raise InvalidInput otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (maximum is not None and value > maximum):
        limit = "of 1 or more" if maximum is None else f"from 1 to {maximum}"
        cause = f"must be a whole number {limit}, not {str(value)[:80]!r}"
        raise InvalidInput(cause, subject=name, next_step=_NOTHING_STARTED)
    return value


def short_word(name: str, value: Any) -> str | None:
    """Return ``value`` if it is None or a short word; raise InvalidInput otherwise, since it is shown to people."""
    if value is None or (isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,40}", value)):
        return value
    cause = "must be a word of at most 40 letters, digits, - and _"
    raise InvalidInput(cause, subject=name, next_step=_NOTHING_STARTED)


def past_time(name: str, value: Any) -> datetime | None:
    """Return an ISO 8601 time with an offset, as UTC; None for None and for the schedule's unreplaced placeholder.

    Raises
    ------
    InvalidInput
        For anything else, and for a time in the future: its run would stay the newest for ever.
    """
    if value is None or value == _SCHEDULED_TIME_PLACEHOLDER:
        return None
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC) if re.search(r"Z$|[+-]\d\d:\d\d$", value) else None
    except (ValueError, TypeError, OverflowError):
        moment = None
    if moment is None or moment > datetime.now(UTC) + _CLOCK_SKEW:
        cause = "must be a past time such as 2026-11-24T03:00:00Z"
        raise InvalidInput(cause, subject=name, next_step=_NOTHING_STARTED)
    return moment


def start(parameters: Parameters, settings: GetMoviesAndSendToQueueSettings, invocation_id: str) -> Result:
    """Start a run: write its manifest to Bronze, and send its films to MovieQueue.

    Nothing is sent when an earlier delivery of the same invocation started the run, or when a schedule asks for a run
    while MovieQueue still holds films of earlier ones: they wait for OMDb's quota, and would only become more.

    Parameters
    ----------
    invocation_id : str
        Lambda's request id, which is the same for every delivery of an asynchronous invocation.

    Raises
    ------
    InvalidInput, SourceListUnavailable
        Before anything is sent.
    DocumentInvalid
        When the manifest of an earlier delivery is damaged.
    StorageFailed
        When Bronze cannot be read or written, or with the ids of films whose message could not be sent.
    """
    fetched = source_list.fetch(settings.source_list_uri, aws.client("s3"))
    films = source_list.read_list(fetched.body, fetched.uri)
    with aws.failures_of(STEP, "the run", "no message was sent; run it again"):
        run_id = _run_id(parameters, settings, invocation_id)
        if earlier := _earlier_delivery(run_id, settings.bronze_bucket):
            return earlier
        if parameters.requested_by == SCHEDULE and (waiting := sum(messages.depth(settings.movie_queue_url))):
            return _postponed(run_id, parameters, settings, waiting)
    selected = films.items[: parameters.top_n]
    batches = messages.make(run_id, selected, parameters.batch_size)
    manifest = Manifest(
        run_id=run_id,
        started_at=utc(datetime.now(UTC)),
        source_uri=fetched.uri,
        source_etag=fetched.etag,
        source_sha256=fetched.sha256,
        top_n=parameters.top_n,
        batch_size=parameters.batch_size,
        messages=len(batches),
        expected={item["id"]: int(item["rank"]) for item in selected},
        skipped=films.skipped,
        code_version=CODE_VERSION,
        requested_by=parameters.requested_by,
        listed=len(films.items) + len(films.skipped),
        source_bytes=len(fetched.body),
    )
    if not _record(manifest, fetched, settings.bronze_bucket) and (
        earlier := _earlier_delivery(run_id, settings.bronze_bucket)
    ):
        return earlier
    messages.send_all(batches, settings.movie_queue_url, aws.client("sqs"))
    return Result(_reply(manifest), manifest)


def _run_id(parameters: Parameters, settings: GetMoviesAndSendToQueueSettings, invocation_id: str) -> str:
    """Return the run's id, the same for every delivery of one invocation.

    The id of a scheduled run derives from its scheduled time. Any other invocation has no time of its own: its first
    delivery records the id in Bronze, and later ones read it there.
    """
    if parameters.scheduled_time:
        return new_run_id(parameters.scheduled_time, SCHEDULE)
    s3, key = aws.client("s3"), keys.claim(invocation_id)
    claim = Claim(new_run_id(datetime.now(UTC), invocation_id))
    if not aws.put_once(s3, settings.bronze_bucket, key, to_json({"run_id": claim.run_id})):
        claim = read(Claim, aws.get(s3, settings.bronze_bucket, key)[0], key, _NOTHING_STARTED)
    return claim.run_id


def _earlier_delivery(run_id: str, bucket: str) -> Result | None:
    """Return the result of a run that was started before, or None."""
    key = keys.manifest(run_id)
    with aws.failures_of(STEP, key, "no message was sent; run it again"):
        body = aws.get_if_exists(aws.client("s3"), bucket, key)
    if body is None:
        return None
    manifest = Manifest.from_json(body, key)
    logger.warning("this invocation was delivered before: its run is not started again", extra={"run_id": run_id})
    note = "this invocation was delivered before: its run was started then, and nothing was sent now"
    return Result(_reply(manifest, "already_started", note), manifest)


def _postponed(run_id: str, parameters: Parameters, settings: GetMoviesAndSendToQueueSettings, waiting: int) -> Result:
    note = (
        f"not started: MovieQueue still has messages of earlier runs ({waiting}), for OMDb's daily quota or a retry; "
        "the next scheduled run starts when they are done"
    )
    logger.warning(note, extra={"run_id": run_id})
    reply = RunReply(
        run_id=run_id,
        source_uri=settings.source_list_uri,
        requested=parameters.top_n,
        selected=0,
        skipped=[],
        messages=0,
        batch_size=parameters.batch_size,
        note=note,
        status="postponed",
    )
    return Result(reply, None)


def _record(manifest: Manifest, fetched: source_list.FetchedList, bucket: str) -> bool:
    """Write the list and the manifest; False when another delivery of the invocation wrote its manifest first."""
    with aws.failures_of(STEP, manifest.run_id, "no message was sent; run it again"):
        s3 = aws.client("s3")
        key, body = keys.manifest(manifest.run_id), manifest.to_json()
        aws.put_once(s3, bucket, keys.source_list(manifest.run_id), fetched.body)
        # If the answer to the write was lost, its retry finds the manifest: the same to the microsecond, so our own.
        return aws.put_once(s3, bucket, key, body) or aws.get_if_exists(s3, bucket, key) == body


def _reply(manifest: Manifest, status: RunStatus = "started", note: str = "") -> RunReply:
    """Return the function's reply; its note says when the list is shorter than requested."""
    selected = len(manifest.expected)
    if not note and selected < manifest.top_n:
        note = f"the list has {selected} usable films, fewer than the {manifest.top_n} asked for: all are taken"
    return RunReply(
        run_id=manifest.run_id,
        source_uri=manifest.source_uri,
        requested=manifest.top_n,
        selected=selected,
        skipped=manifest.skipped[:_MAX_SKIPPED_IN_REPLY],
        messages=manifest.messages,
        batch_size=manifest.batch_size,
        note=note,
        status=status,
    )
