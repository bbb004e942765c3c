"""The limits and costs of docs/scale.md."""

from __future__ import annotations

import pytest

from pipeline import enrich_and_store_movie
from tools import deploy, scale


def test_the_document_shows_what_is_computed() -> None:
    """``python -m tools.scale`` writes it."""
    text = scale.DOCUMENT.read_text(encoding="utf-8")

    assert scale.document(text) == text


def test_settings_are_those_of_the_code() -> None:
    assert deploy.template_parameters()["GoldRetentionDays"]["Default"] == scale.GOLD_RETENTION_DAYS
    assert scale.REQUESTS_AT_ONCE == enrich_and_store_movie.REQUESTS_AT_ONCE
    assert scale.processors("AggregateToGold") == pytest.approx(2048 / 1769)


def test_the_free_omdb_key_is_the_first_limit() -> None:
    first = scale.limits()[0]

    assert (first.part, first.films) == ("OMDb, free key", 1_000)


def test_a_bill_by_hand() -> None:
    """250 films a day: 3 Silver parts, 25 messages, 3 queues polled 21,600 times a day each, 91 builds of Gold.

    25 metrics are sent in 2 of 24 hours, and each alarm costs US$0.10.
    """
    bill = scale.month(250)

    assert bill["SQS"] == pytest.approx(30 * (250 + 3 + 25 + 3 * 21_600) * 0.40e-6)
    assert bill["S3 storage"] == pytest.approx(250 * (360 * (1_430 + 195) + 91 * 250) / 1e9 * 0.023)
    assert bill["CloudWatch"] == pytest.approx(
        25 * 0.30 * 2 / 24 + scale.alarms() * 0.10 + 3 + 30 * 250 * 95 / 1e9 * 0.50
    )
    assert (bill["Athena"], bill["OMDb"]) == (0, 0)


def test_athena_pays_for_each_build() -> None:
    assert scale.month(1_000_000, builds=2)["Athena"] == pytest.approx(2 * scale.month(1_000_000)["Athena"])
