"""Athena's API without Athena: a real boto3 client whose calls are answered here, by DuckDB over moto's S3 and Glue.

botocore checks every request against Athena's own model, and so does this file every answer. Beyond SELECT it knows
what the emulator does not: UNLOAD, which writes several objects or none, refuses a folder that is not empty, and the
injected projection, which refuses a query that names no partition.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import boto3
import duckdb
import sqlglot
from botocore.awsrequest import AWSResponse
from botocore.validate import ParamValidator
from sqlglot import exp

from pipeline import aws, keys
from pipeline.columns import BUILD_ID, DUCKDB_TYPES, GOLD, GOLD_BUILDS, SILVER, SILVER_BY_RUN, Table
from pipeline.gold.statements import to_duckdb

UNLOAD = re.compile(
    r"UNLOAD \((.*)\) TO 's3://([^/]+)/(.+)' WITH \(format = 'PARQUET', compression = 'ZSTD'\)", re.DOTALL
)
PAGE_ROWS = 3
TABLES = SILVER + SILVER_BY_RUN + GOLD + GOLD_BUILDS
# What an engine needs that builds two tables; to make all tables takes a fifth of a second.
BUILT = ("movies", "pipeline_runs")
FEW_TABLES = tuple(table for table in TABLES if table.layer == "silver" or table.name in {*BUILT, "rank_history"})
REGION = "eu-central-1"


class Refused(Exception):
    """Why a query failed."""


class FakeAthena:
    """Queries and their outcomes.

    ``looks`` is how often a query is still running when it is looked at; ``fail`` names a piece of SQL and the status
    of queries that have it.
    """

    def __init__(self, s3: Any, glue: Any) -> None:
        self.s3, self.glue, self.looks = s3, glue, 1
        self.fail: dict[str, dict[str, Any]] = {}
        self.asked: dict[str, dict[str, Any]] = {}
        self.stopped: list[str] = []
        self.may_stop = True
        self._answers: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = {}
        self._status: dict[str, dict[str, Any]] = {}
        self._looked: dict[str, int] = {}
        self._database = duckdb.connect()
        # Trino's aggregate: the same for the same rows, whatever their order.
        self._database.execute("CREATE MACRO checksum(x) AS sum(hash(x))")
        self._answer_to: dict[str, Any] = {
            "StartQueryExecution": self._start,
            "GetQueryExecution": self._look,
            "StopQueryExecution": self._stop,
            "GetQueryResults": self._results,
        }
        self.client: Any = boto3.client(
            "athena", region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        self.client.meta.events.register("before-call.athena", self._call)

    def _call(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        answer = self._answer_to[model.name](json.loads(params["body"]))
        if "Error" in answer:
            return AWSResponse("", 400, {}, None), answer  # type: ignore[arg-type]
        faults = ParamValidator().validate(answer, model.output_shape)
        assert not faults.has_errors(), faults.generate_report()
        return AWSResponse("", 200, {}, None), answer  # type: ignore[arg-type]

    def _start(self, request: dict[str, Any]) -> dict[str, Any]:
        sql, query_id = request["QueryString"], f"query-{len(self.asked)}"
        if sql.startswith("SELEC "):
            return {"Error": {"Code": "InvalidRequestException", "Message": "line 1:1: mismatched input 'SELEC'"}}
        self.asked[query_id] = request
        status = next((status for piece, status in self.fail.items() if piece in sql), None)
        try:
            if status is None:
                self._answers[query_id] = self._run(sql)
            self._status[query_id] = status or {"State": "SUCCEEDED"}
        except Refused as refusal:
            error = {"ErrorCategory": 2, "Retryable": False}
            self._status[query_id] = {"State": "FAILED", "StateChangeReason": str(refusal), "AthenaError": error}
        return {"QueryExecutionId": query_id}

    def _look(self, request: dict[str, Any]) -> dict[str, Any]:
        query_id = request["QueryExecutionId"]
        looked = self._looked[query_id] = self._looked.get(query_id, 0) + 1
        status = self._status[query_id] if looked > self.looks else {"State": "RUNNING"}
        statistics = {"DataScannedInBytes": 1000}
        return {"QueryExecution": {"QueryExecutionId": query_id, "Status": status, "Statistics": statistics}}

    def _stop(self, request: dict[str, Any]) -> dict[str, Any]:
        if not self.may_stop:
            return {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}
        self.stopped.append(request["QueryExecutionId"])
        return {}

    def _results(self, request: dict[str, Any]) -> dict[str, Any]:
        names, rows = self._answers[request["QueryExecutionId"]]
        lines: list[tuple[Any, ...]] = [tuple(names), *rows]
        first = int(request.get("NextToken", 0))
        page = [
            {"Data": [{} if value is None else {"VarCharValue": str(value)} for value in line]}
            for line in lines[first : first + PAGE_ROWS]
        ]
        columns = [{"Name": name, "Type": "varchar"} for name in names]
        more = {"NextToken": str(first + PAGE_ROWS)} if first + PAGE_ROWS < len(lines) else {}
        return {"ResultSet": {"Rows": page, "ResultSetMetadata": {"ColumnInfo": columns}}, **more}

    def _run(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        unload = UNLOAD.fullmatch(sql)
        with tempfile.TemporaryDirectory() as folder:
            body = unload[1] if unload else sql
            self._make_views(self._database, body, Path(folder))
            self._database.execute(f"CREATE OR REPLACE TEMP TABLE answer AS {to_duckdb(body)}")
        if unload:
            self._write(self._database, unload[2], unload[3])
            return [], []
        asked = self._database.execute("SELECT * FROM answer")
        return [column[0] for column in asked.description or []], asked.fetchall()

    def _make_views(self, database: duckdb.DuckDBPyConnection, sql: str, folder: Path) -> None:
        for table in sqlglot.parse_one(sql, read="trino").find_all(exp.Table):
            if not table.db:
                continue
            glue = self.glue.get_table(DatabaseName=table.db, Name=table.name)["Table"]
            key = next((column["Name"] for column in glue.get("PartitionKeys", [])), None)
            location = glue["StorageDescriptor"]["Location"]
            if key:
                select: Any = table.find_ancestor(exp.Select)
                values = [equal.expression.name for equal in select.find_all(exp.EQ) if equal.this.name == key]
                if not values:
                    raise Refused(f"CONSTRAINT_VIOLATION: the WHERE clause must name {key}")
                template = glue["Parameters"].get("storage.location.template", f"{location}{key}=${{{key}}}/")
                location = template.replace(f"${{{key}}}", values[0])
            database.execute(f'CREATE SCHEMA IF NOT EXISTS "{table.db}"')
            view, value = f'"{table.db}"."{table.name}"', (key, values[0]) if key else None
            relation = self._relation(glue, location, value, folder / table.db)
            database.execute(f"CREATE OR REPLACE VIEW {view} AS {relation}")

    def _relation(self, glue: dict[str, Any], location: str, partition: tuple[str, str] | None, folder: Path) -> str:
        """Return a SELECT of the objects below a location; a partition is one more column with one value."""
        storage = glue["StorageDescriptor"]
        bucket, prefix = location.removeprefix("s3://").split("/", 1)
        files = []
        for entry in aws.list_objects(self.s3, bucket, prefix):
            path = folder / entry.key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(aws.get(self.s3, bucket, entry.key)[0])
            files.append(str(path))
        types = {column["Name"]: DUCKDB_TYPES[column["Type"]] for column in storage["Columns"]}
        constant = f", '{partition[1]}' AS \"{partition[0]}\"" if partition else ""
        if not files:
            nulls = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in types.items())
            return f"SELECT {nulls}{constant} WHERE false"
        if glue["Parameters"]["classification"] == "json":
            return f"SELECT *{constant} FROM read_json({files}, format = 'newline_delimited', columns = {types})"
        return f"SELECT *{constant} FROM read_parquet({files}, union_by_name = true, hive_partitioning = false)"

    def _write(self, database: duckdb.DuckDBPyConnection, bucket: str, prefix: str) -> None:
        if aws.list_objects(self.s3, bucket, prefix):
            raise Refused(f"HIVE_PATH_ALREADY_EXISTS: Target directory is not empty: s3://{bucket}/{prefix}")
        (rows,) = database.execute("SELECT count(*) FROM answer").fetchall()[0]
        half = (rows + 1) // 2
        for index, offset in enumerate(range(0, rows, half or 1)):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "part")
                part = f"SELECT * FROM answer LIMIT {half} OFFSET {offset}"
                database.execute(f"COPY ({part}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
                self.s3.put_object(Bucket=bucket, Key=f"{prefix}20261124_{index:05}_part", Body=path.read_bytes())


def make_catalogue(glue: Any, stack: str = "reelhouse", tables: tuple[Table, ...] = TABLES) -> None:
    """Make the databases of template.yaml and some of their tables, over buckets named after their layer."""
    existing = {database["Name"] for database in glue.get_databases()["DatabaseList"]}
    for name in {f"{stack}_{layer}" for layer in ("silver", "gold", "gold_builds")} - existing:
        glue.create_database(DatabaseInput={"Name": name})
    for table in tables:
        glue.create_table(DatabaseName=f"{stack}_{table.layer}", TableInput=_table_input(table))


def _table_input(table: Table) -> dict[str, Any]:
    bucket = table.layer.split("_")[0]
    location = f"s3://{bucket}/{keys.UNPUBLISHED if table.layer == 'gold' else ''}{table.folder or table.name}/"
    columns = [{"Name": column.name, "Type": column.type} for column in table.columns]
    partitions = [{"Name": table.partition.name, "Type": table.partition.type}] if table.partition else []
    template = {}
    if table.layer == "gold_builds":
        template["storage.location.template"] = f"s3://{bucket}/{keys.BUILDS}${{{BUILD_ID.name}}}/{table.name}/"
    return {
        "Name": table.name,
        "Parameters": {"classification": table.format} | template,
        "PartitionKeys": partitions,
        "StorageDescriptor": {"Location": location, "Columns": columns},
    }
