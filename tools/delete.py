"""Delete a stack from AWS, except its Bronze bucket: ``make delete STACK=reelhouse``.

``sam delete`` fails here: CloudFormation cannot delete a bucket that has objects. This command empties the stack's
buckets except Bronze, deletes the stack with its nested stacks, and removes what ``sam deploy`` uploaded.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import WaiterError

from pipeline import aws
from pipeline.errors import InvalidInput, StorageFailed
from tools.deploy import (
    ask_region,
    check_name,
    check_ours,
    exists,
    read_settings,
    run_command,
    settings_file,
    use_region,
)

KEPT = "BronzeBucket"
SAM_STACK = "aws-sam-cli-managed-default"


def resources(stack: str) -> Iterator[tuple[str, str, str]]:
    """Yield logical id, type and physical id of every resource of a stack and its nested stacks."""
    pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    for one in (summary for page in pages for summary in page["StackResourceSummaries"]):
        if one["ResourceStatus"] == "DELETE_COMPLETE" or "PhysicalResourceId" not in one:
            continue
        yield one["LogicalResourceId"], one["ResourceType"], one["PhysicalResourceId"]
        if one["ResourceType"] == "AWS::CloudFormation::Stack":
            yield from resources(one["PhysicalResourceId"])


def check_deletable(stack: str) -> None:
    """Raise InvalidInput for another application's stack, and for one with termination protection."""
    (description,) = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    check_ours(stack, description)
    if description.get("EnableTerminationProtection"):
        command = (
            f"aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {stack}"
        )
        raise InvalidInput("it has termination protection", subject=f"stack {stack}", next_step=command)


def buckets(stack: str) -> dict[str, str]:
    """Return the names of the buckets of a stack and its nested stacks, by logical id."""
    return {logical: name for logical, kind, name in resources(stack) if kind == "AWS::S3::Bucket"}


def empty(bucket: str, prefix: str = "") -> int:
    """Delete every version of every object below a prefix; return how many were deleted."""
    s3, deleted = aws.client("s3"), 0
    pages: Any = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if versions:
            keys: Any = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in versions]
            failed = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True}).get("Errors", [])
            if failed:
                cause = f"could not delete {len(failed)} objects ({failed[0].get('Code')})"
                raise StorageFailed(cause, subject=bucket, step="delete")
            deleted += len(versions)
    return deleted


def delete_stack(stack: str, emptied: list[str]) -> None:
    """Empty buckets and delete the stack; repeat once if a function wrote an object in between.

    Raises
    ------
    StorageFailed
        When CloudFormation cannot delete the stack.
    """
    cloudformation = aws.client("cloudformation")
    stack_id = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    for last_try in (False, True):
        existing = set(buckets(stack_id).values())
        for bucket in emptied:
            if bucket in existing:
                empty(bucket)
        cloudformation.delete_stack(StackName=stack_id)
        try:
            cloudformation.get_waiter("stack_delete_complete").wait(
                StackName=stack_id, WaiterConfig={"Delay": 5, "MaxAttempts": 360}
            )
            return
        except WaiterError as error:
            if last_try:
                hint = "see the stack's events in CloudFormation, then run the command again"
                raise StorageFailed("could not be deleted", subject=f"stack {stack}", next_step=hint) from error


def delete_artifacts(stack: str) -> int:
    """Delete what ``sam deploy`` uploaded for the stack; return the number of objects."""
    if not exists(SAM_STACK):
        return 0
    outputs = aws.client("cloudformation").describe_stacks(StackName=SAM_STACK)["Stacks"][0].get("Outputs", [])
    names = [output["OutputValue"] for output in outputs if output["OutputKey"] == "SourceBucket"]
    return sum(empty(name, f"{stack}/") for name in names)


def main(arguments: list[str]) -> int:
    """Delete a stack after asking; return 0 when it was deleted, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tools.delete", description="Delete a stack from AWS.")
    parser.add_argument("stack")
    stack = check_name(parser.parse_args(arguments).stack)
    use_region(read_settings(stack).region if settings_file(stack).is_file() else ask_region())
    if not exists(stack):
        raise InvalidInput("does not exist in this account and region", subject=f"stack {stack}")
    with aws.failures_of("delete", f"stack {stack}"):
        check_deletable(stack)
        bucket_names = buckets(stack)
        emptied = [name for logical, name in bucket_names.items() if logical != KEPT]
        print(f"This deletes the stack {stack} and everything in these buckets:", *emptied, sep="\n  ")
        if input(f"Type the stack's name to delete it [{stack}]: ").strip() != stack:
            print("Nothing was deleted.")
            return 1
        delete_stack(stack, emptied)
        uploaded = delete_artifacts(stack)
    print(f"Deleted, with {uploaded} uploaded artifacts.")
    if KEPT in bucket_names:
        print(f"Kept: the Bronze bucket {bucket_names[KEPT]} and its policy.")
    return 0


if __name__ == "__main__":
    run_command(main)
