"""The one home of boto3: clients, and the operations that the steps share.

On a laptop ``AWS_ENDPOINT_URL`` points boto3 at the local stack; nothing here depends on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    MissingDependencyException,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)
from botocore.parsers import ResponseParserError

from pipeline import documents, settings
from pipeline.errors import StorageFailed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

MAX_CONNECTIONS = 32
CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 20
# "standard" retries throttling, 5xx and connection faults with backoff and jitter.
_CONFIG = Config(
    max_pool_connections=MAX_CONNECTIONS,
    connect_timeout=CONNECT_TIMEOUT_SECONDS,
    read_timeout=READ_TIMEOUT_SECONDS,
    retries={"mode": "standard", "max_attempts": 4},
)
# A synchronous invocation may take the function's whole time-out, and must not be started twice.
_CONFIGS = {
    "lambda": Config(connect_timeout=CONNECT_TIMEOUT_SECONDS, read_timeout=300, retries={"total_max_attempts": 1}),
}
# A field that every complete answer has. A proxy, or a server that is not AWS, may answer 200 with an empty body or a
# page, which boto3 parses into an answer without fields: an empty bucket, or a message that was sent.
_REQUIRED_FIELDS = {
    "FilterLogEvents": "events",
    "GetObject": "ETag",
    "GetQueueAttributes": "Attributes",
    "GetSecretValue": "ARN",
    "HeadObject": "ETag",
    "ListObjectVersions": "IsTruncated",
    "ListObjectsV2": "IsTruncated",
    "PutObject": "ETag",
    "SendMessage": "MessageId",
}
_MISSING = {"404", "NoSuchKey", "NotFound"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_SHOWN_CHARACTERS = 300
# Their texts say what is missing on this machine, and quote no request.
_SETUP_ERRORS = (
    MissingDependencyException, NoCredentialsError, NoRegionError, PartialCredentialsError, ProfileNotFound, SSOError,
)  # fmt: skip
T = TypeVar("T")


@dataclass(frozen=True)
class StoredObject:
    """An object in a listing; ``size`` in bytes. Two are equal whenever they were ``modified``."""

    key: str
    etag: str
    size: int
    modified: datetime = field(default=datetime.min.replace(tzinfo=UTC), compare=False)


@overload
def client(service: Literal["s3"]) -> S3Client: ...
@overload
def client(service: Literal["sqs"]) -> SQSClient: ...
@overload
def client(service: Literal["secretsmanager"]) -> SecretsManagerClient: ...
@overload
def client(service: str) -> Any: ...
def client(service: str) -> Any:
    """Return the process's client of a service; boto3's clients are safe to share between threads."""
    return _client(service)


@cache
def session() -> boto3.Session:
    """Return the process's session. Unlike boto3's default session, it is replaced when the credentials change."""
    # The AWS CLI and other SDKs read AWS_REGION first; boto3 reads only AWS_DEFAULT_REGION.
    return boto3.Session(region_name=settings.variable("AWS_REGION") or None)


@cache
def _client(service: str) -> Any:
    made = session().client(service, config=_CONFIGS.get(service, _CONFIG))  # type: ignore[call-overload]
    made.meta.events.register("after-call", _reject_incomplete_answer)
    return made


def _reject_incomplete_answer(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Raise :class:`ClientError` for a successful answer without a field that AWS always sends."""
    required = _REQUIRED_FIELDS.get(model.name)
    if http_response.status_code < 300 and required and required not in parsed:
        raise ClientError({"Error": {"Code": "IncompleteAnswer", "Message": f"no {required}"}}, model.name)


def forget_clients() -> None:
    """Create new clients from now on, because the endpoint or the credentials have changed."""
    _client.cache_clear()
    session.cache_clear()


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, such as ``AccessDenied``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_missing(error: BaseException | None) -> bool:
    """Whether an error says that an object does not exist."""
    return isinstance(error, ClientError) and error_code(error) in _MISSING


@contextmanager
def failures_of(step: str, subject: str, next_step: str = "") -> Iterator[None]:
    """Turn boto3's errors inside the block into ours.

    Raises
    ------
    StorageFailed
        With :func:`cause_of` the error.
    """
    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise StorageFailed(cause_of(error), subject=subject, step=step, next_step=next_step) from error


def cause_of(error: Exception) -> str:
    """Return an error of boto3 in one line: the operation and AWS's error code, or the class of any other error.

    AWS's text is added only when access is denied: it names the role, the action and the resource. boto3's is used only
    when it finds no credentials or region. Other texts may quote a request.
    """
    if isinstance(error, _SETUP_ERRORS):
        return str(error).rstrip(".")[:_SHOWN_CHARACTERS]
    if isinstance(error, ResponseParserError):
        return "the answer is not one of AWS (ResponseParserError)"
    if not isinstance(error, ClientError):
        return type(error).__name__
    code = error_code(error)
    cause = f"{error.operation_name} answered {code}"
    message = str(error.response.get("Error", {}).get("Message", ""))[:_SHOWN_CHARACTERS]
    return f"{cause} ({message})" if code in _DENIED and message else cause


def ensure_bucket(s3: S3Client, bucket: str, region: str) -> None:
    """Create a bucket unless this account has it."""
    try:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
    except ClientError as error:
        if error_code(error) != "BucketAlreadyOwnedByYou":
            raise


def put_once(s3: S3Client, bucket: str, key: str, body: bytes, content_type: str = "application/json") -> bool:
    """Write an object and return True, or leave an existing one and return False; of two writers one succeeds."""
    return put_if_unchanged(s3, bucket, key, body, None, content_type) is not None


def put_if_unchanged(  # noqa: PLR0913 (what a write consists of)
    s3: S3Client,
    bucket: str,
    key: str,
    body: bytes,
    etag: str | None,
    content_type: str = "application/json",
    *,
    metadata: Mapping[str, str] | None = None,
) -> str | None:
    """Write an object if the existing one still has this ETag.

    Parameters
    ----------
    etag : str or None
        None means that there must be no object.
    metadata : mapping of str to str, optional
        The object's metadata, as ``HeadObject`` returns it; ASCII.

    Returns
    -------
    str or None
        The new ETag; None when the object was replaced or deleted. If the answer to a successful call is lost, its
        retry returns None too.
    """
    options: dict[str, Any] = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
    options |= {"ContentType": content_type, "Metadata": metadata or {}}
    for last_try in (False, False, True):
        try:
            return s3.put_object(Bucket=bucket, Key=key, Body=body, **options)["ETag"]
        except ClientError as error:
            if error_code(error) == "PreconditionFailed" or (etag is not None and is_missing(error)):
                return None
            # A concurrent write is in progress; S3 asks to retry.
            if error_code(error) != "ConditionalRequestConflict" or last_try:
                raise
    return None


def exists(s3: S3Client, bucket: str, key: str) -> bool:
    """Whether an object exists. Needs ``s3:ListBucket`` besides ``s3:GetObject``, or S3 answers 403 instead of 404."""
    return find_object(s3, bucket, key) is not None


def find_object(s3: S3Client, bucket: str, key: str) -> StoredObject | None:
    """Return an object's ETag, size and time; None when there is no such key."""
    try:
        answer = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return StoredObject(key, answer["ETag"], answer["ContentLength"], answer["LastModified"])


def metadata(s3: S3Client, bucket: str, key: str) -> dict[str, str]:
    """Return an object's user-defined metadata; {} when there is no such object."""
    try:
        return dict(s3.head_object(Bucket=bucket, Key=key)["Metadata"])
    except ClientError as error:
        if is_missing(error):
            return {}
        raise


def get(s3: S3Client, bucket: str, key: str) -> tuple[bytes, str | None]:
    """Return an object's bytes and its version id, which is None in a bucket without versioning."""
    answer = s3.get_object(Bucket=bucket, Key=key)
    return answer["Body"].read(), answer.get("VersionId")


def get_if_exists(s3: S3Client, bucket: str, key: str) -> bytes | None:
    """Read an object's bytes, or return None when there is no such key."""
    return get_with_etag(s3, bucket, key)[0]


def get_with_etag(s3: S3Client, bucket: str, key: str) -> tuple[bytes | None, str | None]:
    """Read an object's bytes and ETag, or return None for both when there is no such key."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
        return answer["Body"].read(), answer["ETag"]
    except ClientError as error:
        if is_missing(error):
            return None, None
        raise


def get_json(s3: S3Client, bucket: str, key: str) -> Any:
    """Return the value of a JSON object, or None without such a key; raise DocumentInvalid when it is not JSON."""
    body = get_if_exists(s3, bucket, key)
    return None if body is None else documents.parse(body, key)


def list_objects(s3: S3Client, bucket: str, prefix: str = "") -> list[StoredObject]:
    """List all objects below a prefix, in key order."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [
        StoredObject(entry["Key"], entry["ETag"], entry["Size"], entry["LastModified"])
        for page in pages
        for entry in page.get("Contents", [])
    ]


def list_folders(s3: S3Client, bucket: str) -> list[str]:
    """List the folders at the top of a bucket: the first parts of its keys, without the slash."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/")
    return [entry["Prefix"].rstrip("/") for page in pages for entry in page.get("CommonPrefixes", [])]


def delete_unchanged(s3: S3Client, bucket: str, key: str, etag: str) -> bool:
    """Delete an object if it still has this ETag; return False when it was replaced or deleted."""
    try:
        s3.delete_object(Bucket=bucket, Key=key, IfMatch=etag)
    except ClientError as error:
        if error_code(error) in {"PreconditionFailed", "ConditionalRequestConflict", *_MISSING}:
            return False
        raise
    return True


def get_many(
    s3: S3Client, bucket: str, keys: list[str]
) -> list[tuple[bytes, str | None] | ClientError | BotoCoreError]:
    """Read several objects concurrently: for each key, in order, its bytes and version id, or its error."""

    def one(key: str) -> tuple[bytes, str | None] | ClientError | BotoCoreError:
        try:
            return get(s3, bucket, key)
        except (ClientError, BotoCoreError) as error:
            return error

    with ThreadPoolExecutor(MAX_CONNECTIONS) as pool:
        return list(pool.map(one, keys))


def get_all(
    s3: S3Client, bucket: str, keys: list[str], step: str, next_step: str = "", *, skip_missing: bool = False
) -> dict[str, bytes]:
    """Read several objects concurrently; return the bytes of each by key.

    Raises
    ------
    StorageFailed
        About the first that cannot be read, or does not exist; with ``skip_missing`` the latter are left out.
    """
    bodies = {}
    for key, answer in zip(keys, get_many(s3, bucket, keys), strict=True):
        if isinstance(answer, tuple):
            bodies[key] = answer[0]
        elif not (skip_missing and is_missing(answer)):
            raise StorageFailed(cause_of(answer), subject=key, step=step, next_step=next_step) from answer
    return bodies


def batches(
    items: Iterable[T], max_items: float = math.inf, *, size: Callable[[T], int] = lambda _: 0, limit: int = 0
) -> Iterator[list[T]]:
    """Yield all items in their order, at most ``max_items`` in a list, whose sizes add up to at most ``limit``.

    An item that is larger than ``limit`` is a batch by itself.
    """
    batch, total = list[T](), 0
    for item in items:
        item_size = size(item)
        if batch and (len(batch) >= max_items or total + item_size > limit):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += item_size
    if batch:
        yield batch
