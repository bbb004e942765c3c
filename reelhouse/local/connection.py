"""How this process and its children reach the local stack."""

from __future__ import annotations

from pipeline import aws, settings
from reelhouse.local.state import State


def use(current: State) -> None:
    """Point boto3, here and in child processes, at the local stack and at nothing else.

    Every AWS setting of the person's own environment is dropped, and no AWS configuration file is read.
    """
    wanted = current.connection() | without_proxy()
    names = {*settings.names_starting_with("AWS_"), *wanted}
    if {name: settings.variable(name) for name in names} == wanted:
        # The clients of this process reach it already; a new client takes 0.1 s to create.
        return
    settings.forget_variables(*names)
    settings.set_variables(wanted)
    aws.forget_clients()


def without_proxy() -> dict[str, str]:
    """Return the variables that keep requests to this machine from a proxy; other hosts keep theirs."""
    hosts = [host for host in settings.variable("NO_PROXY", settings.variable("no_proxy")).split(",") if host]
    value = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))
    # Both spellings are read, the lower-case one first.
    return {"NO_PROXY": value, "no_proxy": value}
