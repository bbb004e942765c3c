"""Step 1: read the source list, take its top n, send them to MovieQueue in batches.

Reads the source list; writes Bronze ``source/`` and ``runs/`` first, then the messages, so that a run which fails
half-way is known by its manifest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline import aws, keys, messages, source_list
from pipeline.errors import InvalidInput
from pipeline.runs import Manifest, new_run_id, utc
from pipeline.settings import CODE_VERSION, GetMoviesAndSendToQueueSettings

STEP = "GetMoviesAndSendToQueue"
MAX_BATCH_SIZE = 100
# Lambda's answer is limited to 6 MB; the manifest has every skipped entry.
_SKIPPED_SHOWN = 1000


@dataclass(frozen=True)
class Parameters:
    """Films to take, and films in a message."""

    top_n: int
    batch_size: int

    @classmethod
    def from_event(cls, event: dict[str, Any], settings: GetMoviesAndSendToQueueSettings) -> Parameters:
        """Read ``{"top_n", "batch_size"}``, both optional.

        Raises
        ------
        InvalidInput
            For an unknown name, or a value that is not a whole number of 1 or more (``batch_size``: at most 100).
        """
        unknown = sorted(set(event) - {"top_n", "batch_size"})
        if unknown:
            raise InvalidInput(f"unknown: {', '.join(unknown)[:200]}; known: top_n, batch_size", subject="parameters")
        return cls(
            whole_number("top_n", event.get("top_n", settings.top_n)),
            whole_number("batch_size", event.get("batch_size", settings.batch_size), MAX_BATCH_SIZE),
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


def run(parameters: Parameters, settings: GetMoviesAndSendToQueueSettings) -> dict[str, Any]:
    """Start a run.

    Returns
    -------
    dict
        ``run_id, source_uri, requested, selected, skipped, messages, batch_size`` and, when the list is shorter
        than asked for, ``note``.

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
        skipped=[entry.as_dict() for entry in skipped],
        code_version=CODE_VERSION,
    )
    _record(manifest, fetched, settings.bronze_bucket)
    messages.send_all(outgoing, settings.movie_queue_url, aws.client("sqs"))
    return _reply(manifest)


def _record(manifest: Manifest, fetched: source_list.FetchedList, bucket: str) -> None:
    with aws.failures_of(STEP, manifest.run_id, "no message was sent; run it again"):
        s3 = aws.client("s3")
        aws.put_once(s3, bucket, keys.source_list(manifest.run_id), fetched.body)
        aws.put_once(s3, bucket, keys.manifest(manifest.run_id), manifest.to_json())


def _reply(manifest: Manifest) -> dict[str, Any]:
    selected = len(manifest.expected)
    reply: dict[str, Any] = {
        "run_id": manifest.run_id,
        "source_uri": manifest.source_uri,
        "requested": manifest.top_n,
        "selected": selected,
        "skipped": manifest.skipped[:_SKIPPED_SHOWN],
        "messages": manifest.messages,
        "batch_size": manifest.batch_size,
    }
    if selected < manifest.top_n:
        reply["note"] = (
            f"the list has {selected} usable films, fewer than the {manifest.top_n} asked for: all are taken"
        )
    return reply
