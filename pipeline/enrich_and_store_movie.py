"""Step 2: fetch each film of the messages from OMDb and store the answer in Bronze.

Reads MovieQueue's messages, their runs' manifests and OMDb; writes Bronze ``movies/`` and ``rejected/``, each object
once. The films of all messages are fetched concurrently. A film that fails returns its own message to the queue, and
no other.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore
from typing import Any

from pipeline import aws, keys, messages, retries
from pipeline.documents import to_json
from pipeline.errors import (
    InvalidInput,
    OmdbKeyInvalid,
    OmdbQuotaSpent,
    OmdbUnavailable,
    ReelhouseError,
    UnexpectedFailure,
)
from pipeline.messages import UNKNOWN_RUN, Item, MovieBatch, QueueMessage, Tally
from pipeline.omdb import Calls, Found, OmdbClient, Refused, is_final_rejection
from pipeline.runs import Manifest, started_at, utc
from pipeline.settings import EnrichAndStoreMovieSettings

logger = logging.getLogger(__name__)

STEP = "EnrichAndStoreMovie"
BRONZE_SCHEMA = 1
# More concurrent requests of one client were no faster.
REQUESTS_AT_ONCE = 16
# While half of the threads wait for OMDb the others store films, so that all 16 requests stay in use.
THREADS = 2 * REQUESTS_AT_ONCE

# A message of a run that started longer ago was retried or redriven: check whether its films are stored before calling
# OMDb. For newer runs the conditional put is enough, and saves two requests per film.
FRESH = timedelta(minutes=15)
_RETRIED = "its message is retried"

# Outcomes of a film; "present" means that it was stored before.
OUTCOMES = STORED, REJECTED, PRESENT, FAILED = "stored", "rejected", "present", "failed"

FilmKey = tuple[str, str]


@dataclass
class Result:
    """Outcome of one invocation: films by outcome (see ``OUTCOMES``), messages to retry with their error, and calls."""

    tally: Tally = field(default_factory=Tally)
    failed: dict[str, ReelhouseError] = field(default_factory=dict)
    calls: Calls = field(default_factory=Calls)

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome for the log."""
        calls, put_back = self.calls, self.tally.errors
        states = {"quota spent": OmdbQuotaSpent.__name__, "key refused": OmdbKeyInvalid.__name__}
        return {
            **self.tally.as_dict(),
            "omdb": {
                "state": next((state for state, error in states.items() if put_back[error]), "open"),
                "calls": len(calls.seconds),
                "errors": dict(Counter(calls.errors)),
                "p50_ms": calls.latency_ms(0.5),
                "p95_ms": calls.latency_ms(0.95),
            },
        }


def run(
    incoming: list[QueueMessage], settings: EnrichAndStoreMovieSettings, omdb: OmdbClient, seconds: float
) -> Result:
    """Fetch and store the films of all messages within a time budget.

    Parameters
    ----------
    seconds : float
        Time budget; messages with films that were not reached by then return to the queue.
    """
    result = Result(Tally(len(incoming)))
    worker = _Worker(settings.bronze_bucket, omdb, time.monotonic() + seconds, result.calls)
    batches = _read(incoming, worker, result)
    films = {(batch.run_id, movie["id"]): movie for batch in batches.values() for movie in batch.movies}
    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = dict(zip(films, pool.map(worker.settle, films, films.values()), strict=True))
    for message_id, batch in batches.items():
        film_outcomes = [outcomes[batch.run_id, movie["id"]] for movie in batch.movies]
        errors = [outcome for outcome in film_outcomes if isinstance(outcome, ReelhouseError)]
        if errors:
            # Of several causes, a spent quota lasts longest and decides how long the message waits.
            result.failed[message_id] = next((e for e in errors if isinstance(e, OmdbQuotaSpent)), errors[0])
    _count(result, outcomes, batches)
    result.tally.bytes_written = sum(worker.bytes_written)
    failed = [message for message in incoming if message.id in result.failed]
    for replaced_by_a_copy in retries.postpone(failed, result.failed, settings):
        del result.failed[replaced_by_a_copy]
    return result


def _read(incoming: list[QueueMessage], worker: _Worker, result: Result) -> dict[str, MovieBatch]:
    """Return the batch of each usable message by its id; the others are failed, each with its error."""
    batches = {}
    for message in incoming:
        try:
            batches[message.id] = worker.accept(message)
        except ReelhouseError as error:
            result.failed[message.id] = error
        except Exception as error:
            logger.exception("message failed unexpectedly", extra={"message_id": message.id})
            result.failed[message.id] = UnexpectedFailure.of(error, subject=message.id, step=STEP)
    return batches


def _count(result: Result, outcomes: Mapping[FilmKey, str | ReelhouseError], batches: Mapping[str, MovieBatch]) -> None:
    tally = result.tally
    for (run_id, imdb_id), outcome in outcomes.items():
        tally.films.add(imdb_id)
        tally.outcomes[run_id][outcome if isinstance(outcome, str) else FAILED] += 1
    for message_id, error in result.failed.items():
        run_id = batches[message_id].run_id if message_id in batches else UNKNOWN_RUN
        tally.put_back[run_id][type(error).__name__] += 1
    tally.bytes_read = sum(result.calls.bytes_read)


class _Worker:
    """Fetches and stores films in several threads; after a bad key or a spent quota no thread calls OMDb again."""

    def __init__(self, bucket: str, omdb: OmdbClient, deadline: float, calls: Calls) -> None:
        self.bucket, self.omdb, self.deadline, self.calls = bucket, omdb, deadline, calls
        self.request_slots = BoundedSemaphore(REQUESTS_AT_ONCE)
        self.s3 = aws.client("s3")
        self.refusal: OmdbKeyInvalid | OmdbQuotaSpent | None = None
        self.manifests: dict[str, Manifest] = {}
        self.maybe_settled: set[FilmKey] = set()
        self.bytes_written: list[int] = []

    def accept(self, message: QueueMessage) -> MovieBatch:
        """Read a message; raise InvalidInput for a foreign one, and for films that no started run expects."""
        batch = messages.read(message.body)
        ids = [movie["id"] for movie in batch.movies]
        if unexpected := [imdb_id for imdb_id in ids if imdb_id not in self._manifest(batch.run_id).expected]:
            cause = f"run {batch.run_id} does not expect this film"
            raise InvalidInput(cause, subject=unexpected[0], step=STEP, next_step=messages.PARKED)
        if message.receives > 1 or datetime.now(UTC) - started_at(batch.run_id) > FRESH:
            self.maybe_settled.update((batch.run_id, imdb_id) for imdb_id in ids)
        return batch

    def settle(self, key: FilmKey, item: Item) -> str | ReelhouseError:
        """Return the film's outcome, or the error that returns its message to the queue."""
        run_id, imdb_id = key
        extra = {"run_id": run_id, "imdb_id": imdb_id}
        try:
            with aws.failures_of(STEP, imdb_id, _RETRIED):
                outcome = self._outcome(run_id, imdb_id, item)
        except (OmdbKeyInvalid, OmdbQuotaSpent) as error:
            self.refusal = error
            return error
        except ReelhouseError as error:
            logger.warning("film failed: %s", error, extra=extra)
            return error
        except Exception as error:
            logger.exception("film failed unexpectedly", extra=extra)
            return UnexpectedFailure.of(error, subject=imdb_id, step=STEP)
        logger.debug("film %s", outcome, extra=extra)
        return outcome

    def _manifest(self, run_id: str) -> Manifest:
        if run_id not in self.manifests:
            key = keys.manifest(run_id)
            with aws.failures_of(STEP, key, _RETRIED):
                body = aws.get_if_exists(self.s3, self.bucket, key)
            if body is None:
                raise InvalidInput("no such run was started", subject=run_id, step=STEP, next_step=messages.PARKED)
            self.manifests[run_id] = Manifest.from_json(body, key)
        return self.manifests[run_id]

    def _outcome(self, run_id: str, imdb_id: str, item: Item) -> str:
        if (run_id, imdb_id) in self.maybe_settled and self._is_settled(run_id, imdb_id):
            return PRESENT
        kind, document = _document(run_id, item, self._ask(imdb_id))
        body = to_json(document)
        if not aws.put_once(self.s3, self.bucket, keys.film(kind, run_id, imdb_id), body):
            return PRESENT
        self.bytes_written.append(len(body))
        return {keys.MOVIES: STORED, keys.REJECTED: REJECTED}[kind]

    def _ask(self, imdb_id: str) -> Found | Refused:
        with self.request_slots:
            if self.refusal:
                raise type(self.refusal)(self.refusal.cause, subject=imdb_id, step=STEP)
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise OmdbUnavailable("not reached in the time budget", subject=imdb_id, step=STEP)
            return self.omdb.film(imdb_id, left, self.calls)

    def _is_settled(self, run_id: str, imdb_id: str) -> bool:
        """Whether the film is stored, or rejected because OMDb does not know it; other rejections are retried."""
        if aws.exists(self.s3, self.bucket, keys.film(keys.MOVIES, run_id, imdb_id)):
            return True
        rejection = aws.get_if_exists(self.s3, self.bucket, keys.film(keys.REJECTED, run_id, imdb_id))
        return rejection is not None and is_final_rejection(rejection)


def _document(run_id: str, item: Item, answer: Found | Refused) -> tuple[str, dict[str, Any]]:
    """Return the kind and content of the Bronze object; list item and answer stay apart, since their keys collide."""
    body: dict[str, Any] = {
        "schema": BRONZE_SCHEMA,
        "run_id": run_id,
        "fetched_at": utc(datetime.now(UTC)),
        "source": item,
    }
    if isinstance(answer, Refused):
        return keys.REJECTED, {**body, "reason": answer.reason, "body": answer.raw}
    body["omdb"] = answer.record
    if answer.raw is not None:
        body["omdb_raw"] = answer.raw
    return keys.MOVIES, body


def omdb_client(settings: EnrichAndStoreMovieSettings, key: Callable[[bool], str]) -> OmdbClient:
    """Return a client with one connection per concurrent request."""
    return OmdbClient(settings.omdb_url, key, REQUESTS_AT_ONCE)
