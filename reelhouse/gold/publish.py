"""``reelhouse publish``: publish a build of Gold that is held."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline import aws, keys
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.gold import publication
from pipeline.gold.publication import Pointer
from pipeline.gold.tables import intact
from reelhouse import console, stack
from reelhouse.gold.reader import bring_gold_up_to_date
from reelhouse.options import Json, StackName
from reelhouse.stack import Stack

STEP = "publish"


def command(
    build: Annotated[str, typer.Argument(help="A held build; `reelhouse status` names it.", metavar="BUILD")],
    because: Annotated[str, typer.Option("--because", metavar="TEXT", help="Why; it is kept with the publication.")],
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Publish a build of Gold that is held.

    All readers see it at once, and later builds are compared with it. Your reason, your identity and the time are kept;
    `reelhouse builds` shows them.

    Example: [bold]reelhouse publish 20261124T030200.000000Z --because "the list now has 500 films"[/]
    """
    if not keys.is_build_id(build):
        raise typer.BadParameter("a build id looks like 20261124T030000.000000Z; `reelhouse status` names a held build")
    if not because.strip():
        raise typer.BadParameter("--because must say why")
    pointer = publish(stack.find(stack_name), build, because.strip())
    if json_output:
        console.print_json({"build_id": build, "publication": asdict(pointer.history[-1])})
    else:
        console.say(f"Gold is build {build} now; later builds are compared with it")


def publish(stack: Stack, build_id: str, because: str) -> Pointer:
    """Move the pointer to a held build, then the catalogue's tables; return the pointer as it is then.

    Raises
    ------
    InvalidInput
        When the build was published already, or its objects are gone.
    StorageFailed
        When Gold cannot be read or written, or another build was published meanwhile.
    """
    bucket = stack["GoldBucketName"]
    with aws.failures_of(STEP, bucket, "run it again"):
        before = publication.read_pointer(bucket)
        if before.build and before.build.build_id == build_id:
            raise InvalidInput("is the published build", subject=build_id)
        is_held = before.held is not None and before.held.build_id == build_id
        if not is_held and any(entry.build_id == build_id for entry in before.history):
            hint = f"`reelhouse rollback {build_id}` publishes it again"
            raise InvalidInput("was published before", subject=build_id, next_step=hint)
        build = publication.records(bucket, [build_id]).get(build_id)
        if build is None or len(intact(bucket, build)) < len(build.tables):
            hint = "`reelhouse status` names the build that is held"
            raise InvalidInput("is no build, or has expired", subject=build_id, next_step=hint)
        caller = str(aws.client("sts").get_caller_identity()["Arn"])
        after = publication.publish(bucket, build, before, because=because, by=caller)
    if after.build != build:
        raise StorageFailed("another build was published meanwhile", subject=build_id, step=STEP, next_step="try again")
    # AggregateToGold builds nothing now, and moves the catalogue's tables.
    bring_gold_up_to_date(stack)
    return after
