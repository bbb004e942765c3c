"""The variables that ``reelhouse env`` prints for a stack in AWS."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pipeline import aws
from reelhouse import cli, stack
from reelhouse.stack import Stack

OUTPUTS = {"GoldBucketName": "gold", "GoldDatabaseName": "films_gold", "SilverBucketName": "silver"}


def test_a_stack_in_aws_has_its_region_under_both_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 reads one of them, the AWS CLI and other SDKs the other."""
    monkeypatch.setattr(stack, "find", lambda _: Stack("films", OUTPUTS))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    aws.session.cache_clear()
    try:
        printed = json.loads(CliRunner().invoke(cli.app, ["env", "--stack", "films", "--json"]).stdout)
    finally:
        aws.session.cache_clear()

    assert printed == {
        "GOLD_BUCKET": "gold", "GOLD_DATABASE": "films_gold", "SILVER_BUCKET": "silver",
        "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
    }  # fmt: skip
