"""Step 1: read the source list, take its top n, send them to MovieQueue in batches.

Reads the source list; writes Bronze ``source/`` and ``runs/`` first, then the messages, so that a run which fails
half-way is known by its manifest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline import aws, keys, messages, source_list
from pipeline.errors import InvalidInput
from pipeline.runs import Manifest, RunReply, new_run_id, utc
from pipeline.settings import CODE_VERSION, GetMoviesAndSendToQueueSettings

STEP = "GetMoviesAndSendToQueue"
PARAMETERS = ("top_n", "batch_size", "requested_by")
MAX_BATCH_SIZE = 100
# Lambda's answer is limited to 6 MB; the manifest has every skipped entry.
_SKIPPED_SHOWN = 1000


@dataclass(frozen=True)
class Parameters:
    """Films to take, films in a message, and who asks (None where the invocation does not say)."""

    top_n: int
    batch_size: int
    requested_by: str | None = None

    @classmethod
    def from_event(cls, event: Any, settings: GetMoviesAndSendToQueueSettings) -> Parameters:
        """Read ``{"top_n", "batch_size", "requested_by"}``, all optional.

        Raises
        ------
        InvalidInput
            For what is no object, an unknown name, a value that is not a whole number of 1 or more (``batch_size``:
            at most 100), or a ``requested_by`` that is not a short word.
        """
        if not isinstance(event, dict):
            raise InvalidInput("must be an object", subject="parameters", next_step="nothing was started")
        unknown = sorted(set(event) - set(PARAMETERS))
        if unknown:
            raise InvalidInput(
                f"unknown: {', '.join(unknown)[:200]}; known: {', '.join(PARAMETERS)}", subject="parameters"
            )
        return cls(
            whole_number("top_n", event.get("top_n", settings.top_n)),
            whole_number("batch_size", event.get("batch_size", settings.batch_size), MAX_BATCH_SIZE),
            short_word("requested_by", event.get("requested_by")),
        )


def whole_number(name: str, value: Any, most: int | None = None) -> int:
    """Return ``value`` if it is a whole number from 1 to ``most`` (None: no upper end).

    Raises
    ------
    InvalidInput
        For anything else, text and 2.0 included.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most is not None and value > most):
        limit = "of 1 or more" if most is None else f"from 1 to {most}"
        raise InvalidInput(
            f"must be a whole number {limit}, not {str(value)[:80]!r}", subject=name, next_step="nothing was started"
        )
    return value


def short_word(name: str, value: Any) -> str | None:
    """Return ``value`` if it is None or a word of at most 40 letters, digits, ``-`` and ``_``.

    Raises
    ------
    InvalidInput
        For anything else: it is shown to people.
    """
    if value is None or (isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,40}", value)):
        return value
    cause = "must be a word of at most 40 letters, digits, - and _"
    raise InvalidInput(cause, subject=name, next_step="nothing was started")


def start(parameters: Parameters, settings: GetMoviesAndSendToQueueSettings) -> Manifest:
    """Start a run: its films are in MovieQueue, and its manifest in Bronze.

    Raises
    ------
    InvalidInput, SourceListUnavailable
        Before anything is written.
    StorageFailed
        When Bronze cannot be written, or with the ids of films whose message could not be sent.
    """
    fetched = source_list.fetch(settings.source_list_uri, aws.client("s3"))
    items, skipped = source_list.parse(fetched.body, fetched.uri)
    now = datetime.now(UTC)
    run_id = new_run_id(now)
    chosen = items[: parameters.top_n]
    outgoing = messages.make(run_id, chosen, parameters.batch_size)
    manifest = Manifest(
        run_id=run_id,
        started_at=utc(now),
        source_uri=fetched.uri,
        source_etag=fetched.etag,
        source_sha256=fetched.sha256,
        top_n=parameters.top_n,
        batch_size=parameters.batch_size,
        messages=len(outgoing),
        expected={item["id"]: int(item["rank"]) for item in chosen},
        skipped=skipped,
        code_version=CODE_VERSION,
        requested_by=parameters.requested_by,
        listed=len(items) + len(skipped),
        source_bytes=len(fetched.body),
    )
    _record(manifest, fetched, settings.bronze_bucket)
    messages.send_all(outgoing, settings.movie_queue_url, aws.client("sqs"))
    return manifest


def _record(manifest: Manifest, fetched: source_list.FetchedList, bucket: str) -> None:
    with aws.failures_of(STEP, manifest.run_id, "no message was sent; run it again"):
        s3 = aws.client("s3")
        aws.put_once(s3, bucket, keys.source_list(manifest.run_id), fetched.body)
        aws.put_once(s3, bucket, keys.manifest(manifest.run_id), manifest.to_json())


def reply(manifest: Manifest) -> RunReply:
    """Return what the function answers; the note says when the list is shorter than asked for."""
    selected = len(manifest.expected)
    note = f"the list has {selected} usable films, fewer than the {manifest.top_n} asked for: all are taken"
    return RunReply(
        run_id=manifest.run_id,
        source_uri=manifest.source_uri,
        requested=manifest.top_n,
        selected=selected,
        skipped=manifest.skipped[:_SKIPPED_SHOWN],
        messages=manifest.messages,
        batch_size=manifest.batch_size,
        note=note if selected < manifest.top_n else "",
    )


def story(manifest: Manifest) -> dict[str, Any]:
    """What was done, for the log."""
    return {
        "run_id": manifest.run_id,
        "requested_by": manifest.requested_by,
        "received": {"entries": manifest.listed},
        "outcomes": {"sent": len(manifest.expected), "skipped": len(manifest.skipped)},
        "messages": manifest.messages,
        "bytes": {"read": manifest.source_bytes},
    }
