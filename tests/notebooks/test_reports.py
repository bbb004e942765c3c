"""Notebooks in a kernel of this Python: what succeeds is published, what fails is told, what is wrong never runs."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from insights.lake import Lake
from insights.reports import kernel, publish
from insights.reports import notebooks as report_notebooks
from insights.reports.notebooks import Notebook
from insights.reports.publish import Published
from insights.reports.store import FolderStore
from pipeline import keys
from pipeline.errors import InvalidInput
from tests.running import wait_until

LAKE = Lake("gold", "gold")
PARAMETERS = "fail: bool = False  # raise in the middle\nn: int = 3  # films"
WORK = """
import sys
from insights.reports.headlines import Headline, show
from insights.wording import Text
show(Headline("Films", n))
if fail:
    raise KeyError("<genre>")
Text(f"kernel {sys.executable}")
"""


def notebook(prose: str) -> dict[str, Any]:
    """A notebook of one cell of prose, its parameters, and one cell of code."""
    code: dict[str, Any] = {"cell_type": "code", "execution_count": None, "outputs": []}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "cells": [
            {"cell_type": "markdown", "id": "prose", "metadata": {}, "source": prose},
            {**code, "id": "given", "metadata": {"tags": ["parameters"]}, "source": PARAMETERS},
            {**code, "id": "work", "metadata": {}, "source": WORK},
        ],
    }


def two_notebooks(folder: Path) -> list[Notebook]:
    """Two small notebooks; both have the parameters ``fail`` and ``n``."""
    for name in ("01_first", "02_second"):
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook(f"# Report {name}\n\nProse.")))
    return report_notebooks.discover(folder)


@pytest.fixture
def notebooks(tmp_path: Path) -> list[Notebook]:
    return two_notebooks(tmp_path)


@dataclass
class FirstRun:
    """The first notebook's successful run, and the folder that it was published to."""

    notebooks: list[Notebook]
    folder: Path
    published: list[Published]
    progress: list[tuple[str, int]]


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    folder = tmp_path_factory.mktemp("first")
    run = FirstRun(two_notebooks(folder), folder / "out", [], [])
    stores = [FolderStore(run.folder)]
    run.published += publish.run(
        run.notebooks[:1], {"n": "5"}, LAKE, stores, lambda one, done: run.progress.append((one.name, done))
    )
    return run


def read(folder: Path, name: str, stamp: str) -> dict[str, Any]:
    """``report.json`` of one report."""
    return dict(json.loads((folder / name / stamp / "report.json").read_text()))


def test_success_then_failure_then_the_next(first_run: FirstRun) -> None:
    folder = first_run.folder
    assert first_run.published[0].succeeded
    assert first_run.progress[-1] == ("01_first", 3)
    good = read(folder, "01_first", keys.LATEST)
    assert good["parameters"] == {"fail": False, "n": 5}
    assert good["headlines"] == [{"name": "Films", "value": 5, "unit": "", "n": None}]
    page = (folder / "01_first" / keys.LATEST / "report.html").read_text()
    assert f"kernel {sys.executable}" in page
    assert "Headline(" not in page, "code must not be shown"

    failed, other = list(publish.run(first_run.notebooks, {"fail": True}, LAKE, [FolderStore(folder)]))
    assert not failed.succeeded
    assert "KeyError" in failed.report["error"]
    assert failed.report["headlines"][0]["value"] == 3, "what was shown before the error is kept"
    assert other.report["name"] == "02_second"
    assert read(folder, "01_first", keys.LATEST) == good
    assert "&lt;genre&gt;" in (folder / "01_first" / failed.report["stamp"] / "report.html").read_text()
    assert not (folder / "02_second" / keys.LATEST).exists()


@pytest.mark.parametrize("given", [{"colour": "red"}, {"n": "many"}, {"fail": "maybe"}])
def test_wrong_parameters_run_nothing(notebooks: list[Notebook], tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        list(publish.run(notebooks, given, LAKE, [FolderStore(tmp_path / "out")]))
    assert not (tmp_path / "out").exists()


def test_the_repository_s_notebook_is_not_changed(first_run: FirstRun) -> None:
    name, folder = first_run.notebooks[0].path.stem, first_run.folder
    assert json.loads(first_run.notebooks[0].path.read_text()) == notebook(f"# Report {name}\n\nProse.")
    executed = (folder / name / keys.LATEST / "notebook.ipynb").read_text()
    assert str(folder.parent) not in executed, "it names no path of this machine"


def test_nothing_personal_reaches_a_kernel(
    notebooks: list[Notebook], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = tmp_path / "ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "00-mine.py").write_text("n_of_mine = 1\nmin = max\n")
    (profile / "ipython_config.py").write_text("c.InteractiveShell.ast_node_interactivity = 'none'\n")
    (tmp_path / "startup.py").write_text("raise SystemExit('personal')\n")
    monkeypatch.setenv("IPYTHONDIR", str(profile.parent))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))

    (published,) = list(publish.run(notebooks[:1], {}, LAKE, [FolderStore(tmp_path / "out")]))

    assert published.succeeded, published.report["error"]
    page = (tmp_path / "out" / "01_first" / keys.LATEST / "report.html").read_text()
    assert f"kernel {sys.executable}" in page, "the last expression of a cell is shown"


def test_a_kernel_that_dies_at_its_start_is_one_failed_report(
    notebooks: list[Notebook], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = kernel._START
    monkeypatch.setattr(kernel, "_START", f"import os\nif 'dies' in os.environ: raise ImportError('no room')\n{start}")
    monkeypatch.setenv("dies", "yes")
    failed = list(publish.run(notebooks, {}, LAKE, [FolderStore(tmp_path / "out")]))
    monkeypatch.delenv("dies")
    (good,) = publish.run(notebooks[:1], {}, LAKE, [FolderStore(tmp_path / "out")])

    assert [one.succeeded for one in failed] == [False, False]
    assert failed[0].report["error"] == "the kernel did not start: ImportError: no room"
    assert good.succeeded


def test_ctrl_c_ends_a_kernel_that_runs_and_removes_its_files(
    notebooks: list[Notebook], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    waiting = json.loads(notebooks[0].path.read_text())
    waiting["cells"][2]["source"] = "open('started', 'w').close(); import time; time.sleep(600)"
    notebooks[0].path.write_text(json.dumps(waiting))

    def interrupt() -> None:
        wait_until(lambda: any(temporary.rglob("started")))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        list(publish.run(notebooks[:1], {}, LAKE, [FolderStore(tmp_path / "out")]))

    assert [path.name for path in temporary.rglob("*") if path.is_file()] == ["lock"], "the one of all workspaces"
    assert not (tmp_path / "out").exists()
