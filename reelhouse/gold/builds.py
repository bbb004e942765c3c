"""``reelhouse builds``: the builds of Gold that can be read, newest publication first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from pipeline import aws
from pipeline.gold.publication import read_pointer, records
from reelhouse import console, stack
from reelhouse.options import Json, StackName
from reelhouse.stack import Stack


@dataclass(frozen=True)
class Listed:
    """One publication of a build, or the build that is held.

    Attributes
    ----------
    status : str
        "published", "earlier" or "held".
    published_at : str or None
        ISO 8601 in UTC; None for a held build.
    films, tables_written : int or None
        Films in the build, and tables that differ from the builds before; None when its record has expired.
    because : str
        Reason given by a person, or the reasons of a hold.
    """

    build_id: str
    status: str
    published_at: str | None
    films: int | None
    tables_written: int | None
    code_version: str | None
    because: str

    @property
    def note(self) -> str:
        """The status, unless the build is an earlier one, and the reason."""
        return ": ".join(part for part in (self.status if self.status != "earlier" else "", self.because) if part)


def command(stack_name: StackName = None, json_output: Json = False) -> None:
    """List the builds of Gold: published, published earlier, or held.

    Read one by its id with `reelhouse table NAME --build ID`. Publish an earlier one again with
    `reelhouse rollback ID`, and a held one with `reelhouse publish ID`.

    Example: [bold]reelhouse builds --json[/]
    """
    found = list(listed(stack.find(stack_name)))
    if json_output:
        console.print_json([asdict(one) for one in found])
        return
    rows = [(one.build_id, _time(one.published_at), one.films, one.note) for one in found]
    console.print_table(("build", "published", "films", "note"), rows)
    if not found:
        console.warn("nothing has been published yet; `reelhouse run` starts a run")
    for one in found:
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
        held = pointer.held
        known = records(bucket, {entry.build_id for entry in pointer.history} | ({held.build_id} if held else set()))

    def one(build_id: str, status: str, published_at: str | None, because: str) -> Listed:
        build = known.get(build_id)
        films, written = (build.rows.get("movies"), len(build.written)) if build else (None, None)
        return Listed(
            build_id, status, published_at, films, written, build.code_version if build else None, because
        )  # fmt: skip

    if held:
        yield one(held.build_id, "held", None, "; ".join(held.reasons))
    for place, entry in enumerate(reversed(pointer.history)):
        yield one(entry.build_id, "earlier" if place else "published", entry.at, entry.because)


def _time(text: str | None) -> str | None:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}" if text else None
