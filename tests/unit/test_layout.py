"""Rules of the code that a test can check: layers, one module for each concern, sizes and names."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
# Each may import itself and what stands after it, and nothing before it.
LAYERS = ("tools", "reelhouse", "insights", "pipeline")
PACKAGES = ("lambdas", *LAYERS)
MOST_LINES, MOST_FUNCTION_LINES, MOST_HANDLER_LINES = 400, 40, 30
QUEUE_FUNCTIONS = ("get_movies_and_send_to_queue", "enrich_and_store_movie")
# Where one record's failure must not reach the others: it is logged with its traceback, and that record is retried.
CATCH_EVERY_EXCEPTION = {
    "pipeline/enrich_and_store_movie.py",
    "pipeline/process_bronze_to_silver.py",
    "pipeline/source_list.py",
    "pipeline/http.py",  # hands it to the waiting thread
    "pipeline/omdb.py",  # removes the key from it
    "pipeline/retries.py",
    "lambdas/telemetry.py",  # logs it and raises it again
}
HEAVY = {"pandas", "pyarrow", "duckdb", "sqlglot", "pydantic", "awswrangler", "sklearn", "numpy"}
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, decorators included and its docstring not."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    lines = (function.end_lineno or first) - first + 1
    if ast.get_docstring(function):
        docstring = function.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


# ── Layers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_imports_point_down() -> None:
    def upward(path: Path) -> set[str]:
        package = path.relative_to(ROOT).parts[0]
        above = set(LAYERS[: LAYERS.index(package)]) | {"lambdas"} if package in LAYERS else {"tools", "reelhouse"}
        return {name for name in imported(path) if name.split(".")[0] in above | {"tests"}}

    assert {label(path): names for path in SOURCES if (names := upward(path))} == {}


@pytest.mark.parametrize("path", sorted((ROOT / "lambdas").glob("*.py")), ids=label)
def test_a_handler_is_short(path: Path) -> None:
    handlers = [function for function in functions(path) if function.name == "handler"]

    assert len(handlers) == (0 if path.stem in {"__init__", "telemetry"} else 1)
    assert all(lines_of(handler) < MOST_HANDLER_LINES for handler in handlers)


@pytest.mark.parametrize("step", QUEUE_FUNCTIONS)
def test_queue_functions_load_nothing_heavy(step: str) -> None:
    """In a fresh interpreter, with the settings that its environment would give."""
    code = f"""
import os, sys
os.environ |= dict.fromkeys(["BRONZE_BUCKET", "MOVIE_QUEUE_URL", "SOURCE_LIST_URI", "OMDB_SECRET_ID"], "x")
os.environ |= {{"TOP_N": "1", "BATCH_SIZE": "1", "OMDB_URL": "https://x.example/"}}
os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"
import lambdas.{step}
print(*sorted({{name.split(".")[0] for name in sys.modules}} & {HEAVY!r}))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr


def test_packages_import_nothing_by_themselves() -> None:
    for package in ("pipeline", "pipeline/silver", "pipeline/gold", "lambdas"):
        assert list(imported(ROOT / package / "__init__.py")) == []


# ── One home for each thing ──────────────────────────────────────────────────────────────────────────────────────


def test_duckdb_is_opened_in_one_file() -> None:
    opened = [label(path) for path in SOURCES if "duckdb.connect(" in path.read_text(encoding="utf-8")]
    assert opened == ["pipeline/database.py"]


def test_boto3_is_imported_in_one_file() -> None:
    assert [label(path) for path in SOURCES if "boto3" in imported(path)] == ["pipeline/aws.py"]


def test_the_environment_is_read_in_one_file() -> None:
    def reads(path: Path) -> bool:
        return any(
            isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} for node in ast.walk(tree(path))
        )

    assert [label(path) for path in SOURCES if reads(path)] == ["pipeline/settings.py"]


def test_keys_are_built_in_one_file() -> None:
    files = [label(path) for path in SOURCES if re.search(r"run_id=\{|imdb_id=\{", path.read_text(encoding="utf-8"))]

    assert files == ["pipeline/keys.py"]


def test_only_record_boundaries_catch_every_exception() -> None:
    """Elsewhere a handler names what it expects. Nothing catches the end of the process."""
    handlers = [
        (path, node) for path in SOURCES for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler)
    ]
    for path, node in handlers:
        every = {"BaseException"}
        caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else every
        assert "BaseException" not in caught, f"{label(path)}:{node.lineno}"
        assert "Exception" not in caught or label(path) in CATCH_EVERY_EXCEPTION, f"{label(path)}:{node.lineno}"


def test_the_cleaning_code_is_pure() -> None:
    for name in ("silver/clean", "silver/records", "columns", "keys"):
        names = {module.split(".")[0] for module in imported(ROOT / "pipeline" / f"{name}.py")}
        assert not names & {"boto3", "botocore", "requests", "os", "time", "pathlib", "random", "socket"}, name


# ── Sizes and words ──────────────────────────────────────────────────────────────────────────────────────────────


def test_modules_and_functions_are_small_and_described() -> None:
    for path in SOURCES:
        assert ast.get_docstring(tree(path)), f"{label(path)} does not open with a docstring"
        # Definitions of columns and tables have one home, however many they are.
        assert path.read_text(encoding="utf-8").count("\n") <= MOST_LINES or path.name == "columns.py", label(path)
        long = {f.name: lines_of(f) for f in functions(path) if lines_of(f) > MOST_FUNCTION_LINES}
        assert long == {}, label(path)
        assert path.stem not in {"utils", "helpers", "common", "misc"}, label(path)


def test_every_module_of_the_pipeline_has_its_tests() -> None:
    """Unit tests mirror the path of the module they test; tests of AWS calls are in ``tests/integration``."""
    covered_by_others = {"__init__", "http", "columns"}
    modules = [path for path in (ROOT / "pipeline").rglob("*.py") if path.stem not in covered_by_others]

    def has_tests(path: Path) -> bool:
        mirrored = ROOT / "tests" / "unit" / path.relative_to(ROOT).with_name(f"test_{path.name}")
        return mirrored.is_file() or (ROOT / "tests" / "integration" / f"test_{path.name}").is_file()

    assert [label(path) for path in modules if not has_tests(path)] == []


def test_tests_patch_no_names() -> None:
    tests = [path for path in sorted((ROOT / "tests").rglob("*.py")) if path != Path(__file__)]

    assert [label(path) for path in tests if re.search(r"\bpatch\(", path.read_text(encoding="utf-8"))] == []


def requirement(line: str) -> tuple[str, str]:
    """Name and version ("" when open) of a requirement."""
    match = re.match(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?(?:==([^ ;\\]+))?", line)
    assert match, line
    return match[1].lower().replace("_", "-"), match[2] or ""


def test_conda_has_the_packages_of_pyproject_in_the_locks_versions() -> None:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = (entry["pip"] for entry in listed if isinstance(entry, dict))
    conda = dict(requirement(line) for line in pip if not line.startswith("-"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = [line for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines() if "==" in line]

    assert set(conda) == {requirement(line)[0] for line in project["dependencies"]}
    assert conda.items() <= dict(map(requirement, locked)).items()
