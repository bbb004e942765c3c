"""Headline values go through an executed notebook unchanged, and as JSON."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from insights.reports import headlines
from insights.reports.headlines import MIME, Headline


def test_values_are_json() -> None:
    values = [3, 2.5, np.int64(4), np.float64(5.0), float("nan"), pd.NA, None, "12 of 12"]
    given = [Headline("name", value, n=np.int64(3)).as_dict()["value"] for value in values]  # type: ignore[arg-type]
    assert given == [3, 2.5, 4, 5, None, None, None, "12 of 12"]
    json.dumps(given, allow_nan=False)


def test_collect_takes_the_last_of_a_name() -> None:
    shown = [[Headline("a", 1).as_dict(), Headline("b", 2).as_dict()], [Headline("a", 3).as_dict()]]
    notebook = {"cells": [{"outputs": [{"data": {MIME: values}}, {"output_type": "stream"}]} for values in shown]}
    assert [(entry["name"], entry["value"]) for entry in headlines.collect(notebook)] == [("a", 3), ("b", 2)]


def test_cards_are_escaped() -> None:
    html = headlines.cards([Headline("<n>", "<v>", "<u>", 2).as_dict(), Headline("x", None).as_dict()])
    assert not [tag for tag in ("<n>", "<v>", "<u>") if tag in html]
    assert "n = 2 films" in html
    unknown = headlines.cards([Headline("x", None, "of 100").as_dict()])
    assert "not known" in unknown
    assert "of 100" not in unknown


def test_findings_are_three_at_most_and_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, object]] = []
    monkeypatch.setattr(headlines, "display", lambda data, raw: shown.append(data))
    headlines.show_findings("", "<b>", "B", "C", "D")
    (data,) = shown
    assert data[headlines.FINDINGS_MIME] == ["<b>", "B", "C"]
    assert str(data["text/html"]).count("<li>") == 3
    assert "<li>&lt;b&gt;</li>" in str(data["text/html"])


def test_a_percent_sign_stands_next_to_its_number() -> None:
    html = headlines.cards([Headline("a", 99.9, "%").as_dict(), Headline("b", 37, "of 100").as_dict()])
    assert '99.9</span><span class="unit">%' in html
    assert '37</span> <span class="unit">of 100' in html
