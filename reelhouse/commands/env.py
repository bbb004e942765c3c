"""``reelhouse env``: the environment variables by which other programs find a stack and its tables."""

from __future__ import annotations

import shlex

from reelhouse import console, stack
from reelhouse.local import state
from reelhouse.options import Json, StackName


def command(stack_name: StackName = None, json_output: Json = False) -> None:
    """Print the variables by which other programs find the stack.

    They are shell commands. For the local stack they include its address and credentials; any AWS client reads them.

    Example: [bold]reelhouse env --json[/]; in a shell: eval "$(reelhouse env)"
    """
    deployed = stack.find(stack_name)
    variables = deployed.lake().as_variables() | ({} if stack_name else state.load().connection())
    if json_output:
        console.print_json(variables)
        return
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
