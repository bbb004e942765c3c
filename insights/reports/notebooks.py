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

import papermill
from pydantic import FiniteFloat, TypeAdapter

from pipeline.errors import InvalidInput

FOLDER = Path(__file__).parents[2] / "notebooks"
Value = str | int | float | bool
_NAME = re.compile(r"\d\d_[a-z0-9_]{1,60}")
_TYPES: dict[str, TypeAdapter[Value]] = {
    "str": TypeAdapter(str), "int": TypeAdapter(int), "float": TypeAdapter(FiniteFloat), "bool": TypeAdapter(bool),
}  # fmt: skip
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
    name, title : str
        File name without its ending, such as ``02_genre_trends``, and first heading.
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
    paths = [path for path in sorted(folder.glob("*.ipynb")) if _NAME.fullmatch(path.stem)]
    return [notebook for path in paths if (notebook := _read(path))]


def _read(path: Path) -> Notebook | None:
    content = json.loads(path.read_text(encoding="utf-8"))
    cells, own = content["cells"], content["metadata"].get("reelhouse", {})
    if not own.get("report", True):
        return None
    markdown = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    heading = re.search(r"^# (.+)$", markdown, re.MULTILINE)
    title = heading[1].strip() if heading else path.stem
    parameters = tuple(
        Parameter(name, details["inferred_type_name"], details["default"], details["help"])
        for name, details in papermill.inspect_notebook(str(path)).items()
    )
    return Notebook(path.stem, title, path, len(cells), parameters, tuple(own.get("after", [])))


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
    """Find notebooks by name, with or without the number, or by number (02 or 2); return all when no name is given.

    Raises
    ------
    InvalidInput
        When a name fits none.
    """
    known: dict[str, Notebook] = {}
    for one in notebooks:
        number = one.name[:2]
        known |= dict.fromkeys((one.name, one.name[3:], number, number.lstrip("0")), one)
    for name in names:
        if name not in known:
            available = ", ".join(one.name for one in notebooks) or "none"
            raise InvalidInput("there is no such report", subject=name[:80], next_step=f"there are: {available}")
    chosen = {known[name].name for name in names} or {one.name for one in notebooks}
    return [one for one in notebooks if one.name in chosen]


def assign(notebooks: Sequence[Notebook], given: Mapping[str, object]) -> dict[str, dict[str, Value]]:
    """Check the given parameters, as text or typed, and assign them to the notebooks that declare them.

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
    """Give a value the parameter's type; text is parsed.

    Raises
    ------
    ValueError
        When it is of another type; its message is not for people.
    """
    if isinstance(value, str):
        return _TYPES[parameter.type].validate_python(value.strip())
    return _TYPES[parameter.type].validate_python(value, strict=True)
