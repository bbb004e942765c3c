"""`up` reads a list in the emulator's S3 before it deploys, and has no sample server beside an OMDb of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InvalidInput
from reelhouse.local import deploy, stack, state
from reelhouse.local.stack import Options
from reelhouse.local.state import Process, State
from tests.integration.moto_lake import LIST_KEY, Lake, Top

LIST = f"s3://lists/{LIST_KEY}"


@pytest.fixture
def deployed(lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, str]]:
    """Parameters of each deployment; moto stands for the emulator."""
    parameters: list[dict[str, str]] = []

    def bring_up_to_date(_: Any, given: dict[str, str], *__: Any) -> bool:
        parameters.append(given)
        return False

    monkeypatch.setenv("REELHOUSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(state, "require_space", lambda _: None)
    monkeypatch.setattr(stack, "_start_ministack", lambda *_: None)
    monkeypatch.setattr(stack, "_start_omdb", lambda *_: "http://127.0.0.1:1/")
    monkeypatch.setattr(stack, "use", lambda _: None)
    monkeypatch.setattr(deploy, "bring_up_to_date", bring_up_to_date)
    return parameters


def test_a_list_that_can_be_read_is_deployed(deployed: list[dict[str, str]], top: Top) -> None:
    top(3)

    stack.up(Options(source_list=LIST), lambda _: None)

    assert [parameters["SourceListUri"] for parameters in deployed] == [LIST]


@pytest.mark.parametrize("body", [None, b"", b"[]", b"<html>", b"name,born\nAda,1815\n"])
def test_a_list_that_is_missing_or_malformed_is_not_deployed(
    deployed: list[dict[str, str]], lake: Lake, body: bytes | None
) -> None:
    if body is not None:
        lake.put("lists", LIST_KEY, body)

    with pytest.raises(InvalidInput, match=rf"--source-list {LIST}: .+; nothing was deployed"):
        stack.up(Options(source_list=LIST), lambda _: None)

    assert deployed == []


def test_a_bucket_that_does_not_exist_is_not_deployed(deployed: list[dict[str, str]]) -> None:
    with pytest.raises(InvalidInput, match=r"--source-list s3://nowhere/list\.json: .*NoSuchBucket"):
        stack.up(Options(source_list="s3://nowhere/list.json"), lambda _: None)

    assert deployed == []


def test_the_sample_server_is_forgotten_once_another_omdb_is_used(deployed: list[dict[str, str]]) -> None:
    """`reelhouse doctor` would report the server, which `down` had stopped, as a fault."""
    state.save(State(omdb=Process(2**22 + 1, 1.0, 8080)))

    stack.up(Options(omdb_url="https://omdb.example/"), lambda _: None)

    assert state.load().omdb is None
    assert [parameters["OmdbUrl"] for parameters in deployed] == ["https://omdb.example/"]
