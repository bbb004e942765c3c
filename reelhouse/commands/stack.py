"""Commands about the stack as a whole: up, down, run, status, doctor, demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline import settings
from reelhouse import show, stack
from reelhouse.commands.base import Json, StackName, command
from reelhouse.local import stack as local_stack
from reelhouse.local.state import State
from reelhouse.operate import doctor as doctor_checks
from reelhouse.run import status as stack_status
from reelhouse.run import watch as runs

TopN = Annotated[int | None, typer.Option(min=1, help="Films to take from the list.")]
BatchSize = Annotated[int | None, typer.Option(min=1, max=100, help="Films in one message.")]
REPORTS = Path("reports")


@command
def up(
    source_list: Annotated[
        str, typer.Option(help="The list: a file, s3://… or https://…; else the sample's.", metavar="FILE|URI")
    ] = "",
    omdb_url: Annotated[str, typer.Option(help="The OMDb API to use; else the sample server.", metavar="URL")] = "",
    schedule: Annotated[str, typer.Option(help='Start runs by themselves, e.g. "rate(10 minutes)".')] = "",
    json_output: Json = False,
) -> None:
    """Start the local stack and deploy to it; doing it twice changes nothing.

    Example: [bold]reelhouse up --source-list my_list.json[/]. The key of an OMDb API is read from OMDB_API_KEY.
    """
    options = local_stack.Options(source_list, omdb_url, settings.variable("OMDB_API_KEY"), schedule)
    current = _up(options)
    if json_output:
        show.as_json(
            {"endpoint_url": current.connection()["AWS_ENDPOINT_URL"], "omdb_port": current.omdb and current.omdb.port}
        )
    else:
        show.out.print("The local stack is up. Next: [bold]reelhouse run --top-n 20 --batch-size 5[/]")


def _up(options: local_stack.Options) -> State:
    current = local_stack.up(options, show.say)
    if current.interrupted:
        from reelhouse.run import resume  # noqa: PLC0415 (it imports DuckDB; other commands need not wait)

        resume.resume_after_kill(current, stack.find(None), show.say)
    return current


@command
def down(
    delete: Annotated[bool, typer.Option("--delete", help="Remove all data too.")] = False, json_output: Json = False
) -> None:
    """Stop the local stack; its data stays unless --delete is given.

    Example: [bold]reelhouse down --delete[/]
    """
    ran = local_stack.down(delete=delete)
    if json_output:
        show.as_json({"stopped": ran, "deleted": delete})
    else:
        show.out.print(("Stopped." if ran else "Nothing was running.") + (" All data is removed." if delete else ""))


@command
def run(
    top_n: TopN = None,
    batch_size: BatchSize = None,
    resume: Annotated[
        str | None, typer.Option(help="Start none; ask again for what is missing of this one.", metavar="RUN_ID")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Longest time to watch.")] = 1800,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Start a run, or resume one, and watch it from the list to Gold.

    Example: [bold]reelhouse run --top-n 20 --batch-size 5 --json[/]. Exit 1 when it is not complete in the end.
    """
    if resume is not None and (top_n or batch_size):
        raise typer.BadParameter("--resume takes top_n and batch_size from its run")
    found = stack.find(stack_name)
    if resume is None:
        reply = runs.start(found, top_n, batch_size)
    else:
        from reelhouse.run import resume as resuming  # noqa: PLC0415 (it imports DuckDB; other commands need not wait)

        reply = resuming.resume(found, resume)
    result = _watch(found, reply, seconds)
    if json_output:
        show.as_json(result.as_dict())
    else:
        show.report(result)
    if result.status != "complete":
        raise typer.Exit(1)


def _watch(found: stack.Stack, reply: dict[str, Any], seconds: float) -> runs.Report:
    with show.RunBars(reply["selected"], hidden=not sys.stderr.isatty()) as bars:
        return runs.watch(found, reply, bars.update, seconds)


@command
def status(
    run_id: Annotated[str | None, typer.Argument(help="One run's whole story; without it, the newest 20.")] = None,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Show the runs with their counts and the queues; or one run's whole story, and what to do where it is wrong.

    Example: [bold]reelhouse status --json[/], then [bold]reelhouse status 20261124T030000Z-1a2b3c4d[/]
    """
    used = stack.find(stack_name)
    found = stack_status.status(used, run_id)
    if run_id is None:
        show.as_json(found) if json_output else show.status(found)
        return
    from reelhouse import show_run  # noqa: PLC0415 (they import DuckDB; other commands need not wait)
    from reelhouse.run import story as run_story  # noqa: PLC0415 (they import DuckDB; other commands need not wait)

    found["story"] = run_story.tell(used, run_id, found["waiting_for_quota_until"])
    show.as_json(found) if json_output else show_run.story(found["story"])


@command
def doctor(stack_name: StackName = None, json_output: Json = False) -> None:
    """Check everything that a run needs, and say what to do where something is wrong.

    Example: [bold]reelhouse doctor[/]. Exit 1 when a check fails.
    """
    checks = []
    for check in doctor_checks.examine(stack_name):
        checks.append(check)
        if not json_output:
            show.check(check)
    if json_output:
        show.as_json([check.as_dict() for check in checks])
    if any(check.ok is False for check in checks):
        raise typer.Exit(1)


@command
def demo(films: Annotated[int, typer.Option(min=1, help="Films to ingest.")] = 1000) -> None:
    """Start the local stack, ingest films, write the reports, and show what came out: what `make run` does.

    Example: [bold]reelhouse demo --films 100[/]. With OMDB_API_KEY set, the real list and the real OMDb, 250 films.
    """
    key = settings.variable("OMDB_API_KEY")
    options = local_stack.Options()
    if key:
        options = local_stack.Options(local_stack.REAL_LIST, local_stack.REAL_OMDB, key)
        films = min(films, 250)
    _up(options)
    found = stack.find(None)
    result = _watch(found, runs.start(found, films, 10 if key else 20), 1800)
    show.report(result)
    if result.status != "complete":
        raise typer.Exit(1)
    from reelhouse.gold import highlights, report  # noqa: PLC0415 (they import awswrangler, which takes a second)

    highlights.show_tables()
    # AggregateToGold has just built Gold: notebook 01 need not.
    wanted = report.Wanted(parameters=("rebuild=false",))
    published = report.run(found, wanted, REPORTS, hidden=not sys.stderr.isatty())
    report.tell(published, REPORTS, found)
    highlights.show_next()
    if not all(one.succeeded for one in published):
        raise typer.Exit(1)
