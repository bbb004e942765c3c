"""``reelhouse builds`` and ``rollback``: an earlier build is published again until a newer run is complete."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipeline import aggregate_to_gold, aws, keys
from pipeline.columns import GOLD_TABLES
from pipeline.errors import InvalidInput, StorageFailed
from pipeline.gold.duckdb_engine import DuckdbEngine
from pipeline.gold.publication import published_build, read_pointer
from pipeline.settings import AggregateToGoldSettings
from reelhouse import cli, stack
from reelhouse.commands import doctor
from reelhouse.commands import publish as command
from reelhouse.commands.builds import listed
from reelhouse.commands.verify import verify
from reelhouse.stack import Stack
from tests.fake_athena import make_catalogue
from tests.integration.gold_of_films import made_once
from tests.integration.moto_lake import Lake, as_stack
from tests.silver_rows import FIRST, SECOND, film, silver_files

THIRD = "20261125T030000Z-cccccccc"
SETTINGS = AggregateToGoldSettings("silver", "gold", 256, gold_database="reelhouse_gold")
pytestmark = pytest.mark.usefixtures("few_tables")


def store(lake: Lake, run_id: str, *numbers: int, expected: int) -> None:
    """Write films of a run that expects so many, and the run's record."""
    for number in numbers:
        ((_, body),) = silver_files([film(number, run_id)], "movies").values()
        lake.put("silver", keys.silver_part(run_id, f"{number:032x}", 1), body)
    record = {"run_id": run_id, "started_at": f"2026-11-{run_id[6:8]} 03:00:00.000000", "expected": expected}
    lake.put("silver", keys.silver_run(run_id), json.dumps(record).encode())


def build(*_: Any) -> str:
    """Bring Gold up to date as AggregateToGold does; return the id of the published build."""
    result = aggregate_to_gold.run(SETTINGS, DuckdbEngine("silver", "gold", 256), 60.0)
    return result.build.build_id


@pytest.fixture
def deployed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack whose AggregateToGold runs in this process."""
    make_catalogue(aws.client("glue"), tables=(GOLD_TABLES["movies"],))
    lake_stack = as_stack(lake)
    monkeypatch.setattr(stack, "find", lambda _: lake_stack)
    monkeypatch.setattr(Stack, "build_gold", build)
    return lake_stack


@pytest.fixture
def ids(lake: Lake, deployed: Stack) -> list[str]:
    """Builds of one film and of two, of two complete runs."""

    def make() -> None:
        store(lake, FIRST, 1, expected=1)
        build()
        store(lake, SECOND, 1, 2, expected=2)
        build()

    made_once(lake, "builds of two runs", make)
    build()  # moves the catalogue
    return [entry.build_id for entry in read_pointer("gold").history]


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def location() -> str:
    table = aws.client("glue").get_table(DatabaseName="reelhouse_gold", Name="movies")["Table"]
    return str(table["StorageDescriptor"]["Location"])


def test_a_rollback_moves_pointer_and_catalogue_and_is_recorded(lake: Lake, deployed: Stack, ids: list[str]) -> None:
    assert location().endswith(f"{ids[1]}/movies/")

    result = ran("rollback", ids[0], "--because", "units are wrong", "--json")

    assert result.exit_code == 0, result.output
    publication = json.loads(result.stdout)["publication"]
    assert publication["because"] == "units are wrong"
    assert publication["by"].startswith("arn:aws:sts::123456789012:")
    assert location().endswith(f"{ids[0]}/movies/")
    assert build() == ids[0], "the same Silver does not replace it"
    rows = [(one.build_id, one.status, one.films, one.because) for one in listed(deployed)]
    assert rows == [
        (ids[1], "held", 2, f"rolled back to build {ids[0]}: units are wrong"),
        (ids[0], "published", 1, "units are wrong"),
        (ids[1], "earlier", 2, ""),
        (ids[0], "earlier", 1, ""),
    ]
    assert f"reelhouse publish {ids[1]} --because TEXT" in " ".join(ran("builds").stderr.split())


def test_a_rollback_is_no_fault(lake: Lake, deployed: Stack, ids: list[str]) -> None:
    lake.expect(FIRST, "tt0000001")
    command.publish(deployed, ids[0], "units are wrong", back=True)
    checks = dict(doctor.CHECKS)

    assert checks["newest run"](deployed).ok is True, "the build rolled back to has it"
    lake.expect(SECOND, "tt0000001", "tt0000002")
    assert checks["newest run"](deployed).ok is None
    publication = checks["Gold publication"](deployed)
    assert publication.ok is None
    assert publication.found.startswith(f"rolled back to build {ids[0]} by arn:aws:sts::123456789012:")
    assert publication.found.endswith(": units are wrong")
    assert f"`reelhouse publish {ids[1]} --because TEXT`" in publication.advice
    verified = verify(deployed)
    assert [one for one in verified.differences if one.layer == "gold"] == []
    assert ids[1] in verified.note


def test_a_damaged_record_hides_no_other_build(
    lake: Lake, deployed: Stack, ids: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    aws.client("s3").put_object(Bucket="gold", Key=keys.build_record(ids[0]), Body=b"{")

    assert [(one.build_id, one.films) for one in listed(deployed)] == [(ids[1], 2), (ids[0], None)]
    assert "this build cannot be read" in caplog.text
    refused = ran("rollback", ids[0], "--because", "x")
    assert (refused.exit_code, "this build cannot be read" in " ".join(refused.stderr.split())) == (1, True)


def test_a_rollback_lasts_until_a_newer_run_is_complete(lake: Lake, deployed: Stack, ids: list[str]) -> None:
    command.publish(deployed, ids[0], "units are wrong", back=True)
    store(lake, THIRD, 1, expected=2)

    assert build() == ids[0]
    held = read_pointer("gold").held
    assert held
    assert held.build_id not in ids, "the incomplete run was built and is held"
    assert f"rolled back to build {ids[0]}" in held.reasons[0]

    store(lake, THIRD, 2, expected=2)

    newest = build()
    assert newest not in ids
    assert read_pointer("gold").held is None
    assert published_build("gold").complete_runs == {FIRST, SECOND, THIRD}  # type: ignore[union-attr]


def test_a_run_in_progress_ends_the_rollback_when_it_is_complete(lake: Lake, deployed: Stack) -> None:
    store(lake, FIRST, 1, expected=1)
    first = build()
    store(lake, SECOND, 1, expected=2)
    in_progress = build()
    command.publish(deployed, first, "one film is wrong", back=True)
    assert build() == first

    store(lake, SECOND, 2, expected=2)

    assert build() not in (first, in_progress)
    assert read_pointer("gold").held is None


def test_only_a_build_that_was_published_and_is_stored_can_come_back(
    lake: Lake, deployed: Stack, ids: list[str]
) -> None:
    for other, why in ((ids[1], "is the published build"), ("20260101T000000.000000Z", "was never published")):
        with pytest.raises(InvalidInput, match=why):
            command.publish(deployed, other, "why not", back=True)
    for key in lake.keys("gold", f"{keys.build_folder(ids[0])}movies/"):
        lake.s3.delete_object(Bucket="gold", Key=key)
    with pytest.raises(InvalidInput, match="is not stored"):
        command.publish(deployed, ids[0], "why not", back=True)
    assert published_build("gold").build_id == ids[1]  # type: ignore[union-attr]


def test_a_rollback_that_another_publication_overtakes_says_so(
    lake: Lake, deployed: Stack, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_pointer("gold")
    store(lake, THIRD, 1, expected=1)
    newest = build()
    monkeypatch.setattr(command.publication, "read_pointer", lambda _: before)

    with pytest.raises(StorageFailed, match="another build was published meanwhile"):
        command.publish(deployed, ids[0], "units are wrong", back=True)

    monkeypatch.undo()
    assert published_build("gold").build_id == newest  # type: ignore[union-attr]


@pytest.mark.parametrize("arguments", [("x", "--because", "y"), ("20261124T030200.000000Z", "--because", " ")])
def test_wrong_usage_is_refused(deployed: Stack, arguments: tuple[str, ...]) -> None:
    assert ran("rollback", *arguments).exit_code == 2


def test_builds_in_a_pipe_are_one_line_each(deployed: Stack, ids: list[str]) -> None:
    result = ran("builds")

    head, newest, oldest = result.stdout.splitlines()
    assert head.split("\t") == ["build", "published", "films", "note"]
    assert newest.split("\t")[::2] == [ids[1], "2"]
    assert newest.split("\t")[3] == "published"
    assert oldest.split("\t")[2:] == ["1", ""]
    assert json.loads(ran("builds", "--json").stdout)[0]["build_id"] == ids[1]


def test_before_the_first_build_there_are_none(deployed: Stack) -> None:
    result = ran("builds")

    assert result.exit_code == 0
    assert "no build is published" in result.stderr


def test_a_catalogue_that_was_not_moved_is_told_from_a_failed_publication(
    ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def time_out(_: Stack) -> str:
        raise StorageFailed("Task timed out", step="AggregateToGold")

    monkeypatch.setattr(Stack, "build_gold", time_out)

    result = ran("rollback", ids[0], "--because", "wrong units")

    assert result.exit_code == 1
    assert "is published, but the catalogue was not moved to it: Task timed out" in " ".join(result.output.split())
    assert published_build("gold").build_id == ids[0]
