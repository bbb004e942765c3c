"""Text that a terminal would obey is shown; JSON means the same."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from rich.markup import escape

from reelhouse import show
from reelhouse.terminal import Terminal, json_text, visible

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


@pytest.mark.parametrize("text", HOSTILE)
def test_tables_titles_and_messages_show_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    monkeypatch.setattr(show, "out", Terminal(file=printed, width=200))
    monkeypatch.setattr(show, "err", Terminal(file=printed, width=200))

    show.frame(text, pd.DataFrame({"title": [text], text: [["a", text]]}))
    show.fail(text)
    show.say(text)
    show.out.print(f"a line about {escape(text)}", soft_wrap=True)

    assert printed.getvalue().replace("\n", "").isprintable()
    assert printed.getvalue().count(visible(text)[:2]) >= 6


def test_markup_in_a_film_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    monkeypatch.setattr(show, "out", Terminal(file=printed, width=200))
    text = "[link=https://example.org]free films[/link] [bold]"

    show.frame(text, pd.DataFrame({text: [text]}))

    assert printed.getvalue().count(text) == 3


@pytest.mark.parametrize("text", HOSTILE)
def test_json_means_the_same(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    show.as_json({"title": text})
    document = capsys.readouterr().out

    assert document.strip("\n").isprintable()
    assert json.loads(document) == {"title": text}
    assert json.loads(json_text(pd.DataFrame({"title": [text]}).to_json(orient="records", force_ascii=False))) == [
        {"title": text}
    ]
