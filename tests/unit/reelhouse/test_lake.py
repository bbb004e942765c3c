"""``from reelhouse import lake`` in a plain script: Reelhouse's own errors end it in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import InvalidInput, ReelhouseError, UnexpectedFailure
from reelhouse import lake

SCRIPT = """from reelhouse import lake
def count():
    return len(lake.tables())
count()
"""


def test_a_script_without_a_stack_ends_in_one_line_that_says_what_to_start(tmp_path: Path) -> None:
    script = tmp_path / "count.py"
    script.write_text(SCRIPT)
    root = Path(__file__).parents[3]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "REELHOUSE_HOME": str(tmp_path)}

    ended = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"LocalStackError: local stack: it is not running; `reelhouse up` starts it ({script}, line 3)"
    ]


def test_the_empty_name_of_an_unset_variable_is_no_stack() -> None:
    with pytest.raises(InvalidInput, match="stack: is empty"):
        lake.connect("")


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as caught:
        return caught


@pytest.mark.parametrize(
    "error",
    [
        raised(ZeroDivisionError("a caller's own")),
        raised(ValueError("a caller's own"), InvalidInput("no such column")),
        raised(UnexpectedFailure("a bug")),
    ],
    ids=["own", "own because of ours", "bug"],
)
def test_other_errors_keep_their_traceback(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    lake.show_error(type(error), error, error.__traceback__)

    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said
    assert f'File "{__file__}"' in said


def test_errors_of_reelhouse_take_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    error: ReelhouseError = InvalidInput("has no column", subject="movies")
    lake.show_error(InvalidInput, error, None)
    assert capsys.readouterr().err == "InvalidInput: movies: has no column\n"
