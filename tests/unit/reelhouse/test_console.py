"""Terminal control characters are printed as escapes; JSON keeps its meaning."""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
from rich.markup import escape

from reelhouse import console
from reelhouse.console import Terminal, json_text, visible

# Colours, a window title, C1's own escape, a bell, backspaces, a return to the line's start, text turned around.
HOSTILE = [
    "\x1b[31mred", "\x1b]0;title\x07", "\x9b31m", "a\x08\x08b", "good\rbad", "\u202efdp.exe", "\u2066x", "\x7f",
    "\u2028y",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_obeyed_is_left(text: str) -> None:
    assert visible(text).isprintable()
    assert "\\" in visible(text)


def test_other_text_stays() -> None:
    text = "Léon: 七人の侍\tWALL·E – «été»\n"
    assert visible(text) == text


def printed_on(monkeypatch: pytest.MonkeyPatch, width: int, terminal: bool = True) -> io.StringIO:
    """Make both consoles print here, uncoloured."""
    file = io.StringIO()
    made = Terminal(file=file, width=width, force_terminal=terminal, color_system=None, highlight=False)
    monkeypatch.setattr(console, "out", made)
    monkeypatch.setattr(console, "err", made)
    return file


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("text", HOSTILE)
def test_tables_titles_and_messages_show_it(text: str, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = printed_on(monkeypatch, 200, terminal)

    console.print_table(["title", text], [[text, ["a", text]]], title=text)
    console.print_fields([("name", escape(text))])
    console.fail(text)
    console.say(text)
    console.out.print(f"a line about {escape(text)}")

    assert printed.getvalue().replace("\n", "").replace("\t", "").isprintable()
    assert printed.getvalue().count(visible(text)[:2]) >= 6


def test_a_message_wraps_below_its_text_and_in_a_pipe_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    message = f"Gold: run {RUN} [bold] is incomplete"
    lines = printed_on(monkeypatch, 34)
    console.fail(message)
    piped = printed_on(monkeypatch, 34, terminal=False)
    console.fail(message)

    assert [line.rstrip() for line in lines.getvalue().splitlines()] == [
        "✗ Gold: run",
        f"  {RUN} [bold]",
        "  is incomplete",
    ]
    assert piped.getvalue() == f"✗ {message}\n"


def test_markup_in_a_film_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = printed_on(monkeypatch, 200)
    text = "[link=https://example.org]free films[/link] [bold]"

    console.print_table([text], [[text]], title=text)

    assert printed.getvalue().count(text) == 3


RUN = "20261124T030000Z-1a2b3c4d"


def test_in_a_pipe_a_table_is_complete_and_tab_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = printed_on(monkeypatch, 20, terminal=False)

    names = ["run", "title", "genres", "mean", "none"]
    console.print_table(names, [[RUN, "a\tb\nc" * 30, ["x", "y"], 1234.5, None]], "t")

    head, row = printed.getvalue().splitlines()
    assert head.split("\t") == names
    assert row.split("\t") == [RUN, "a\\tb\\nc" * 30, "x; y", "1234.5", ""]


def test_on_80_columns_ids_are_whole_and_long_text_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = printed_on(monkeypatch, 80)
    why = "a reason of many words that goes on and on until it has to be continued on the next line"

    console.print_table(["run", "films", "why"], [[RUN, 250, why]])

    lines = printed.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(RUN in line for line in lines)
    assert "…" not in printed.getvalue()
    assert set(why.split()) <= set(printed.getvalue().split())


def test_a_table_too_wide_for_the_terminal_is_printed_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = printed_on(monkeypatch, 80)
    names = [f"column_{number}" for number in range(35)]

    console.print_table(names, [[f"value_{number}" for number in range(35)]] * 2)

    lines = [line.split() for line in printed.getvalue().splitlines()]
    assert max(len(line) for line in printed.getvalue().splitlines()) <= 80
    assert [line for line in lines if line[0] == "row"] == [["row", "1", "of", "2"], ["row", "2", "of", "2"]]
    assert lines.count(["column_34", "value_34"]) == 2


@pytest.mark.parametrize(
    ("value", "shown", "plain"),
    [
        (None, "–", ""), (float("nan"), "–", ""), (1994, "1994", "1994"), (1234567.0, "1,234,567", "1234567.0"),
        (8.25, "8.25", "8.25"), (["a", "b"], "a, b", "a; b"), ([], "–", ""), (True, "True", "True"),
    ],
)  # fmt: skip
def test_values(value: object, shown: str, plain: str) -> None:
    assert (console.shown(value), console.plain(value)) == (shown, plain)


@pytest.mark.parametrize("text", HOSTILE)
def test_json_means_the_same(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"title": text})
    document = capsys.readouterr().out

    assert document.strip("\n").isprintable()
    assert json.loads(document) == {"title": text}
    assert json.loads(json_text(pd.DataFrame({"title": [text]}).to_json(orient="records", force_ascii=False))) == [
        {"title": text}
    ]


def test_json_is_ascii_where_stdout_is_not_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", write_through=True)
    monkeypatch.setattr("sys.stdout", latin)

    console.print_json({"title": "七人の侍 😀"})

    latin.seek(0)
    assert json.loads(latin.read()) == {"title": "七人の侍 😀"}


def test_json_has_times_and_dates_in_iso_8601(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"at": datetime(2026, 11, 24, 3), "day": date(2026, 11, 24), "file": Path("a.csv")})

    assert json.loads(capsys.readouterr().out) == {"at": "2026-11-24T03:00:00", "day": "2026-11-24", "file": "a.csv"}


@pytest.mark.parametrize(("number", "text"), [(0, "0 runs"), (1, "1 run"), (2000, "2,000 runs")])
def test_numbers_have_their_noun(number: int, text: str) -> None:
    assert console.counted(number, "run") == text
