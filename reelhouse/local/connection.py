"""How this process reaches the local stack."""

from __future__ import annotations

from pipeline import aws, settings
from reelhouse.local.state import State


def use(current: State) -> None:
    """Point boto3, here and in child processes, at the local stack."""
    settings.set_variables(current.connection())
    settings.forget_variables("AWS_PROFILE", "AWS_SESSION_TOKEN")
    aws.forget_clients()
