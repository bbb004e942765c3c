"""Whether a build is published: after a rollback, only a newer complete run ends the hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.gold.decision import reasons_to_hold
from pipeline.gold.publication import Held, Pointer, Publication, Published
from tests.gold_builds import BUILD_ID, COMPLETE, a_build

OLD_RUN, NEW_RUN = "20261123T030000Z-aaaaaaaa", "20261124T030000Z-bbbbbbbb"
BUILD = a_build(runs={OLD_RUN: COMPLETE})
PUBLISHED = Published(BUILD, (Publication(BUILD_ID, BUILD.built_at),))
ROLLED_BACK = replace(PUBLISHED, held=Held("id", BUILD.built_at, "basis", ("rolled back",), until_after=OLD_RUN))


@pytest.mark.parametrize("published", [None, PUBLISHED])
def test_a_build_is_published_when_nothing_is_held(published: Published | None) -> None:
    assert reasons_to_hold("gold", BUILD, Pointer(published, None)) == ()


def test_a_build_that_the_breaker_stopped_is_held_for_its_reasons() -> None:
    build = replace(BUILD, reasons=("movies: too few films",))

    assert reasons_to_hold("gold", build, Pointer(PUBLISHED, None)) == ("movies: too few films",)


@pytest.mark.parametrize(
    ("status", "held"), [("complete", False), ("incomplete", True)], ids=["a complete run", "an incomplete run"]
)
def test_a_newer_complete_run_ends_a_rollback(status: str, held: bool) -> None:
    build = a_build(runs={OLD_RUN: COMPLETE, NEW_RUN: replace(COMPLETE, status=status)})

    reasons = reasons_to_hold("gold", build, Pointer(ROLLED_BACK, None))

    assert bool(reasons) is held
    assert all(BUILD_ID in reason for reason in reasons)
