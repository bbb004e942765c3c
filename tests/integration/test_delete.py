"""Emptying buckets before a stack is deleted, and what is checked before, on moto."""

from __future__ import annotations

import json

import pytest

from pipeline import aws
from pipeline.errors import InvalidInput
from tests.integration.moto_lake import REGION
from tools import delete


@pytest.fixture
def bucket(cloud: None) -> str:
    """A versioned bucket with an overwritten, a deleted and a plain object."""
    s3 = aws.client("s3")
    aws.ensure_bucket(s3, "silver", REGION)
    s3.put_bucket_versioning(Bucket="silver", VersioningConfiguration={"Status": "Enabled"})
    for key in ("films/twice", "films/twice", "films/deleted", "other/plain"):
        s3.put_object(Bucket="silver", Key=key, Body=b"")
    s3.delete_object(Bucket="silver", Key="films/deleted")
    return "silver"


def versions(bucket: str) -> list[str]:
    answer = aws.client("s3").list_object_versions(Bucket=bucket)
    entries = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
    return sorted(one["Key"] for one in entries)


def test_every_version_and_delete_marker_is_removed(bucket: str) -> None:
    assert delete.empty(bucket) == 5
    assert versions(bucket) == []


def test_only_what_is_below_the_prefix_is_removed(bucket: str) -> None:
    delete.empty(bucket, "films/")

    assert versions(bucket) == ["other/plain"]


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack without a settings file."""
    monkeypatch.setattr(delete, "ask_region", lambda: REGION)
    monkeypatch.setattr(delete, "use_region", lambda _: None)


@pytest.mark.parametrize(
    ("parameter", "protected", "cause"),
    [
        ("OmdbApiKey", True, "termination protection.*no-enable-termination-protection"),
        ("Bucket", False, "not a stack of Reelhouse"),
    ],
)
@pytest.mark.usefixtures("_no_settings")
def test_a_protected_or_foreign_stack_keeps_its_data(
    cloud: None, monkeypatch: pytest.MonkeyPatch, parameter: str, *, protected: bool, cause: str
) -> None:
    template = {
        "Parameters": {parameter: {"Type": "String", "Default": "x"}},
        "Resources": {"GoldBucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "gold"}}},
    }
    aws.client("cloudformation").create_stack(
        StackName="films", TemplateBody=json.dumps(template), EnableTerminationProtection=protected
    )
    aws.client("s3").put_object(Bucket="gold", Key="_build.json", Body=b"{}")
    monkeypatch.setattr("builtins.input", lambda _: "films")

    with pytest.raises(InvalidInput, match=cause):
        delete.main(["films"])
    assert versions("gold") == ["_build.json"]


@pytest.mark.usefixtures("_no_settings")
def test_an_unknown_stack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delete, "exists", lambda _: False)

    with pytest.raises(InvalidInput, match="does not exist"):
        delete.main(["films"])
