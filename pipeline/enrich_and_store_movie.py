"""Step 2: fetch each film of the messages from OMDb and store the answer in Bronze.

Reads MovieQueue's messages and OMDb; writes Bronze ``movies/`` and ``rejected/``, each object once. All films of all
messages are fetched together. A film that fails for a passing reason sends its message, and no other, back to the
queue.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore
from typing import Any

from pipeline import aws, keys, retries
from pipeline.documents import to_json
from pipeline.errors import InvalidInput, OmdbKeyInvalid, OmdbQuotaSpent, OmdbUnavailable, ReelhouseError
from pipeline.messages import Item, QueueMessage, read
from pipeline.omdb.calls import Calls
from pipeline.omdb.client import Found, OmdbClient, Refused
from pipeline.runs import started_at, utc
from pipeline.settings import EnrichAndStoreMovieSettings
from pipeline.tally import UNKNOWN_RUN, Tally

logger = logging.getLogger(__name__)

STEP = "EnrichAndStoreMovie"
BRONZE_SCHEMA = 1
# OMDb bears 16 requests at once from one client; more gained nothing and met its outages sooner.
REQUESTS_AT_ONCE = 16
# While half of the threads wait for OMDb the others store, so that its 16 places are never taken by writing.
THREADS = 2 * REQUESTS_AT_ONCE

# A message of a run that began longer ago was retried or redriven: what it names may be stored already. Within this
# time only the conditional put guards, since looking at each film first would cost every run two requests a film.
FRESH = timedelta(minutes=15)

# What becomes of a film; present: it was stored before.
OUTCOMES = STORED, REJECTED, PRESENT, FAILED = "stored", "rejected", "present", "failed"

FilmKey = tuple[str, str]


@dataclass
class Result:
    """What became of one invocation's messages.

    Attributes
    ----------
    tally : Tally
        Films by outcome: stored, rejected, present (stored before), failed.
    failed : dict
        Id of each message to be retried, with the error that sent it back.
    renewed : list of str
        Ids of messages in whose place a copy waits for OMDb's quota.
    calls : Calls
        Every call to OMDb.
    """

    tally: Tally = field(default_factory=Tally)
    failed: dict[str, ReelhouseError] = field(default_factory=dict)
    renewed: list[str] = field(default_factory=list)
    calls: Calls = field(default_factory=Calls)

    def as_dict(self) -> dict[str, Any]:
        """For the log: what became of the films and messages, and how OMDb answered."""
        calls, put_back = self.calls, self.tally.errors
        refused = {"quota spent": OmdbQuotaSpent.__name__, "key refused": OmdbKeyInvalid.__name__}
        return {
            **self.tally.as_dict(),
            "omdb": {
                "state": next((state for state, error in refused.items() if put_back[error]), "open"),
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
        Time budget; films not reached by then go back to the queue with their messages.
    """
    result = Result(Tally(len(incoming)))
    films: dict[FilmKey, Item] = {}
    seen_before: set[FilmKey] = set()
    wanted: dict[str, list[FilmKey]] = {}
    for message in incoming:
        try:
            batch = read(message.body)
        except InvalidInput as error:
            result.failed[message.id] = error
            continue
        wanted[message.id] = [(batch.run_id, movie["id"]) for movie in batch.movies]
        films.update({(batch.run_id, movie["id"]): movie for movie in batch.movies})
        if message.receives > 1 or datetime.now(UTC) - started_at(batch.run_id) > FRESH:
            seen_before.update(wanted[message.id])
    worker = _Worker(settings.bronze_bucket, omdb, time.monotonic() + seconds, seen_before, result.calls)
    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = dict(zip(films, pool.map(worker.settle, films, films.values()), strict=True))
    for message_id, film_keys in wanted.items():
        errors = [outcome for key in film_keys if isinstance(outcome := outcomes[key], ReelhouseError)]
        if errors:
            # Of several reasons the one that lasts longest decides how long the message waits.
            result.failed[message_id] = next((e for e in errors if isinstance(e, OmdbQuotaSpent)), errors[0])
    _count(result, outcomes, wanted)
    result.tally.bytes_written = sum(worker.bytes_written)
    failed = [message for message in incoming if message.id in result.failed]
    for message_id in retries.postpone(failed, result.failed, settings):
        result.renewed.append(message_id)
        del result.failed[message_id]
    return result


def _count(
    result: Result, outcomes: Mapping[FilmKey, str | ReelhouseError], wanted: Mapping[str, Sequence[FilmKey]]
) -> None:
    tally = result.tally
    for (run_id, imdb_id), outcome in outcomes.items():
        tally.films.add(imdb_id)
        tally.outcomes[run_id][outcome if isinstance(outcome, str) else FAILED] += 1
    for message_id, error in result.failed.items():
        run_ids = {run_id for run_id, _ in wanted.get(message_id, [])} or {UNKNOWN_RUN}
        tally.put_back[run_ids.pop()][type(error).__name__] += 1
    tally.bytes_read = sum(result.calls.bytes_read)


class _Worker:
    """Settles films, in several threads; a bad key or a spent quota met by one stops them all."""

    def __init__(self, bucket: str, omdb: OmdbClient, deadline: float, seen_before: set[FilmKey], calls: Calls) -> None:
        self.bucket, self.omdb, self.deadline, self.seen_before = bucket, omdb, deadline, seen_before
        self.calls = calls
        self.places = BoundedSemaphore(REQUESTS_AT_ONCE)
        self.s3 = aws.client("s3")
        self.stop: ReelhouseError | None = None
        self.bytes_written: list[int] = []

    def settle(self, key: FilmKey, item: Item) -> str | ReelhouseError:
        """Return the film's outcome, or the error that sends its message back."""
        run_id, imdb_id = key
        about = {"run_id": run_id, "imdb_id": imdb_id}
        try:
            with aws.failures_of(STEP, imdb_id, "its message is retried"):
                outcome = self._outcome(run_id, imdb_id, item)
        except (OmdbKeyInvalid, OmdbQuotaSpent) as error:
            self.stop = error
            return error
        except ReelhouseError as error:
            logger.warning("film failed: %s", error, extra=about)
            return error
        logger.debug("film %s", outcome, extra=about)
        return outcome

    def _outcome(self, run_id: str, imdb_id: str, item: Item) -> str:
        if (run_id, imdb_id) in self.seen_before and self._is_settled(run_id, imdb_id):
            return PRESENT
        kind, document = _document(run_id, item, self._ask(imdb_id))
        body = to_json(document)
        if not aws.put_once(self.s3, self.bucket, keys.film(kind, run_id, imdb_id), body):
            return PRESENT
        self.bytes_written.append(len(body))
        return {keys.MOVIES: STORED, keys.REJECTED: REJECTED}[kind]

    def _ask(self, imdb_id: str) -> Found | Refused:
        with self.places:
            if self.stop:
                raise self.stop
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise OmdbUnavailable("not reached in the time budget", subject=imdb_id, step=STEP)
            return self.omdb.film(imdb_id, left, self.calls)

    def _is_settled(self, run_id: str, imdb_id: str) -> bool:
        kinds = (keys.MOVIES, keys.REJECTED)
        return any(aws.exists(self.s3, self.bucket, keys.film(kind, run_id, imdb_id)) for kind in kinds)


def _document(run_id: str, item: Item, answer: Found | Refused) -> tuple[str, dict[str, Any]]:
    """Build the Bronze object: the list's item and OMDb's answer side by side, since some of their keys collide."""
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
    """Return a client with a connection for each request under way."""
    return OmdbClient(settings.omdb_url, key, REQUESTS_AT_ONCE)
