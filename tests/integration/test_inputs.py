"""What a report stands on: any change of it has another fingerprint, and everything else has none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from insights import inputs
from pipeline import keys
from tests.gold_builds import a_build
from tests.integration.moto_lake import Lake

MOVIES, GENRES, SILVER = f"{inputs.TABLE}movies", f"{inputs.TABLE}genre_trends", f"{inputs.SILVER}silver"
NAMES = (MOVIES, GENRES, inputs.BUILD, SILVER, inputs.MODEL)


@pytest.fixture
def filled(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A build, two tables, a part of Silver, and no language model."""
    monkeypatch.setenv("GOLD_DATABASE", "gold")
    for name in ("OPENAI_API_KEY", "OPENAI_SECRET_ID", "OPENAI_BASE_URL", "SUMMARY_MODEL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("movies", "genre_trends"):
        lake.put("gold", keys.gold_table(name), b"rows")
    lake.put("gold", keys.BUILD, a_build(build_id="b1").to_json())
    lake.put("silver", "movies/part", b"rows")
    return lake


def changes(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], object]]:
    s3 = lake.s3
    return {
        "a table is replaced": lambda: lake.put("gold", keys.gold_table("movies"), b"other rows"),
        "a table is deleted": lambda: s3.delete_object(Bucket="gold", Key=keys.gold_table("genre_trends")),
        "a table moves to Athena's folder": lambda: lake.put(
            "gold", keys.BUILD, a_build(build_id="b1", locations={"movies": "builds/movies/"}).to_json()
        ),
        "Gold is built again": lambda: lake.put("gold", keys.BUILD, a_build(build_id="b2").to_json()),
        "Gold's build is gone": lambda: s3.delete_object(Bucket="gold", Key=keys.BUILD),
        "Silver has more": lambda: lake.put("silver", "movies/part-2", b"rows"),
        "there is a key": lambda: monkeypatch.setenv("OPENAI_API_KEY", "secret"),
        "another model": lambda: monkeypatch.setenv("SUMMARY_MODEL", "other"),
    }


@pytest.mark.parametrize(
    "change",
    [
        "a table is replaced", "a table is deleted", "a table moves to Athena's folder", "Gold is built again",
        "Gold's build is gone", "Silver has more", "there is a key", "another model",
    ],
)  # fmt: skip
def test_any_change_is_seen(filled: Lake, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    before = inputs.now(NAMES)
    assert inputs.now(NAMES) == before
    assert before.keys() == set(NAMES)

    changes(filled, monkeypatch)[change]()

    assert inputs.now(NAMES) != before


def test_what_else_changes_is_not(filled: Lake) -> None:
    before = inputs.now(NAMES)

    filled.put("gold", keys.gold_table("predictions"), b"rows")
    filled.put("gold", keys.REPORT_INDEX, b"page")
    filled.put("gold", keys.gold_table("movies"), b"rows")

    assert inputs.now(NAMES) == before


def test_a_table_that_was_missing_is_noted_as_it_is_found(filled: Lake) -> None:
    assert inputs.now([f"{inputs.TABLE}summaries"]) == {f"{inputs.TABLE}summaries": inputs.MISSING}


def test_what_nobody_knows_or_is_never_the_same_has_no_fingerprint() -> None:
    assert inputs.now(["weather", f"{inputs.NEVER}a fault"]) == {}


def test_the_first_reading_counts_and_then_what_was_written() -> None:
    inputs.read("table of this test", "first")
    inputs.read("table of this test", "second")
    assert inputs.noted()["table of this test"] == "first"
    inputs.wrote("table of this test", "third")
    inputs.read("table of this test", "fourth")
    assert inputs.noted()["table of this test"] == "third"


def test_the_key_itself_is_in_no_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "one")
    one = inputs.of_model()
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    assert inputs.of_model() == one
