"""Athena's API with a real Trino behind it: what the product sends to Athena, Trino runs.

UNLOAD is Athena's own statement; it becomes ``CREATE TABLE … WITH (external_location …) AS``, here and nowhere else.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from trino.exceptions import TrinoQueryError

from pipeline import aws
from tests.fake_athena import UNLOAD, FakeAthena, Refused
from tests.trino_cluster.server import Trino

_NUMBERS = count(1)


class TrinoAthena(FakeAthena):
    """The stand-in's client, waiting and results, with statements run by Trino.

    Parameters
    ----------
    s3 : S3Client
        To see whether the folder of an UNLOAD is empty, as Athena demands.
    """

    def __init__(self, s3: Any, trino: Trino) -> None:
        super().__init__(s3, None)
        self.trino = trino
        self.statements: list[str] = []
        trino.rows("CREATE SCHEMA IF NOT EXISTS unload.scratch")

    def _run(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        self.statements.append(sql)
        unload = UNLOAD.fullmatch(sql)
        try:
            if unload is None:
                return self.trino.answer(sql)
            select, bucket, prefix = unload.groups()
            if aws.list_objects(self.s3, bucket, prefix):
                raise Refused(f"HIVE_PATH_ALREADY_EXISTS: Target directory is not empty: s3://{bucket}/{prefix}")
            self.trino.rows(self._create_table(select, bucket, prefix))
        except TrinoQueryError as error:
            raise Refused(f"{error.error_name}: {error.message}") from error
        return [], []

    def _create_table(self, select: str, bucket: str, prefix: str) -> str:
        table = f"unload.scratch.unload_{next(_NUMBERS)}"
        return (
            f"CREATE TABLE {table} WITH (external_location = 's3://{bucket}/{prefix}', format = 'PARQUET') AS {select}"
        )
