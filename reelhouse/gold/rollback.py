"""``reelhouse rollback``: publish an earlier build of Gold again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline import aws, keys
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.gold.publication import Pointer, read_pointer, records, roll_back
from pipeline.gold.tables import intact
from reelhouse import console, stack
from reelhouse.gold.reader import bring_gold_up_to_date
from reelhouse.options import Json, StackName
from reelhouse.stack import Stack

STEP = "rollback"


def command(
    build: Annotated[str, typer.Argument(help="An earlier build; `reelhouse builds` lists them.", metavar="BUILD")],
    because: Annotated[str, typer.Option("--because", metavar="TEXT", help="Why; `reelhouse builds` shows it.")],
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Publish an earlier build of Gold again.

    All readers see it at once. Other builds are held until a run that starts later is complete, so that the same Silver
    does not replace it; `reelhouse publish` ends that earlier. Your reason, your identity and the time are kept.

    Example: [bold]reelhouse rollback 20261124T030200.000000Z --because "box office in wrong units"[/]
    """
    if not keys.is_build_id(build):
        raise typer.BadParameter("a build id looks like 20261124T030000.000000Z; `reelhouse builds` lists them")
    if not because.strip():
        raise typer.BadParameter("--because must say why")
    pointer = rollback(stack.find(stack_name), build, because.strip())
    if json_output:
        console.print_json({"build_id": build, "publication": asdict(pointer.history[-1])})
    else:
        console.say(f"Gold is build {build} again; newer builds are held until the next run is complete")


def rollback(stack: Stack, build_id: str, because: str) -> Pointer:
    """Move the pointer, then the catalogue's tables; return the pointer as it is then.

    Raises
    ------
    InvalidInput
        When the build was not published, has expired or is the published one.
    StorageFailed
        When Gold cannot be read or written, or was published by somebody else meanwhile.
    """
    bucket = stack["GoldBucketName"]
    with aws.failures_of(STEP, bucket, "run it again"):
        before = read_pointer(bucket)
        if before.build and before.build.build_id == build_id:
            raise InvalidInput("is the published build", subject=build_id)
        known = records(bucket, [build_id]) if any(entry.build_id == build_id for entry in before.history) else {}
        build = known.get(build_id)
        if build is None or len(intact(bucket, build)) < len(build.tables):
            hint = "`reelhouse builds` lists those that can be published again"
            raise InvalidInput("was never published, or has expired", subject=build_id, next_step=hint)
        caller = str(aws.client("sts").get_caller_identity()["Arn"])
        after = roll_back(bucket, build, before, because, caller)
    if after.build != build:
        raise StorageFailed("another build was published meanwhile", subject=build_id, step=STEP, next_step="try again")
    # AggregateToGold builds nothing now, and moves the catalogue's tables.
    bring_gold_up_to_date(stack)
    return after
