"""``reelhouse rollback``: publish an earlier build of Gold again."""

from __future__ import annotations

from reelhouse import stack
from reelhouse.commands.publish import publish, report
from reelhouse.options import Because, BuildId, Json, StackName


def command(build: BuildId, because: Because, stack_name: StackName = None, json_output: Json = False) -> None:
    """Publish an earlier build of Gold again.

    All readers see it at once. Other builds are held until a run completes that was not complete before, so that the
    same data does not replace it; `reelhouse publish` ends that earlier. Your reason, your identity and the time are
    kept; `reelhouse builds` shows them.

    Example: [bold]reelhouse rollback 20261124T030200.000000Z --because "box office in wrong units"[/]
    """
    after = publish(stack.find(stack_name), build, because, back=True)
    message = f"build {build} of Gold is published again; newer builds are held until another run is complete"
    report(after, message, json_output=json_output)
