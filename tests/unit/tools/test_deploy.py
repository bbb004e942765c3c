"""Settings of a deployment: refused names and regions, the file that is written and read, and what SAM is given."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import InvalidInput
from pipeline.settings import environment_with
from reelhouse.local import catalogue
from tools import deploy


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of settings files of this test's own."""
    monkeypatch.setattr(deploy, "DEPLOYMENTS", tmp_path / "deployments")
    return tmp_path / "deployments"


def test_a_written_file_changes_nothing_but_what_was_asked() -> None:
    path = deploy.write_settings("films", "eu-west-1", {"AlarmEmail": "night@example.org"})
    read = deploy.read_settings("films")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (read.stack, read.region, read.changed) == ("films", "eu-west-1", {"AlarmEmail"})
    assert read.parameters["AlarmEmail"] == "night@example.org"
    others = {name: str(body["Default"]) for name, body in deploy.template_parameters().items()}
    assert read.parameters == others | {"AlarmEmail": "night@example.org"}


def test_a_stack_that_somebody_else_deployed_keeps_its_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    defaults = {name: str(body["Default"]) for name, body in deploy.template_parameters().items()}
    changed = {"GoldEngine": "athena", "AlarmEmail": "night@example.org", "TopN": "20"}
    given = defaults | changed | {"OmdbApiKey": "****", "OfAnOlderVersion": "x"}
    parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
    tags = [{"Key": "Cost Center", "Value": 'A "1"'}]
    described = {"StackStatus": "CREATE_COMPLETE", "Parameters": parameters, "Tags": tags}
    for name, value in {"ask_region": "eu-west-1", "use_region": None, "_description": described}.items():
        monkeypatch.setattr(deploy, name, lambda *_, value=value: value)

    deploy.create_settings("films")

    read = deploy.read_settings("films")
    assert (read.parameters, read.changed) == (defaults | changed, set(changed))
    assert read.tags == {"Cost Center": 'A "1"'}
    assert "taken from it" in capsys.readouterr().out


def test_a_stack_that_was_never_created_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudFormation describes it once a deployment was prepared and given up."""
    described = {"StackStatus": deploy.NEW, "Parameters": []}
    for name, value in {"ask_region": "eu-west-1", "use_region": None, "_description": described}.items():
        monkeypatch.setattr(deploy, name, lambda *_, value=value: value)
    monkeypatch.setattr("builtins.input", lambda _: " night@example.org ")

    deploy.create_settings("films")

    assert deploy.read_settings("films").parameters["AlarmEmail"] == "night@example.org"
    assert (deploy.state_of("films"), deploy.exists("films")) == ("", False)


@pytest.mark.parametrize(("answer", "agreed"), [("y", True), (" Y", True), ("", False), ("n", False)])
def test_what_is_deployed_is_shown_before_a_person_agrees(
    answer: str, agreed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sts = SimpleNamespace(get_caller_identity=lambda: {"Account": "123456789012"})
    monkeypatch.setattr(deploy.aws, "client", lambda _: sts)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    deployment = deploy.Deployment("films", "eu-west-1", {"TopN": "20", "X": "1"}, frozenset({"TopN"}), {"Owner": "me"})

    assert deploy._confirm(deployment) is agreed
    assert capsys.readouterr().out.splitlines() == [
        "Stack films, account 123456789012, region eu-west-1", "  TopN = 20", "  tag Owner = me",
    ]  # fmt: skip


def test_every_line_of_the_file_becomes_a_setting_without_its_comment_sign(folder: Path) -> None:
    path = deploy.write_settings("films", "eu-west-1", {})
    lines = path.read_text(encoding="utf-8").splitlines()
    settings = [line.removeprefix("# ") if " = " in line else line for line in lines if " = " in line or "[" in line]

    document = tomllib.loads("\n".join(line for line in settings if not line.startswith("#")))

    assert set(document["parameters"]) == set(deploy.template_parameters())
    assert document["tags"] == {"Owner": "films"}


def test_no_secret_is_a_setting() -> None:
    assert "OmdbApiKey" not in deploy.template_parameters()
    assert "OmdbApiKey" not in deploy.write_settings("films", "eu-west-1", {}).read_text(encoding="utf-8")


def test_numbers_and_truth_values_may_be_written_as_such(folder: Path) -> None:
    folder.mkdir()
    (folder / "films.toml").write_text(
        'region = "eu-west-1"\n[parameters]\nTopN = 20\nReportsImageBuild = true\n', encoding="utf-8"
    )

    read = deploy.read_settings("films")

    assert (read.parameters["TopN"], read.parameters["ReportsImageBuild"]) == ("20", "true")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("region = ", "TOML"),
        ('region = "eu-west-1"\n[parameters]\nTopM = 3', "unknown parameters: TopM"),
        ('region = "eu-west-1"\n[parameters]\nOmdbApiKey = "k"', "unknown parameters: OmdbApiKey"),
        ('region = "eu-west-1"\n[parameters]\nTopN = 2.5', "neither text nor whole numbers: TopN"),
        ("[parameters]", "region"),
        ('region = "eu-west-1"\nparameters = 3', r"parameters must be a table"),
        ('region = "eu-west-1"\ntags = "films"', r"tags must be a table"),
        ('region = "eu-west-1"\n[tags]\nOwner = ["films"]', "neither text nor whole numbers: Owner"),
    ],
)
def test_an_unusable_file_is_refused_with_its_cause(folder: Path, text: str, cause: str) -> None:
    folder.mkdir()
    (folder / "films.toml").write_text(text, encoding="utf-8")

    with pytest.raises(InvalidInput, match=cause):
        deploy.read_settings("films")


@pytest.mark.parametrize("name", ["reelhouse", "films-2", "a", "x" * 40])
def test_names_that_every_resource_can_carry(name: str) -> None:
    assert deploy.check_name(name) == name


@pytest.mark.parametrize("name", ["", "Films", "2films", "films_2", "films-", "films--2", "x" * 41, "fïlms", "films\n"])
def test_names_that_some_resource_cannot_carry_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="at most 40 characters"):
        deploy.check_name(name)


@pytest.mark.parametrize("region", ["eu-central-2", "cn-north-1", "us-gov-west-1", "Frankfurt", ""])
def test_regions_without_function_urls_and_other_partitions_are_refused(region: str) -> None:
    with pytest.raises(InvalidInput, match="region"):
        deploy.check_region(region)


def test_the_key_reaches_sam_in_a_private_file_and_in_no_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []
    given: dict[str, object] = {}

    def sam(*arguments: str) -> None:
        calls.append(arguments)
        if arguments[0] == "deploy":
            config = Path(arguments[arguments.index("--config-file") + 1])
            given["mode"], given["file"] = stat.S_IMODE(config.stat().st_mode), config
            given["values"] = tomllib.loads(config.read_text(encoding="utf-8"))["default"]["deploy"]["parameters"]

    monkeypatch.setattr(deploy, "_sam", sam)
    settings = {"ScheduleExpression": "rate(10 minutes)", "AlarmEmail": ""}
    tags = {"Cost Center": "A 1", "Note": 'so "called"'}
    deploy.deploy(deploy.Deployment("films", "eu-west-1", settings, frozenset(), tags), "the-key")

    assert [call[0] for call in calls] == ["build", "deploy"]
    assert "the-key" not in json.dumps(calls)
    assert given["mode"] == 0o600
    assert given["values"] == {
        "parameter_overrides": ['ScheduleExpression="rate(10 minutes)"', 'AlarmEmail=""', 'OmdbApiKey="the-key"'],
        "tags": ['"Cost Center"="A 1"', '"Note"="so \\"called\\""'],
    }
    assert not Path(str(given["file"])).exists()


def test_every_setting_and_refused_region_is_documented() -> None:
    text = (deploy.ROOT / "docs" / "aws.md").read_text(encoding="utf-8")
    regions = next(part for part in text.split("\n\n") if part.startswith("**Regions.**"))
    section = text.partition("### Settings\n")[2].partition("\n### ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]

    assert set(re.findall(r"`([a-z]+-[a-z]+-\d)`", regions)) == deploy.REGIONS_WITHOUT_FUNCTION_URLS
    documented = {name for row in rows for name in re.findall(r"`([A-Z]\w+)`", row.split("|")[1])}
    assert documented == set(deploy.template_parameters())


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A deployed stack films; what a deployment does to the catalogue and to Gold is listed."""
    deploy.write_settings("films", "eu-west-1", {})
    done: list[str] = []
    deployed = SimpleNamespace(build_gold=lambda: done.append("Gold"))
    answers = {
        "_confirm": True, "deploy": None, "state_of": "UPDATE_COMPLETE", "find": deployed, "use_region": None,
    }  # fmt: skip
    for name, value in answers.items():
        monkeypatch.setattr(deploy, name, lambda *_, value=value: value)
    monkeypatch.setattr(catalogue, "restore", lambda _: done.append("catalogue") or ["films_gold.movies"])
    return done


def test_a_deployment_restores_dropped_tables_of_the_catalogue_before_it_builds_gold(
    done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """CloudFormation does not notice them, and `reelhouse doctor` says that a deployment enters them again."""
    assert deploy.main(["films"]) == 0
    assert done == ["catalogue", "Gold"]
    printed = capsys.readouterr().out
    assert "films_gold.movies was missing in the catalogue and is there again" in printed
    assert "AWS_REGION=eu-west-1 reelhouse run --stack films" in printed


def test_a_rolled_back_update_moves_the_catalogue_to_the_published_build_too(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise InvalidInput("failed", subject="sam deploy")

    monkeypatch.setattr(deploy, "deploy", fail)

    with pytest.raises(InvalidInput, match="sam deploy"):
        deploy.main(["films"])
    assert done == ["catalogue", "Gold"]


@pytest.mark.parametrize(
    ("state", "help_"),
    [
        ("ROLLBACK_COMPLETE", "make delete STACK=films"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name films"),
        ("ROLLBACK_IN_PROGRESS", "wait"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_refused_before_it_is_built(
    done: list[str], monkeypatch: pytest.MonkeyPatch, state: str, help_: str
) -> None:
    monkeypatch.setattr(deploy, "state_of", lambda _: state)

    with pytest.raises(InvalidInput, match=f"{state}.*{help_}"):
        deploy.main(["films"])
    assert done == []


def test_another_application_s_stack_is_neither_deployed_nor_asked_for_its_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    foreign = {"StackStatus": "CREATE_COMPLETE", "Parameters": [{"ParameterKey": "VpcId", "ParameterValue": "v"}]}
    for name, value in {"ask_region": "eu-west-1", "use_region": None, "_description": foreign}.items():
        monkeypatch.setattr(deploy, name, lambda *_, value=value: value)

    for refused in (deploy.create_settings, deploy.state_of):
        with pytest.raises(InvalidInput, match="not a stack of Reelhouse"):
            refused("films")


@pytest.mark.parametrize("state", ["", "CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_new_and_whole_stacks_are_deployed(state: str) -> None:
    deploy.check_state("films", state)


@pytest.mark.parametrize("module", ["deploy", "delete"])
def test_an_interrupted_question_ends_without_a_traceback(module: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", f"tools.{module}", "no-such-stack"], cwd=deploy.ROOT, stdin=subprocess.DEVNULL,
        env=environment_with(AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x",
                             AWS_REGION="eu-central-1", AWS_MAX_ATTEMPTS="1"),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.strip()
