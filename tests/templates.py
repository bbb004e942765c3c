"""The templates as data: resources by type, and the statements of every role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]
MAIN, REPORTS, IMAGE = "template.yaml", "lambdas/run_reports.template.yaml", "lambdas/run_reports_image.template.yaml"
# The other nested templates (QuickSight, Glue tables) grant no access; a test asserts it.
TEMPLATES: dict[str, Any] = {name: load(str(ROOT / name)) for name in (MAIN, REPORTS, IMAGE)}


def resources(kind: str) -> dict[str, tuple[str, Any]]:
    """Return all resources of a type: template and properties by ``template: logical id``."""
    return {
        f"{template}: {name}": (template, body.get("Properties", {}))
        for template, document in TEMPLATES.items()
        for name, body in document["Resources"].items()
        if body["Type"] == kind
    }


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def target(value: Any) -> str:
    """Return the logical id in ``!Ref X`` or ``!GetAtt X.Arn``."""
    return str(value["Ref"]) if "Ref" in value else str(value["Fn::GetAtt"][0])


ROLES, BUCKETS, QUEUES = resources("AWS::IAM::Role"), resources("AWS::S3::Bucket"), resources("AWS::SQS::Queue")
BUCKET_POLICIES, TOPICS = resources("AWS::S3::BucketPolicy"), resources("AWS::SNS::Topic")
GRANTS = [
    (name, statement)
    for name, (_, body) in (ROLES | resources("AWS::IAM::Policy")).items()
    for policy in body.get("Policies", [body])
    for statement in policy["PolicyDocument"]["Statement"]
]
