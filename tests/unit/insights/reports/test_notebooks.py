"""Notebooks are found, and what is given for their parameters is checked before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.reports import notebooks as report_notebooks
from insights.reports.notebooks import Notebook, Parameter, assign, choose, convert, discover, waves
from pipeline.errors import InvalidInput

PARAMETERS = tuple(Parameter(kind, kind, "0", "") for kind in ("int", "float", "bool", "str"))
ONE = Notebook("01_first", "First", Path("01_first.ipynb"), 3, PARAMETERS)
TWO = Notebook("02_second", "Second", Path("02_second.ipynb"), 3, PARAMETERS[:1])


def test_parameters_of_the_repository_s_reports_are_typed_and_explained() -> None:
    reports = discover()
    assert len(reports) >= 5
    assert all(one.parameters and one.title != one.name for one in reports)
    for parameter in (parameter for one in reports for parameter in one.parameters):
        assert parameter.type in {"int", "float", "bool", "str"}, parameter
        assert len(parameter.help) > 10, parameter


@pytest.mark.parametrize("path", sorted(report_notebooks.FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebook_is_clean(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert not any(line.lstrip().startswith(("def ", "class ")) for cell in code for line in cell["source"])
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in code) == 1
    assert cells[0]["cell_type"] == "markdown"
    assert all(len(cell["source"]) <= 20 for cell in code)


@pytest.mark.parametrize("path", sorted(report_notebooks.FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_publish_only_when_asked(path: Path) -> None:
    code = "".join(line for cell in json.loads(path.read_text())["cells"] for line in cell["source"])
    assert ("data.publish(" in code) == ("publish: bool = False" in code)
    assert ".publish(" not in code.replace("data.publish(", "")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), ["01_first", "02_second"]),
        (("second", "01"), ["01_first", "02_second"]),
        (("02_second",), ["02_second"]),
        (("2",), ["02_second"]),
    ],
)
def test_choose_in_order_of_numbers(names: tuple[str, ...], expected: list[str]) -> None:
    assert [one.name for one in choose([ONE, TWO], names)] == expected


def test_choose_names_what_there_is() -> None:
    with pytest.raises(InvalidInput) as error:
        choose([ONE, TWO], ["third"])
    assert "02_second" in error.value.next_step


def test_assign_gives_each_its_own() -> None:
    given_values = {"int": "7", "float": "0.5", "bool": "false", "str": "7"}
    expected = {"int": 7, "float": 0.5, "bool": False, "str": "7"}
    assert assign([ONE, TWO], given_values) == {"01_first": expected, "02_second": {"int": 7}}


def test_assign_refuses_all_faults_at_once() -> None:
    with pytest.raises(InvalidInput) as error:
        assign([ONE], {"int": "many", "bool": "maybe", "colour": "red"})
    assert "int must be a whole number" in error.value.cause
    assert "bool must be true or false" in error.value.cause
    assert "colour is unknown" in error.value.cause


@pytest.mark.parametrize(
    ("kind", "value"),
    [("int", 1.5), ("int", True), ("int", "1.5"), ("float", "nan"), ("float", "inf"), ("float", True), ("bool", 1),
     ("bool", ""), ("str", 3), ("int", None)],
)  # fmt: skip
def test_convert_refuses_other_types(kind: str, value: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        convert(Parameter("name", kind, "0", ""), value)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_convert_reads_back_what_it_is_given(value: int | float | bool) -> None:
    parameter = Parameter("name", type(value).__name__, "0", "")
    assert convert(parameter, str(value)) == value
    assert type(convert(parameter, value)) is type(value)


def named(name: str, *after: str) -> Notebook:
    return Notebook(name, name, Path(name), 1, (), after)


def test_waves_run_what_reads_from_another_after_it() -> None:
    first, trends, films, summaries = named("01"), named("02", "01"), named("03", "01"), named("04", "01", "02")

    assert waves([first, trends, films, summaries]) == [[first], [trends, films], [summaries]]


def test_waves_ignore_notebooks_that_were_not_requested() -> None:
    films, summaries = named("03", "01"), named("04", "01", "02")

    assert waves([films, summaries]) == [[films, summaries]]


def test_waves_of_notebooks_that_wait_for_each_other_end() -> None:
    one, other = named("01", "02"), named("02", "01")

    assert waves([one, other]) == [[one, other]]


def test_every_notebook_waits_only_for_notebooks_that_there_are() -> None:
    notebooks = discover()

    assert {name for one in notebooks for name in one.after} <= {one.name for one in notebooks}
