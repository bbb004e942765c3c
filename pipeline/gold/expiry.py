"""Expiry of Gold's builds: objects that no kept build refers to are tagged, and a lifecycle rule removes them.

Kept are the builds of the pointer's history and the one that is held. A table that did not change is an object of an
earlier build, so an object is kept as long as any kept build refers to it, whatever its age.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline import aws, keys
from pipeline.errors import DocumentInvalid
from pipeline.gold.build import build_started_at
from pipeline.gold.publication import Pointer, records

logger = logging.getLogger(__name__)

UNREFERENCED = "unreferenced"
# A function runs for five minutes at most, so no older build is still being written. Athena's queries time out after
# 30 minutes, so no query still reads a table that was replaced earlier.
SETTLED_AFTER = timedelta(hours=1)
_TAGS: Any = {"TagSet": [{"Key": UNREFERENCED, "Value": "true"}]}


def is_due(pointer: Pointer) -> bool:
    """Whether the last publication is the first of its day: expiry reads the records of all kept builds."""
    days = [entry.at_time.date() for entry in pointer.history[-2:]]
    return len(days) == 2 and days[0] != days[1]


def expire(bucket: str, pointer: Pointer, now: datetime | None = None) -> int:
    """Tag all objects of builds that no kept build refers to; return their number.

    Parameters
    ----------
    now : datetime, optional
        Objects of builds that started within the last hour are left alone; None means the present.
    """
    kept = {entry.build_id for entry in pointer.history} | ({pointer.held.build_id} if pointer.held else set())
    try:
        builds = records(bucket, kept)
    except DocumentInvalid as error:
        # What such a build refers to is unknown, so nothing may expire.
        logger.warning("no build expires: %s", error)
        return 0
    read_from = [*builds.values(), *([pointer.build] if pointer.build else [])]
    needed = {entry.key for build in read_from for table in build.tables.values() for entry in table.objects}
    needed |= {keys.build_record(build_id) for build_id in kept}
    s3, now = aws.client("s3"), now or datetime.now(UTC)
    listed = [entry.key for entry in aws.list_objects(s3, bucket, keys.BUILDS)]
    old = [key for key in listed if key not in needed and (build_id := keys.build_of(key))
           and now - build_started_at(build_id) > SETTLED_AFTER]  # fmt: skip
    with ThreadPoolExecutor(aws.MAX_CONNECTIONS) as pool:
        list(pool.map(lambda key: s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=_TAGS), old))
    return len(old)
