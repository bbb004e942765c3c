"""Commands for the operator: redrive, replay, compact, verify, trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from reelhouse import show, stack
from reelhouse.commands.base import Json, StackName, command


@command
def redrive(
    peek: Annotated[bool, typer.Option("--peek", help="Only show what is parked, and why.")] = False,
    queue: Annotated[
        str | None, typer.Option(help="MovieQueue, BronzeEvents or SilverEvents; without it, all.", metavar="QUEUE")
    ] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Show parked messages, or move them back to their queue when the cause is mended.

    Example: [bold]reelhouse redrive --peek[/], then [bold]reelhouse redrive --queue MovieQueue[/]
    """
    from reelhouse import show_operation  # noqa: PLC0415 (they import DuckDB; other commands need not wait)
    from reelhouse.operate import parked  # noqa: PLC0415 (they import DuckDB; other commands need not wait)
    from reelhouse.operate import redrive as moving  # noqa: PLC0415

    found = stack.find(stack_name)
    if peek:
        messages = parked.parked(found, queue)
        show.as_json([one.as_dict() for one in messages]) if json_output else show_operation.parked(messages)
        return
    with show_operation.Bar() as bars:
        moved = moving.redrive(found, queue, bars.update_named)
    if json_output:
        show.as_json({"moved": moved})
    else:
        show.out.print(
            f"{sum(moved.values())} messages moved back. [bold]reelhouse status[/] shows what becomes of them."
        )


@command
def replay(
    run_id: Annotated[str | None, typer.Option("--run-id", help="One run.", metavar="RUN_ID")] = None,
    every: Annotated[bool, typer.Option("--all", help="All runs.")] = False,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Make Silver and Gold anew from Bronze by the code that is deployed, without OMDb, and tell what changed.

    Example: [bold]reelhouse replay --all[/]. Exit 1 when an object could not be processed; old Silver then stays.
    """
    from reelhouse import show_operation  # noqa: PLC0415
    from reelhouse.operate import replay as replaying  # noqa: PLC0415 (as in redrive)

    if (run_id is None) is not every:
        raise typer.BadParameter("give either --run-id RUN_ID or --all")
    found = stack.find(stack_name)
    run_ids = [found.manifest(run_id).run_id] if run_id else found.run_ids()
    with show_operation.Bar("Bronze to Silver") as bar:
        result = replaying.replay(found, run_ids, bar.update)
    if json_output:
        show.as_json(result.as_dict())
    else:
        show_operation.replay(result)
    if result.status != "complete":
        raise typer.Exit(1)


@command
def compact(
    run_id: Annotated[str | None, typer.Option("--run-id", help="One run; without it, all.", metavar="RUN_ID")] = None,
    hours: Annotated[
        float, typer.Option(min=0, max=8760, help="Leave alone what is younger: it may be in use. 0: nothing is.")
    ] = 1,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Merge the small Silver parts of runs that have ended, and remove those that a merged part replaced an hour ago.

    Example: [bold]reelhouse compact[/], once a day. Exit 1 when a run had to be left as it is; the others are done.
    """
    from reelhouse import show_operation  # noqa: PLC0415
    from reelhouse.operate import compact as compacting  # noqa: PLC0415 (as in redrive)

    found = stack.find(stack_name)
    run_ids = [found.manifest(run_id).run_id] if run_id else None
    # S3's clock is not this machine's: where nothing is in use, what it wrote just now counts too.
    settled_before = datetime.now(UTC) - timedelta(hours=hours) if hours else datetime.max.replace(tzinfo=UTC)
    with show_operation.Bar("Runs") as bar:
        result = compacting.compact(found, run_ids, settled_before, bar.update)
    if json_output:
        show.as_json(result.as_dict())
    else:
        show_operation.compacted(result)
    if result.skipped:
        raise typer.Exit(1)


@command
def verify(
    run_id: Annotated[
        str | None, typer.Option("--run-id", help="Only this run's Bronze and Silver.", metavar="RUN_ID")
    ] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Check manifests against Bronze, Bronze against Silver, Silver against Gold, and Bronze's checksums.

    Example: [bold]reelhouse verify --json[/]. Exit 1 with every difference.
    """
    from reelhouse import show_operation  # noqa: PLC0415 (as in redrive)
    from reelhouse.operate import verify as verifying  # noqa: PLC0415

    found = stack.find(stack_name)
    result = verifying.verify(found, found.manifest(run_id).run_id if run_id else None)
    if json_output:
        show.as_json(result.as_dict())
    else:
        show_operation.verified(result)
    if not result.ok:
        raise typer.Exit(1)


@command
def trace(
    imdb_id: Annotated[str, typer.Argument(help="The film's IMDb id.", metavar="IMDB_ID")],
    run_id: Annotated[
        str | None, typer.Option("--run-id", help="One run; without it, the newest ten.", metavar="RUN_ID")
    ] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Show one film's path: run, message, Bronze object, Silver row, Gold rows, and where it stopped.

    Example: [bold]reelhouse trace tt0111161[/]
    """
    from reelhouse import show_operation  # noqa: PLC0415 (as in redrive)
    from reelhouse.operate import trace as tracing  # noqa: PLC0415

    path = tracing.trace(stack.find(stack_name), imdb_id, run_id)
    if json_output:
        show.as_json(path)
    else:
        show_operation.path(path)
