"""Tables as files: nothing in CSV that a spreadsheet would run, and nothing lost in parquet."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput
from reelhouse import console
from reelhouse.frames import _csv_cell, give, print_csv, records, write


@pytest.mark.parametrize(
    "title",
    ['=HYPERLINK("http://x","y")', "+1", "-30-", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠A"],
)
def test_a_title_is_escaped_in_csv_and_unchanged_in_parquet(tmp_path: Path, title: str) -> None:
    data = pd.DataFrame({"title": [title], "genres": [[title, "Drama"]], "change": [-3]})

    write(data, tmp_path / "films.csv")
    write(data, tmp_path / "films.parquet")

    with (tmp_path / "films.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row == {"title": f"'{title}", "genres": f"'{title}; Drama", "change": "-3"}
    assert pd.read_parquet(tmp_path / "films.parquet")["title"][0] == title


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_does_not_obey_csv_and_a_pipe_gets_it_unchanged(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "out", console.Terminal(force_terminal=is_terminal))

    print_csv(pd.DataFrame({"a\x07": ["\x1b[31mred \x9b"]}))

    assert capsys.readouterr().out == ("a\\x07\n\\x1b[31mred \\x9b\n" if is_terminal else "a\x07\n\x1b[31mred \x9b\n")


def test_json_and_csv_together_are_wrong_usage() -> None:
    with pytest.raises(typer.BadParameter, match="--json and --csv"):
        give(pd.DataFrame({"a": [1]}), None, csv=True, json_output=True)


@given(st.text())
def test_every_text_starts_as_a_text(text: str) -> None:
    cell = _csv_cell(text)

    assert cell in (text, f"'{text}")
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


def test_a_column_name_is_escaped_in_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = pd.DataFrame({"=1+1": ["a"], "title": ["b"]})

    write(data, tmp_path / "films.csv")
    print_csv(data)

    assert (tmp_path / "films.csv").read_bytes() == b"'=1+1,title\r\na,b\r\n"
    assert capsys.readouterr().out == "'=1+1,title\na,b\n"


def test_what_parquet_cannot_hold_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"parquet cannot hold a column.*write a \.csv file") as error:
        write(pd.DataFrame({"pair": [[1, "a"]]}), tmp_path / "x.parquet")
    assert "\n" not in str(error.value)


def test_records_have_what_json_has() -> None:
    data = pd.DataFrame({
        "day": [date(1994, 10, 14), None], "time": pd.to_datetime(["1994-10-14 03:00:00", None]),
        "number": pd.array([2**60 + 1, None], dtype="Int64"), "share": [0.12345678901234567, float("inf")],
        "genres": [["Drama", None], None], "about": [{"born": date(1900, 1, 1)}, None],
    })  # fmt: skip
    assert records(data) == [
        {
            "day": "1994-10-14", "time": "1994-10-14T03:00:00", "number": 2**60 + 1, "share": 0.12345678901234567,
            "genres": ["Drama", None], "about": {"born": "1900-01-01"},
        },
        dict.fromkeys(data.columns),
    ]  # fmt: skip
