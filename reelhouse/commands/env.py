"""``reelhouse env``: the environment variables by which other programs find a stack and its tables."""

from __future__ import annotations

import shlex

from pipeline import aws
from reelhouse import console, stack
from reelhouse.local import state
from reelhouse.options import Json, StackName


def command(stack_name: StackName = None, json_output: Json = False) -> None:
    """Print the variables by which other programs find the stack.

    They are shell commands, for any AWS client. The local stack's include its address and credentials, those of a stack
    in AWS its region.

    Example: [bold]reelhouse env --json[/]; in a shell: eval "$(reelhouse env)"
    """
    deployed = stack.find(stack_name)
    # boto3 reads only the second name of the region, and other SDKs only the first.
    region = dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), aws.session().region_name or "")
    variables = deployed.lake().as_variables() | (region if stack_name else state.load().connection())
    if json_output:
        console.print_json(variables)
        return
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
