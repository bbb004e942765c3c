"""Properties that every queue, function, role, bucket, alarm and table of the templates must have."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from insights.reports import notebooks
from pipeline import get_movies_and_send_to_queue, keys, retries, settings
from pipeline.columns import GOLD, GOLD_BUILDS, SILVER, SILVER_BY_RUN, Table
from pipeline.gold import publication
from tests.cloudformation import read_template
from tools import deploy

ROOT = Path(__file__).parents[2]
TEMPLATE: Any = read_template(ROOT / "template.yaml")
GLUE_TABLES: Any = read_template(ROOT / "lambdas" / "glue_tables.template.yaml")["Resources"]
ALL_TEMPLATES = [ROOT / "template.yaml", *sorted(ROOT.glob("*/*.template.yaml"))]
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
FUNCTION, QUEUE, BUCKET = "AWS::Serverless::Function", "AWS::SQS::Queue", "AWS::S3::Bucket"


def of_type(kind: str) -> dict[str, Any]:
    """Return the properties of all resources of a type in template.yaml, by logical id."""
    return {name: body.get("Properties", {}) for name, body in RESOURCES.items() if body["Type"] == kind}


def target(value: Any) -> str:
    """Return the logical id in ``!Ref X`` or ``!GetAtt X.Arn``."""
    return str(value["Ref"]) if "Ref" in value else str(value["Fn::GetAtt"][0])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


FUNCTIONS, QUEUES, BUCKETS = of_type(FUNCTION), of_type(QUEUE), of_type(BUCKET)
DEAD_LETTERS = {name for name in QUEUES if name.endswith("DeadLetters")}
SOURCES = [
    (function, event["Properties"])
    for function, body in FUNCTIONS.items()
    for event in body.get("Events", {}).values()
    if event["Type"] == "SQS"
]
BY_ATHENA = of_type("AWS::IAM::Policy")
STATEMENTS = [
    (role, statement)
    for role, body in (of_type("AWS::IAM::Role") | BY_ATHENA).items()
    for policy in body.get("Policies", [body] if role in BY_ATHENA else [])
    for statement in policy["PolicyDocument"]["Statement"]
]


def test_the_tests_find_the_resources_they_check() -> None:
    assert {"GetMoviesAndSendToQueue", "EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold"} <= set(
        FUNCTIONS
    )
    assert set(QUEUES) - DEAD_LETTERS == {"MovieQueue", "BronzeEvents", "SilverEvents"}
    assert {"BronzeBucket", "SilverBucket", "GoldBucket"} <= set(BUCKETS)
    assert len(SOURCES) == 3
    assert len(STATEMENTS) > 10


# ── Queues ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(QUEUES))
def test_queues_are_encrypted_and_keep_messages_two_weeks(name: str) -> None:
    assert QUEUES[name]["SqsManagedSseEnabled"] is True
    assert QUEUES[name]["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("name", sorted(set(QUEUES) - DEAD_LETTERS))
def test_each_queue_has_a_dead_letter_queue_with_an_alarm(name: str) -> None:
    redrive = QUEUES[name]["RedrivePolicy"]
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    watched = [target(alarm["Dimensions"][0]["Value"]) for alarm in alarms if alarm.get("Namespace") == "AWS/SQS"]

    assert target(redrive["deadLetterTargetArn"]) == f"{name}DeadLetters"
    assert redrive["maxReceiveCount"] >= 3
    if name == "MovieQueue":
        assert redrive["maxReceiveCount"] / 2 == retries.RENEWED_AFTER_RECEIVES
    assert f"{name}DeadLetters" in watched


@pytest.mark.parametrize(("function", "source"), SOURCES, ids=[function for function, _ in SOURCES])
def test_a_message_stays_hidden_long_enough_and_fails_alone(function: str, source: dict[str, Any]) -> None:
    queue, window = QUEUES[target(source["Queue"])], source.get("MaximumBatchingWindowInSeconds", 0)

    assert queue["VisibilityTimeout"] >= 6 * FUNCTIONS[function]["Timeout"] + window
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"]["MaximumConcurrency"] >= 2
    # Lambda requires a batching window for batches larger than ten.
    assert source["BatchSize"] <= 10 or source["MaximumBatchingWindowInSeconds"] >= 1


def test_the_documented_delays_are_the_visibility_timeouts() -> None:
    minutes = {name: QUEUES[name]["VisibilityTimeout"] // 60 for name in ("BronzeEvents", "MovieQueue", "SilverEvents")}
    text = "after {BronzeEvents} minutes in BronzeEvents, {MovieQueue} in MovieQueue and {SilverEvents} in SilverEvents"

    assert text.format(**minutes) in " ".join((ROOT / "docs" / "operations.md").read_text(encoding="utf-8").split())


def test_every_queue_feeds_one_function() -> None:
    assert sorted(target(source["Queue"]) for _, source in SOURCES) == sorted(set(QUEUES) - DEAD_LETTERS)


# ── Functions and roles ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_has_its_handler(name: str) -> None:
    package, module, function = FUNCTIONS[name]["Handler"].split(".")
    path = ROOT / package / f"{module}.py"

    assert package == "lambdas"
    assert "".join(word.title() for word in module.split("_")) == name
    assert re.search(rf"^def {function}\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert importlib.util.find_spec(f"pipeline.{module}") or importlib.util.find_spec(f"insights.{module}")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_has_limits_a_log_group_and_a_role_of_its_own(name: str) -> None:
    function = FUNCTIONS[name]
    roles = [target(body["Role"]) for body in FUNCTIONS.values()]
    groups = [str(group["LogGroupName"]) for group in of_type("AWS::Logs::LogGroup").values()]

    assert 1 <= function["Timeout"] <= 900
    assert 128 <= function["MemorySize"] <= 10_240
    assert roles.count(target(function["Role"])) == 1
    assert sum(f"/aws/lambda/${{AWS::StackName}}-{name}'" in group for group in groups) == 1
    assert all("RetentionInDays" in group for group in of_type("AWS::Logs::LogGroup").values())


@pytest.mark.parametrize(
    "name", ["GetMoviesAndSendToQueue", "EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold"]
)
def test_each_function_receives_exactly_its_settings(name: str) -> None:
    kind: Any = getattr(settings, f"{name}Settings")
    given = set(FUNCTIONS[name]["Environment"]["Variables"])

    assert given == {field.upper() for field in kind.__dataclass_fields__}


# ── Buckets ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_bronze_is_versioned_and_kept_with_its_policy_when_the_stack_is_deleted() -> None:
    kept = {name: body["DeletionPolicy"] for name, body in RESOURCES.items() if "DeletionPolicy" in body}

    assert BUCKETS["BronzeBucket"]["VersioningConfiguration"]["Status"] == "Enabled"
    # Unlike Retain, this removes the empty bucket of a first deployment that failed.
    assert kept == dict.fromkeys(("BronzeBucket", "BronzeBucketPolicy"), "RetainExceptOnCreate")
    assert all(RESOURCES[name]["UpdateReplacePolicy"] == "Retain" for name in kept)


def test_only_bronze_is_left_after_the_stack() -> None:
    # SAM's default for layers is to retain every version.
    assert of_type("AWS::Serverless::LayerVersion")["DuckdbLayer"]["RetentionPolicy"] == "Delete"
    assert of_type("AWS::Athena::WorkGroup")["AthenaWorkGroup"]["RecursiveDeleteOption"] is True


def test_the_schedule_starts_runs_with_the_stacks_parameters() -> None:
    schedule = FUNCTIONS["GetMoviesAndSendToQueue"]["Events"]["Schedule"]

    assert schedule["Type"] == "ScheduleV2"
    given = json.loads(re.sub(r"\$\{(\w+)\}", r'"\1"', schedule["Properties"]["Input"]["Fn::Sub"]))
    scheduled_time = "<aws.scheduler.scheduled-time>"
    assert given == {
        "top_n": "TopN",
        "batch_size": "BatchSize",
        "requested_by": "schedule",
        "scheduled_time": scheduled_time,
    }
    assert get_movies_and_send_to_queue.past_time("scheduled_time", scheduled_time) is None, "where nothing replaces it"
    assert set(given) <= set(get_movies_and_send_to_queue.PARAMETERS)
    assert FUNCTIONS["GetMoviesAndSendToQueue"]["EventInvokeConfig"]["MaximumRetryAttempts"] == 0


# ── The catalogue, and what AWS says ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "table", SILVER + SILVER_BY_RUN + GOLD + GOLD_BUILDS, ids=lambda table: f"{table.layer}.{table.name}"
)
def test_each_glue_table_has_the_defined_columns(table: Table) -> None:
    layer = table.layer.title().replace("_", "")
    bucket = f"{table.layer.split('_')[0].title()}Bucket"
    (glue,) = [
        body["TableInput"]
        for body in (resource["Properties"] for resource in GLUE_TABLES.values())
        if body["TableInput"]["Name"] == table.name and target(body["DatabaseName"]) == f"{layer}DatabaseName"
    ]

    columns = [(column["Name"], column["Type"]) for column in glue["StorageDescriptor"]["Columns"]]
    assert columns == [(column.name, column.type) for column in table.columns]
    folder = f"{keys.UNPUBLISHED if table.layer == 'gold' else ''}{table.folder or table.name}/"
    assert glue["StorageDescriptor"]["Location"]["Fn::Sub"] == f"s3://${{{bucket}Name}}/{folder}"
    assert glue["Parameters"]["classification"] == table.format


@pytest.mark.parametrize("table", SILVER_BY_RUN + GOLD_BUILDS, ids=lambda table: f"{table.layer}.{table.name}")
def test_a_partitioned_table_uses_injected_projection(table: Table) -> None:
    (glue,) = [
        body["TableInput"]
        for body in (resource["Properties"] for resource in GLUE_TABLES.values())
        if body["TableInput"]["Name"] == table.name
        and body["DatabaseName"]["Ref"].lower().startswith(table.layer[:4])
        and "PartitionKeys" in body["TableInput"]
    ]
    (key,) = glue["PartitionKeys"]

    assert key["Name"] not in table.column_names
    assert glue["Parameters"]["projection.enabled"] == "true"
    assert glue["Parameters"][f"projection.{key['Name']}.type"] == "injected"
    if table in GOLD_BUILDS:
        template = glue["Parameters"]["storage.location.template"]["Fn::Sub"].replace("${!", "${")
        folder = keys.build_table("20261124T030000.000000Z", table.name).replace(
            "20261124T030000.000000Z", "${build_id}"
        )
        assert template == f"s3://${{GoldBucketName}}/{folder}"


# ── Athena ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_nested_template_gets_every_parameter_and_has_tables_only() -> None:
    nested = read_template(ROOT / "lambdas" / "glue_tables.template.yaml")

    assert set(RESOURCES["GlueTables"]["Properties"]["Parameters"]) == set(nested["Parameters"])
    assert {body["Type"] for body in nested["Resources"].values()} == {"AWS::Glue::Table"}


def test_resources_for_athena_builds_exist_only_with_that_engine() -> None:
    conditional = {name for name, body in (RESOURCES | GLUE_TABLES).items() if body.get("Condition") == "BuiltByAthena"}
    tables = {f"GoldBuilds{''.join(word.title() for word in table.name.split('_'))}Table" for table in GOLD_BUILDS}

    assert TEMPLATE["Parameters"]["GoldEngine"]["Default"] == "duckdb"
    assert conditional == {"AggregateToGoldByAthena", "GoldBuildsDatabase"} | tables
    others = {role for role, statement in STATEMENTS if "athena:" in str(statement) or "glue:" in str(statement)}
    assert others == {"AggregateToGoldByAthena", "AggregateToGoldRole"}


def test_queries_are_limited_and_their_results_encrypted_and_short_lived() -> None:
    (group,) = of_type("AWS::Athena::WorkGroup").values()
    configuration = group["WorkGroupConfiguration"]

    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert target(configuration["BytesScannedCutoffPerQuery"]) == "AthenaBytesScannedLimit"
    assert configuration["ResultConfiguration"]["EncryptionConfiguration"]["EncryptionOption"] == "SSE_S3"
    (rule,) = BUCKETS["AthenaResultsBucket"]["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] <= 30


def test_only_unreferenced_builds_and_dated_reports_expire() -> None:
    rules = BUCKETS["GoldBucket"]["LifecycleConfiguration"]["Rules"]
    by_tag = [rule for rule in rules if "TagFilters" in rule]
    by_age = [rule["Prefix"] for rule in rules if "ExpirationInDays" in rule and rule not in by_tag]

    assert [(rule["Prefix"], rule["TagFilters"]) for rule in by_tag] == [
        (keys.BUILDS, [{"Key": publication.UNREFERENCED, "Value": "true"}])
    ]
    for notebook in notebooks.discover():
        dated = keys.report(notebook.name, "20261124T030000.000000Z", "report.html")
        latest = keys.report(notebook.name, keys.LATEST, "report.html")
        assert sum(dated.startswith(prefix) for prefix in by_age) == 1, "add a rule for this notebook's reports"
        assert not latest.startswith(tuple(by_age))
    assert all(prefix.startswith(keys.REPORTS) and not keys.REPORT_INDEX.startswith(prefix) for prefix in by_age)


def test_failed_invocations_of_a_schedule_are_kept_and_alarmed() -> None:
    schedules = [FUNCTIONS["GetMoviesAndSendToQueue"]["Events"]["Schedule"]["Properties"]]
    reports = read_template(ROOT / "lambdas" / "run_reports.template.yaml")["Resources"]
    nested = [body["Properties"]["Target"] for body in reports.values() if body["Type"] == "AWS::Scheduler::Schedule"]
    given = RESOURCES["Reports"]["Properties"]["Parameters"]["ScheduleDeadLettersArn"]
    alarm = RESOURCES["ScheduleParkedAlarm"]["Properties"]

    assert target(schedules[0]["DeadLetterConfig"]["Arn"]) == target(given) == "ScheduleDeadLetters"
    assert nested
    assert all(one["DeadLetterConfig"]["Arn"] == {"Ref": "ScheduleDeadLettersArn"} for one in nested)
    assert target(alarm["Dimensions"][0]["Value"]) == "ScheduleDeadLetters"


def test_every_alarm_notifies_the_topic_and_is_documented() -> None:
    headings = set(
        re.findall(r"^### (.+)$", (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"), re.MULTILINE)
    )

    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}], name
        explained = re.search(r'see docs/operations\.md, "(.+)"', alarm["AlarmDescription"])
        assert explained, name
        assert explained[1] in headings, name


def nulls(value: Any, path: str = "") -> list[str]:
    """Return the path of every null inside a template."""
    if isinstance(value, dict):
        return [null for name, one in value.items() for null in nulls(one, f"{path}.{name}")]
    if isinstance(value, list):
        return [null for index, one in enumerate(value) for null in nulls(one, f"{path}[{index}]")]
    return [path] if value is None else []


@pytest.mark.parametrize("path", ALL_TEMPLATES, ids=lambda path: path.name)
def test_no_template_contains_null(path: Path) -> None:
    # CloudFormation rejects any null, wherever it stands; neither cfn-lint nor the emulator does.
    assert nulls(read_template(path)) == []


def test_no_arn_assumes_the_commercial_partition() -> None:
    for path in ALL_TEMPLATES:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "arn:aws:" in line]
        assert [line for line in lines if "ConstraintDescription" not in line] == [], path.name


def test_a_longest_permitted_stack_name_leaves_every_name_within_its_limit() -> None:
    names = [body["FunctionName"]["Fn::Sub"] for body in FUNCTIONS.values()]

    assert max(len(name.replace("${AWS::StackName}", "x" * deploy.MAX_NAME_LENGTH)) for name in names) <= 64


# ── Alarms ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sums_of_metrics_survive_a_metric_without_data() -> None:
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        for metric in alarm.get("Metrics", []):
            expression, others = metric.get("Expression", ""), [m["Id"] for m in alarm["Metrics"] if "MetricStat" in m]
            assert not expression or all(f"FILL({other}, 0)" in expression for other in others), name


def test_no_completed_run_is_silent_before_the_first_run_and_without_a_schedule() -> None:
    alarm = of_type("AWS::CloudWatch::Alarm")["NoCompletedRunAlarm"]

    assert RESOURCES["NoCompletedRunAlarm"]["Condition"] == "ScheduleIsOn"
    assert TEMPLATE["Conditions"]["ScheduleIsOn"]["Fn::Equals"] == [{"Ref": "ScheduleState"}, "ENABLED"]
    assert alarm["TreatMissingData"] == "missing"
    assert alarm["InsufficientDataActions"] == [{"Ref": "Alarms"}]


def test_a_refused_key_is_notified_once_though_messages_are_retried() -> None:
    alarm = of_type("AWS::CloudWatch::Alarm")["OmdbKeyRefusedAlarm"]

    assert alarm["Period"] * alarm["EvaluationPeriods"] > retries.BAD_KEY_RETRY_SECONDS


def test_the_documented_cost_is_the_computed_one() -> None:
    scale = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    (total,) = re.findall(r"^\| \*\*total\*\* \| \*\*([\d.]+)\*\*", scale, re.MULTILINE)

    assert f"US${total} " in (ROOT / "docs" / "aws.md").read_text(encoding="utf-8")


def test_waiting_for_the_quota_or_a_run_is_not_detected_as_a_recursive_loop() -> None:
    loops = {name: body["RecursiveLoop"] for name, body in FUNCTIONS.items() if "RecursiveLoop" in body}

    assert loops == {"EnrichAndStoreMovie": "Allow", "AggregateToGold": "Allow"}
