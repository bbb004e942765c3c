"""The interface of the engines: what one writes fits into a build's record, and both have every method."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest

from pipeline.gold.athena_engine import AthenaEngine
from pipeline.gold.build import Build
from pipeline.gold.duckdb_engine import DuckdbEngine
from pipeline.gold.engine import GoldEngine, Written


def test_an_engines_result_has_the_fields_of_a_build() -> None:
    assert {field.name for field in fields(Written)} <= {field.name for field in fields(Build)}


@pytest.mark.parametrize("engine", [DuckdbEngine, AthenaEngine])
def test_both_engines_have_the_same_signatures(engine: type[DuckdbEngine | AthenaEngine]) -> None:
    for name in ("build", "query"):
        own, wanted = (inspect.signature(getattr(each, name)).parameters for each in (engine, GoldEngine))
        assert list(own) == list(wanted)


def test_engine_names_are_those_of_the_setting() -> None:
    assert (DuckdbEngine.name, AthenaEngine.name) == ("duckdb", "athena")
