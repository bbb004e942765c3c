"""Whether a notebook has to run again: not where data, parameters, notebook, code and packages are as they were.

Place: between :mod:`.reports` and the store that keeps earlier reports. Reads the newest report that succeeded, and
how Gold is now; writes nothing. Everything that cannot be read, or is not as it was written, means: run it.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from pydantic import BaseModel, ValidationError

from insights import inputs
from insights.reports import page as report_page
from insights.reports.notebooks import Notebook
from insights.reports.store import NOTEBOOK, PAGE, REPORT, Store
from pipeline import keys

_ROOT = Path(__file__).parents[2]
# What a notebook may import; its other libraries are known by the versions of the installed packages.
_PACKAGES = ("insights", "pipeline")


@dataclass(frozen=True)
class Earlier:
    """An earlier run of a notebook that still holds.

    Attributes
    ----------
    stamp, ran_at : str
        Of the report for which it ran.
    notebook : dict
        As it was executed then.
    body : str
        What its page showed of it; rendering it anew would take as long as all else.
    noted : dict of str to str
        What it read and wrote, as it is still found.
    """

    stamp: str
    ran_at: str
    notebook: dict[str, Any]
    body: str
    noted: dict[str, str]


class _StoodOn(BaseModel):
    code: str
    data: dict[str, str]
    notebook_sha256: str
    body_sha256: str


class _Report(BaseModel):
    """What is needed of a ``report.json``; one of an earlier version lacks it."""

    stamp: str
    ran_at: str
    reused_from: str | None
    parameters: dict[str, Any]
    stands_on: _StoodOn


def stands_on(notebook: Notebook, noted: Mapping[str, str], executed: str, body: str) -> dict[str, Any]:
    """Make what ``report.json`` keeps for comparing.

    Parameters
    ----------
    noted : mapping of str to str
        What the notebook's kernel noted (:mod:`insights.inputs`).
    executed : str
        The executed notebook as it is published.
    body : str
        What the page shows of it.

    Returns
    -------
    dict
        ``code``: a digest of the notebook, our code and the packages. ``data``: fingerprints by name.
        ``notebook_sha256``, ``body_sha256``: of the executed notebook and of what the page shows of it.
    """
    return {
        "code": code_of(notebook),
        "data": dict(noted),
        "notebook_sha256": _sha256([executed.encode()]),
        "body_sha256": _sha256([body.encode()]),
    }


def find(notebook: Notebook, parameters: Mapping[str, Any], store: Store) -> Earlier | None:
    """Find an earlier run that still holds.

    Parameters
    ----------
    parameters : mapping
        All of the notebook's, as ``report.json`` has them.
    store : Store
        Where its newest report that succeeded is looked for.

    Returns
    -------
    Earlier or None
        None when anything differs from then: the notebook has to run.

    Raises
    ------
    StorageFailed
        When the store, Gold or Silver cannot be read.
    """
    files = [keys.report(notebook.name, keys.LATEST, file) for file in (REPORT, NOTEBOOK, PAGE)]
    if not set(files) <= set(store.keys()):
        return None
    try:
        report = _Report.model_validate_json(store.get(files[0]))
    except ValidationError:
        return None
    then = report.stands_on
    if report.parameters != parameters or then.code != code_of(notebook) or inputs.now(then.data) != then.data:
        return None
    executed, page = (store.get(file) for file in files[1:])
    body = report_page.body_in(page.decode(errors="replace"))
    if (_sha256([executed]), _sha256([body.encode()])) != (then.notebook_sha256, then.body_sha256):
        return None
    shown = nbformat.reads(executed.decode(), as_version=4)  # type: ignore[no-untyped-call]
    return Earlier(report.reused_from or report.stamp, report.ran_at, shown, body, then.data)


def code_of(notebook: Notebook) -> str:
    """Digest of all code behind a notebook: its own, our packages', and the versions of Python and of its libraries."""
    installed = sorted({path.name for entry in sys.path for path in Path(entry).glob("*.dist-info")})
    return _sha256([notebook.path.read_bytes(), *sources(_ROOT), sys.version.encode(), *map(str.encode, installed)])


def sources(root: Path) -> list[bytes]:
    """Path and bytes of every file of our packages, whatever its kind, in order."""
    paths = sorted(path for package in _PACKAGES for path in (root / package).rglob("*") if path.is_file())
    kept = (path for path in paths if "__pycache__" not in path.parts)
    return [part for path in kept for part in (str(path.relative_to(root)).encode(), path.read_bytes())]


def _sha256(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()
