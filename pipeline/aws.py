"""The one home of boto3: clients, and the few S3 and SQS operations that the steps share.

On a laptop ``AWS_ENDPOINT_URL`` points boto3 at the local stack; nothing here knows the difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pipeline import documents
from pipeline.errors import StorageFailed
from pipeline.settings import CODE_VERSION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

MAX_CONNECTIONS = 32
CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 20
# botocore's own text says more, and is put together anew for each call, in a fifth of the time of a put.
_USER_AGENT = f"reelhouse/{CODE_VERSION}"
# "standard" retries throttling, 5xx and connection faults with backoff and jitter.
_CONFIG = Config(
    max_pool_connections=MAX_CONNECTIONS,
    connect_timeout=CONNECT_TIMEOUT_SECONDS,
    read_timeout=READ_TIMEOUT_SECONDS,
    retries={"mode": "standard", "max_attempts": 4},
    user_agent=_USER_AGENT,
)
# An invocation that is waited for may take a function's whole time, and must not be started twice.
_CONFIGS = {
    "lambda": Config(connect_timeout=CONNECT_TIMEOUT_SECONDS, read_timeout=300, retries={"total_max_attempts": 1}),
}


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing shows it; ``size`` in bytes. When it was ``modified`` is no part of what it is."""

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
    """Return the client of a service, one a process; boto3's clients are safe to share between threads."""
    return _client(service)


@cache
def _session() -> boto3.Session:
    # Not boto3's default session, which keeps its first credentials for good.
    return boto3.Session()


@cache
def _client(service: str) -> Any:
    return _session().client(service, config=_CONFIGS.get(service, _CONFIG))  # type: ignore[call-overload]


def forget_clients() -> None:
    """Make new clients from now on: where they point, or as whom, has changed."""
    _client.cache_clear()
    _session.cache_clear()


def error_code(error: ClientError) -> str:
    """AWS's code of an error, such as ``AccessDenied``."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def failures_of(step: str, subject: str, next_step: str = "") -> Iterator[None]:
    """Turn boto3's errors inside the block into ours.

    Raises
    ------
    StorageFailed
        With AWS's error code; its message is left out where it could quote a request.
    """
    try:
        yield
    except ClientError as error:
        cause = f"{error.operation_name} answered {error_code(error)}"
        raise StorageFailed(cause, subject=subject, step=step, next_step=next_step) from error
    except BotoCoreError as error:
        raise StorageFailed(type(error).__name__, subject=subject, step=step, next_step=next_step) from error


def ensure_bucket(s3: S3Client, bucket: str, region: str) -> None:
    """Make a bucket of this account's, unless it is there."""
    try:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
    except ClientError as error:
        if error_code(error) != "BucketAlreadyOwnedByYou":
            raise


def put_once(s3: S3Client, bucket: str, key: str, body: bytes, content_type: str = "application/json") -> bool:
    """Write an object unless it is there already.

    Returns
    -------
    bool
        False when an object with this key exists; it is left as it was. Two writers at once: one wins, the
        other gets False (S3 answers 412, or 409 while the first is still writing, which is retried).
    """
    for last_try in (False, False, True):
        try:
            s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*")
        except ClientError as error:
            if error_code(error) == "PreconditionFailed":
                return False
            if error_code(error) != "ConditionalRequestConflict" or last_try:
                raise
        else:
            return True
    return False


def exists(s3: S3Client, bucket: str, key: str) -> bool:
    """Whether an object is there. Needs ``s3:ListBucket`` besides ``s3:GetObject``, or S3 answers 403 for 404."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) in {"404", "NoSuchKey", "NotFound"}:
            return False
        raise
    return True


def metadata(s3: S3Client, bucket: str, key: str) -> dict[str, str]:
    """Return what an object's writer put beside it; {} when there is no such object."""
    try:
        return dict(s3.head_object(Bucket=bucket, Key=key)["Metadata"])
    except ClientError as error:
        if error_code(error) in {"404", "NoSuchKey", "NotFound"}:
            return {}
        raise


def get(s3: S3Client, bucket: str, key: str) -> tuple[bytes, str | None]:
    """Read an object: its bytes, and its version or None when the bucket keeps none."""
    answer = s3.get_object(Bucket=bucket, Key=key)
    return answer["Body"].read(), answer.get("VersionId")


def get_if_exists(s3: S3Client, bucket: str, key: str) -> bytes | None:
    """Read an object's bytes, or return None when there is no such key."""
    try:
        return get(s3, bucket, key)[0]
    except ClientError as error:
        if error_code(error) in {"NoSuchKey", "404"}:
            return None
        raise


def get_json(s3: S3Client, bucket: str, key: str) -> Any:
    """Return the value of a JSON object, or None when there is no such key.

    Raises
    ------
    DocumentInvalid
        When it is not JSON.
    """
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


def delete_unchanged(s3: S3Client, bucket: str, key: str, etag: str) -> bool:
    """Delete an object if it is still the one with this ETag; False when it was replaced or is gone."""
    try:
        s3.delete_object(Bucket=bucket, Key=key, IfMatch=etag)
    except ClientError as error:
        if error_code(error) in {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404"}:
            return False
        raise
    return True


def get_many(
    s3: S3Client, bucket: str, keys: list[str]
) -> list[tuple[bytes, str | None] | ClientError | BotoCoreError]:
    """Read several objects at once: for each key, in order, its bytes and version, or the error met."""

    def one(key: str) -> tuple[bytes, str | None] | ClientError | BotoCoreError:
        try:
            return get(s3, bucket, key)
        except (ClientError, BotoCoreError) as error:
            return error

    with ThreadPoolExecutor(MAX_CONNECTIONS) as pool:
        return list(pool.map(one, keys))
