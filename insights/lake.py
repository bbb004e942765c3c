"""The lake as a data scientist sees it: Gold's tables as data frames, and new tables beside them.

``from insights import lake; lake.table("ratings_by_genre")`` reads the Gold bucket of the stack that the environment
names (``GOLD_BUCKET``, ``GOLD_DATABASE``; ``reelhouse lab`` and the reports set them).
"""

from __future__ import annotations

import awswrangler as wr
import pandas as pd

from insights import inputs
from pipeline import aws, keys, settings
from pipeline.columns import GOLD_TABLES, Table
from pipeline.errors import InvalidInput
from pipeline.gold import tables as gold_tables
from pipeline.settings import LakeSettings

_MADE_FROM = "made-from"


def tables() -> list[str]:
    """Names of the tables that Gold has now, in alphabetical order."""
    return gold_tables.names(settings.load(LakeSettings).gold_bucket)


def table(name: str) -> pd.DataFrame:
    """Read a whole Gold table; types as in ``docs/data.md``, lists as arrays, missing values as pandas' own.

    Rows of ``movies``, ``movie_ratings`` and ``rank_history`` are in the order of rank or film; those of other tables
    are in no order where Athena built them.

    Raises
    ------
    InvalidInput
        When Gold has no such table; the message names those it has.
    """
    lake = settings.load(LakeSettings)
    with aws.failures_of("lake", name):
        parts = gold_tables.parts(lake.gold_bucket, name)
        inputs.read(inputs.TABLE + name, inputs.of_table(parts))
        if parts is None:
            raise InvalidInput(
                "Gold has no such table", subject=name, next_step=f"it has: {', '.join(tables()) or 'none yet'}"
            )
        if not parts:
            return _no_rows(GOLD_TABLES[name])
        frame: pd.DataFrame = wr.s3.read_parquet([f"s3://{lake.gold_bucket}/{part.key}" for part in parts])
    return _in_order(name, frame)


def _in_order(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    order = [column for column in GOLD_TABLES[name].order if column in frame] if name in GOLD_TABLES else []
    return frame.sort_values(order, ignore_index=True) if order else frame


def _no_rows(definition: Table) -> pd.DataFrame:
    """A table without rows, of which Athena writes no object."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in definition.pandas_types().items()})


def made_from(name: str) -> str:
    """Return what a table's last writer said it was made from; "" where nobody said, or there is no such table."""
    lake = settings.load(LakeSettings)
    with aws.failures_of("lake", name):
        return aws.metadata(aws.client("s3"), lake.gold_bucket, keys.gold_table(name)).get(_MADE_FROM, "")


def write(definition: Table, frame: pd.DataFrame, made_from: str = "") -> None:
    """Replace a Gold table in one step, and enter it into the catalogue.

    Parameters
    ----------
    definition : Table
        Name, columns and types; columns of ``frame`` that it does not name are left out.
    made_from : str
        What it is made from, kept in the object's metadata for :func:`made_from`.

    Raises
    ------
    InvalidInput
        When ``frame`` lacks a column.
    """
    missing = [name for name in definition.column_names if name not in frame]
    if missing:
        raise InvalidInput(f"lacks {', '.join(missing)}", subject=definition.name)
    lake = settings.load(LakeSettings)
    types = {column.name: column.type for column in definition.columns}
    typed = frame[definition.column_names].astype(definition.pandas_types())
    path = f"s3://{lake.gold_bucket}/{keys.gold_table(definition.name)}"
    with aws.failures_of("lake", definition.name):
        wr.s3.to_parquet(
            typed,
            path=path,
            index=False,
            compression="zstd",
            dtype=types,
            s3_additional_kwargs={"Metadata": {_MADE_FROM: made_from}},
        )
        wr.catalog.create_parquet_table(
            database=lake.gold_database,
            table=definition.name,
            path=f"s3://{lake.gold_bucket}/{definition.name}/",
            columns_types=types,
            columns_comments={column.name: column.meaning for column in definition.columns},
            description=definition.meaning,
            mode="overwrite",
        )
        inputs.wrote(
            inputs.TABLE + definition.name, inputs.of_table(gold_tables.parts(lake.gold_bucket, definition.name))
        )
