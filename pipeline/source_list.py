"""The source list: fetched from https or S3, and read from JSON or CSV into films ordered by rank.

Reads the list that ``SourceListUri`` names; writes nothing. Every entry that cannot be used is reported with a reason.
``docs/data.md`` documents the accepted formats.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests

from pipeline import aws, http, keys, messages
from pipeline.documents import is_too_deep
from pipeline.errors import InvalidInput, SourceListInvalid, SourceListUnavailable
from pipeline.runs import Skipped

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

STEP = "GetMoviesAndSendToQueue"
# The largest list that the function reads within its 512 MB, whatever the list holds; a film takes about 300 bytes.
MAX_LIST_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 25_000
# Arrays and objects of the whole list: small ones take 30 times their text in memory, so they are counted unparsed.
_MAX_CONTAINERS = 4 * MAX_ENTRIES
# Leaves the function half a minute to send the films.
MAX_LIST_SECONDS = 90.0
MAX_REDIRECTS = 5
_SHOWN_CHARACTERS = 80

# Names of the fields that the pipeline uses, as lists in circulation spell them: lower case, letters and digits only.
# The first that is present counts; for the id, the first that is an IMDb id.
_SPELLINGS = {
    "id": ("id", "imdbid", "const", "tconst", "imdbtitleid", "titleid", "imdburl", "imdblink", "url", "link"),
    "rank": ("rank", "position", "ranking"),
    "title": ("title", "primarytitle", "name"),
    "year": ("year", "startyear", "releaseyear"),
    "imDbRating": ("imdbrating", "averagerating"),
    "imDbRatingCount": ("imdbratingcount", "numvotes", "imdbvotes"),
}
_ENVELOPES = ("items", "movies", "films", "titles", "results", "search")
_NOTHING_STARTED = "nothing was started"

Item = messages.Item


@dataclass(frozen=True)
class FetchedList:
    """A source list as it was fetched: its address, its bytes, and its ETag (None when the server sends none)."""

    uri: str
    body: bytes
    etag: str | None

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class SourceList:
    """A list that was read.

    Attributes
    ----------
    items : list of dict
        Usable entries, best rank first, then in the order of the file. An entry is verbatim, except that ``id`` is the
        IMDb id and ``rank`` is present; where the list spells title, year, rating or votes otherwise, they are added
        under the names of :data:`_SPELLINGS`. Of several entries with one id the best ranked is kept.
    skipped : list of Skipped
        All other entries, in the order of the file.
    """

    items: list[Item]
    skipped: list[Skipped]


def fetch(uri: str, s3: S3Client) -> FetchedList:
    """Fetch the list.

    Raises
    ------
    InvalidInput
        When ``uri`` is neither ``s3://bucket/key`` nor https.
    SourceListUnavailable, StorageFailed
        When it cannot be fetched now.
    SourceListInvalid
        When it is larger than 8 MiB.
    """
    parts = http.split_url(uri, "SourceListUri")
    if parts.scheme == "s3" and parts.netloc and parts.path.strip("/"):
        return _fetch_s3(uri, parts.netloc, parts.path.lstrip("/"), s3)
    return fetch_http(http.check_url(uri, "SourceListUri (or s3://bucket/key)"))


def _fetch_s3(uri: str, bucket: str, key: str, s3: S3Client) -> FetchedList:
    with aws.failures_of(STEP, uri, "check SourceListUri; nothing was started"):
        answer = s3.get_object(Bucket=bucket, Key=key)
        if answer["ContentLength"] > MAX_LIST_BYTES:
            raise _too_large(uri)
        return FetchedList(uri, answer["Body"].read(), answer["ETag"])


def fetch_http(uri: str) -> FetchedList:
    """Fetch a list from an address that :func:`pipeline.http.check_url` accepts; see :func:`fetch` for the errors."""
    try:
        return http.within(MAX_LIST_SECONDS, lambda: _download(uri))
    except http.BodyTooLarge as error:
        raise _too_large(uri) from error
    except requests.RequestException as error:
        status = error.response.status_code if error.response is not None else None
        cause = f"the server answered {status}" if status else f"no answer ({type(error).__name__})"
        raise SourceListUnavailable(
            cause, subject=uri, step=STEP, next_step="nothing was started; try again"
        ) from error


def _download(uri: str) -> FetchedList:
    with http.session() as web, _get(web, uri) as response:
        response.raise_for_status()
        return FetchedList(
            uri, http.read_body(response, MAX_LIST_BYTES, MAX_LIST_SECONDS), response.headers.get("ETag")
        )


def _get(web: requests.Session, uri: str) -> requests.Response:
    """Request the list; follow redirects to https only, so that no server can point the function at its own network."""
    address = uri
    for _ in range(MAX_REDIRECTS + 1):
        response = http.get(web, address)
        if not response.is_redirect:
            return response
        response.close()
        address = _redirect(uri, address, response.headers["Location"])
    raise requests.TooManyRedirects


def _redirect(uri: str, address: str, location: str) -> str:
    """Return the https address that a redirect from ``address`` points at."""
    try:
        target = urljoin(address, location)
        if http.split_url(target, "redirect").scheme == "https":
            return target
    except (ValueError, InvalidInput):
        target = location
    raise SourceListUnavailable(
        f"the server redirects to {target[:200]!r}, which is not an https address",
        subject=uri,
        step=STEP,
        next_step="nothing was started; check SourceListUri",
    )


def _too_large(uri: str) -> SourceListInvalid:
    cause = f"the list is larger than {MAX_LIST_BYTES // 1024**2} MiB"
    return SourceListInvalid(cause, subject=uri, next_step=_NOTHING_STARTED)


def read_list(body: bytes, subject: str = "source list") -> SourceList:
    """Read a list. Pure.

    Parameters
    ----------
    body : bytes
        UTF-8, with or without a byte order mark: JSON, an array of films or an object that holds one
        (``{"items": [...]}``), or CSV with a header.
    subject : str
        The list's address or path, for the error.

    Raises
    ------
    SourceListInvalid
        When it is neither, too large, or when no entry can be used; the error says why.
    """
    films: list[tuple[int, int, Item]] = []
    skipped: list[Skipped] = []
    for position, entry in enumerate(_entries(body, subject)):
        try:
            item = _item(entry)
            films.append((int(item["rank"]), position, item))
        except InvalidInput as error:
            skipped.append(Skipped(position, _shown(entry), error.cause))
        except Exception as error:
            logger.exception("entry %d of the list failed unexpectedly", position)
            skipped.append(Skipped(position, _shown(entry), f"unexpected {type(error).__name__}"))
    items: dict[str, Item] = {}
    for _, position, item in sorted(films, key=lambda film: film[:2]):
        if item["id"] in items:
            skipped.append(Skipped(position, item["id"], "duplicate id; the entry with the best rank is used"))
        else:
            items[item["id"]] = item
    skipped.sort(key=lambda entry: entry.item)
    if not items:
        fault = f"no film can be used; first reason: {skipped[0].reason}" if skipped else "the list is empty"
        raise _invalid(fault, subject)
    return SourceList(list(items.values()), skipped)


def _invalid(cause: str, subject: str) -> SourceListInvalid:
    return SourceListInvalid(cause, subject=subject, next_step=_NOTHING_STARTED)


def _entries(body: bytes, subject: str) -> list[Any]:
    """Return the entries of a list in either format."""
    if len(body) > MAX_LIST_BYTES:
        raise _too_large(subject)
    try:
        text = body.decode("utf-8-sig").lstrip()
    except UnicodeDecodeError as error:
        raise _invalid("the list is not UTF-8 text", subject) from error
    if text.startswith(("{", "[")):
        if text.count("{") + text.count("[") > _MAX_CONTAINERS:
            raise _invalid(f"the list has more than {MAX_ENTRIES:,} entries", subject)
        entries = _json_entries(text, subject)
    elif text.startswith("<"):
        raise _invalid("the list is an HTML or XML page", subject)
    else:
        entries = _csv_entries(text, subject)
    if len(entries) > MAX_ENTRIES:
        raise _invalid(f"the list has more than {MAX_ENTRIES:,} entries", subject)
    return entries


def _json_entries(text: str, subject: str) -> list[Any]:
    try:
        # Python refuses a number of 4,300 digits, and with it the whole list; Infinity spoils only its entry.
        data = json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 20 else float(digits))
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise _invalid(f"the list is not valid JSON{where}", subject) from error
    if isinstance(data, list):
        return data
    fields = _folded(data)
    entries = next((fields[name] for name in _ENVELOPES if isinstance(fields.get(name), list)), None)
    message = fields.get("errormessage") or fields.get("error")
    if message and not entries:
        raise _invalid(f"the list reports an error: {_shown(message)!r}", subject)
    if entries is None:
        raise _invalid('expected an array of films, {"items": [...]}, or CSV with a header', subject)
    return list(entries)


def _csv_entries(text: str, subject: str) -> list[Any]:
    """Return the rows of a CSV text as dicts of their non-empty cells; a row longer than the header as a tuple."""
    first_line = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = next(rows, [])
        if not {_fold(name) for name in header} & set(_SPELLINGS["id"]):
            cause = "the list is neither JSON nor CSV with a column for the IMDb id (Const, imdbID, id or URL)"
            raise _invalid(f"{cause}; it starts with {_shown(first_line)!r}", subject)
        return list(islice(_csv_rows(header, rows), MAX_ENTRIES + 1))
    except csv.Error as error:
        raise _invalid(f"the list is not valid CSV (line {rows.line_num}: {error})", subject) from error


def _csv_rows(header: list[str], rows: Iterator[list[str]]) -> Iterator[Any]:
    for row in rows:
        cells = [cell.strip() for cell in row]
        if any(cells[len(header) :]):
            yield tuple(cells)
        elif any(cells):
            yield {name: cell for name, cell in zip(header, cells, strict=False) if cell}


def _item(entry: Any) -> Item:
    """Return a usable entry, with its id and rank under those names; raise InvalidInput with the reason why not."""
    if isinstance(entry, tuple):
        raise InvalidInput("the row has more cells than the header")
    if not isinstance(entry, dict):
        raise InvalidInput("not an object")
    fields = _folded(entry)
    item = {**entry, "id": _imdb_id(fields), "rank": _rank(fields)}
    for name in ("title", "year", "imDbRating", "imDbRatingCount"):
        value = next((fields[spelling] for spelling in _SPELLINGS[name] if spelling in fields), None)
        if name not in item and value is not None:
            item[name] = value
    if fault := messages.fault(item):
        raise InvalidInput(fault)
    return item


def _ids(fields: Mapping[str, Any]) -> list[Any]:
    """Return the values that may be the id, in order of preference."""
    return [fields[name] for name in _SPELLINGS["id"] if fields.get(name)]


def _imdb_id(fields: Mapping[str, Any]) -> str:
    values = _ids(fields)
    for value in values:
        if imdb_id := keys.imdb_id_in(value):
            return imdb_id
    raise InvalidInput("id is not tt and 7 to 10 digits" if values else "id is missing")


def _rank(fields: Mapping[str, Any]) -> str | int:
    """Return an entry's rank as the list has it: a whole number of 1 or more, or its digits."""
    rank = next((fields[name] for name in _SPELLINGS["rank"] if fields.get(name) not in (None, "")), None)
    if rank is None:
        raise InvalidInput("rank is missing")
    digits = str(rank) if isinstance(rank, str | int) and not isinstance(rank, bool) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and int(digits) > 0):
        raise InvalidInput("rank is not a whole number of 1 or more")
    valid_rank: str | int = rank
    return valid_rank


def _fold(name: str) -> str:
    """Reduce a field's name to its lower-case letters and digits."""
    return "".join(filter(str.isalnum, name)).lower()


def _folded(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's values by folded name; of two names that fold alike the first counts."""
    return {_fold(name): value for name, value in reversed(list(entry.items()))}


def _shown(entry: Any) -> str:
    """Return the start of an entry's id, or of the entry, for display; lone surrogates as escapes, as Lambda needs."""
    value = next(iter(_ids(_folded(entry))), "") if isinstance(entry, dict) else entry
    text = "" if is_too_deep(value) else str(value)[:_SHOWN_CHARACTERS]
    return text.encode("utf-8", "backslashreplace").decode()[:_SHOWN_CHARACTERS]
