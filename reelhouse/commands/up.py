"""``reelhouse up``: start the local stack."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from pipeline import aws, http, keys, settings
from reelhouse import console, stack
from reelhouse.local import catalogue
from reelhouse.local.stack import Options, up
from reelhouse.local.state import State, load
from reelhouse.options import Json, usage_errors
from reelhouse.run.resume import resume_after_kill
from reelhouse.stack import Stack


def _checked_url(value: str) -> str:
    with usage_errors():
        return http.check_url(value, "--omdb-url") if value else value


def command(
    source_list: Annotated[
        str, typer.Option(help="The list: a file, s3://… or https://…; default: the sample's.", metavar="FILE|URI")
    ] = "",
    omdb_url: Annotated[
        str,
        typer.Option(help="The OMDb API to use; default: the sample server.", metavar="URL", callback=_checked_url),
    ] = "",
    schedule: Annotated[str, typer.Option(help='Start runs on a schedule, e.g. "rate(10 minutes)".')] = "",
    json_output: Json = False,
) -> None:
    """Start the local stack and deploy to it.

    Starts only what is not running and deploys only what changed. The key of an OMDb API is read from OMDB_API_KEY.

    Example: [bold]reelhouse up --source-list my_list.json[/]
    """
    current = start(Options(source_list, omdb_url, settings.variable("OMDB_API_KEY"), schedule))
    if json_output:
        endpoint = current.connection()["AWS_ENDPOINT_URL"]
        console.print_json({"endpoint_url": endpoint, "omdb_port": current.omdb and current.omdb.port})
    else:
        console.out.print("The local stack is up. Next: [bold]reelhouse run --top-n 20 --batch-size 5[/]")


def start(options: Options) -> State:
    """Start the local stack, resume the runs that a killed emulator left incomplete, and say what Bronze lost."""
    before = load()
    current = up(options, console.say)
    if current.interrupted:
        resume_after_kill(current, stack.find(None), console.say)
    if before.deployed and current.ministack != before.ministack:
        for sentence in losses(stack.find(None)):
            console.say(sentence)
    restore_catalogue(stack.find(None), redeployed=bool(before.deployed) and current.deployed != before.deployed)
    return current


def losses(local_stack: Stack) -> list[str]:
    """Return one sentence for each run of which Bronze lost films, with the command that fetches them again.

    The emulator acknowledges an object before it is on the disk, and only logs a failed write, so that a full disk or a
    kill may cost it objects. Gold's newest build says how many films of each run were stored.
    """
    build = local_stack.build()
    if build is None:
        return []
    with aws.failures_of("up", local_stack["BronzeBucketName"]):
        objects = aws.list_objects(aws.client("s3"), local_stack["BronzeBucketName"], f"{keys.MOVIES}/")
    present = Counter(keys.run_of(entry.key) for entry in objects if entry.size)
    lost = {run_id: counts.stored - present[run_id] for run_id, counts in sorted(build.runs.items())}
    return [
        f"Bronze lost {count} of {build.runs[run_id].stored} films of run {run_id}: "
        f"`reelhouse run --resume {run_id}` fetches them again"
        for run_id, count in lost.items()
        if count > 0
    ]


def restore_catalogue(local_stack: Stack, *, redeployed: bool = False) -> None:
    """Enter tables that were dropped from the catalogue, and let AggregateToGold point Gold's at its build.

    A deployment resets the tables whose definitions changed.
    """
    restored = catalogue.restore(local_stack)
    for name in restored:
        console.say(f"{name} was missing in the catalogue and is there again")
    if redeployed or any(name.startswith(f"{local_stack['GoldDatabaseName']}.") for name in restored):
        local_stack.build_gold()
