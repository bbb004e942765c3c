"""The list of commands, shared options, warnings and exit codes."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError, ReadTimeoutError
from typer.testing import CliRunner

from pipeline.errors import InvalidInput
from reelhouse import cli, stack
from reelhouse.commands import run
from reelhouse.local import state
from reelhouse.local.state import ROOT

RUN = "20261124T030000Z-1a2b3c4d"
HEAVY = ("boto3", "pandas", "duckdb", "requests", "awswrangler")


def ran(*arguments: str) -> Any:
    return CliRunner().invoke(cli.app, list(arguments))


def test_every_module_of_commands_is_a_command() -> None:
    modules = {path.stem for path in Path(cli.__file__).with_name("commands").glob("*.py")} - {"__init__"}

    assert set(cli.COMMANDS) == modules


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_a_summary_an_example_and_json(name: str) -> None:
    function = import_module(f"reelhouse.commands.{name}").command
    described = " ".join(function.__doc__.split())

    assert function.__doc__.startswith(f"{cli.LazyCommand(name).help}\n")
    assert "Example: [bold]" in described
    assert f"reelhouse {name}" in described
    assert "json_output" in function.__annotations__ or name in {"demo", "env", "lab", "mcp"}


@pytest.mark.parametrize("help_option", ["-h", "--help"])
def test_help_lists_every_command(help_option: str) -> None:
    result = ran(help_option)

    assert result.exit_code == 0
    for name in cli.COMMANDS:
        assert name in result.stdout


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_paragraph_of_help_has_no_line_break_of_its_own(name: str) -> None:
    """A terminal wraps it; breaks of the source would come on top of that."""
    text = cli.LazyCommand(name).load().help

    assert text
    assert all("\n" not in paragraph for paragraph in text.split("\n\n"))


def test_help_imports_no_library_that_takes_long() -> None:
    code = f"""
import sys
from reelhouse.cli import app
try:
    app(["--help"])
finally:
    print(*(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert (result.returncode, result.stderr.strip()) == (0, "")


def test_version() -> None:
    result = ran("--version")

    assert result.exit_code == 0
    assert result.stdout.startswith("reelhouse 0.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_completion_script_for_each_shell(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--show-completion` prints the same for the shell that runs it."""
    monkeypatch.setenv("_REELHOUSE_COMPLETE", f"source_{shell}")

    result = CliRunner().invoke(cli.app, prog_name="reelhouse")

    assert result.exit_code == 0
    assert f"_REELHOUSE_COMPLETE=complete_{shell}" in result.stdout


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("reelhouse st", ["status"]),
        ("reelhouse re", ["redrive", "replay", "report"]),
        ("reelhouse ", list(cli.COMMANDS)),
        ("reelhouse down --d", ["--delete"]),
        ("reelhouse nonsense", []),
    ],
)
def test_commands_and_their_options_are_completed(
    words: str, completions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    monkeypatch.setenv("_REELHOUSE_COMPLETE", "complete_bash")

    result = CliRunner().invoke(cli.app, prog_name="reelhouse")

    assert sorted(result.stdout.split()) == sorted(completions)


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("nonsense",), ("status", "nonsense"), ("status", "--nonsense"), ("trace", "foo"), ("trace",),
        ("report", "nope"), ("report", "-p", "x"), ("report", "--every", "1w"), ("up", "--omdb-url", "notaurl"),
        ("table", "movies", "--output", "x.xlsx"), ("query", "SELECT 1", "--output", "x"), ("run", "--top-n", "0"),
        ("run", "--resume", "../x"), ("run", "--resume", RUN, "--top-n", "5"), ("redrive", "--queue", "x"),
        ("replay",), ("replay", "--all", "--run-id", RUN), ("verify", "--run-id", "x"), ("compact", "--hours", "-1"),
        ("--stack", "NAME", "down"), ("--stack", "", "status"), ("status", "--stack", ""), ("similar",),
        ("similar", "x", "-k", "0"), ("publish", "", "--because", "x"), ("rollback", "newest", "--because", "x"),
        ("why", "movies", "--from", ""), ("table", "--output", "x.csv"), ("table", "--at", "2026-11-24"),
    ],
)  # fmt: skip
def test_wrong_usage_is_exit_2_and_no_traceback(arguments: tuple[str, ...]) -> None:
    result = ran(*arguments)

    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("arguments", [("--stack", "films", "status"), ("status", "--stack", "films")])
def test_the_stack_may_be_named_before_or_after_the_command(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def find(name: str | None) -> None:
        asked.append(name)
        raise InvalidInput("no stack here")

    monkeypatch.setattr(stack, "find", find)

    assert ran(*arguments).exit_code == 1
    assert asked == ["films"]


@pytest.mark.parametrize(
    "refused",
    [
        ClientError({"Error": {"Code": "SlowDown", "Message": "-"}}, "GetObject"),
        ReadTimeoutError(endpoint_url="-"),
        InvalidInput("asking: AWS: no"),
    ],
)
def test_an_error_is_one_line_and_exit_1(refused: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def asking(json_output: bool) -> None:
        raise refused

    with pytest.raises(typer.Exit) as ended:
        cli._reporting_errors(asking, "asking")(json_output=True)

    printed = capsys.readouterr()
    assert ended.value.exit_code == 1
    assert printed.out.startswith('{"error": "asking: AWS: ')
    assert printed.err.startswith("✗ asking: AWS: ")
    assert printed.err.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize("length", [10, 100_000])
def test_a_full_disk_is_one_line_and_exit_1(length: int) -> None:
    code = f"from reelhouse import cli\ncli.app = lambda: print('x' * {length})\ncli.main()"
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False, text=True
        )

    assert ran.returncode == 1
    assert ran.stderr.splitlines() == ["✗ output: No space left on device; free some space and try again"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_that_cannot_be_encoded_is_escaped(encoding: str) -> None:
    code = (
        "import logging\nfrom reelhouse import cli, console\n"
        "cli.app = lambda: (print('Ōkami'), console.say('Ōkami'), logging.getLogger('x').warning('Ōkami'))\ncli.main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert b"\\u014ckami" in ran.stdout
    assert ran.stderr.count(b"\\u014ckami") == 2
    assert b"! \\u014ckami" in ran.stderr, "a library's warning"


def test_every_section_of_the_docs_that_a_message_names_exists() -> None:
    named = {
        match.groups()
        for path in (ROOT / "reelhouse").rglob("*.py")
        for match in re.finditer(r'(docs/\w+\.md), "([^"]+)"', path.read_text(encoding="utf-8"))
    }

    assert len(named) >= 4
    for document, section in named:
        assert f"# {section}\n" in (ROOT / document).read_text(encoding="utf-8"), f"{document}, {section}"


def test_a_warning_that_repeats_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    warnings = cli.Warnings()
    for what in ("_build.json: is not JSON", "_build.json: is not JSON", "other"):
        warnings.emit(logging.LogRecord("gold", logging.WARNING, "", 0, "ignored: %s", (what,), None))

    assert capsys.readouterr().err == "! ignored: _build.json: is not JSON\n! ignored: other\n"


@pytest.mark.parametrize("arguments", [("run",), ("replay", "--all"), ("compact",)])
def test_nothing_is_written_to_the_local_stack_on_a_nearly_full_disk(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """MiniStack loses objects that it cannot write, and says nothing."""
    monkeypatch.setattr(state, "space", lambda _: state.DiskSpace(False, "0.1 of 2.0 GB free"))
    monkeypatch.setattr(stack, "find", lambda _: pytest.fail("the stack was used"))

    result = ran(*arguments)

    assert (result.exit_code, "nearly full: 0.1 of 2.0 GB free" in result.stderr) == (1, True)


def test_ctrl_c_while_a_run_starts_says_that_it_may_have_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stack, "find_to_write", lambda _: None)
    monkeypatch.setattr(run, "start", interrupted)

    result = ran("run")

    assert (result.exit_code, "`reelhouse status` shows" in result.stderr) == (130, True)
