"""Findings and headline values: what a report says first, handed from a notebook to the program that runs it.

A notebook shows them with :func:`show_findings` and :func:`show`. They are outputs of a kind of their own in the
executed notebook, so that they need no file, and JupyterLab shows them too. Reads and writes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

import pandas as pd
from IPython.display import display

from insights.reports.style import styled
from insights.wording import gap, number

MIME = "application/vnd.reelhouse.headlines+json"
FINDINGS_MIME = "application/vnd.reelhouse.findings+json"
MOST_FINDINGS = 3


@dataclass(frozen=True)
class Headline:
    """One value.

    Attributes
    ----------
    value : float, str or None
        None, or not a number, when it is not known.
    unit : str
        Unit or range, such as ``of 100``; "" for text.
    n : int or None
        Films behind it; None when it is not made of films.
    """

    name: str
    value: float | str | None
    unit: str = ""
    n: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Value, unit and n as JSON knows them."""
        value = self.value
        if pd.isna(value):
            value = None
        if value is not None and not isinstance(value, str):
            exact = float(value)
            value = int(exact) if exact.is_integer() else exact
        return {**asdict(self), "value": value, "n": None if self.n is None else int(self.n)}


def show(*headlines: Headline) -> None:
    """Show headline values as the output of a cell."""
    values = [headline.as_dict() for headline in headlines]
    display({MIME: values, "text/html": styled(cards(values))}, raw=True)


def show_findings(*sentences: str) -> None:
    """Show what a report found, in three sentences at most, as the output of a cell; empty ones are left out."""
    shown = [sentence for sentence in sentences if sentence][:MOST_FINDINGS]
    points = "".join(f"<li>{escape(sentence)}</li>" for sentence in shown)
    html = styled(f'<ul class="findings">{points}</ul>') if shown else ""
    display({FINDINGS_MIME: shown, "text/html": html}, raw=True)


def cards(values: list[dict[str, Any]]) -> str:
    """HTML of headline values, as a description list."""
    entries = "".join(
        f"<div><dt>{escape(str(entry['name']))}</dt><dd>{_value(entry)}{_films(entry)}</dd></div>" for entry in values
    )
    return f'<dl class="headlines">{entries}</dl>'


def _value(entry: dict[str, Any]) -> str:
    value = entry["value"]
    shown = value if isinstance(value, str) else number(value)
    unit = entry["unit"]
    unit = f'{gap(unit)}<span class="unit">{escape(unit)}</span>' if unit and value is not None else ""
    size = " long" if len(shown) > 12 else ""
    return f'<span class="value{size}">{escape(shown)}</span>{unit}'


def _films(entry: dict[str, Any]) -> str:
    return "" if entry["n"] is None else f'<span class="n">n = {entry["n"]:,} films</span>'


def outputs(notebook: dict[str, Any], mime: str) -> Iterator[Any]:
    """Yield data of one kind in a notebook's outputs, in order."""
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs", []):
            if mime in output.get("data", {}):
                yield output["data"][mime]


def findings(notebook: dict[str, Any]) -> list[str]:
    """Read the findings of an executed notebook."""
    return [str(sentence) for sentences in outputs(notebook, FINDINGS_MIME) for sentence in sentences][:MOST_FINDINGS]


def collect(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Read all headline values of an executed notebook, in order; those with one name only once, the last."""
    entries = [entry for values in outputs(notebook, MIME) for entry in values]
    return list({entry["name"]: entry for entry in entries}.values())
