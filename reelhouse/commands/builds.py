"""``reelhouse builds``: the builds of Gold that can be read, newest publication first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from pipeline import aws
from pipeline.gold.build import Build
from pipeline.gold.publication import read_pointer, records
from reelhouse import console, stack
from reelhouse.options import Json, StackName
from reelhouse.stack import Stack


@dataclass(frozen=True)
class Listed:
    """One publication of a build, or the build that is held; None where its record has expired.

    ``tables_written`` counts the tables that differ from the builds before; ``because`` is a person's reason, or the
    reasons of a hold.
    """

    build_id: str
    status: Literal["published", "earlier", "held"]
    published_at: str | None
    films: int | None
    tables_written: int | None
    code_version: str | None
    because: str


def command(stack_name: StackName = None, json_output: Json = False) -> None:
    """List the builds of Gold: published, published earlier, or held.

    Read one by its id with `reelhouse table NAME --build ID`. Publish an earlier one again with
    `reelhouse rollback ID`, and a held one with `reelhouse publish ID`.

    Example: [bold]reelhouse builds --json[/]
    """
    builds = list(listed(stack.find(stack_name)))
    if json_output:
        console.print_json([asdict(one) for one in builds])
        return
    rows = [(one.build_id, _time(one.published_at), one.films, _note(one)) for one in builds]
    console.print_table(("build", "published", "films", "note"), rows)
    if not builds:
        console.warn(
            "no build is published; `reelhouse run` starts a run, and `reelhouse doctor` says if something is wrong"
        )
    for one in builds:
        if one.status == "held":
            console.warn(f"if the held build is right: reelhouse publish {one.build_id} --because TEXT")


def listed(stack: Stack) -> Iterator[Listed]:
    """Yield the held build, then all publications, newest first.

    Raises
    ------
    StorageFailed
        When Gold cannot be read.
    """
    bucket = stack["GoldBucketName"]
    with aws.failures_of("builds", bucket):
        pointer = read_pointer(bucket)
        held = [pointer.held] if pointer.held else []
        build_ids = {entry.build_id for entry in pointer.history} | {one.build_id for one in held}
        known = records(bucket, build_ids, skip_damaged=True)
    for one in held:
        yield Listed(one.build_id, "held", None, *_about(known.get(one.build_id)), "; ".join(one.reasons))
    for index, entry in enumerate(reversed(pointer.history)):
        status: Literal["earlier", "published"] = "earlier" if index else "published"
        yield Listed(entry.build_id, status, entry.at, *_about(known.get(entry.build_id)), entry.because)


def _about(build: Build | None) -> tuple[int | None, int | None, str | None]:
    return (build.rows.get("movies"), len(build.written), build.code_version) if build else (None, None, None)


def _note(one: Listed) -> str:
    return ": ".join(filter(None, ("" if one.status == "earlier" else one.status, one.because)))


def _time(text: str | None) -> str | None:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}" if text else None
