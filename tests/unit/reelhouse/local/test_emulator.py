"""The emulator: refuses strangers, its stand-in for Athena has no files, and logs of functions are complete."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from lambdas import telemetry
from reelhouse.local import emulator
from reelhouse.local.emulator import SharedArchive, with_summary, without_files


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> duckdb.DuckDBPyConnection:
    """A connection as MiniStack makes it after it has copied a table of one row, beside a file of somebody else's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    copied = tmp_path / "ministack-athena-x"
    copied.mkdir()
    for folder in (copied, tmp_path):
        duckdb.sql("SELECT 1 AS a").write_parquet(str(folder / "table.parquet"))
    return without_files(duckdb.connect)(":memory:")


def test_copied_tables_can_be_read(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "ministack-athena-x" / "table.parquet"
    assert connection.execute(f"SELECT * FROM read_parquet(['{path}'])").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '{folder}/table.parquet'",
        "SELECT * FROM '{folder}/ministack-athena-x/../table.parquet'",
        "SELECT * FROM frame",
        "COPY (SELECT 1) TO '{folder}/written.csv'",
        "ATTACH '{folder}/new.db'",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
    ],
)
def test_other_files_cannot(connection: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str) -> None:
    frame = pd.DataFrame({"secret": [1]})
    with pytest.raises(duckdb.Error):
        connection.execute(sql.format(folder=tmp_path))
    assert len(frame) == 1
    assert not (tmp_path / "written.csv").exists()


LAST = json.dumps({"level": "INFO", "message": telemetry.SUMMARY})


def test_a_log_ends_with_the_summary_even_if_that_is_late() -> None:
    parts = iter(["first\nsecond", "", LAST, "a line of the next invocation"])

    assert with_summary(lambda _: next(parts))(object()) == f"first\nsecond\n{LAST}"


def test_a_log_without_a_summary_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "_SUMMARY_SECONDS", 0.01)

    assert with_summary(lambda _: "a line")(object()).startswith("a line")


def test_workers_with_the_same_code_share_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    unpacked = []
    for number, body in enumerate((b"same", b"same", b"other")):
        path = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("package/module.py", body)
        (tmp_path / str(number)).mkdir()
        with SharedArchive(path) as archive:
            archive.extractall(str(tmp_path / str(number)))
        unpacked.append(tmp_path / str(number) / "package" / "module.py")

    first, second, other = unpacked
    assert [file.read_bytes() for file in unpacked] == [b"same", b"same", b"other"]
    assert first.samefile(second)
    assert not first.samefile(other)


SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=A/20261129/eu-central-1/s3/aws4_request"}


@pytest.mark.parametrize(
    ("path", "headers", "passes"),
    [
        ("/bucket/key", SIGNED, True),
        ("/bucket/key?X-Amz-Signature=0", {}, True),
        ("/_ministack/ready", {}, True),
        ("/", {"Host": "abc.lambda-url.eu-central-1.on.aws"}, True),
        ("/", {}, False),
        ("/", {"Authorization": "Bearer x"}, False),
        ("/?X-Amz-Signature=0", {"Authorization": "Basic x"}, False),
        ("/", {"Authorization": "AWS4-HMAC-SHA256 Credential=/20261129/"}, False),
        ("/bucket/key", SIGNED | {"Origin": "https://attacker.example"}, False),
        ("/bucket/key", SIGNED | {"Origin": "null"}, False),
        ("/_ministack/ready", {"Origin": "https://attacker.example"}, False),
        ("/_ministack/reset", {}, False),
        ("/_ministack/config", SIGNED, False),
        ("/_ministack/sqs/messages", SIGNED, False),
    ],
)
def test_web_pages_and_unsigned_requests_are_refused(path: str, headers: dict[str, str], passes: bool) -> None:
    async def emulator_itself(scope: Any, receive: Any, send: Any) -> None:
        await Response("passed")(scope, receive, send)

    client = TestClient(emulator.for_owner_only(emulator_itself))

    assert client.post(path, headers=headers).text == ("passed" if passes else "")
    if not passes:
        assert client.post(path, headers=headers).status_code == 403


def test_a_second_authorization_is_refused() -> None:
    """MiniStack would join them to one that it cannot read."""
    twice = [(b"Authorization", b"Bearer x"), (b"Authorization", SIGNED["Authorization"].encode())]

    assert not emulator._is_allowed({"path": "/", "query_string": b"", "headers": twice})


def test_saved_queues_move_to_the_port_that_the_emulator_has_now(tmp_path: Path) -> None:
    """It finds a function's queue by an address with its present port: on another port no message was received."""
    saved = tmp_path / "sqs.json"
    emulator.move_queues(saved, "2222")
    saved.write_text('{"\'http://localhost:1111/000000000000/Movies\'": {"body": "http://localhost:1111/page"}}')

    emulator.move_queues(saved, "2222")

    assert saved.read_text() == (
        '{"\'http://localhost:2222/000000000000/Movies\'": {"body": "http://localhost:1111/page"}}'
    )
