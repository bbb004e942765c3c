"""Doctor warns of a language model that its service will shut down, and advises only where something is wrong."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from pipeline.errors import InvalidInput
from reelhouse import cli
from reelhouse.commands import doctor
from reelhouse.stack import Stack
from tests.openai_server import chat_server


@pytest.mark.parametrize(("date", "ok"), [("2027-01-14", False), (None, True)])
def test_a_model_with_a_shutdown_date_is_warned_of(date: str | None, ok: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.stack, "find", no_stack)
    with chat_server() as server:
        server.models = [{"id": "old-model", "shutdown_date": date}]
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("SUMMARY_MODEL", "old-model")
        (check,) = [one for one in doctor.examine("no-such-stack") if one.name == "language model"]
    assert check.ok is ok
    assert ("2027-01-14" in check.found) is not ok


def test_json_has_advice_for_the_same_checks_as_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.stack, "find", no_stack)

    checks = json.loads(CliRunner().invoke(cli.app, ["doctor", "--stack", "films", "--json"]).stdout)

    advice = {check["name"]: check["advice"] for check in checks}
    assert advice["Python"] == ""
    assert advice["stack"] == "see docs/operations.md"


def no_stack(_: str | None) -> Stack:
    raise InvalidInput("there is none")
