"""Settings: typed, frozen, and all errors reported at once."""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, fields
from typing import Any

import pytest

from pipeline import settings
from pipeline.errors import InvalidInput
from pipeline.settings import AggregateToGoldSettings, GetMoviesAndSendToQueueSettings, load

KINDS: list[Any] = [
    settings.GetMoviesAndSendToQueueSettings,
    settings.EnrichAndStoreMovieSettings,
    settings.ProcessBronzeToSilverSettings,
    settings.AggregateToGoldSettings,
    settings.LakeSettings,
]
FULL = {
    "BRONZE_BUCKET": "bronze",
    "MOVIE_QUEUE_URL": "https://queue.example",
    "SOURCE_LIST_URI": "s3://lists/top.json",
    "TOP_N": "250",
    "BATCH_SIZE": "10",
}


def test_settings_are_typed_and_frozen() -> None:
    loaded = load(GetMoviesAndSendToQueueSettings, FULL)

    assert loaded == GetMoviesAndSendToQueueSettings(
        "bronze", "https://queue.example", "s3://lists/top.json", top_n=250, batch_size=10
    )
    with pytest.raises(FrozenInstanceError):
        loaded.top_n = 1  # type: ignore[misc]


@pytest.mark.parametrize("kind", KINDS)
def test_all_missing_variables_are_named_at_once(kind: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(kind, {})

    for field in fields(kind):
        assert (f"{field.name.upper()} is missing" in str(caught.value)) == (field.default is MISSING)


@pytest.mark.parametrize("missing", sorted(FULL))
@pytest.mark.parametrize("given", [{}, {"": ""}])
def test_a_missing_or_empty_variable_is_named(missing: str, given: dict[str, str]) -> None:
    environment = {**FULL, missing: ""} if given else {name: v for name, v in FULL.items() if name != missing}

    with pytest.raises(InvalidInput, match=f"environment: {missing} is missing; set it"):
        load(GetMoviesAndSendToQueueSettings, environment)


@pytest.mark.parametrize("text", ["ten", "-1", "1.5", "1e3", "٣", " 1"])
def test_an_invalid_number_is_named_without_its_value(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(GetMoviesAndSendToQueueSettings, {**FULL, "TOP_N": text, "BATCH_SIZE": text})

    assert caught.value.cause == "TOP_N is not a whole number, BATCH_SIZE is not a whole number"


def test_a_missing_optional_variable_takes_its_default() -> None:
    environment = {"SILVER_BUCKET": "silver", "GOLD_BUCKET": "gold"}

    assert load(AggregateToGoldSettings, environment).duckdb_memory_mb == 1024
    assert load(AggregateToGoldSettings, {**environment, "DUCKDB_MEMORY_MB": "64"}).duckdb_memory_mb == 64


def test_a_choice_takes_only_its_values() -> None:
    environment = {"SILVER_BUCKET": "silver", "GOLD_BUCKET": "gold"}

    assert load(AggregateToGoldSettings, {**environment, "GOLD_ENGINE": "athena"}).gold_engine == "athena"
    with pytest.raises(InvalidInput, match="GOLD_ENGINE is none of duckdb, athena; set it"):
        load(AggregateToGoldSettings, {**environment, "GOLD_ENGINE": "Athena"})


def test_no_setting_holds_the_key() -> None:
    names = {field.name for kind in KINDS for field in fields(kind)}

    assert "omdb_secret_id" in names
    assert not [name for name in names if "key" in name]


def test_variables_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELHOUSE_TEST_EMPTY", "")
    monkeypatch.setenv("REELHOUSE_TEST_SET", "value")

    assert settings.variable("REELHOUSE_TEST_EMPTY", "default") == "default"
    assert settings.variable("REELHOUSE_TEST_SET") == "value"
    assert settings.environment_with(REELHOUSE_TEST_SET="other")["REELHOUSE_TEST_SET"] == "other"
    assert settings.variable("REELHOUSE_TEST_SET") == "value"
    settings.forget_variables("REELHOUSE_TEST_SET", "REELHOUSE_TEST_NEVER_SET")
    assert settings.variable("REELHOUSE_TEST_SET") == ""
