"""``reelhouse publish``: publish a held build of Gold. ``reelhouse rollback`` does it with an earlier one."""

from __future__ import annotations

from dataclasses import asdict

from pipeline import aws
from pipeline.errors import InvalidInput, ReelhouseError, StorageFailed
from pipeline.gold import publication
from pipeline.gold.publication import Pointer
from pipeline.gold.tables import intact
from reelhouse import console, stack
from reelhouse.options import Because, BuildId, Json, StackName
from reelhouse.stack import Stack


def command(build: BuildId, because: Because, stack_name: StackName = None, json_output: Json = False) -> None:
    """Publish a build of Gold that is held.

    All readers see it at once, and later builds are compared with it. Your reason, your identity and the time are kept;
    `reelhouse builds` shows them.

    Example: [bold]reelhouse publish 20261124T030200.000000Z --because "the list now has 500 films"[/]
    """
    after = publish(stack.find(stack_name), build, because)
    report(after, f"build {build} of Gold is published; later builds are compared with it", json_output=json_output)


def report(after: Pointer, message: str, *, json_output: bool) -> None:
    """Print the outcome of :func:`publish`."""
    if json_output:
        publication_made = after.history[-1]
        console.print_json({"build_id": publication_made.build_id, "publication": asdict(publication_made)})
    else:
        console.say(message)


def publish(stack: Stack, build_id: str, because: str, *, back: bool = False) -> Pointer:
    """Move the pointer to a stored build, then the catalogue's tables; return the pointer as it is then.

    Parameters
    ----------
    because : str
        The person's reason; it is kept with that person's ARN.
    back : bool
        Go back to a build that was published before, and hold all others until another run is complete.

    Raises
    ------
    InvalidInput
        When it is the published build, its objects are gone, or it was published before (with ``back``: never).
    StorageFailed
        When Gold cannot be read or written, another build was published meanwhile, or the catalogue was not moved.
    """
    bucket, step, subject = stack["GoldBucketName"], "rollback" if back else "publish", f"build {build_id}"
    with aws.failures_of(step, bucket, "run it again"):
        before = publication.read_pointer(bucket)
        _check(before, build_id, step, back=back)
        newest_id = before.held.build_id if before.held else before.build.build_id if before.build else build_id
        stored = publication.records(bucket, {build_id, newest_id})
        build = stored.get(build_id)
        if build is None or len(intact(bucket, build)) < len(build.tables):
            hint = "`reelhouse builds` lists the builds"
            raise InvalidInput("is not stored: it was never built, or has expired", subject=subject, next_step=hint)
        person = str(aws.client("sts").get_caller_identity()["Arn"])
        if back:
            newest = stored.get(newest_id, build)
            after = publication.roll_back(bucket, build, newest, before, because, person)
        else:
            after = publication.publish(bucket, build, before, because=because, by=person)
    if after.build != build:
        raise StorageFailed("another build was published meanwhile", subject=subject, step=step, next_step="try again")
    try:
        # AggregateToGold builds nothing now, and moves the catalogue's tables.
        stack.build_gold()
    except ReelhouseError as error:
        cause = f"is published, but the catalogue was not moved to it: {error.cause}"
        raise StorageFailed(cause, subject=subject, step=step, next_step="the next run moves it") from error
    return after


def _check(before: Pointer, build_id: str, step: str, *, back: bool) -> None:
    """Reject the published build, and one for which the other command is meant."""
    subject = f"build {build_id}"
    if before.build and before.build.build_id == build_id:
        raise InvalidInput("is the published build already", subject=subject, step=step)
    was_published = any(entry.build_id == build_id for entry in before.history)
    is_held = before.held is not None and before.held.build_id == build_id
    if back and not was_published:
        hint = "`reelhouse builds` lists the builds"
        if is_held:
            hint = f"`reelhouse publish {build_id} --because TEXT` publishes it"
        raise InvalidInput("was never published, or has expired", subject=subject, step=step, next_step=hint)
    if not back and was_published and not is_held:
        hint = f"`reelhouse rollback {build_id} --because TEXT` publishes it again"
        raise InvalidInput("was published before", subject=subject, step=step, next_step=hint)
