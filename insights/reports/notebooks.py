"""The notebooks that reports are made of: their names, titles and typed parameters.

Reads ``notebooks/NN_name.ipynb``; writes nothing. Given parameters are checked here before anything runs, because
papermill only warns of a parameter that the notebook does not declare.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import papermill

from pipeline.errors import InvalidInput

FOLDER = Path(__file__).parents[2] / "notebooks"
Value = str | int | float | bool
_NAME = re.compile(r"\d\d_[a-z0-9_]{1,60}")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_EXAMPLES = {"bool": "true or false", "int": "a whole number", "float": "a number", "str": "text"}


@dataclass(frozen=True)
class Parameter:
    """A parameter as its notebook declares it; ``type`` is str, int, float or bool, ``default`` its source text."""

    name: str
    type: str
    default: str
    help: str


@dataclass(frozen=True)
class Notebook:
    """A notebook in the repository.

    Attributes
    ----------
    name : str
        File name without its ending, such as ``02_genre_trends``.
    title : str
        Its first heading.
    cells : int
        How many cells it has.
    after : tuple of str
        Notebooks that write what it reads: ``reelhouse.after`` in its metadata.
    """

    name: str
    title: str
    path: Path
    cells: int
    parameters: tuple[Parameter, ...]
    after: tuple[str, ...] = ()


def discover(folder: Path = FOLDER) -> list[Notebook]:
    """Return a folder's reports in the order of their numbers; ``reelhouse.report: false`` marks other notebooks."""
    found = {path: _content(path) for path in sorted(folder.glob("*.ipynb")) if _NAME.fullmatch(path.stem)}
    return [_read(path, content) for path, content in found.items() if _own(content).get("report", True)]


def _content(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _own(content: dict[str, Any]) -> dict[str, Any]:
    """What a notebook's metadata says to Reelhouse."""
    return dict(content["metadata"].get("reelhouse", {}))


def _read(path: Path, content: dict[str, Any]) -> Notebook:
    cells, after = content["cells"], _own(content).get("after", [])
    markdown = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    heading = re.search(r"^# (.+)$", markdown, re.MULTILINE)
    declared = papermill.inspect_notebook(str(path))
    parameters = tuple(
        Parameter(name, found["inferred_type_name"], found["default"], found["help"])
        for name, found in declared.items()
    )
    return Notebook(path.stem, heading[1].strip() if heading else path.stem, path, len(cells), parameters, tuple(after))


def waves(notebooks: Sequence[Notebook]) -> list[list[Notebook]]:
    """Divide notebooks into groups that may run in parallel, each after the notebooks whose tables it reads.

    A notebook that follows one that is not among them does not wait: it reads what Gold has.
    """
    parted: list[list[Notebook]] = []
    waiting = list(notebooks)
    while waiting:
        names = {one.name for one in waiting}
        ready = [one for one in waiting if not names.intersection(one.after)] or waiting
        parted.append(ready)
        waiting = [one for one in waiting if one not in ready]
    return parted


def choose(notebooks: Sequence[Notebook], names: Sequence[str]) -> list[Notebook]:
    """Find notebooks by name, with or without the number, or by number; return all when no name is given.

    Raises
    ------
    InvalidInput
        When a name fits none.
    """
    known = {key: one for one in notebooks for key in (one.name, one.name[3:], one.name[:2])}
    for name in names:
        if name not in known:
            there = ", ".join(one.name for one in notebooks) or "none"
            raise InvalidInput("there is no such report", subject=name[:80], next_step=f"there are: {there}")
    chosen = {known[name].name for name in names} or {one.name for one in notebooks}
    return [one for one in notebooks if one.name in chosen]


def assign(notebooks: Sequence[Notebook], given: Mapping[str, object]) -> dict[str, dict[str, Value]]:
    """Check the given parameters and assign them to the notebooks that declare them.

    Parameters
    ----------
    notebooks : sequence of Notebook
        Those that will run.
    given : mapping of str to object
        Values, as text or of the right type, by the parameter's name.

    Returns
    -------
    dict of str to dict
        For each notebook the parameters that it has.

    Raises
    ------
    InvalidInput
        Naming every parameter that no chosen notebook has, or whose value is of another type.
    """
    faults = []
    for name in given:
        if not any(parameter.name == name for one in notebooks for parameter in one.parameters):
            known = sorted({parameter.name for one in notebooks for parameter in one.parameters})
            faults.append(f"{name[:80]} is unknown (known: {', '.join(known) or 'none'})")
    assigned: dict[str, dict[str, Value]] = {one.name: {} for one in notebooks}
    for one in notebooks:
        for parameter in one.parameters:
            if parameter.name in given:
                try:
                    assigned[one.name][parameter.name] = convert(parameter, given[parameter.name])
                except ValueError:
                    faults.append(f"{parameter.name} must be {_EXAMPLES[parameter.type]}")
    if faults:
        raise InvalidInput("; ".join(dict.fromkeys(faults)), subject="parameters", next_step="nothing was run")
    return assigned


def convert(parameter: Parameter, value: object) -> Value:
    """Give a value the parameter's type.

    Raises
    ------
    ValueError
        When it is of another type; its message is not for people.
    """
    if isinstance(value, str):
        return _from_text(parameter.type, value.strip())
    if parameter.type == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value).__name__ == parameter.type and isinstance(value, int | bool):
        return value
    raise ValueError(parameter.name)


def _from_text(kind: str, text: str) -> Value:
    if kind == "bool":
        if text.lower() not in _TRUTH:
            raise ValueError(text)
        return _TRUTH[text.lower()]
    if kind == "int":
        return int(text)
    if kind == "float":
        number = float(text)
        if number in {float("inf"), float("-inf")} or number != number:  # noqa: PLR0124 (NaN differs from itself)
            raise ValueError(text)
        return number
    return text
