"""Access control of all templates: roles, buckets, queues, topics, secrets and function URLs."""

from __future__ import annotations

import fnmatch
import json
import re
from typing import Any

import pytest

from pipeline import keys
from tests.cloudformation import read_template
from tests.templates import (
    BUCKET_POLICIES,
    BUCKETS,
    GRANTS,
    MAIN,
    QUEUES,
    REPORTS,
    ROLES,
    ROOT,
    TEMPLATES,
    TOPICS,
    listed,
    resources,
    target,
)

# Actions with a wildcard, and the reason.
STARRED_ACTIONS = {"sqs:SendMessage*": "on AWS it is SendMessage; the emulator checks SendMessageBatch by its name"}
# Actions on all resources, and the reason.
ANY_RESOURCE = {"ecr:GetAuthorizationToken": "this action supports no resource"}
# Resources outside this stack, and the reason.
SHARED = {
    "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:catalog": "every Glue call checks the catalogue too",
    "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:database/default": "Athena checks it for every query",
}
# The only service that may assume each role.
ASSUMED_BY = {
    "GetMoviesAndSendToQueueRole": "lambda", "EnrichAndStoreMovieRole": "lambda", "ProcessBronzeToSilverRole": "lambda",
    "AggregateToGoldRole": "lambda", "FindSimilarMoviesRole": "lambda", "RunReportsRole": "lambda",
    "ScheduleRole": "scheduler", "RefreshSpiceRole": "states", "RefreshSpiceOnBuildRole": "events",
    "BuildRole": "codebuild",
}  # fmt: skip
BRONZE_WRITERS = {"GetMoviesAndSendToQueueRole", "EnrichAndStoreMovieRole"}


def policy_of(bucket: str) -> dict[str, Any]:
    """Return the statements of a bucket's policy by Sid."""
    template, _, logical_id = bucket.partition(": ")
    (policy,) = [b for where, b in BUCKET_POLICIES.values() if (where, target(b["Bucket"])) == (template, logical_id)]
    return {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}


def test_the_tests_find_the_resources_they_check() -> None:
    assert {name.partition(": ")[2] for name in ROLES} == set(ASSUMED_BY)
    assert len(BUCKETS) == len(BUCKET_POLICIES) == 5
    assert len(QUEUES) >= 6
    assert len(TOPICS) == 1
    assert len(GRANTS) > 30


def test_no_other_template_grants_access() -> None:
    watched = ("AWS::IAM::", "AWS::S3::", "AWS::SQS::", "AWS::SNS::", "AWS::Lambda::", "AWS::SecretsManager::")
    others = [path for path in ROOT.glob("*/*.template.yaml") if path.relative_to(ROOT).as_posix() not in TEMPLATES]

    for path in others:
        types = {body["Type"] for body in read_template(path)["Resources"].values()}
        assert not [kind for kind in types if kind.startswith(watched)], path


# ── Roles ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("role", "grant"), GRANTS, ids=[f"{role} {grant.get('Sid', '')}" for role, grant in GRANTS])
def test_a_grant_names_its_actions_and_resources(role: str, grant: dict[str, Any]) -> None:
    actions = listed(grant["Action"])
    assert grant["Effect"] == "Allow"
    assert "NotAction" not in grant
    assert "NotResource" not in grant
    for action in actions:
        assert re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action) or action in STARRED_ACTIONS, action
    for resource in listed(grant["Resource"]):
        if resource == "*":
            assert set(actions) <= set(ANY_RESOURCE), actions
            continue
        # A resource of this template, or one named after this stack.
        assert isinstance(resource, dict), resource
        text = resource.get("Fn::Sub", "")
        pattern = str(text if isinstance(text, str) else text[0])
        assert not pattern or pattern in SHARED or re.search(r"\$\{(?!AWS::(Partition|Region|AccountId)\})", pattern), (
            pattern
        )
        assert "Ref" not in resource or not resource["Ref"].startswith("AWS::")


@pytest.mark.parametrize("name", sorted(ROLES))
def test_a_role_is_assumed_by_one_service_only(name: str) -> None:
    service = ASSUMED_BY[name.partition(": ")[2]]
    (statement,) = ROLES[name][1]["AssumeRolePolicyDocument"]["Statement"]

    assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
    assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
    # Lambda sets no source keys when it assumes a role; the other services are bound to this account.
    bound = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert statement.get("Condition") == (None if service == "lambda" else bound)
    assert not ROLES[name][1].get("ManagedPolicyArns")


def test_every_role_has_the_permissions_boundary_of_the_settings() -> None:
    boundary = {"Ref": "PermissionsBoundary"}
    for name, (_, role) in ROLES.items():
        given = ["HasPermissionsBoundary", boundary, {"Ref": "AWS::NoValue"}]
        assert role["PermissionsBoundary"] == {"Fn::If": given}, name
    for stack in ("Reports", "ReportsImage"):
        assert TEMPLATES[MAIN]["Resources"][stack]["Properties"]["Parameters"]["PermissionsBoundary"] == boundary


def test_no_role_deletes_data_or_administers_services() -> None:
    for role, grant in GRANTS:
        for action in listed(grant["Action"]):
            service, _, verb = action.partition(":")
            assert service not in {"iam", "sts", "kms", "cloudformation", "organizations"}, (role, action)
            assert not verb.startswith(("Delete", "Put")) or action in {
                "sqs:DeleteMessage", "s3:PutObject", "s3:PutObjectTagging", "logs:PutLogEvents", "ecr:PutImage",
            }, (role, action)  # fmt: skip


def test_only_the_ingestion_steps_write_to_bronze() -> None:
    writers = {
        role.partition(": ")[2]
        for role, grant in GRANTS
        if "s3:PutObject" in listed(grant["Action"]) and "BronzeBucket" in str(grant["Resource"])
    }

    assert writers == BRONZE_WRITERS


def test_aggregate_to_gold_writes_builds_and_the_pointer_only() -> None:
    (grant,) = [g for role, g in GRANTS if role.endswith(": AggregateToGoldRole") and g["Sid"] == "WriteGold"]

    assert {one["Fn::Sub"] for one in grant["Resource"]} == {
        f"${{GoldBucket.Arn}}/{keys.BUILD}", f"${{GoldBucket.Arn}}/{keys.BUILDS}*",
    }  # fmt: skip


@pytest.mark.parametrize(("role", "grant"), [(role, grant) for role, grant in GRANTS if grant.get("Sid") == "Log"])
def test_a_role_logs_to_its_own_group_only(role: str, grant: dict[str, Any]) -> None:
    assert target(grant["Resource"]) == role.partition(": ")[2].removesuffix("Role") + "Logs"


def test_operators_take_and_remove_parked_messages_only() -> None:
    document = json.loads((ROOT / "docs" / "aws" / "operator-policy.json").read_text(encoding="utf-8"))
    by_action = {action: listed(one["Resource"]) for one in document["Statement"] for action in listed(one["Action"])}

    for action in ("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility*", "sqs:DeleteMessage"):
        assert all(resource.endswith("DeadLetters-*") for resource in by_action[action]), action
    assert not [resource for resource in by_action["sqs:SendMessage*"] if "DeadLetters" in resource]


# ── Secrets ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_secret_is_read_by_one_role() -> None:
    main = TEMPLATES[MAIN]
    readers = {
        role.partition(": ")[2]: str(grant["Resource"])
        for role, grant in GRANTS
        if any(action.startswith("secretsmanager:") for action in listed(grant["Action"]))
    }
    name = main["Resources"]["OmdbApiKeySecret"]["Properties"]["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}")

    assert set(readers) == {"EnrichAndStoreMovieRole", "RunReportsReadsTheKey"}
    assert name in readers["EnrichAndStoreMovieRole"]
    assert "${LanguageModelSecretName}-*" in readers["RunReportsReadsTheKey"]


def test_the_omdb_key_goes_to_its_secret_only() -> None:
    main = TEMPLATES[MAIN]

    assert main["Parameters"]["OmdbApiKey"]["NoEcho"] is True
    assert [name for name, body in main["Resources"].items() if "'OmdbApiKey'" in str(body)] == ["OmdbApiKeySecret"]


def test_the_language_model_is_off_by_default_and_its_key_is_not_a_parameter() -> None:
    main, reports = TEMPLATES[MAIN], TEMPLATES[REPORTS]
    variables = reports["Resources"]["RunReports"]["Properties"]["Environment"]["Variables"]
    no_value = {"Ref": "AWS::NoValue"}

    assert main["Parameters"]["UseLanguageModel"]["Default"] == "false"
    # A NoEcho parameter without a default cannot be left empty in a guided deployment, so there is only OmdbApiKey.
    assert [name for name, body in main["Parameters"].items() if body.get("NoEcho")] == ["OmdbApiKey"]
    assert set(main["Resources"]["LanguageModelKeySecret"]["Properties"]) == {"Name", "Description"}
    assert main["Resources"]["LanguageModelKeySecret"]["Condition"] == "HasLanguageModel"
    assert reports["Resources"]["RunReportsReadsTheKey"]["Condition"] == "HasLanguageModel"
    assert variables["OPENAI_SECRET_ID"]["Fn::If"] == ["HasLanguageModel", {"Ref": "LanguageModelSecretName"}, no_value]
    assert "OPENAI_API_KEY" not in variables


@pytest.mark.parametrize("name", ["operator", "reader", "lookup"])
def test_a_documented_policy_names_nothing_of_a_stack_whose_name_begins_with_the_same_word(name: str) -> None:
    policy = json.loads((ROOT / "docs" / "aws" / f"{name}-policy.json").read_text(encoding="utf-8"))
    granted = {resource for statement in policy["Statement"] for resource in listed(statement["Resource"])}
    own = [one.replace("reelhouse", "reelhouse-test").replace("*", "x") for one in granted if "reelhouse" in one]

    assert own
    assert [(one, pattern) for one in own for pattern in granted if fnmatch.fnmatchcase(one, pattern)] == []


# ── Buckets, queues, topics, addresses ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(BUCKETS))
def test_a_bucket_is_encrypted_private_and_tls_only(name: str) -> None:
    _, bucket = BUCKETS[name]
    statement = policy_of(name)["TlsOnly"]

    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(statement["Resource"]) == 2
    assert TEMPLATES[MAIN]["Parameters"]["RequireTls"]["Default"] == "true"


@pytest.mark.parametrize("name", sorted(BUCKET_POLICIES))
def test_bucket_policies_only_deny(name: str) -> None:
    _, body = BUCKET_POLICIES[name]

    assert {statement["Effect"] for statement in body["PolicyDocument"]["Statement"]} == {"Deny"}


def test_the_bronze_policy_denies_overwriting_and_deleting_to_everyone() -> None:
    policy = policy_of(f"{MAIN}: BronzeBucket")

    assert set(policy) == {"TlsOnly", "WrittenOnce", "NeverDeleted"}
    assert policy["WrittenOnce"]["Action"] == "s3:PutObject"
    assert policy["WrittenOnce"]["Condition"] == {
        "Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"},
    }  # fmt: skip
    assert policy["NeverDeleted"]["Action"] == ["s3:DeleteObject", "s3:DeleteObjectVersion"]
    assert "Condition" not in policy["NeverDeleted"]
    for sid in ("WrittenOnce", "NeverDeleted"):
        assert (policy[sid]["Principal"], policy[sid]["Resource"]) == ("*", {"Fn::Sub": "${BronzeBucket.Arn}/*"})


@pytest.mark.parametrize("name", sorted(QUEUES))
def test_a_queue_is_encrypted(name: str) -> None:
    assert QUEUES[name][1]["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("name", sorted(resources("AWS::SQS::QueuePolicy")))
def test_queues_accept_messages_of_this_account_s_buckets_only(name: str) -> None:
    _, body = resources("AWS::SQS::QueuePolicy")[name]
    (statement,) = body["PolicyDocument"]["Statement"]

    assert (statement["Principal"], statement["Action"]) == ({"Service": "s3.amazonaws.com"}, "sqs:SendMessage")
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert target(statement["Resource"]) == target(body["Queues"][0])


@pytest.mark.parametrize("name", sorted(TOPICS))
def test_the_topic_accepts_messages_of_this_account_s_alarms_only(name: str) -> None:
    # SNS's default policy lets every principal of the account publish. Encryption: see .checkov.yaml.
    (body,) = [body for _, body in resources("AWS::SNS::TopicPolicy").values()]
    (statement,) = body["PolicyDocument"]["Statement"]

    assert [target(topic) for topic in body["Topics"]] == [name.partition(": ")[2]]
    assert (statement["Principal"], statement["Action"]) == ({"Service": "cloudwatch.amazonaws.com"}, "sns:Publish")
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_the_only_function_url_requires_iam() -> None:
    functions = resources("AWS::Serverless::Function")
    addresses = {
        name: body["FunctionUrlConfig"] for name, (_, body) in functions.items() if "FunctionUrlConfig" in body
    }

    assert addresses == {f"{MAIN}: FindSimilarMovies": {"AuthType": "AWS_IAM"}}
    assert not resources("AWS::Lambda::Permission") | resources("AWS::Lambda::Url")


@pytest.mark.parametrize(
    "address", ["s3://*/list.json", "s3://b?/list.json", "https://*/x", "https://a*", "https://?x"]
)
def test_the_address_of_the_list_is_no_wildcard_in_a_policy(address: str) -> None:
    """GetMoviesAndSendToQueue may read the bucket that it names."""
    pattern = TEMPLATES[MAIN]["Parameters"]["SourceListUri"]["AllowedPattern"]

    assert not re.fullmatch(pattern, address)
    assert re.fullmatch(pattern, "s3://my-lists.example/2026/*.json")
    assert re.fullmatch(pattern, TEMPLATES[MAIN]["Parameters"]["SourceListUri"]["Default"])


@pytest.mark.parametrize("parameter", ["SourceListUri", "OmdbUrl", "LanguageModelUrl"])
def test_urls_must_be_https_except_on_this_machine(parameter: str) -> None:
    pattern = TEMPLATES[MAIN]["Parameters"][parameter]["AllowedPattern"]

    assert re.fullmatch(pattern, "https://www.example.org/api")
    for address in (
        "http://www.example.org/",
        "ftp://127.0.0.1/",
        "http://127.0.0.1.example.org/",
        "https://",
        "https://a:b@c/",
    ):
        assert not re.fullmatch(pattern, address), address
