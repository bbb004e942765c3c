"""The first notebook and docs/notebooks.md, line by line, as a data scientist runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import papermill
import pytest
from jupyter_client.manager import start_new_kernel

from insights.reports.notebooks import FOLDER
from pipeline import aws, keys
from reelhouse import lake
from reelhouse.commands import lab
from reelhouse.local.state import State
from reelhouse.stack import Stack
from tests.running import WATCH_SECONDS

ROOT = FOLDER.parent
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", (ROOT / "docs" / "notebooks.md").read_text(), re.MULTILINE | re.DOTALL)
# The stack of the tests runs already, and JupyterLab does not end by itself.
MIME_TYPES = {"text/plain", "text/html", "image/png", "image/svg+xml"}
NOT_RUN = ("reelhouse up", "reelhouse run", "reelhouse lab")


@pytest.fixture(scope="module")
def environment(local: State) -> dict[str, str]:
    """What a person's shell has: the command line, the folder of the stack, and nothing of its address."""
    hidden = {"GOLD_BUCKET", "GOLD_DATABASE", "SILVER_BUCKET", *local.connection()}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def reported(stack: Stack, environment: dict[str, str], tmp_path: Path) -> None:
    """Publish similar films, unless a report of another test has."""
    if "recommendations" not in stack.lake().tables():
        command = ["reelhouse", "report", "03", "--output", tmp_path / "reports"]
        subprocess.run(command, env=environment, check=True, timeout=WATCH_SECONDS)


def shared(stack: Stack) -> list[aws.StoredObject]:
    """Return what notebooks could change in Gold; a late event of an earlier test may add a build meanwhile."""
    stored = aws.list_objects(aws.client("s3"), stack["GoldBucketName"])
    return [entry for entry in stored if not entry.key.startswith((keys.BUILD, keys.BUILDS))]


@pytest.mark.usefixtures("reported")
def test_every_cell_of_the_first_notebook_runs(stack: Stack, tmp_path: Path) -> None:
    before = shared(stack)
    film = stack.lake().table("movies", columns=["imdb_id"]).iloc[0, 0]

    executed = papermill.execute_notebook(
        FOLDER / "00_start_here.ipynb", tmp_path / "out.ipynb", {"title": film}, cwd=FOLDER, progress_bar=False
    )

    shown = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    html = " ".join(output.get("data", {}).get("text/html", "") for output in shown)
    assert "<svg" in html, "Altair's chart is drawn here"
    assert "cdn.jsdelivr" not in html
    assert not [output for output in shown if output.get("name") == "stderr"], "no warnings"
    assert {name for output in shown for name in output.get("data", {})} <= MIME_TYPES, "any editor shows these"
    frames = [
        output["data"]["text/html"] for output in shown if "dataframe" in output.get("data", {}).get("text/html", "")
    ]
    assert len(frames) >= 4
    assert any("text-align: left" in frame for frame in frames), "a frame brings its alignment with it"
    assert any("image/png" in output.get("data", {}) for output in shown), "Matplotlib's chart"
    assert shared(stack) == before, "nothing shared has changed"


@pytest.mark.usefixtures("reported")
def test_the_documentation_s_python_runs(stack: Stack, environment: dict[str, str], tmp_path: Path) -> None:
    film = lake.table("movies")["imdb_id"].iloc[0]
    code = "\n".join(body for language, body in BLOCKS if language == "python").replace("The Godfather", film)

    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        timeout=WATCH_SECONDS,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr.decode()
    assert "my_stars" not in lake.tables()


@pytest.mark.usefixtures("stack")
def test_the_documentation_s_commands_run(environment: dict[str, str], tmp_path: Path) -> None:
    lines = [line for language, body in BLOCKS if not language for line in body.splitlines()]
    commands = [line for line in lines if not line.startswith(NOT_RUN) and line != "reelhouse report"]
    # Without the variables of `reelhouse env`; papermill without them runs in the test of the first notebook.
    alone = [line for line in commands if line.startswith("jupyter")]
    (tmp_path / "notebooks").mkdir()
    for notebook in FOLDER.glob("*.ipynb"):
        (tmp_path / "notebooks" / notebook.name).write_bytes(notebook.read_bytes())

    for script in ("\n".join(line for line in commands if line not in alone), *alone):
        ran = subprocess.run(
            ["bash", "-ec", script],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            timeout=WATCH_SECONDS,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr.decode()
    assert "Not published" in (tmp_path / "out.ipynb").read_text()
    assert (tmp_path / "my-reports" / "index.html").is_file()


def test_without_a_stack_one_line_says_what_to_start(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "GOLD_BUCKET"}
    code = "from IPython.core.interactiveshell import InteractiveShell\n"
    code += "InteractiveShell.instance().run_cell('from reelhouse import lake; lake.tables()')"

    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment | {"REELHOUSE_HOME": str(tmp_path / "none")},
        capture_output=True, text=True, timeout=WATCH_SECONDS, check=False,
    )  # fmt: skip

    said = (ran.stdout + ran.stderr).strip()
    assert "`reelhouse up` starts it" in said
    assert len(said.splitlines()) == 1


def test_the_first_cell_in_jupyterlab_works(stack: Stack) -> None:
    environment = lab.environment(stack)
    manager, client = start_new_kernel(env=environment, cwd=str(FOLDER))
    try:
        said: list[str] = []
        answer = client.execute_interactive(
            'from reelhouse import lake; len(lake.table("ratings_by_genre"))',
            timeout=WATCH_SECONDS,
            output_hook=lambda message: said.append(message["content"].get("data", {}).get("text/plain", "")),
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert answer["content"]["status"] == "ok"
    assert str(len(lake.table("ratings_by_genre"))) in said
