"""Notebook 04 with a language model behind it, over HTTP on this machine: honest, cached, and lying."""

from __future__ import annotations

from pathlib import Path

import pytest

from insights.reports import notebooks, publish
from insights.reports.store import FolderStore
from reelhouse import lake
from reelhouse.stack import Stack
from tests.lies import LIES
from tests.openai_server import ChatServer, chat_server, saying

KEY = "planted-model-key-5d20"


@pytest.fixture
def report(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    """Run notebook 04 with a server; gives the headline values by name."""

    def run(server: ChatServer, model: str) -> dict[str, object]:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("SUMMARY_MODEL", model)
        chosen = notebooks.choose(notebooks.discover(), ["04_summaries"])
        (published,) = publish.run(chosen, {}, stack.lake(), [FolderStore(tmp_path)])
        assert published.succeeded, published.report["error"]
        return {entry["name"]: entry["value"] for entry in published.report["headlines"]}

    return run


def test_a_second_report_costs_nothing_and_the_key_is_nowhere(report: object, tmp_path: Path) -> None:
    with chat_server() as server:
        first = report(server, "honest")  # type: ignore[operator]
        asked = len(server.requests)
        second = report(server, "honest")  # type: ignore[operator]

    assert first["Written by a model"] == second["Written by a model"] == asked > 0
    assert len(server.requests) == asked
    assert (first["Tokens used"], second["Tokens used"]) == (asked * 1100, 0)
    assert not any(KEY in path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file())


def test_a_lying_model_is_dropped_counted_and_replaced(report: object) -> None:
    lies = LIES[:5]
    with chat_server(saying(*lies)) as server:
        values = report(server, "liar")  # type: ignore[operator]

    assert values["Written by a model"] == 0
    assert values["Sentences dropped by the check"] == len(lies) * len(server.requests)
    texts = " ".join(lake.table("summaries")["text"])
    assert "99.9" not in texts
    assert len(texts) > 1000
