"""The source list: fetched from https or S3, read, and cut to its top n.

Reads the list that ``SourceListUri`` names; writes nothing. A film that cannot be used is reported with its reason.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests

from pipeline import aws, http, keys, messages
from pipeline.documents import is_too_deep
from pipeline.errors import SourceListInvalid, SourceListUnavailable
from pipeline.runs import Skipped

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A list of 100,000 films of 500 bytes; a longer one would not fit a run into one invocation.
MAX_LIST_BYTES = 64 * 1024 * 1024
# Leaves the function half a minute to send the films.
MAX_LIST_SECONDS = 90.0
MAX_REDIRECTS = 5
_SHOWN_CHARACTERS = 80

Item = messages.Item


@dataclass(frozen=True)
class FetchedList:
    """A source list as it came: where from, its bytes, its ETag (None when the server gives none)."""

    uri: str
    body: bytes
    etag: str | None

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.body).hexdigest()


def fetch(uri: str, s3: S3Client) -> FetchedList:
    """Fetch the list.

    Raises
    ------
    InvalidInput
        When ``uri`` is neither ``s3://bucket/key`` nor https.
    SourceListUnavailable
        When it cannot be had now.
    SourceListInvalid
        When it is larger than 64 MiB.
    """
    parts = urlsplit(uri)
    if parts.scheme == "s3" and parts.netloc and parts.path.strip("/"):
        return _fetch_s3(uri, parts.netloc, parts.path.lstrip("/"), s3)
    return _fetch_http(http.check_url(uri, "SourceListUri (or s3://bucket/key)"))


def _fetch_s3(uri: str, bucket: str, key: str, s3: S3Client) -> FetchedList:
    with aws.failures_of("GetMoviesAndSendToQueue", uri, "check SourceListUri; nothing was started"):
        answer = s3.get_object(Bucket=bucket, Key=key)
        if answer["ContentLength"] > MAX_LIST_BYTES:
            raise _too_large(uri)
        return FetchedList(uri, answer["Body"].read(), answer["ETag"])


def _fetch_http(uri: str) -> FetchedList:
    try:
        with http.session() as web, _get(web, uri) as response:
            response.raise_for_status()
            body = http.read_body(response, MAX_LIST_BYTES, MAX_LIST_SECONDS)
            return FetchedList(uri, body, response.headers.get("ETag"))
    except http.BodyTooLarge as error:
        raise _too_large(uri) from error
    except requests.RequestException as error:
        status = error.response.status_code if error.response is not None else None
        cause = f"the server answered {status}" if status else f"no answer ({type(error).__name__})"
        raise SourceListUnavailable(
            cause, subject=uri, step="GetMoviesAndSendToQueue", next_step="nothing was started; try again"
        ) from error


def _get(web: requests.Session, uri: str) -> requests.Response:
    """Ask for the list; a redirect is followed to https only, so that nobody sends the function to its neighbours."""
    address = uri
    for _ in range(MAX_REDIRECTS + 1):
        response = web.get(address, timeout=http.TIMEOUT, stream=True, allow_redirects=False)
        if not response.is_redirect:
            return response
        response.close()
        address = urljoin(address, response.headers["Location"])
        if urlsplit(address).scheme != "https":
            raise SourceListUnavailable(
                f"the server sends to {address[:200]!r}, which is not https",
                subject=uri,
                step="GetMoviesAndSendToQueue",
                next_step="nothing was started; check SourceListUri",
            )
    raise requests.TooManyRedirects


def _too_large(uri: str) -> SourceListInvalid:
    return SourceListInvalid(f"the list is larger than {MAX_LIST_BYTES:,} bytes", subject=uri)


def parse(body: bytes, subject: str = "source list") -> tuple[list[Item], list[Skipped]]:
    """Read a list, best rank first.

    Parameters
    ----------
    body : bytes
        JSON: ``{"items": [...]}`` or a bare array; UTF-8, with or without a byte order mark.

    Returns
    -------
    items : list of dict
        Usable entries, verbatim, ordered by numeric rank, then by place in the file. Of two entries with one id
        the better ranked stays.
    skipped : list of Skipped
        All others, in the order of the file.

    Raises
    ------
    SourceListInvalid
        When it is not such JSON, or when no entry can be used.
    """
    items, skipped, seen = [], [], set()
    ranked = []
    for place, entry in enumerate(_entries(body, subject)):
        reason = _fault(entry)
        if reason:
            skipped.append(Skipped(place, _shown(entry), reason))
        else:
            ranked.append((int(entry["rank"]), place, entry))
    for _, place, entry in sorted(ranked, key=lambda row: row[:2]):
        if entry["id"] in seen:
            skipped.append(Skipped(place, entry["id"], "duplicate id; its better rank is used"))
        else:
            seen.add(entry["id"])
            items.append(entry)
    if not items:
        raise SourceListInvalid(
            "no film can be used" if skipped else "the list is empty",
            subject=subject,
            next_step=f"first fault: {skipped[0].reason}" if skipped else "nothing was started",
        )
    return items, sorted(skipped, key=lambda row: row.item)


def _entries(body: bytes, subject: str) -> list[Any]:
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceListInvalid("the list is not JSON", subject=subject, next_step="nothing was started") from error
    entries = data.get("items") if isinstance(data, dict) else data
    if not isinstance(entries, list):
        raise SourceListInvalid('expected {"items": [...]} or an array of films', subject=subject)
    return entries


def _fault(entry: Any) -> str | None:
    """What makes an entry unusable, or None."""
    if not isinstance(entry, dict):
        return "not an object"
    if not entry.get("id"):
        return "id is missing"
    if not keys.is_imdb_id(entry["id"]):
        return "id is not tt and 7 to 10 digits"
    rank = entry.get("rank")
    if rank is None or rank == "":
        return "rank is missing"
    text = str(rank) if isinstance(rank, str | int) else ""
    if isinstance(rank, bool) or not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        return "rank is not a whole number of 1 or more"
    return messages.fault(entry)


def _shown(entry: Any) -> str:
    """Start of an entry's id for people; Lambda cannot answer half of a character, which stays as its escape."""
    value = entry.get("id", "") if isinstance(entry, dict) else entry
    text = "" if is_too_deep(value) else str(value)[:_SHOWN_CHARACTERS]
    return text.encode("utf-8", "backslashreplace").decode()[:_SHOWN_CHARACTERS]
