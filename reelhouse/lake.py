"""The lake from any Python: ``from reelhouse import lake``, then ``lake.table("movies")``.

In a notebook or script, :func:`connect` finds the local stack by its state file, or a stack in AWS by its name. The
other functions are those of :class:`insights.lake.Lake` on the stack that :func:`connect` finds without a name.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from insights.lake import Lake
from insights.notebook_display import register_formatters
from pipeline import settings
from pipeline.errors import InvalidInput, ReelhouseError, UnexpectedFailure
from pipeline.settings import LakeSettings

if TYPE_CHECKING:
    import pandas as pd

    from insights.guarded_query import Limits
    from insights.lake_tables import Description

_ROOT = Path(__file__).parents[1]


def show_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an error that ends a script: Reelhouse's own in one line, any other as Python does.

    The line names the place in the caller's code. A bug of Reelhouse keeps its traceback.
    """
    if not isinstance(error, ReelhouseError) or isinstance(error, UnexpectedFailure):
        sys.__excepthook__(kind, error, trace)
        return
    own = list(takewhile(_is_callers, traceback.extract_tb(trace)))
    caller = f" ({own[-1].filename}, line {own[-1].lineno})" if own else ""
    print(f"{kind.__name__}: {error}{caller}", file=sys.stderr)


def _is_callers(frame: traceback.FrameSummary) -> bool:
    return not any(_ROOT / package in Path(frame.filename).parents for package in ("reelhouse", "insights", "pipeline"))


register_formatters()
if sys.excepthook is sys.__excepthook__:  # a hook of the caller's own stays
    sys.excepthook = show_error


def connect(stack: str | None = None) -> Lake:
    """Find a stack's lake.

    Parameters
    ----------
    stack : str, optional
        A CloudFormation stack in the AWS account of your credentials. None means the lake that the environment names
        (``GOLD_BUCKET`` and the other variables that ``reelhouse env`` prints), else the local stack.

    Raises
    ------
    LocalStackError
        When the local stack does not run; the message says how to start it.
    InvalidInput
        When AWS has no such stack, or its name is empty.
    """
    if stack == "":  # of an unset variable: it must not mean another stack
        raise InvalidInput("is empty", subject="stack", next_step="name a stack, or leave it out for the local one")
    if stack is None and settings.variable("GOLD_BUCKET"):
        return Lake(**asdict(settings.load(LakeSettings)))
    from reelhouse import stack as deployed_stack  # noqa: PLC0415 (reports in AWS have no command line)

    return deployed_stack.find(stack).lake()


def tables() -> list[str]:
    """List all tables; see :meth:`insights.lake.Lake.tables`."""
    return connect().tables()


def table(name: str, columns: Sequence[str] | None = None, *, at: str | date | None = None) -> pd.DataFrame:
    """Read a table, or some of its columns, now or as it was; see :meth:`insights.lake.Lake.table`."""
    return connect().table(name, columns, at=at)


def sql(
    query: str,
    *,
    read_only: bool = False,
    limits: Limits | None = None,
    engine: Literal["duckdb", "athena"] = "duckdb",
) -> pd.DataFrame:
    """Run one SQL statement over Gold and Silver; see :meth:`insights.lake.Lake.sql`."""
    return connect().sql(query, read_only=read_only, limits=limits, engine=engine)


def describe(name: str) -> Description:
    """Describe a table and its columns; see :meth:`insights.lake.Lake.describe`."""
    return connect().describe(name)


def similar(title: str, k: int = 10) -> pd.DataFrame:
    """Find the films most similar to one; see :meth:`insights.lake.Lake.similar`."""
    return connect().similar(title, k)


def write(name: str, frame: pd.DataFrame, meaning: str = "") -> None:
    """Write a table of your own into Gold; see :meth:`insights.lake.Lake.write`."""
    connect().write(name, frame, meaning)


def drop(name: str) -> None:
    """Remove a table of your own; see :meth:`insights.lake.Lake.drop`."""
    connect().drop(name)
