"""Stored objects that are valid but odd: no command raises, and each error is one line that names object and cure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipeline import aws, keys
from reelhouse import cli, stack
from reelhouse.stack import QUEUES, Stack
from tests.gold_builds import body_of, rewrite
from tests.integration.moto_lake import Cold, Lake, Omdb, Top, s3_event, sqs_event

pytestmark = pytest.mark.usefixtures("few_tables")
FILM = "tt0000003"
Ran = Callable[..., Result]
QUERY = ("query", "SELECT count(*) FROM movies", "--engine", "duckdb")
COMMANDS = (
    ("status",),
    ("doctor",),
    ("table",),
    ("table", "movies"),
    ("table", "silver.movies"),
    QUERY,
    ("verify",),
    ("trace", FILM),
)


@pytest.fixture
def run_id(lake: Lake, omdb: Omdb, handler: Cold, top: Top) -> str:
    """A run of three films, in Gold."""
    top(3)
    run_id = str(handler("get_movies_and_send_to_queue")({"top_n": 3, "batch_size": 5})["run_id"])
    handler("enrich_and_store_movie")(sqs_event(*lake.receive()))
    handler("process_bronze_to_silver")(sqs_event(*(s3_event(key) for key in lake.keys("bronze"))))
    handler("aggregate_to_gold")(sqs_event(s3_event(*lake.keys("silver"))))
    return run_id


@pytest.fixture
def ran(lake: Lake, run_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ran:
    """The command line on the stack of moto."""
    outputs = {f"{bucket}BucketName": bucket.lower() for bucket in ("Bronze", "Silver", "Gold")}
    outputs |= {"GoldDatabaseName": "gold", "AthenaWorkGroupName": "none"}
    for queue in [*QUEUES, *(f"{queue}DeadLetters" for queue in QUEUES)]:
        outputs[f"{queue}Url"] = lake.sqs.create_queue(QueueName=queue)["QueueUrl"]
    names = ("GetMoviesAndSendToQueue", "EnrichAndStoreMovie", "ProcessBronzeToSilver", "AggregateToGold")
    deployed = Stack("moto", outputs | {f"{name}Name": name for name in names})
    aws.client("athena").create_work_group(Name="none")
    monkeypatch.setattr(stack, "find", lambda _: deployed)
    monkeypatch.setenv("REELHOUSE_HOME", str(tmp_path / "home"))

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(cli.app, list(arguments))
        raised = result.exception
        assert raised is None or isinstance(raised, SystemExit), (arguments, raised)
        assert result.exit_code in {0, 1}, (arguments, result.output)
        if result.exit_code == 1 and arguments[0] not in {"doctor", "verify"}:
            assert result.stderr.count("✗") == 1, (arguments, result.stderr)
        return result

    return run


def dashboard(ran: Ran, tmp_path: Path) -> Result:
    return ran("dashboard", "--no-browser", "--output", str(tmp_path / "dashboard.html"))


def test_an_odd_build_record_ends_no_command(lake: Lake, ran: Ran, tmp_path: Path) -> None:
    lake.put("gold", keys.BUILD, b'{"runs": 7}')

    results = {arguments: ran(*arguments).exit_code for arguments in COMMANDS}

    assert results[("status",)] == results[("trace", FILM)] == 0
    assert results[("verify",)] == results[("table", "movies")] == 1, "nothing says where Gold's tables are"
    assert dashboard(ran, tmp_path).exit_code == 0


def test_an_odd_manifest_ends_no_command(lake: Lake, ran: Ran, run_id: str) -> None:
    lake.put("bronze", keys.manifest(run_id), b"\xff")

    results = {arguments: ran(*arguments) for arguments in (*COMMANDS, ("status", run_id))}

    assert "its manifest is damaged" in " ".join(results[("status",)].stdout.split())
    assert keys.manifest(run_id) in results[("verify",)].stdout.replace("\n", "")
    assert results[("trace", FILM)].exit_code == 1


def changed(body: bytes, change: Callable[[Any], Any]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(change(pq.read_table(pa.BufferReader(body))), sink)
    return bytes(sink.getvalue().to_pybytes())


ODD_GOLD: dict[str, Callable[[bytes], bytes]] = {
    "not parquet": lambda _: b"<html>",
    "without its key": lambda body: changed(body, lambda rows: rows.drop_columns(["imdb_id"])),
    "numbers for ids": lambda body: changed(
        body, lambda rows: rows.set_column(0, "imdb_id", pa.array(range(len(rows))))
    ),
}


def test_an_odd_table_of_gold_is_named_with_its_cure(lake: Lake, ran: Ran, tmp_path: Path) -> None:
    body = body_of("gold", "movies")
    for name, odd in ODD_GOLD.items():
        key = rewrite("gold", "movies", odd(body))

        verified = ran("verify")

        for result in (ran("table", "movies"), ran(*QUERY), dashboard(ran, tmp_path)):
            assert result.exit_code == 1, name
            assert key in result.stderr.replace("\n", ""), name
            assert "`reelhouse replay --all`" in " ".join(result.stderr.split()), name
        assert verified.exit_code == 1, name
        assert "/movies/" in verified.stdout, name
    for arguments in COMMANDS:
        ran(*arguments)


def test_changed_types_of_columns_outside_the_key_fail_no_command(lake: Lake, ran: Ran, tmp_path: Path) -> None:
    def odd(rows: Any) -> Any:
        for column, value in (("genres", "Drama"), ("year", "MCMXCIV"), ("title", 7)):
            rows = rows.set_column(rows.column_names.index(column), column, pa.array([value] * len(rows)))
        return rows

    rewrite("gold", "movies", changed(body_of("gold", "movies"), odd))

    for arguments in COMMANDS:
        assert ran(*arguments).exit_code == (arguments == ("verify",) or arguments[0] == "doctor")
    assert dashboard(ran, tmp_path).exit_code == 0


def test_a_part_of_silver_without_its_key_is_named_with_its_cure(lake: Lake, ran: Ran, run_id: str) -> None:
    (part,) = lake.keys("silver", f"movies/run_id={run_id}/")
    lake.put("silver", part, changed(lake.get("silver", part), lambda rows: rows.drop_columns(["imdb_id"])))

    result = ran("table", "silver.movies")

    assert result.exit_code == 1
    said = " ".join(result.stderr.split())
    assert f"{part} (has no column imdb_id)" in said
    assert f"`reelhouse replay --run-id {run_id}`" in said
    assert "has no column imdb_id" in ran("verify").stdout
