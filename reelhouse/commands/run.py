"""``reelhouse run``: start a run, or resume one, and watch it to its end."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from pipeline.errors import InvalidInput
from pipeline.gold.publication import Held
from pipeline.runs import RunReply
from reelhouse import console, stack
from reelhouse.console import counted
from reelhouse.options import Json, ResumedRunId, StackName
from reelhouse.run import resume as resuming
from reelhouse.run.watch import Report, StillMissing, run_bars, watch
from reelhouse.stack import Stack

WATCH_SECONDS = 1800
_SKIPPED_SHOWN, _MISSING_SHOWN, _REASONS_SHOWN = 10, 20, 3


def command(
    top_n: Annotated[int | None, typer.Option(min=1, help="Films to take from the list.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, max=100, help="Films in one message.")] = None,
    resume: ResumedRunId = None,
    seconds: Annotated[float, typer.Option(min=1, help="Longest time to watch.")] = WATCH_SECONDS,
    stack_name: StackName = None,
    json_output: Json = False,
) -> None:
    """Start or resume a run, and watch it from the list to Gold.

    Exit 1 when it is not complete in the end. Ctrl-C ends only the watching; the run goes on.

    Example: [bold]reelhouse run --top-n 20 --batch-size 5 --json[/]
    """
    if resume is not None and (top_n or batch_size):
        raise typer.BadParameter("--resume takes top_n and batch_size from its run")
    deployed = stack.find_to_write(stack_name)
    with console.ending_on_ctrl_c("interrupted; `reelhouse status` shows whether the run was started or resumed"):
        reply = start(deployed, top_n, batch_size) if resume is None else resuming.resume(deployed, resume)
    report = watch_to_end(deployed, reply, seconds)
    if json_output:
        console.print_json(asdict(report))
    else:
        print_report(report)
    if report.status != "complete":
        raise typer.Exit(1)


def start(stack: Stack, top_n: int | None, batch_size: int | None) -> RunReply:
    """Invoke GetMoviesAndSendToQueue and return its reply.

    Parameters
    ----------
    top_n, batch_size : int or None
        None takes the stack's default.

    Raises
    ------
    InvalidInput
        With the function's own message, when it refused its input or started nothing.
    StorageFailed
        With the function's own message, when it failed otherwise: it timed out, say.
    """
    given = {"top_n": top_n, "batch_size": batch_size, "requested_by": "person"}
    event = {name: value for name, value in given.items() if value is not None}
    body = stack.invoke("GetMoviesAndSendToQueue", event, "`reelhouse status` shows whether a run was started")
    reply = RunReply.from_json(body)
    if reply.status != "started":
        raise InvalidInput(f"no run was started: {reply.note or reply.status}")
    return reply


def watch_to_end(stack: Stack, reply: RunReply, seconds: float) -> Report:
    """Watch a run with progress bars; Ctrl-C ends the command and says how to look at the run later."""
    run_id = reply.run_id
    films, messages = counted(reply.selected, "film"), counted(reply.messages, "message")
    console.err.print(f"Run [bold]{run_id}[/]: {films} in {messages}")
    interrupted = f"Run {run_id} continues; `reelhouse status {run_id}` shows it"
    with console.ending_on_ctrl_c(interrupted), run_bars(reply.selected) as on_progress:
        return watch(stack, reply, on_progress, seconds)


def print_report(report: Report) -> None:
    """Print the result of a run."""
    for entry in report.skipped[:_SKIPPED_SHOWN]:
        console.warn(f"skipped: item {entry.item} {entry.id!r}: {entry.reason}")
    if len(report.skipped) > _SKIPPED_SHOWN:
        console.warn(f"… and {len(report.skipped) - _SKIPPED_SHOWN} more, all named in the run's manifest")
    if report.note:
        console.warn(report.note)
    colour = "green" if report.status == "complete" else "red"
    films, rows = counted(report.expected, "film"), counted(report.silver_rows, "Silver row")
    messages, seconds = counted(report.messages, "message"), report.seconds.get("total", 0)
    console.out.print(
        f"Run [bold]{report.run_id}[/] is [{colour}]{report.status}[/]: {report.stored:,} of {films} stored, "
        f"{report.rejected:,} rejected, {report.quarantined:,} quarantined, {rows} ({messages}, {seconds:.1f} s)"
    )
    if report.held:
        print_held(report.held)
    if report.missing:
        _print_missing(report.run_id, report.missing)


def print_held(held: Held) -> None:
    """Print that a build is held, why, and how to publish it."""
    if held.rolled_back:
        console.warn(f"Gold was rolled back; build {held.build_id} is held until another run is complete:")
    else:
        console.fail(f"build {held.build_id} of Gold is held; readers keep the build before it:")
    for reason in held.reasons[:_REASONS_SHOWN]:
        console.err.print(f"  {escape(reason)}")
    if len(held.reasons) > _REASONS_SHOWN:
        console.err.print(f"  … and {len(held.reasons) - _REASONS_SHOWN} more; --json has them all")
    purpose = "to go forward" if held.rolled_back else "if it is right"
    console.err.print(f"  {purpose}: reelhouse publish {held.build_id} --because TEXT")


def _print_missing(run_id: str, missing: StillMissing) -> None:
    """Print why watching ended before the run did, and the films that are not in Bronze."""
    films = missing.films
    console.fail(f"stopped watching: {missing.why}")
    if films:
        more = f" and {len(films) - _MISSING_SHOWN} more" if len(films) > _MISSING_SHOWN else ""
        console.err.print(f"  {counted(len(films), 'film')} missing: {', '.join(films[:_MISSING_SHOWN])}{more}")
    elif films is not None:
        console.err.print("  every film is in Bronze; Silver or Gold is not finished")
    console.err.print(f"  `reelhouse status {run_id}` shows where it stopped and what to do")
